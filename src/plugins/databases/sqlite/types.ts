/** SQLite's values as JSON: each has a type of its own, whatever its column is declared as (https://sqlite.org/datatype3.html). */
import type { DeclaredNumbers } from '../../../model/json.ts'
import type { Cell } from '../database.ts'
import { bytesCell, doubleCell, integerCell, jsonCell, textCell } from '../values.ts'

/** What a column is declared as, in lower case; empty for expressions. */
export const typeOf = (declared: string | null): string => (declared ?? '').toLowerCase()

export function cellOf(value: unknown, type: string, numbers: DeclaredNumbers | null): Cell {
  if (value === null) return null
  if (typeof value === 'bigint')
    return type === 'boolean' && (value === 0n || value === 1n) ? value === 1n : integerCell(value)
  if (typeof value === 'number') return doubleCell(value)
  if (typeof value === 'string') return type === 'json' ? jsonCell(value, numbers) : textCell(value)
  // cast: there are no others.
  return bytesCell(value as Uint8Array)
}
