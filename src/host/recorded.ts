/** What a run has on record for another that repeats it: the answers to its calls, and the order in which things came. */

import type { Courses, Recordings } from '../format/recording.ts'
import type { FileNames } from '../format/run-values.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import type { Plan } from '../plan/plan.ts'
import { sourceRowsOf } from '../read/fold/source-rows.ts'
import { recordedCalls } from '../read/recorded/answers.ts'
import { recordedCourses } from '../read/recorded/courses.ts'
import { listedFiles } from '../read/runs/input-files.ts'
import { findRun } from '../read/runs/list.ts'
import { planOf } from '../read/runs/opening-values.ts'
import { openingOf } from '../read/runs/run-log.ts'
import { startedOf } from '../read/runs/started.ts'
import { followsOrder } from './unsplit.ts'

export interface OnRecord {
  readonly recordings: Recordings
  /** null: the order isn't followed. */
  readonly courses: Courses | null
  /** Which files its sources read, of those that have lists of them; absent if none has, or they are erased. */
  readonly files?: FileNames
  /** When it started, as its expressions saw it; absent if that is on record elsewhere. */
  readonly started_us?: number
}

/** `repeating`: of the run that repeats it; null: it follows nothing. @throws CustodyError CUSTODY_SPLITS if it can't follow. */
export async function onRecord(reader: LedgerReader, run: string, repeating: Plan | null): Promise<OnRecord> {
  const { log } = await findRun(reader, run)
  const { topology } = await openingOf(reader, log)
  const plan = await planOf(reader, log)
  const started_us = await startedOf(reader, log)
  const files = await listedFiles(reader, log)
  const follows = repeating !== null && (await followsOrder(reader, { run, log }, repeating))
  const sources = follows ? await sourceRowsOf(reader, log) : []
  return {
    ...(files === null ? {} : { files }),
    ...(started_us === null ? {} : { started_us }),
    recordings: await recordedCalls(reader, log, topology),
    courses: follows ? await recordedCourses(reader, { log, topology, sources }, plan.closes) : null,
  }
}
