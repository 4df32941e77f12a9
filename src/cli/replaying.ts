/** A run that is replayed: its recorded answers, the order in which things came, and what another run's answers differ in. */
import type { Courses, Recordings } from '../format/recording.ts'
import { openLedgerReader } from '../ledger/open.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { recordedCalls } from '../read/recorded/answers.ts'
import { recordedCourses } from '../read/recorded/courses.ts'
import { type Drift, driftOf } from '../read/recorded/drift.ts'
import { findRun } from '../read/runs/list.ts'
import { openingOf, planOf } from '../read/runs/run-log.ts'
import { checkedRun } from './checked.ts'
import type { Context } from './context.ts'

/** What a run has on record for another that repeats it. */
export interface OnRecord {
  readonly recordings: Recordings
  readonly courses: Courses
}

export interface Replayed extends OnRecord {
  readonly run: string
  /** What the answers of another run differ in from those on record. */
  compare(run: string): Promise<Drift>
}

/** Opens the run `name` for `work`; `latest` means one that is no replay itself. @throws CustodyError CUSTODY_RUN_UNKNOWN, CUSTODY_RUN_AMBIGUOUS. */
export async function replaying<T>(
  context: Context,
  url: string,
  name: string,
  work: (replay: Replayed) => Promise<T>,
): Promise<T> {
  const inner = await openLedgerReader(url)
  try {
    // A replay of a changed pipeline lacks answers that the run itself has.
    const found = await findRun(inner, name, { replays: false })
    const { reader, run } = await checkedRun(context, inner, found.run)
    const on_record = await onRecord(reader, run)
    const compare = async (other: string) => {
      // It was written a moment ago, by this process.
      const { log } = await findRun(inner, other)
      return driftOf(inner, log, (await openingOf(inner, log)).topology, on_record.recordings)
    }
    return await work({ run, ...on_record, compare })
  } finally {
    await inner.close()
  }
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
