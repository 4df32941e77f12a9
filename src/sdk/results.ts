/** What transforms return, in short. */
import type { Json, Row } from '../model/row.ts'
import type { RowError, TransformResult } from './spec.ts'

export const oneRow = (row: Row): TransformResult => ({ kind: 'row', row })

/** The row isn't kept; it ends DISCARDED / filter. */
export const FILTERED: TransformResult = Object.freeze({ kind: 'filtered' })

/**
 * An error that another attempt can't fix. `code` is one of the spec's; the message is stored as content. `field`: the one
 * that it is about, if it is about one.
 */
export function rowError(
  code: string,
  message: string,
  more: { readonly field?: string; readonly details?: Json } = {},
): RowError {
  return { kind: 'error', code, message, ...more, retryable: false }
}
