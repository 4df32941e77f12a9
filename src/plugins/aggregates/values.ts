/** Values of a batch's rows, and what is wrong with them. */
import type { Row } from '../../model/row.ts'
import { rowError } from '../../sdk/results.ts'
import type { RowError } from '../../sdk/spec.ts'

export const NOT_NUMBER = { BATCH_NOT_NUMBER: 'A value that should be a number is something else.' } as const
export const FIELD_EXISTS = { BATCH_FIELD_EXISTS: 'A row has a field with the name of one that is made here.' } as const

/** The error for the first row, if any, whose field has something that is neither a number nor null nor missing. */
export function notNumber(rows: readonly Row[], field: string): RowError | null {
  for (let i = 0; i < rows.length; i++) {
    const value = rows[i]?.[field]
    if (value === undefined || value === null || typeof value === 'number') continue
    return rowError('BATCH_NOT_NUMBER', `${field} of row ${i + 1} of the batch isn’t a number`, { field })
  }
  return null
}

/** The error for the first row, if any, that has the field. */
export function fieldExists(rows: readonly Row[], field: string): RowError | null {
  const i = rows.findIndex(row => Object.hasOwn(row, field))
  if (i === -1) return null
  return rowError('BATCH_FIELD_EXISTS', `row ${i + 1} of the batch has a field ${field} already`, { field })
}
