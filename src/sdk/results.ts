/** What transforms return, in short. */
import type { Json, Row } from '../model/row.ts'
import type { RowError, TransformResult } from './spec.ts'

export const oneRow = (row: Row): TransformResult => ({ kind: 'row', row })

/** The row isn't kept; it ends DISCARDED / filter. */
export const FILTERED: TransformResult = Object.freeze({ kind: 'filtered' })

/** An error that another attempt can't mend. `code` is one of the spec's; the message is stored as content. */
export function rowError(code: string, message: string, details?: Json): RowError {
  const error = { kind: 'error', code, message, retryable: false } as const
  return details === undefined ? error : { ...error, details }
}
