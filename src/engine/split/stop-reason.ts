/** Why a split was stopped, as whoever worked on it has recorded. */
import { runEntryOf } from '../../ledger/write/decode.ts'
import type { RunReader } from '../../ledger/write-port.ts'
import type { Json } from '../../model/row.ts'
import { valuesOf } from '../resume/run-fold.ts'

/** `{code, message, node?}`; null: it wasn't, or for no error. @throws CustodyError CUSTODY_VALUE_ALTERED */
export async function readStopReason(reader: RunReader, log: number): Promise<Json> {
  let reason: Json = null
  for await (const { seq, body } of reader.entriesOfRun(log)) {
    const { entry, ...commits } = runEntryOf(body)
    reason = null
    if (entry.k !== 'stop' || entry.error === undefined) continue
    reason = (await valuesOf(reader, log, [{ seq, ...commits }])).get(entry.error) ?? null
  }
  return reason
}
