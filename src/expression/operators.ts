/**
 * What operators do: the static rule, and the same rule at run time, where a value's type may be known only then.
 * Integers and doubles mix and give doubles, decimals and any other number give decimals. Texts are ordered by code points.
 */
import { Decimal } from '../model/decimal.ts'
import { compareDecimals, decimalArithmetic, decimalResult, isNumber } from './decimals.ts'
import { type ExpressionErrorCode, fault } from './faults.ts'
import {
  ANY,
  DECIMAL,
  DOUBLE,
  DURATION,
  describe,
  INT,
  isNumeric,
  listOf,
  STRING,
  TIMESTAMP,
  type Type,
  unify,
} from './types.ts'
import { Duration, kindOf, Optional, Timestamp, type Value, type ValueMap } from './values.ts'

export type Arithmetic = '+' | '-' | '*' | '/' | '%'
export type Order = '<' | '<=' | '>' | '>='

export const MAX_TEXT = 10_000_000
export const MAX_LIST = 1_000_000
const MIN_INT = -(2n ** 63n)
const MAX_INT = 2n ** 63n - 1n

// ── static rules: the type of the result, or null if the types don't fit ────────────────────────────────────────────

export function arithmeticType(op: Arithmetic, a: Type, b: Type): Type | null {
  if (a.kind === 'null' || b.kind === 'null') return null
  if (isNumeric(a) && isNumeric(b)) {
    if (a.kind === 'decimal' || b.kind === 'decimal') return decimalResult(op, a, b)
    return a.kind === 'int' && b.kind === 'int' ? INT : DOUBLE
  }
  if (a.kind === 'any' && b.kind === 'any') return ANY
  if (a.kind === 'any' || b.kind === 'any') return halfKnown(op, a.kind === 'any' ? b : a)
  if (op === '+') {
    if (a.kind === 'string' && b.kind === 'string') return STRING
    if (a.kind === 'list' && b.kind === 'list') return listOf(unify(a.of ?? ANY, b.of ?? ANY) ?? ANY)
  }
  return timeType(op, a, b)
}

function halfKnown(op: Arithmetic, known: Type): Type | null {
  if (known.kind === 'decimal') return DECIMAL
  if (known.kind === 'double' || known.kind === 'int') return ANY
  if (known.kind === 'timestamp' || known.kind === 'duration') return op === '+' || op === '-' ? ANY : null
  if (op !== '+') return null
  if (known.kind === 'string') return STRING
  return known.kind === 'list' ? listOf(ANY) : null
}

function timeType(op: Arithmetic, a: Type, b: Type): Type | null {
  const kinds = `${a.kind} ${op} ${b.kind}`
  switch (kinds) {
    case 'timestamp + duration':
    case 'duration + timestamp':
    case 'timestamp - duration':
      return TIMESTAMP
    case 'duration + duration':
    case 'duration - duration':
    case 'timestamp - timestamp':
      return DURATION
    default:
      return null
  }
}

const ORDERED = new Set(['string', 'bool', 'timestamp', 'duration'])

export function orderFits(a: Type, b: Type): boolean {
  if (isNumeric(a) && isNumeric(b)) return true
  if (a.kind === 'any') return b.kind === 'any' || isNumeric(b) || ORDERED.has(b.kind)
  if (b.kind === 'any') return isNumeric(a) || ORDERED.has(a.kind)
  return a.kind === b.kind && ORDERED.has(a.kind)
}

/** Null may be compared with anything but a secret; otherwise both sides must be able to be equal. */
export function equalityFits(a: Type, b: Type): boolean {
  if (a.kind === 'secret' || b.kind === 'secret') return false
  if (a.kind === 'any' || b.kind === 'any' || a.kind === 'null' || b.kind === 'null') return true
  if (isNumeric(a) && isNumeric(b)) return true
  return a.kind === b.kind
}

/** Null if it fits, else what is wrong. */
export function membershipProblem(a: Type, b: Type): string | null {
  if (b.kind === 'any') return null
  if (b.kind === 'list') {
    const fits = equalityFits(a, b.of ?? ANY)
    return fits ? null : `the list holds ${describe(b.of?.kind ?? 'any')}, not ${describe(a.kind)}`
  }
  if (b.kind !== 'map') return `\`in\` needs a list or a map on its right, not ${describe(b.kind)}`
  const isEmpty = (b.fields?.size ?? 0) === 0
  return equalityFits(a, STRING) || isEmpty ? null : 'the keys of the map are texts'
}

