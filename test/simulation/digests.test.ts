/** Whatever comes when, and however often the power goes: what a run comes to has one digest, and another input another one. */
import { expect, test } from 'vitest'
import { LONG } from '../support/form.ts'
import { MemoryLedger } from '../support/memory-ledger.ts'
import { SHAPES } from './shapes.ts'
import { simulate } from './simulate.ts'

const NAMES = ['linear-later-crashes', 'groups-crashes', 'nested-batched-crashes', 'keyed-later-crashes'] as const
const SEEDS = LONG ? 100 : 2

test.each(NAMES)('the digest of what a run comes to is one, whatever comes when: %s', async name => {
  const shape = SHAPES[name]!
  const all = new Set<string | null>()
  let crashes = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const digests = new Set<string | null>()
    for (const luck of [seed, seed + 1_000, seed + 2_000]) {
      const simulated = await simulate(seed, shape, new MemoryLedger(), luck)
      expect(simulated.problems).toEqual([])
      digests.add(simulated.digest)
      crashes += simulated.crashes
    }
    expect([...digests], `seed ${seed}`).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)])
    for (const each of digests) all.add(each)
  }
  expect(all.size).toBeGreaterThan(SEEDS / 2)
  expect(crashes).toBeGreaterThan(0)
})
