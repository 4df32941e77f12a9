/**
 * Whether the entries that a reader found of a row or a batch are its whole story, and its values what they commit to. A column
 * that was changed would hide an entry from an index: so each entry names the one before it, and what is open behind the last
 * is what the table of open tokens has.
 */
import type { SubjectEntry } from '../../format/entry.ts'
import type { FullEntry } from '../../ledger/read-port.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { readable } from '../runs/damaged.ts'
import { type DecodedPayload, SubjectValues } from '../values.ts'
import { entryName, subjectName } from '../verify/check.ts'
import { CheckedEntry, decoded } from './checked-entry.ts'
import { changedValue, missingValue, UnsoundRecord } from './unsound.ts'

export interface CheckedSubject {
  readonly entries: readonly SubjectEntry[]
  readonly values: SubjectValues
}

/** `open`: how many open tokens the ledger has of it. @throws UnsoundRecord */
export function checkedSubject(
  log: number,
  stored: readonly FullEntry[],
  subject: SubjectEntry['subject'],
  open: number,
): CheckedSubject {
  const entries: SubjectEntry[] = []
  const values = new SubjectValues()
  const problems: string[] = []
  let before: number | null = null
  for (const each of stored) {
    const { seq } = each
    const { entry, payload } = readable(log, () => decoded(each))
    const first = readable(log, () => values.add(seq, entry, payload))
    const which = each instanceof CheckedEntry ? 'changes' : 'all'
    const wrong = payload === null ? [] : values.misfits(first, entry, payload, which)
    problems.push(...missingValues(seq, entry, payload, values, first))
    problems.push(
      ...wrong.map(each => changedValue(seq, each - first + 1)),
      ...placeProblems(seq, entry, subject, before),
    )
    entries.push(entry)
    before = seq
  }
  const left = entries.at(-1)?.open ?? 0
  if (left !== open)
    problems.push(
      `of ${subjectName(subject)} ${counted(left, 'token is', 'tokens are')} still open after what is found, and the ledger has ${grouped(open)}`,
    )
  if (stored.length === 0) problems.push(`${subjectName(subject)} isn’t there`)
  if (problems.length > 0) throw new UnsoundRecord(problems)
  return { entries, values }
}

/** Values that are missing, and aren't stored as erased. */
function* missingValues(
  seq: number,
  { commitments }: SubjectEntry,
  payload: DecodedPayload | null,
  values: SubjectValues,
  first: number,
): Iterable<string> {
  for (const i of commitments.keys())
    if (values.isMissing(first + i) && values.unreadable(first + i) === null && payload?.values[i]?.kind !== 'erased')
      yield missingValue(seq, i + 1)
}

function* placeProblems(
  seq: number,
  entry: SubjectEntry,
  subject: SubjectEntry['subject'],
  before: number | null,
): Iterable<string> {
  if (!isSame(entry.subject, subject))
    yield `${entryName(seq)} is found as one of ${subjectName(subject)}, and says that it is of ${subjectName(entry.subject)}`
  if (entry.previous !== before)
    yield `${entryName(seq)} follows ${entryOrNothing(entry.previous)} in the story of ${subjectName(subject)}, and ${entryOrNothing(before)} is what is found`
}

function isSame(a: SubjectEntry['subject'], b: SubjectEntry['subject']): boolean {
  return a.kind === 'row' ? b.kind === 'row' && a.row === b.row : b.kind === 'batch' && a.batch === b.batch
}

function entryOrNothing(seq: number | null): string {
  return seq === null ? 'nothing' : entryName(seq)
}