// ── at run time ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** `at` is the source of the operation, for messages. */
export function arithmetic(op: Arithmetic, a: Value, b: Value, at: string): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') return integers(op, a, b, at)
  if ((typeof a === 'number' || typeof a === 'bigint') && (typeof b === 'number' || typeof b === 'bigint')) {
    return doubles(op, Number(a), Number(b), at)
  }
  if (a instanceof Decimal || b instanceof Decimal)
    return isNumber(a) && isNumber(b) ? decimalArithmetic(op, a, b, at) : mismatch(op, a, b, at)
  if (op === '+') {
    if (typeof a === 'string' && typeof b === 'string') {
      limitText(a.length + b.length, at)
      return a + b
    }
    if (Array.isArray(a) && Array.isArray(b)) return joinLists(a, b, at)
  }
  return times(op, a, b) ?? mismatch(op, a, b, at)
}

function integers(op: Arithmetic, a: bigint, b: bigint, at: string): bigint {
  switch (op) {
    case '+':
      return checkInt(a + b, at)
    case '-':
      return checkInt(a - b, at)
    case '*':
      return checkInt(a * b, at)
    case '/':
      return b === 0n ? fault('DIVISION_BY_ZERO', `${at}: division by zero`) : checkInt(a / b, at)
    case '%':
      return b === 0n ? fault('DIVISION_BY_ZERO', `${at}: division by zero`) : a % b
  }
}

export function checkInt(value: bigint, at: string): bigint {
  if (value > MAX_INT || value < MIN_INT) fault('INTEGER_OVERFLOW', `${at}: the integer leaves the range of 64 bits`)
  return value
}

function doubles(op: Arithmetic, a: number, b: number, at: string): number {
  switch (op) {
    case '+':
      return checkFinite(a + b, at)
    case '-':
      return checkFinite(a - b, at)
    case '*':
      return checkFinite(a * b, at)
    case '/':
      return b === 0 ? fault('DIVISION_BY_ZERO', `${at}: division by zero`) : checkFinite(a / b, at)
    case '%':
      return b === 0 ? fault('DIVISION_BY_ZERO', `${at}: division by zero`) : a % b
  }
}

export function checkFinite(value: number, at: string): number {
  if (!Number.isFinite(value)) fault('NUMBER_NOT_FINITE', `${at}: the number leaves the range of doubles`)
  return value
}

function times(op: Arithmetic, a: Value, b: Value): Value | null {
  if (op !== '+' && op !== '-') return null
  if (b instanceof Duration) {
    const ns = op === '+' ? b.ns : -b.ns
    if (a instanceof Timestamp) return checkTimestamp(new Timestamp(a.ns + ns))
    return a instanceof Duration ? checkDuration(new Duration(a.ns + ns)) : null
  }
  if (!(b instanceof Timestamp)) return null
  if (op === '-') return a instanceof Timestamp ? new Duration(a.ns - b.ns) : null
  return a instanceof Duration ? checkTimestamp(new Timestamp(a.ns + b.ns)) : null
}

const FIRST_NS = BigInt(Date.parse('0001-01-01T00:00:00Z')) * 1_000_000n
const END_NS = BigInt(Date.parse('9999-12-31T23:59:59Z') + 1000) * 1_000_000n
/** 10,000 years, as the standard has it. */
const MAX_DURATION_NS = 315_576_000_000n * 1_000_000_000n

export function checkTimestamp(value: Timestamp): Timestamp {
  if (value.ns < FIRST_NS || value.ns >= END_NS) {
    fault('INTEGER_OVERFLOW', 'the timestamp is before the year 1 or after the year 9999')
  }
  return value
}

export function checkDuration(value: Duration): Duration {
  if (value.ns > MAX_DURATION_NS || value.ns < -MAX_DURATION_NS) {
    fault('INTEGER_OVERFLOW', 'the duration is longer than 10,000 years')
  }
  return value
}

export function negate(value: Value, at: string): Value {
  if (typeof value === 'bigint') return checkInt(-value, at)
  if (typeof value === 'number') return -value
  if (value instanceof Decimal) return value.negated()
  return unusable(value, at, '`-` needs a number')
}

