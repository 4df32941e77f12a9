import { expect, test } from 'vitest'
import { simulate } from './simulate.ts'

const SEEDS = Number(process.env.CUSTODY_SEEDS ?? 600)
const FIRST = Number(process.env.CUSTODY_SEED ?? 1)

test.each([
  ['synchronous', false],
  ['asynchronous', true],
] as const)('random %s pipelines do what a naive interpreter does', async (_name, later) => {
  let rows = 0
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const { model, problems, rows: read } = await simulate(seed, { later, max_nodes: 8, max_rows: 30 })
    rows += read
    expect(
      problems,
      `repeat with: CUSTODY_SEED=${seed} CUSTODY_SEEDS=1 npx vitest run test/simulation\n${JSON.stringify(model)}`,
    ).toEqual([])
  }
  expect(rows).toBeGreaterThan(SEEDS)
})
