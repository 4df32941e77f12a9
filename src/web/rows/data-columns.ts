/** Which fields of the data have a column: those that the reader chose, else those that say most in little room. */
import type { RowLine } from '../../api/rows.ts'
import { isRecord } from '../row/values.ts'
import type { RowsSearch } from './rows-search.ts'

/** Columns that fit beside the others at 1280 pixels; one less where there are errors to show. */
const CHOSEN = 4
/** Characters of a value that can be taken in while one looks down a column. */
const SHORT = 24

/** All fields of these rows, in the order in which they come. */
export function fieldsOf(rows: Iterable<RowLine>): readonly string[] {
  const fields = new Set<string>()
  for (const { data } of rows) if (isRecord(data)) for (const field of Object.keys(data)) fields.add(field)
  return [...fields]
}

export function dataColumns(search: RowsSearch, rows: readonly RowLine[]): readonly string[] {
  if (search.columns !== undefined) return search.columns
  const fields = fieldsOf(rows)
  const asked = askedFor(search)
  const wanted = fields.filter(field => asked.has(field))
  const others = fields.filter(field => !asked.has(field) && isShort(field, rows))
  const room = rows.some(row => row.endings.some(each => each.error_code !== null)) ? CHOSEN - 1 : CHOSEN
  const chosen = new Set([...wanted, ...others].slice(0, Math.max(room, wanted.length)))
  return fields.filter(field => chosen.has(field))
}

/** Fields that the filter names. */
function askedFor({ value = [], where = '' }: RowsSearch): ReadonlySet<string> {
  const of_values = value.map(each => each.slice(0, each.indexOf('=')))
  const of_where = [...where.matchAll(/\brow\.([\p{L}_][\p{L}\p{N}_]*)/gu)].map(([, field = '']) => field)
  return new Set([...of_values, ...of_where])
}

/** Whether nearly all rows have it, as a single value of few characters. */
function isShort(field: string, rows: readonly RowLine[]): boolean {
  let there = 0
  let long = 0
  for (const { data } of rows) {
    if (!isRecord(data) || data[field] === undefined || data[field] === null) continue
    there++
    const value = data[field]
    if (typeof value === 'object' || String(value).length > SHORT) long++
  }
  return there * 2 >= rows.length && long * 10 <= there
}
