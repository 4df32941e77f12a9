/**
 * Texts of numbers that no double holds: decimals and big integers. Each amount with its digits has one canonical text, which is what
 * rows hold: `3903.70`, without a plus, an exponent or zeros before. −0 is 0.
 */
import type { Json } from './row.ts'

/** As many digits as a decimal has at most, before and behind the point together; and a big integer. */
export const MAX_DECIMAL_DIGITS = 100

/** As many of these as can stand behind the point: one stands before it. */
export const MAX_SCALE = MAX_DECIMAL_DIGITS - 1

/** As many digits as a quotient has that must be rounded; those of a decimal of 128 bits (IEEE 754). */
export const QUOTIENT_DIGITS = 34

const CANONICAL = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/
const DECIMAL = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,9}))?$/
const ZEROS = /^-?[0.]+$/

/**
 * The canonical text of a decimal as JSON writes it, zeros before it allowed. With a scale there are so many digits behind the point: zeros
 * are added, and left out, any other digit there is one too many. Undefined if it is no decimal, or has too many digits.
 */
export function decimalText(text: string, scale: number | null = null): string | undefined {
  if (isCanonical(text, scale)) return text
  const [, sign, whole, fraction = '', exponent = '0'] = DECIMAL.exec(text) ?? []
  if (whole === undefined) return undefined
  const significant = (whole + fraction).replace(/^0+/, '')
  const places = fraction.length - Number(exponent)
  if (significant.length > MAX_DECIMAL_DIGITS || Math.abs(places) > MAX_DECIMAL_DIGITS) return undefined
  const padded = placed(significant, places)
  const scaled = scale === null ? padded : withScale(padded, scale)
  if (scaled === undefined || digitsOf(scaled) > MAX_DECIMAL_DIGITS) return undefined
  return sign === '-' && !ZEROS.test(scaled) ? `-${scaled}` : scaled
}

/** Digits with the point so many places before their end, or behind it. */
function placed(digits: string, places: number): string {
  if (places <= 0) return digits === '' ? '0' : digits + '0'.repeat(-places)
  const padded = digits.padStart(places + 1, '0')
  return `${padded.slice(0, -places)}.${padded.slice(-places)}`
}

function withScale(text: string, scale: number): string | undefined {
  const [whole = '', fraction = ''] = text.split('.')
  if (/[1-9]/.test(fraction.slice(scale))) return undefined
  return scale === 0 ? whole : `${whole}.${fraction.slice(0, scale).padEnd(scale, '0')}`
}

const digitsOf = (text: string) => text.length - (text.includes('.') ? 1 : 0)

function isCanonical(text: string, scale: number | null): boolean {
  if (text.length > MAX_DECIMAL_DIGITS || !CANONICAL.test(text)) return false
  if (scale !== null && scaleOf(text) !== scale) return false
  return text.charCodeAt(0) !== 45 || !ZEROS.test(text)
}

/** The shortest canonical text of the same amount: 1.50 is 1.5. Undefined if it is no decimal, or has too many digits. */
export function shortestDecimal(text: string): string | undefined {
  const canonical = decimalText(text)
  if (canonical === undefined || !canonical.includes('.')) return canonical
  return canonical.replace(/0+$/, '').replace(/\.$/, '')
}

/** What stands for a field's value in a key. `by_value`: the field has decimals, of which 1.5 and 1.50 are the same. */
export function keyValue(value: Json, by_value: boolean): Json {
  return by_value && typeof value === 'string' ? (shortestDecimal(value) ?? value) : value
}

/** How many digits stand behind the point. */
export function scaleOf(text: string): number {
  const point = text.indexOf('.')
  return point === -1 ? 0 : text.length - point - 1
}

const INTEGER = /^-?[0-9]+(?:\.0+)?$/

/** The canonical text of an integer of any size; zeros before it and behind a point say nothing else. Undefined if it is none, or too long. */
export function bigIntegerText(text: string): string | undefined {
  return INTEGER.test(text) ? decimalText(text, 0) : undefined
}
