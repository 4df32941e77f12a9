/**
 * Numbers as sinks write them. Whole numbers beyond 2^53 − 1 are decimals, and written as such (`1e+16`): from digits alone readers
 * can't tell whether somebody has rounded an integer.
 */
import { isInexactInteger } from '../../model/canonical.ts'
import type { Json } from '../../model/row.ts'

declare global {
  interface JSON {
    /** A JSON text that is to be written as it is (ECMAScript proposal “JSON.parse source text access”). */
    rawJSON(text: string): object
  }
}

const MANY_DIGITS = /\d{16}/

export function jsonText(value: Json): string {
  const text = JSON.stringify(value)
  return MANY_DIGITS.test(text) ? JSON.stringify(value, withDecimals) : text
}

export function numberText(value: number): string {
  return isInexactInteger(value) ? value.toExponential() : String(value)
}

function withDecimals(_field: string, value: unknown): unknown {
  return typeof value === 'number' && isInexactInteger(value) ? JSON.rawJSON(numberText(value)) : value
}
