import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CommitPace } from './commit-pace.ts'

function paceAfter(...durations_us: readonly number[]): number {
  const pace = new CommitPace()
  for (const each of durations_us) pace.took(each)
  return pace.wait_us
}

test.each([
  ['before the first commit', [], 50_000],
  ['where commits are quick', [5_000], 80_000],
  ['where they take some time', [12_000], 64_000],
  ['where they take long', [40_000], 50_000],
  ['a long one counts for some time', [40_000, 2_000, 2_000], 50_000],
  ['and not for ever', [40_000, ...Array(30).fill(2_000)], 80_000],
])('%s', (_when, durations_us, expected) => expect(paceAfter(...durations_us)).toBe(expected))

test('a commit that takes as long as the latest ones is durable in time, if half of the time is enough for it', () => {
  const durations = fc.array(fc.integer({ min: 0, max: 50_000 }), { minLength: 1 })
  fc.assert(
    fc.property(durations, all => {
      expect(paceAfter(...all) + (all.at(-1) ?? 0)).toBeLessThanOrEqual(100_000)
    }),
  )
})
