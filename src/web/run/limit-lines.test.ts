/** What guards and limits did, in words. */
import { expect, test } from 'vitest'
import type { Guard, Limits } from '../../api/limits.ts'
import { guardLine, serviceLines, spendLine, stopWords } from './limit-lines.ts'

const GUARD: Guard = {
  ...{ key: 'guards.rejected', written: true, source: 'in', counts: 'rejected', threshold: 'at most 5 %' },
  ...{ counted: 6, of: 100, state: 'broken', did: 'stopped' },
}
const words = ({ count, what, allows, did, tone }: ReturnType<typeof guardLine>) => [count, what, allows, did, tone]

test('a guard says what it allows, what was counted, and what it did, and leads to what was counted', () => {
  const line = guardLine(GUARD)
  expect(words(line)).toEqual([
    '6',
    'records rejected',
    'allowed: at most 5 %; it was 6 % of 100',
    'stopped the run',
    'bad',
  ])
  expect(line.search).toEqual({ source: 'in', cause: 'source_invalid' })
  expect(guardLine({ ...GUARD, did: 'overruled', written: false })).toMatchObject({
    ...{ allows: 'allowed: at most 5 % (by default); it was 6 % of 100', did: 'broken, then overruled' },
  })
  expect(guardLine({ ...GUARD, source: null, counts: 'failed', state: 'open' })).toMatchObject({
    ...{ search: { class: 'failure' }, did: 'not judged yet', tone: 'open' },
  })
})

test('a service says which of its limits were reached', () => {
  const limit = {
    ...{ service: 'reader', per_minute: 600, concurrency: 2, max_wait_ms: 60_000 },
    breaker: { failures: 30, give_up_after_ms: 120_000 },
  }
  const use = {
    ...{ service: 'reader', calls: 42, throttled: 1, most_failed_in_a_row: 1, most_at_once: 2, most_in_a_minute: 42 },
    wait_us: { p50: 1500, p95: 3000, max: 2_000_000 },
  }
  expect(serviceLines(limit, null)).toEqual([])
  expect(serviceLines(limit, use).map(words)).toEqual([
    ['2', 'calls at a time', 'at most 2; calls waited 1.50 ms (median), 2.0 s at most', 'reached', 'open'],
    ['42', 'calls in a minute', 'at most 600', 'never reached', 'good'],
    ['1', 'failures in a row', '30 outages pause it; after 2 min the run stops', 'never reached', 'good'],
    ['1', 'call turned away', 'told to come later; it waits 1 min for it at most', 'asked again', 'open'],
  ])
})

test('money is spoken of where it is limited; a stop says why', () => {
  const stop = { stopped_at: null, status: null, reason: null, code: null, message: null, resumed_at: null }
  const limits: Limits = {
    ...{ run: 'x', spent_usd: 0.01, at_risk_usd: 0.002, holds: true },
    said: { guards: [], services: [], spend_usd: 0.05 },
    interruptions: [{ ...stop, reason: 'budget_exhausted' }],
  }
  expect(spendLine({ ...limits, said: null })).toBe(null)
  expect(spendLine(limits)).toMatchObject({
    did: 'stopped the run',
    allows: expect.stringMatching(/without a record$/),
  })
  expect(spendLine({ ...limits, interruptions: [] })).toMatchObject({ did: 'held' })
  expect([stop, { ...stop, reason: 'user' }, { ...stop, code: 'CUSTODY_GUARD' }].map(stopWords)).toEqual([
    ...['its process was gone', 'by the user', 'CUSTODY_GUARD'],
  ])
})
