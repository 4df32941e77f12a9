/**
 * Decimals in expressions. Together with an integer or a double they give a decimal: a double counts as the amount that `amountText` says,
 * so that `0.1` is one tenth.
 */
import { Decimal } from '../model/decimal.ts'
import { MAX_DECIMAL_DIGITS, MAX_SCALE } from '../model/decimal-text.ts'
import type { Compiled, Run } from './compilation.ts'
import { fault } from './faults.ts'
import type { Arithmetic } from './operators.ts'
import { decimalOf, type Type } from './types.ts'
import type { Value } from './values.ts'

// ── types ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Of two numbers of which one is a decimal. */
export function decimalResult(op: Arithmetic, a: Type, b: Type): Type {
  const [x, y] = [scaleIn(a), scaleIn(b)]
  if (x === null || y === null || op === '/') return decimalOf(null)
  const scale = op === '*' ? x + y : Math.max(x, y)
  return decimalOf(scale > MAX_SCALE ? null : scale)
}

const scaleIn = (type: Type): number | null => (type.kind === 'int' ? 0 : (type.scale ?? null))

/** What a decimal and another number are in one place: decimals both; null where neither is one, or what isn't a number. */
export function jointDecimal(a: Type, b: Type): Type | null {
  const [decimal, other] = a.kind === 'decimal' ? [a, b] : [b, a]
  if (decimal.kind !== 'decimal' || (other.kind !== 'int' && other.kind !== 'double')) return null
  const type =
    other.kind === 'int' && (decimal.scale ?? 0) <= MAX_INT_SCALE ? decimalOf(decimal.scale ?? null) : decimalOf(null)
  return a.nullable || b.nullable ? { ...type, nullable: true } : type
}

/** An integer of 64 bits has room for so many zeros behind its point. */
const MAX_INT_SCALE = MAX_DECIMAL_DIGITS - 20

/** What is evaluated, as a decimal where that is its type, though it may give another number. */
export function asDecimal({ run, type }: Compiled, wanted: Type, at: string): Run {
  if (wanted.kind !== 'decimal' || type.kind === 'decimal') return run
  const { scale } = wanted
  return frame => {
    const value = run(frame)
    if (!isNumber(value)) return value
    const decimal = toDecimal(value, at)
    // Zeros are added, and nothing is taken away: a row may have more digits than is known of it.
    return scale === undefined || decimal.scale >= scale ? decimal : (decimal.round(scale, 'trunc') ?? decimal)
  }
}

// ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────────

type Numeric = bigint | number | Decimal

export const isNumber = (value: Value): value is Numeric =>
  typeof value === 'bigint' || typeof value === 'number' || value instanceof Decimal

export function toDecimal(value: Numeric, at: string): Decimal {
  return checkDecimal(value instanceof Decimal ? value : Decimal.of(value), at)
}

export function checkDecimal(value: Decimal | null, at: string): Decimal {
  if (value === null) return fault('DECIMAL_OVERFLOW', `${at}: a decimal has ${MAX_DECIMAL_DIGITS} digits at most`)
  return value
}

export function decimalArithmetic(op: Arithmetic, left: Numeric, right: Numeric, at: string): Decimal {
  const [a, b] = [toDecimal(left, at), toDecimal(right, at)]
  if ((op === '/' || op === '%') && b.isZero()) fault('DIVISION_BY_ZERO', `${at}: division by zero`)
  return checkDecimal(calculated(op, a, b), at)
}

function calculated(op: Arithmetic, a: Decimal, b: Decimal): Decimal | null {
  switch (op) {
    case '+':
      return a.plus(b)
    case '-':
      return a.minus(b)
    case '*':
      return a.times(b)
    case '/':
      return a.dividedBy(b)
    case '%':
      return a.remainder(b)
  }
}

/** Of two numbers of which one at least is a decimal. */
export function compareDecimals(a: Numeric, b: Numeric): number {
  if (a instanceof Decimal) return b instanceof Decimal ? a.compare(b) : a.compareNumber(b)
  return b instanceof Decimal ? -b.compareNumber(a) : 0
}
