import { expect, test } from 'vitest'
import { subjectDraft, T0, visit } from '../../../test/support/ledger.ts'
import type { RunEntry, SubjectEntry, VisitFact } from '../../format/entry.ts'
import { Check, Place } from './check.ts'
import { Times } from './times.ts'

const run = (facts: object) => facts as RunEntry
const commit = (t: number, more: object = {}) => run({ k: 'commit', t: T0 + t, ...more })
const opened = run({ k: 'open', t: T0 })
/** A row of which a visit began and ended then. */
const row = (start: number, more: Partial<VisitFact>) =>
  subjectDraft({
    subject: { kind: 'row', row: 1 },
    time_us: T0 + start,
    visits: [{ ...visit(1, 1, 0, [1, 1], 1, 0), ...more }],
  }) as unknown as SubjectEntry

function found(...entries: readonly (RunEntry | SubjectEntry)[]): readonly string[] {
  const check = new Check('entries')
  const times = new Times(check)
  for (const [seq, entry] of entries.entries())
    if ('k' in entry) times.run(entry, new Place(seq))
    else times.take(entry, new Place(seq, entry.subject))
  return check.result().problems
}

const JUMP = [T0 + 3_000_000, T0 + 9_000_000]

test('a visit in which the clock stood still, while the machine slept and while the run was down', () => {
  const slept = row(0, { duration_us: 4_000_000, stood_us: 6_000_000 })
  expect(found(opened, slept, commit(11_000_000, { jumps: [JUMP] }))).toEqual([])
  const down = row(0, { duration_us: 4_000_000, stood_us: 26_000_000 })
  const resumed = run({ k: 'resume', t: T0 + 30_000_000 })
  expect(found(opened, commit(10_000_000, { jumps: [JUMP] }), resumed, down, commit(31_000_000))).toEqual([])
})

test.each<[string, string, ...(RunEntry | SubjectEntry)[]]>([
  ['time goes back', 'entry 2: its time lies before that of the run’s entry before it', opened, commit(5), commit(4)],
  [
    'a visit ends after its commit',
    'entry 1 (row 1) tells of a time after that of the commit that it belongs to',
    ...[opened, row(0, { duration_us: 6 }), commit(5)],
  ],
  [
    'a clock that stood still without a reason',
    'entry 1 (row 1): it says that the run’s clock stood still for 5 µs of a visit, and it did for 0 µs',
    ...[opened, row(0, { duration_us: 1, stood_us: 5 }), commit(9)],
  ],
  [
    'a duration with what the machine slept',
    'entry 1 (row 1): it says that the run’s clock stood still for 0 µs of a visit, and it did for 6,000,000 µs',
    ...[opened, row(0, { duration_us: 10_000_000 }), commit(11_000_000, { jumps: [JUMP] })],
  ],
  [
    'a jump back',
    'entry 1: the clock can’t have jumped from 1,767,323,054,000,000 to 1,767,323,048,000,000',
    ...[opened, commit(11_000_000, { jumps: [JUMP.toReversed()] })],
  ],
  [
    'a jump before the entry before',
    'entry 2: the clock can’t have jumped from 1,767,323,048,000,000 to 1,767,323,054,000,000',
    ...[opened, commit(4_000_000), commit(11_000_000, { jumps: [JUMP] })],
  ],
])('%s is a problem', (_, problem, ...entries) => {
  expect(found(...entries)).toEqual([problem.replaceAll('’', "'")])
})
