/** Counts of a run under way, and what is asked for besides. */
import { expect, test } from 'vitest'
import type { RunCounts } from '../../api/live.ts'
import type { ShownRun } from '../../api/runs.ts'
import { againAfter, counted, metBy } from './run-counts.ts'

const node = (error: number) => ({ node: 'ask', kind: 'transform', in: 9, ways: {}, error, held: 0 })
const calls = { made: 4, failed: 0, throttled: 0, recorded: 1, input_tokens: 0, output_tokens: 0, cost_usd: 0 }

test('the rest is asked for each 5 seconds, but for a fiftieth of the time at most; each 3 where nothing is reported', () => {
  expect([0, 100, 101, 10_000].map(took_ms => againAfter(true, took_ms))).toEqual([5000, 5000, 5050, 500_000])
  expect(againAfter(false, 10_000)).toBe(3000)
})

test('counts take the place of those before, and nothing else; errors and calls are told apart by numbers', () => {
  // cast: as much of both as is looked at.
  const shown = { run: 'r', name: 'n', nodes: [node(0)], failed_rows: 0, status: 'running' } as unknown as ShownRun
  const counts = { run: 'r', nodes: [node(2)], failed_rows: 1, status: 'running', calls } as unknown as RunCounts
  const now = counted(shown, counts)
  expect(now).toMatchObject({ name: 'n', failed_rows: 1, calls })
  expect([metBy(shown), metBy(now)]).toEqual([
    { errors: 0, calls: 0 },
    { errors: 3, calls: 5 },
  ])
  expect(counted(now, { ...counts, calls: undefined }).calls).toEqual(calls)
})
