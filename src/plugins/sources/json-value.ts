/** What the JSON sources make of one value's text: a row, or why it is none. */
import { JsonTextError, parseStrict } from '../../model/json.ts'
import type { Row } from '../../model/row.ts'
import type { Problem } from './file-source.ts'

export const NOT_AN_OBJECT = 'NOT_AN_OBJECT'

/** Sentences for the codes of values. Those of the parser are model/json.ts's. */
export const JSON_VALUE_ERRORS = {
  [NOT_AN_OBJECT]: 'The value is not an object, so that it has no fields.',
  JSON_SYNTAX: 'The text is not JSON (RFC 8259).',
  JSON_DUPLICATE_KEY: 'A key stands twice in one object, so that readers would disagree about its value.',
  JSON_INTEGER_TOO_LARGE: 'A whole number is beyond ±(2^53 − 1) and would be rounded; write it as a text.',
  JSON_NUMBER_TOO_LARGE: 'A number is beyond what a double can hold.',
  JSON_LONE_SURROGATE: 'A text has half of a surrogate pair in it.',
  JSON_TOO_DEEP: 'The value is nested too deeply.',
}

export function parseRow(text: string): { readonly row: Row } | { readonly problem: Problem } {
  try {
    const value = parseStrict(text)
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
