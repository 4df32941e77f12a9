/**
 * Looks through a run for rows whose data fits, page by page. What is read is checked by the reader that is given: a page of which
 * something isn't so is looked at entry by entry, so that all rows before it are found.
 */
import type { FullEntry, LedgerReader } from '../../ledger/read-port.ts'
import { isCustodyError } from '../../model/error.ts'
import { isRow, type Row } from '../../model/row.ts'
import { decodedEntry, decodedPayload } from '../evidence/decoded.ts'
import { UnsoundRecord } from '../evidence/unsound.ts'
import { readable } from '../runs/run-log.ts'

/** A few tiles of the log's tree. */
export const PAGE_ENTRIES = 1024

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
  const page = await wholePage(reader, log, from, end)
  if (page !== null) {
    for (const entry of page) if (isFitting(entry, log, fits)) yield entry.row
    return
  }
  for (let seq = from; seq < end; seq++)
    for (const entry of await reader.page(log, seq, seq + 1)) if (isFitting(entry, log, fits)) yield entry.row
}

/** null if something is wrong with it. */
async function wholePage(
  reader: LedgerReader,
  log: number,
  from: number,
  end: number,
): Promise<readonly FullEntry[] | null> {
  try {
    return await reader.page(log, from, end)
  } catch (error) {
    if (error instanceof UnsoundRecord || isCustodyError(error)) return null
    throw error
  }
}

function isFitting(entry: FullEntry, log: number, fits: Fits): entry is FullEntry & { readonly row: number } {
  const data = ingested(entry, log)
  return data !== null && fits(data) && !isRejected(entry, log)
}

/** The data of a row from its first entry (of a record that was rejected, what is kept of it); null for later entries. */
function ingested({ row, body, payload }: FullEntry, log: number): Row | null {
  if (row === null || payload === null || !body.includes('"s":[')) return null
  const [first] = readable(log, () => decodedPayload(payload)).values
  return first?.kind === 'full' && isRow(first.value) ? first.value : null
}

function isRejected(entry: FullEntry, log: number): boolean {
  return readable(log, () => decodedEntry(entry)).visits[0]?.error !== null
}
