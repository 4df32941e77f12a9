/** What a run has on record for another that repeats it: the answers to its calls, and the order in which things came. */
import type { Courses, Recordings } from '../format/recording.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { recordedCalls } from '../read/recorded/answers.ts'
import { recordedCourses } from '../read/recorded/courses.ts'
import { findRun } from '../read/runs/list.ts'
import { openingOf, planOf } from '../read/runs/run-log.ts'

export interface OnRecord {
  readonly recordings: Recordings
  readonly courses: Courses
}

export async function onRecord(reader: LedgerReader, run: string): Promise<OnRecord> {
  const { log } = await findRun(reader, run)
  const { topology } = await openingOf(reader, log)
  const plan = await planOf(reader, log)
  return {
    recordings: await recordedCalls(reader, log, topology),
    courses: await recordedCourses(reader, log, topology, plan?.closes),
  }
}
