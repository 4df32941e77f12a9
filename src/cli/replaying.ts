/** A run that is replayed: its recorded answers, and what another run's differ in. */
import { openLedgerReader } from '../ledger/open.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import type { Recordings } from '../model/recording.ts'
import { recordedCalls } from '../read/recorded/answers.ts'
import { type Drift, driftOf } from '../read/recorded/drift.ts'
import { findRun } from '../read/runs/list.ts'
import { openingOf } from '../read/runs/run-log.ts'

export interface Replayed {
  readonly run: string
  readonly recordings: Recordings
  /** What the answers of another run differ in from those on record. */
  compare(run: string): Promise<Drift>
}

/** Opens the run `name` for `work`. @throws CustodyError CUSTODY_RUN_UNKNOWN, CUSTODY_RUN_AMBIGUOUS. */
export async function replaying<T>(url: string, name: string, work: (replay: Replayed) => Promise<T>): Promise<T> {
  const reader = await openLedgerReader(url)
  try {
    const { run } = await findRun(reader, name)
    const recordings = await recordingsOf(reader, run)
    const compare = async (other: string) => {
      const { log } = await findRun(reader, other)
      return driftOf(reader, log, (await openingOf(reader, log)).topology, recordings)
    }
    return await work({ run, recordings, compare })
  } finally {
    await reader.close()
  }
}

/** What a run has on record. */
export async function recordingsOf(reader: LedgerReader, run: string): Promise<Recordings> {
  const { log } = await findRun(reader, run)
  return recordedCalls(reader, log, (await openingOf(reader, log)).topology)
}
