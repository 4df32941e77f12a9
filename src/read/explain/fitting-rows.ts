/**
 * Looks through a run for rows whose data fits, tile by tile. What is read is checked by the reader that is given: a tile of which
 * something isn't so is looked at entry by entry, so that all rows before it are found.
 */
import { TILE_WIDTH } from '../../format/tree.ts'
import { isCustodyError } from '../../model/error.ts'
import type { Row } from '../../model/row.ts'
import { type Ingested, wasRejected } from '../evidence/ingested.ts'
import type { RunReader, RunSpan } from '../evidence/run-reader.ts'

/** A few tiles of the log's tree. */
export const PAGE_ENTRIES = 4 * TILE_WIDTH

type Reader = Pick<RunReader, 'ingested' | 'spans'>
/** Of a row it must look at nothing but the own fields. */
type Fits = (row: Row) => boolean

/** Their numbers, in the order of their entries. */
export async function* fittingRows(reader: Reader, log: number, fits: Fits): AsyncGenerator<number, void, undefined> {
  for (const [from, end] of pagesOf(await reader.spans(log))) yield* fittingRowsFrom(reader, log, from, end, fits)
}

/** Of all entries of a run. */
export function* pagesOf(spans: readonly RunSpan[]): Generator<readonly [from: number, end: number], void, undefined> {
  for (const { from: first, end } of spans)
    for (let from = first; from < end; from += PAGE_ENTRIES) yield [from, Math.min(end, from + PAGE_ENTRIES)]
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
