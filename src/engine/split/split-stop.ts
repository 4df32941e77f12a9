/** Why a split was stopped, as whoever worked on it has recorded. */
import { runEntryOf } from '../../ledger/write/decode.ts'
import { FIRST_EPOCH, type RunReader } from '../../ledger/write-port.ts'
import type { Json } from '../../model/row.ts'
import { valuesOf } from '../resume/run-fold.ts'

export interface SplitStop {
  /** Of the lease under which it was worked on. */
  readonly epoch: number
  /** `{code, message, node?}`; null: for no error. */
  readonly reason: Json
}

/** The last thing that is on record of a split; null: it wasn't stopped. @throws CustodyError CUSTODY_VALUE_ALTERED */
export async function readStop(reader: RunReader, log: number): Promise<SplitStop | null> {
  // A split that nobody has worked on has a lease, too.
  let epoch = FIRST_EPOCH + 1
  let stop: SplitStop | null = null
  for await (const { seq, body } of reader.entriesOfRun(log)) {
    const { entry, ...commits } = runEntryOf(body)
    stop = null
    if (entry.k === 'resume') epoch = entry.epoch
    if (entry.k !== 'stop') continue
    const { error } = entry
    const reason = error === undefined ? null : (await valuesOf(reader, log, [{ seq, ...commits }])).get(error)
    stop = { epoch, reason: reason ?? null }
  }
  return stop
}
