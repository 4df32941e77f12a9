/**
 * Looks through a run for rows whose data fits, tile by tile. What is read is checked by the reader that is given: a tile of which
 * something isn't so is looked at entry by entry, so that all rows before it are found.
 */
import { TILE_WIDTH } from '../../format/tree.ts'
import type { FullEntry, LedgerReader } from '../../ledger/read-port.ts'
import { isCustodyError } from '../../model/error.ts'
import { isRow, type Row } from '../../model/row.ts'
import { decodedEntry, decodedPayload } from '../evidence/checked-entry.ts'
import { readable } from '../runs/run-log.ts'

/** A few tiles of the log's tree. */
export const PAGE_ENTRIES = 4 * TILE_WIDTH

type Fits = (row: Row) => boolean

/** Their numbers, in the order of their entries. */
export async function* fittingRows(
  reader: LedgerReader,
  log: number,
  fits: Fits,
): AsyncGenerator<number, void, undefined> {
  const end = await reader.size(log)
  for (let from = 0; from < end; from += PAGE_ENTRIES)
    yield* fittingRowsFrom(reader, log, from, Math.min(end, from + PAGE_ENTRIES), fits)
}

/** Of the entries from `from` on, a page at most. */
export async function* fittingRowsFrom(
  reader: LedgerReader,
  log: number,
  from: number,
  end: number,
  fits: Fits,
): AsyncGenerator<number, void, undefined> {
  for (let at = from; at < end; at += TILE_WIDTH) {
    const to = Math.min(end, at + TILE_WIDTH)
    const tile = await checkedPage(reader, log, at, to)
    for (const entry of tile ?? []) if (isFitting(entry, log, fits)) yield entry.row
    for (let seq = at; tile === null && seq < to; seq++)
      for (const entry of await reader.page(log, seq, seq + 1)) if (isFitting(entry, log, fits)) yield entry.row
  }
}

/** null if something is wrong with it. */
async function checkedPage(
  reader: LedgerReader,
  log: number,
  from: number,
  end: number,
): Promise<readonly FullEntry[] | null> {
  try {
    return await reader.page(log, from, end)
  } catch (error) {
    if (isCustodyError(error)) return null
    throw error
  }
}

function isFitting(entry: FullEntry, log: number, fits: Fits): entry is FullEntry & { readonly row: number } {
  const data = ingested(entry, log)
  return data !== null && fits(data) && !isRejected(entry, log)
}

/** The data of a row from its first entry (of a record that was rejected, what is kept of it); null for later entries. */
function ingested(entry: FullEntry, log: number): Row | null {
  if (entry.row === null || !entry.body.includes('"s":[')) return null
  const first = readable(log, () => decodedPayload(entry))?.values[0]
  return first?.kind === 'full' && isRow(first.value) ? first.value : null
}

function isRejected(entry: FullEntry, log: number): boolean {
  return readable(log, () => decodedEntry(entry)).visits[0]?.error !== null
}
