/** When a run stopped, and why, and when somebody continued it. */
import type { StoppedStatus } from '../../format/entry.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { partOf } from '../../model/part-ids.ts'
import { formatTime } from '../../model/time.ts'
import { decodeRunEntry } from '../decode.ts'
import { readable } from './damaged.ts'
import { ValuesOnRecord } from './values-on-record.ts'

export interface Interruption {
  /** ISO 8601; null: nothing says that it stopped, its process was gone. */
  readonly stopped_at: string | null
  /** null like `stopped_at`. */
  readonly status: StoppedStatus | null
  readonly reason: string | null
  readonly code: string | null
  /** null where there is none, or it is erased. */
  readonly message: string | null
  /** ISO 8601; null: nobody has continued it. */
  readonly resumed_at: string | null
}

/** In their order. */
export async function interruptionsOf(reader: LedgerReader, log: number): Promise<readonly Interruption[]> {
  const found: Interruption[] = []
  const values = new ValuesOnRecord(reader, log)
  for await (const { seq, body } of reader.entriesOfRun(log)) {
    // A run with splits stops, and is resumed, in the log of its coordinator.
    if (partOf(seq) > 0) break
    if (!body.includes('"k":"stop"') && !body.includes('"k":"resume"')) continue
    const { facts } = readable(log, () => decodeRunEntry(seq, body))
    if (facts.k === 'stop') {
      const error = await values.get(seq, facts, 'error')
      const { status, reason } = facts
      const why = { status, reason, code: error?.code ?? null, message: error?.message ?? null }
      found.push({ stopped_at: formatTime(facts.t), ...why, resumed_at: null })
    } else if (facts.k === 'resume') {
      const last = found.at(-1)
      const resumed_at = formatTime(facts.t)
      if (last !== undefined && last.resumed_at === null) found[found.length - 1] = { ...last, resumed_at }
      else found.push({ stopped_at: null, status: null, reason: null, code: null, message: null, resumed_at })
    }
  }
  return found
}
