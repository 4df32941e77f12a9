/** Values of a batch's rows, and what is wrong with them. */
import type { Json, Row } from '../../model/row.ts'
import { rowError } from '../../sdk/results.ts'
import type { RowError } from '../../sdk/spec.ts'
import type { Amounts } from './amounts.ts'

export const NOT_NUMBER = { BATCH_NOT_NUMBER: 'A value that should be a number is something else.' } as const
export const NUMBER_TOO_LARGE = {
  BATCH_NUMBER_TOO_LARGE: 'A sum of whole numbers is beyond 2^53 − 1, or a result beyond the largest double.',
} as const
export const NOT_BOOLEAN = { BATCH_NOT_BOOLEAN: 'A value that should be true or false is something else.' } as const
export const FIELD_EXISTS = { BATCH_FIELD_EXISTS: 'A row has a field with the name of one that is made here.' } as const

/** The error for the first row, if any, whose field has something that is neither a number nor null nor missing. */
export const notNumber = (
  rows: readonly Row[],
  field: string,
  { accepts }: Pick<Amounts, 'accepts'>,
): RowError | null => {
  const place = firstUnlike(rows, field, accepts)
  if (place === null) return null
  return rowError('BATCH_NOT_NUMBER', `${field} of row ${place} of the batch isn’t a number`, { field })
}

/** The same for true and false. */
export const notBoolean = (rows: readonly Row[], field: string): RowError | null => {
  const place = firstUnlike(rows, field, value => typeof value === 'boolean')
  if (place === null) return null
  return rowError('BATCH_NOT_BOOLEAN', `${field} of row ${place} of the batch is neither true nor false`, { field })
}

/** The place in the batch, from 1, of the first value that isn't accepted. */
function firstUnlike(rows: readonly Row[], field: string, accepts: (value: Json) => boolean): number | null {
  for (let i = 0; i < rows.length; i++) {
    const value = rows[i]?.[field]
    if (value !== undefined && value !== null && !accepts(value)) return i + 1
  }
  return null
}

/** The error for the first row, if any, that has the field. */
export function fieldExists(rows: readonly Row[], field: string): RowError | null {
  const i = rows.findIndex(row => Object.hasOwn(row, field))
  if (i === -1) return null
  return rowError('BATCH_FIELD_EXISTS', `row ${i + 1} of the batch has a field ${field} already`, { field })
}
