/** Which fields of a row go to which columns. */
import { type Json, newRow, type Row } from '../../../model/row.ts'
import { flatErrors } from '../../../sdk/error-row.ts'

export type ColumnsOption = readonly string[] | { readonly [field: string]: string } | undefined

/** Columns by field; null where each field is written to the column of its name. */
export function columnNames(columns: ColumnsOption): ReadonlyMap<string, string> | null {
  if (columns === undefined) return null
  if (isList(columns)) return new Map(columns.map(field => [field, field]))
  return new Map(Object.entries(columns))
}

const isList = (columns: readonly string[] | object): columns is readonly string[] => Array.isArray(columns)

/** The values of a row by their columns. A field that the row lacks is left to the column's default. */
export function recordOf(given: Row, names: ReadonlyMap<string, string> | null): Row {
  const row = flatErrors(given)
  if (names === null) return row
  const record = newRow()
  // cast: what is its own isn't absent.
  for (const [field, column] of names) if (Object.hasOwn(row, field)) record[column] = row[field] as Json
  return record
}
