/**
 * Looks through a run for rows whose data fits, tile by tile. What is read is checked by the reader that is given: a tile of which
 * something isn't so is looked at entry by entry, so that all rows before it are found.
 */
import { TILE_WIDTH } from '../../format/tree.ts'
import { isCustodyError } from '../../model/error.ts'
import type { Row } from '../../model/row.ts'
import type { CheckedReader } from '../evidence/checked-reader.ts'
import { type Ingested, wasRejected } from '../evidence/ingested.ts'

/** A few tiles of the log's tree. */
export const PAGE_ENTRIES = 4 * TILE_WIDTH

type Reader = Pick<CheckedReader, 'ingested' | 'size'>
/** Of a row it must look at nothing but the own fields. */
type Fits = (row: Row) => boolean

/** Their numbers, in the order of their entries. */
export async function* fittingRows(reader: Reader, log: number, fits: Fits): AsyncGenerator<number, void, undefined> {
  const end = await reader.size(log)
  for (let from = 0; from < end; from += PAGE_ENTRIES)
    yield* fittingRowsFrom(reader, log, from, Math.min(end, from + PAGE_ENTRIES), fits)
}

/** Of the entries from `from` on, a page at most. */
export async function* fittingRowsFrom(
  reader: Reader,
  log: number,
  from: number,
  end: number,
  fits: Fits,
): AsyncGenerator<number, void, undefined> {
  for (let at = from; at < end; at += TILE_WIDTH) {
    const to = Math.min(end, at + TILE_WIDTH)
    const tile = await soundTile(reader, log, at, to)
    for (const each of tile ?? []) if (isFitting(each, log, fits)) yield each.entry.row
    for (let seq = at; tile === null && seq < to; seq++)
      for (const each of await reader.ingested(log, seq, seq + 1)) if (isFitting(each, log, fits)) yield each.entry.row
  }
}

/** null if something is wrong with it. */
async function soundTile(reader: Reader, log: number, from: number, end: number): Promise<readonly Ingested[] | null> {
  try {
    return await reader.ingested(log, from, end)
  } catch (error) {
    if (isCustodyError(error)) return null
    throw error
  }
}

/** Rows that were rejected don't, whatever is kept of them. */
function isFitting(ingested: Ingested, log: number, fits: Fits): boolean {
  return fits(ingested.data) && !wasRejected(log, ingested)
}
