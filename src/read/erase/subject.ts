/** One subject as erasing needs it: its entries with their payloads, checked, and what became of its tokens. */
import type { SubjectEntry } from '../../format/entry.ts'
import type { Topology } from '../../format/topology.ts'
import type { FullEntry, LedgerReader, StoredPayload } from '../../ledger/read-port.ts'
import { checkedSubject } from '../evidence/subject-check.ts'
import { Course } from '../fold/course.ts'
import { decodePayload, type SubjectValues } from '../values.ts'
import { type Blanked, blanked } from './blank.ts'

export type Subject = SubjectEntry['subject']

export interface StoredSubjectEntry {
  readonly seq: number
  readonly entry: SubjectEntry
  readonly payload: StoredPayload | null
}

export interface LoadedSubject {
  readonly subject: Subject
  readonly entries: readonly StoredSubjectEntry[]
  readonly values: SubjectValues
  readonly course: Course
}

export function keyOf({ kind, ...number }: Subject): string {
  return `${kind} ${Object.values(number)[0]}`
}

/** Of a run that is sealed. @throws UnsoundRecord if it isn't what was recorded. */
export async function loadSubject(
  reader: LedgerReader,
  log: number,
  subject: Subject,
  topology: Topology,
): Promise<LoadedSubject> {
  const stored =
    subject.kind === 'row'
      ? await reader.entriesOfRow(log, subject.row)
      : await reader.entriesOfBatch(log, subject.batch)
  const full: FullEntry[] = []
  for (const each of stored) full.push({ ...each, payload: await reader.payload(log, each.seq) })
  const { entries, values } = checkedSubject(log, full, subject, 0)
  return {
    subject,
    entries: entries.map((entry, i) => ({ seq: full[i]?.seq ?? 0, entry, payload: full[i]?.payload ?? null })),
    values,
    course: Course.of(entries, topology),
  }
}

/** What goes of a subject: values by their numbers, or all that it has. */
export function blanksOf({ entries, values }: LoadedSubject, going: ReadonlySet<number> | 'all'): readonly Blanked[] {
  return entries.flatMap(({ entry, payload }) => {
    if (payload === null) return []
    const stored = decodePayload(payload).values
    const goes = (place: number) => going === 'all' || going.has(entry.first_value + place - 1)
    const inFull = (place: number) => {
      const value = stored[place - 1]
      const loses = value?.kind === 'patch' && going !== 'all' && going.has(value.base) && !goes(place)
      return loses ? (values.get(entry.first_value + place - 1) ?? undefined) : undefined
    }
    return blanked({ payload, goes, inFull }) ?? []
  })
}
