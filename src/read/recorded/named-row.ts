/** A row as people name it: by its number, or as a record of a source. */
import { CustodyError } from '../../model/error.ts'
import { grouped } from '../../model/number-text.ts'
import { idIn } from '../../model/part-ids.ts'
import { type RowsReader, type SourceRows, sourceRowsUnread } from '../fold/source-rows.ts'
import { type OriginReader, originOf } from './row-ends.ts'

/** `index`: number of the record in its source, from 1. */
export type NamedRow = number | { readonly source: string; readonly index: number }

/** `17`, `3:17` in split 3, or `orders:42`, record 42 of the source `orders`; null if the text is none of these. */
export function namedRow(text: string): NamedRow | null {
  const [, source, index = ''] = /^([A-Za-z][^:]*):(\d{1,15})$/.exec(text) ?? []
  return source === undefined ? idIn(text) : { source, index: Number(index) }
}

/** Its number. @throws CustodyError CUSTODY_ROW_UNKNOWN if the run has read no such record. */
export async function numberOfRow(reader: RowsReader & OriginReader, log: number, row: NamedRow): Promise<number> {
  if (typeof row === 'number') return row
  const { source, index } = row
  const sources = await sourceRowsUnread(reader, log)
  const rows = sources.find(each => each.source === source)
  if (rows === undefined)
    throw new CustodyError('CUSTODY_ROW_UNKNOWN', `the run has read nothing from a source ${JSON.stringify(source)}`, {
      hint:
        sources.length === 0
          ? 'It has read no row.'
          : `It has read from ${sources.map(each => each.source).join(', ')}.`,
    })
  const found = await rowOfRecord(reader, log, rows, index)
  if (found !== null) return found
  throw new CustodyError('CUSTODY_ROW_UNKNOWN', `the run has no record ${grouped(index)} of \`${source}\``, {
    hint: `It has ${grouped(rows.records)} of them.`,
  })
}

/**
 * In a run that repeats rows of another, and where records were dealt, they keep their numbers: so these are looked at, and ascend, in the run
 * or in each split.
 */
async function rowOfRecord(reader: OriginReader, log: number, rows: SourceRows, index: number): Promise<number | null> {
  if (!rows.dealt) return rowAmong(reader, log, rows.records, place => rows.rowAt(place), index)
  for (const { row, records } of rows.stretches) {
    const found = await rowAmong(reader, log, records, place => row + place, index)
    if (found !== null) return found
  }
  return null
}

async function rowAmong(
  reader: OriginReader,
  log: number,
  records: number,
  rowAt: (place: number) => number,
  index: number,
): Promise<number | null> {
  let [low, high] = [0, records - 1]
  while (low <= high) {
    const middle = Math.floor((low + high) / 2)
    const row = rowAt(middle)
    const found = (await originOf(reader, log, row))?.index ?? 0
    if (found === index) return row
    if (found < index) low = middle + 1
    else high = middle - 1
  }
  return null
}

/** For who has named one that isn't there. */
export function numbersText(what: 'rows' | 'tokens', count: number, splits: number | undefined): string {
  if (count === 0) return 'It has read no row.'
  return splits === undefined
    ? `Its ${what} are numbered from 1 to ${count}.`
    : `It has ${grouped(count)} ${what}, numbered from 1 in each of its splits: 1:1 is the first, and ${splits} the number of the last split.`
}
