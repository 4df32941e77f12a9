/** Values that facts tell of: errors, and records that can't be used. */
import { canonicalize } from '../model/canonical.ts'
import { type Json, newRow, type Row } from '../model/row.ts'
import type { SourceReject } from '../sdk/spec.ts'

export interface ErrorTold {
  readonly code: string
  readonly message: string
  readonly details?: Json
  readonly retry_after_ms?: number
}

/** Canonical text of the value that tells an error. */
export function errorText({ code, message, details, retry_after_ms = 0 }: ErrorTold): string {
  const value = newRow()
  value.code = code
  // Messages quote pieces of values, and a cut may part a surrogate pair.
  value.message = message.toWellFormed()
  if (details !== undefined) value.details = details
  // So that another process waits as long.
  if (retry_after_ms > 0) value.retry_after_ms = retry_after_ms
  return canonicalize(value)
}

/** What a row is rejected with that another run has no longer. */
export const ERASED = { code: 'VALUE_ERASED', message: 'the row that would be repeated has been erased' } as const

/** The row of a record of source `name` that can't be used. */
export function rejectedRow(name: string, { line, raw, code }: SourceReject): Row {
  const row = newRow()
  row.source = name
  row.line = line
  row.raw = raw
  row.error_code = code
  return row
}
