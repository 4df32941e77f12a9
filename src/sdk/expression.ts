/** A compiled CEL expression over one row (or, in triggers, one batch). */
import type { Row } from '../model/row.ts'
import type { FieldSchema } from './schema.ts'

export type ExpressionResult =
  | { readonly ok: true; readonly value: unknown }
  /** `code` as in EXPRESSION_ERRORS. */
  | { readonly ok: false; readonly code: string; readonly message: string }

export interface Expression {
  readonly source: string
  /** Type of the result as JSON Schema, where the check could tell; `{}` where anything may come. */
  readonly gives: FieldSchema
  /** Fields that it reads, as paths: `[['amount'], ['address', 'city']]`. */
  readonly reads: readonly (readonly string[])[]
  /** Never throws. Values are JSON: ints and doubles as numbers. */
  evaluate(row: Row): ExpressionResult
}
