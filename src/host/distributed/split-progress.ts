/** How far splits are that others work on, by the last entry of each: for people, before anything is checked. */

import type { SplitsProgress } from '../../engine/ports/workers.ts'
import { headIn } from '../../format/checkpoint.ts'
import type { RunEntry } from '../../format/entry.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { runEntryOf } from '../../ledger/write/decode.ts'

export interface LastOfSplit {
  readonly entry: RunEntry
  readonly seq: number
}

/** Null: nobody has begun it. */
export async function lastOfSplit(reader: LedgerReader, log: number): Promise<LastOfSplit | null> {
  const head = headIn((await reader.head(log)) ?? '')
  if (head === null) return null
  const seq = head.size - 1
  const stored = await reader.entry(log, seq)
  return stored === null ? null : { entry: runEntryOf(stored.body).entry, seq }
}

/** Null where its last entry says nothing of that. */
export function progressOf({ entry }: LastOfSplit): SplitsProgress | null {
  if (entry.k !== 'commit' && entry.k !== 'close') return null
  const { rows, tokens } = entry.totals
  const cursors = entry.k === 'commit' ? entry.cursors : []
  const bytes_read = cursors.reduce((sum, { bytes = 0 }) => sum + bytes, 0)
  return {
    rows_read: rows.read,
    rows_done: Math.max(0, rows.read - tokens.open),
    tokens_ended: tokens.ended,
    bytes_read,
  }
}
