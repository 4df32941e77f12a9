/** What can go wrong when an expression is evaluated. Faults are thrown inside this folder only; `evaluate` never throws. */

/** Codes of `ExpressionResult`, with one sentence each; nodes with expressions declare them as codes of row errors. */
export const EXPRESSION_ERRORS = {
  FIELD_MISSING: 'A field that the expression reads is missing.',
  VALUE_NULL: 'A value is null where the expression needs one.',
  TYPE_MISMATCH: 'A value has a type that the operation can’t use.',
  DIVISION_BY_ZERO: 'A number is divided by zero.',
  NUMBER_NOT_FINITE: 'A calculation with numbers leaves the range of doubles.',
  DECIMAL_OVERFLOW: 'A decimal would have more than 100 digits.',
  INTEGER_OVERFLOW: 'An integer leaves the range of 64 bits, or as a result the range of ±(2^53 − 1).',
  INDEX_OUT_OF_RANGE: 'A list or a text has no such position.',
  KEY_MISSING: 'A map has no such key, or an optional value isn’t there.',
  CONVERSION_FAILED: 'A value can’t be converted to the type that is asked for.',
  ARGUMENT_INVALID: 'An argument isn’t one that the function takes: a unit, a pattern, a form that it doesn’t know.',
  PATTERN_INVALID: 'A pattern that comes from the row isn’t valid RE2 syntax.',
  RESULT_NOT_JSON: 'The result is something that a row can’t hold.',
  EVALUATION_LIMIT: 'The expression needs too many steps, or makes too much, for one row.',
  EVALUATION_ERROR: 'The expression can’t be evaluated for this row.',
} as const

export type ExpressionErrorCode = keyof typeof EXPRESSION_ERRORS

/** Not an Error: it needs no stack, and rows with faults may be many. */
export class Fault {
  readonly code: ExpressionErrorCode
  readonly message: string
  /** The field of the row that it is about, where that is known. */
  readonly field?: string

  constructor(code: ExpressionErrorCode, message: string, field?: string) {
    this.code = code
    this.message = message
    if (field !== undefined) this.field = field
  }
}

export function fault(code: ExpressionErrorCode, message: string, field?: string): never {
  throw new Fault(code, message, field)
}