export function ordered(op: Order, a: Value, b: Value, at: string): boolean {
  let difference: number
  if ((typeof a === 'number' || typeof a === 'bigint') && (typeof b === 'number' || typeof b === 'bigint')) {
    difference = a < b ? -1 : a > b ? 1 : 0
  } else if (isNumber(a) && isNumber(b)) difference = compareDecimals(a, b)
  else if (typeof a === 'string' && typeof b === 'string') difference = compareText(a, b)
  else if (typeof a === 'boolean' && typeof b === 'boolean') difference = Number(a) - Number(b)
  else if ((a instanceof Timestamp && b instanceof Timestamp) || (a instanceof Duration && b instanceof Duration)) {
    difference = a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0
  } else return mismatch(op, a, b, at)
  if (op === '<') return difference < 0
  if (op === '<=') return difference <= 0
  return op === '>' ? difference > 0 : difference >= 0
}

/** By code points, which UTF-16 units order differently above U+FFFF. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return x >= 0xd800 && y >= 0xd800 ? codePointOrder(x) - codePointOrder(y) : x - y
  }
  return a.length - b.length
}

const codePointOrder = (unit: number) => (unit < 0xe000 ? unit + 0x10000 : unit)

/**
 * Values of different types are not equal, numbers of the same amount are: an integer, a double and a decimal alike, so that it is one
 * relation, which `keyOf` (library/identity.ts) and `mapKey` follow.
 */
export function equal(a: Value, b: Value): boolean {
  if (a === b) return true
  if (a instanceof Decimal || b instanceof Decimal) return isNumber(a) && isNumber(b) && compareDecimals(a, b) === 0
  if (typeof a === 'bigint') return typeof b === 'number' && Number.isInteger(b) && BigInt(b) === a
  if (typeof a === 'number') return typeof b === 'bigint' && equal(b, a)
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return false
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((each, i) => equal(each, b[i] as Value))
  if (a instanceof Map) return b instanceof Map && mapsEqual(a as ValueMap, b as ValueMap)
  if (a instanceof Timestamp) return b instanceof Timestamp && a.ns === b.ns
  if (a instanceof Duration) return b instanceof Duration && a.ns === b.ns
  if (!(a instanceof Optional && b instanceof Optional)) return false
  if (a.value === undefined || b.value === undefined) return a.value === b.value
  return equal(a.value, b.value)
}

function mapsEqual(a: ValueMap, b: ValueMap): boolean {
  if (a.size !== b.size) return false
  for (const [key, value] of a) {
    const other = b.get(key)
    if (other === undefined || !equal(value, other)) return false
  }
  return true
}

export function isIn(a: Value, b: Value, at: string): boolean {
  if (Array.isArray(b)) return b.some(each => equal(each, a))
  if (b instanceof Map) return b.has(mapKey(a))
  return unusable(b, at, '`in` needs a list or a map on its right')
}

/** Keys that are whole are the integers, however they were written: those that are equal are one. */
export function mapKey(key: Value): Value {
  if (typeof key === 'number') return Number.isInteger(key) ? BigInt(key) : key
  if (!(key instanceof Decimal)) return key
  const whole = key.toBigInt()
  return key.compareNumber(whole) === 0 ? whole : key
}

/** The integer that a double says exactly; anything else stays as it is. */
export const wholeAsInteger = (value: Value): Value =>
  typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value

export function limitText(length: number, at: string): void {
  if (length > MAX_TEXT) fault('EVALUATION_LIMIT', `${at}: the text becomes too long`)
}

export function limitList(length: number, at: string): void {
  if (length > MAX_LIST) fault('EVALUATION_LIMIT', `${at}: the list becomes too long`)
}

function joinLists(a: readonly Value[], b: readonly Value[], at: string): readonly Value[] {
  limitList(a.length + b.length, at)
  return [...a, ...b]
}

// ── errors ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export function mismatch(op: string, a: Value, b: Value, at: string): never {
  if (a === null || b === null) return fault('VALUE_NULL', `${at}: a value is null`)
  const kinds = `${describe(kindOf(a))} and ${describe(kindOf(b))}`
  return fault('TYPE_MISMATCH', `${at}: \`${op}\` can’t take ${kinds}${textHint(a, b)}`)
}

export function unusable(value: Value, at: string, need: string): never {
  const code: ExpressionErrorCode = value === null ? 'VALUE_NULL' : 'TYPE_MISMATCH'
  return fault(code, `${at}: ${need}, not ${describe(kindOf(value))}`)
}

function textHint(a: Value, b: Value): string {
  const mixed = (typeof a === 'string' && isNumber(b)) || (typeof b === 'string' && isNumber(a))
  return mixed ? '; declare the field as a number in the source’s schema' : ''
}
