/** What the JSON sources make of one value's text: a row, or why it is none. */
import { type DeclaredNumbers, JsonTextError, parseStrict } from '../../model/json.ts'
import type { Row } from '../../model/row.ts'
import type { RowSchema } from '../../model/schema.ts'
import { numbersInRow } from '../../sdk/exact-numbers.ts'
import type { Problem } from './one-file.ts'

export const NOT_AN_OBJECT = 'NOT_AN_OBJECT'

/** Sentences for the codes of values. Those of the parser are model/json.ts's. */
export const JSON_VALUE_ERRORS = {
  [NOT_AN_OBJECT]: 'The value is not an object, so that it has no fields.',
  JSON_SYNTAX: 'The text is not JSON (RFC 8259).',
  JSON_DUPLICATE_KEY: 'A key stands twice in one object, so that readers would disagree about its value.',
  JSON_INTEGER_TOO_LARGE:
    'A whole number is beyond ±(2^53 − 1) and would be rounded; declare its field as big_integer, or write it as a text.',
  JSON_NUMBER_TOO_LARGE: 'A number is beyond what a double can hold.',
  JSON_NUMBER_TOO_SMALL: 'A number is too near to zero for a double to be told from it.',
  JSON_LONE_SURROGATE: 'A text has half of a surrogate pair in it.',
  JSON_TOO_DEEP: 'The value is nested too deeply.',
}

/** What the schema says of how records are read. */
export interface RecordsAs {
  /** Whether rows carry their text, for a schema that may refuse them. */
  readonly raw: boolean
  readonly numbers: DeclaredNumbers | null
}

export const recordsAs = ({ fields }: RowSchema): RecordsAs => ({
  raw: fields.size > 0,
  numbers: numbersInRow(fields),
})

/** @param numbers what the schema says of them */
export function parseRow(
  text: string,
  numbers: DeclaredNumbers | null = null,
): { readonly row: Row } | { readonly problem: Problem } {
  try {
    const value = parseStrict(text, numbers)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { row: value as Row }
    return { problem: { code: NOT_AN_OBJECT, message: `the value is ${kindOf(value)}, not an object` } }
  } catch (error) {
    if (error instanceof JsonTextError) return { problem: { code: error.code, message: error.message } }
    throw error
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return `a ${typeof value}`
}
