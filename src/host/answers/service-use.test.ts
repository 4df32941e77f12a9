import { expect, test } from 'vitest'
import type { CallFact, CallStatus, SubjectEntry, VisitFact } from '../../format/entry.ts'
import { ServiceUses } from './service-use.ts'

const [OK, ERROR, THROTTLED, RECORDED]: readonly CallStatus[] = [0, 1, 2, 3]

/** As much of an entry as is looked at. */
function entry(
  calls: ReadonlyArray<readonly [token: number, begun_us: number, duration_us: number, status: CallStatus | undefined]>,
  visits: ReadonlyArray<readonly [token: number, begun_us: number]> = [],
): SubjectEntry {
  const facts = { time_us: 0, calls: [] as Partial<CallFact>[], visits: [] as Partial<VisitFact>[] }
  for (const [token, start_us, duration_us, status = 0] of calls)
    facts.calls.push({ token, node: 1, attempt: 1, ordinal: 1, start_us, duration_us, status } as Partial<CallFact>)
  for (const [token, start_us] of visits)
    facts.visits.push({ token, node: 1, attempt: 1, start_us } as Partial<VisitFact>)
  // cast: nothing else of it is looked at.
  return facts as unknown as SubjectEntry
}

test('calls at a time, in a minute and failed in a row, and how long each waited until it began', () => {
  const uses = new ServiceUses()
  const add = (each: SubjectEntry) => uses.add(each, () => 'one')
  add(entry([[1, 100, 50, OK]], [[1, 90]]))
  // It begins as the first ends: one place is enough. Its visit comes later.
  add(entry([[2, 150, 50, THROTTLED]]))
  expect(uses.waits).toBe(true)
  add(
    entry(
      [
        [2, 1200, 100, ERROR],
        [3, 1250, 10, ERROR],
      ],
      [
        [2, 150],
        [3, 1250],
      ],
    ),
  )
  expect(uses.waits).toBe(false)
  add(
    entry([
      [4, 60_000_100, 10, OK],
      [5, 0, 0, RECORDED],
    ]),
  )
  expect(uses.json()).toEqual([
    {
      ...{ service: 'one', calls: 5, throttled: 1, most_failed_in_a_row: 2, most_at_once: 2, most_in_a_minute: 4 },
      wait_us: { p50: 0, p95: 1000, max: 1000 },
    },
  ])
})
