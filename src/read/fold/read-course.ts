/** Courses as a ledger has them. What is found of a subject is folded; whether that is all of it is for others to see (evidence/). */
import type { SubjectEntry } from '../../format/entry.ts'
import type { Topology } from '../../format/topology.ts'
import type { LedgerReader, StoredEntry } from '../../ledger/read-port.ts'
import { decodeSubjectEntry } from '../decode.ts'
import { readable } from '../runs/damaged.ts'
import { Course } from './course.ts'

/** Of a row or a batch. @throws CustodyError CUSTODY_VERIFY_FAILED if an entry can't be decoded. */
export async function readCourse(
  reader: Pick<LedgerReader, 'entriesOfRow' | 'entriesOfBatch'>,
  log: number,
  subject: SubjectEntry['subject'],
  topology: Topology,
): Promise<Course> {
  const course = new Course(topology)
  const entries =
    subject.kind === 'row'
      ? await reader.entriesOfRow(log, subject.row)
      : await reader.entriesOfBatch(log, subject.batch)
  for (const entry of entries) course.add(decoded(log, entry))
  return course
}

/** Of all batches, in order of their numbers. @throws as `readCourse` */
export async function* batchCourses(
  reader: Pick<LedgerReader, 'entriesOfBatches'>,
  log: number,
  topology: Topology,
): AsyncGenerator<Course, void, undefined> {
  let course = new Course(topology)
  let before: number | null = null
  for await (const entry of reader.entriesOfBatches(log)) {
    if (before !== null && entry.batch !== before) {
      yield course
      course = new Course(topology)
    }
    course.add(decoded(log, entry))
    before = entry.batch
  }
  if (before !== null) yield course
}

function decoded(log: number, { seq, body }: StoredEntry): SubjectEntry {
  return readable(log, () => decodeSubjectEntry(seq, body))
}
