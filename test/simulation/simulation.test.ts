import { expect, test } from 'vitest'
import { simulate } from './simulate.ts'

const SEEDS = Number(process.env.CUSTODY_SEEDS ?? 600)
const FIRST = Number(process.env.CUSTODY_SEED ?? 1)

test.each([
  ['linear', false, false, false],
  ['linear, asynchronous', true, false, false],
  ['linear, asynchronous, with crashes', true, false, true],
  ['forked and batched', false, true, false],
  ['forked and batched, asynchronous', true, true, false],
  ['forked and batched, with crashes', false, true, true],
  ['forked and batched, asynchronous, with crashes', true, true, true],
] as const)('random pipelines do what a naive interpreter does: %s', async (_name, later, groups, crashes) => {
  let rows = 0
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const {
      model,
      problems,
      rows: read,
    } = await simulate(seed, { later, groups, crashes, max_nodes: groups ? 12 : 8, max_rows: 30 })
    rows += read
    expect(
      problems,
      `repeat with: CUSTODY_SEED=${seed} CUSTODY_SEEDS=1 npx vitest run test/simulation\n${JSON.stringify(model)}`,
    ).toEqual([])
  }
  expect(rows).toBeGreaterThan(SEEDS)
})
