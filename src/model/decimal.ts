/**
 * Decimals: amounts with all their digits. `3903.70` has two behind its point, and keeps them. Sums, differences and products are exact,
 * quotients are rounded to `QUOTIENT_DIGITS` digits, halves to the even digit. What would have more digits than decimals have is
 * null, so that nothing can grow without an end.
 */
import type { Decimal as Amount } from 'decimal.js'
import { decimalText, MAX_DECIMAL_DIGITS, scaleOf } from './decimal-text.ts'
import { loadOwnModule } from './own-file.ts'

type Library = typeof import('./decimal-library.ts')
let loaded: Library | null = null

function library(): Library {
  // cast: what the module exports
  loaded ??= loadOwnModule('model/decimal-library') as Library
  return loaded
}

/** Ways to round, by the names of `Intl.NumberFormat` (ECMA-402), as numbers of the library. */
const MODES = {
  expand: 0,
  trunc: 1,
  ceil: 2,
  floor: 3,
  halfExpand: 4,
  halfTrunc: 5,
  halfEven: 6,
  halfCeil: 7,
  halfFloor: 8,
} as const
export type RoundingMode = keyof typeof MODES

/**
 * The amount that a number stands for beside decimals. A whole one is the integer that it is, also beyond 2^53, as beside integers; any
 * other is the shortest text that says it: 0.1 is one tenth. So equality is one relation over integers, doubles and decimals.
 */
export const amountText = (value: bigint | number): string =>
  String(typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value)

export class Decimal {
  readonly #amount: Amount
  /** How many digits stand behind the point. */
  readonly scale: number

  private constructor(amount: Amount, scale: number) {
    this.#amount = amount
    this.scale = scale
  }

  /** Of a text as JSON writes numbers; null if it is none, or has too many digits. */
  static parse(text: string): Decimal | null {
    const canonical = decimalText(text)
    return canonical === undefined ? null : new Decimal(new (library().Exact)(canonical), scaleOf(canonical))
  }

  /** Of an integer, or of a number as `amountText` says it. */
  static of(value: bigint | number): Decimal | null {
    return Decimal.parse(amountText(value))
  }

  /** With so many digits behind the point. */
  static zero(scale: number): Decimal {
    return new Decimal(new (library().Exact)(0), scale)
  }

  static #made(amount: Amount, scale: number): Decimal | null {
    const whole = amount.isZero() ? 1 : Math.max(1, amount.e + 1)
    if (whole + scale > MAX_DECIMAL_DIGITS) return null
    // The library has a −0.
    return new Decimal(amount.isZero() ? amount.abs() : amount, scale)
  }

  plus(other: Decimal): Decimal | null {
    return Decimal.#made(this.#amount.plus(other.#amount), Math.max(this.scale, other.scale))
  }

  minus(other: Decimal): Decimal | null {
    return Decimal.#made(this.#amount.minus(other.#amount), Math.max(this.scale, other.scale))
  }

  times(other: Decimal): Decimal | null {
    return Decimal.#made(this.#amount.times(other.#amount), this.scale + other.scale)
  }

  /** By what isn't 0. An exact quotient keeps the digits that the dividend has more than the divisor. */
  dividedBy(other: Decimal): Decimal | null {
    const quotient = new (library().Quotient)(this.#amount).dividedBy(other.#amount)
    const exact = new (library().Exact)(quotient)
    const is_exact = exact.times(other.#amount).equals(this.#amount)
    const scale = is_exact ? Math.max(exact.decimalPlaces(), this.scale - other.scale) : exact.decimalPlaces()
    return Decimal.#made(exact, scale)
  }

  /** What is left of a division without a fraction, with the sign of the dividend. By what isn't 0. */
  remainder(other: Decimal): Decimal | null {
    return Decimal.#made(this.#amount.modulo(other.#amount), Math.max(this.scale, other.scale))
  }

  negated(): Decimal {
    return this.isZero() ? this : new Decimal(this.#amount.negated(), this.scale)
  }

  abs(): Decimal {
    return new Decimal(this.#amount.abs(), this.scale)
  }

  /** With so many digits behind the point. */
  round(scale: number, mode: RoundingMode): Decimal | null {
    return Decimal.#made(this.#amount.toDecimalPlaces(scale, MODES[mode]), scale)
  }

  /** Without zeros at the end of its fraction, but for so many digits behind the point. */
  trimmed(scale: number): Decimal {
    const least = Math.max(scale, this.#amount.decimalPlaces())
    return least < this.scale ? new Decimal(this.#amount, least) : this
  }

  /** Negative, 0 or positive. */
  compare(other: Decimal): number {
    return this.#amount.comparedTo(other.#amount)
  }

  /** The same with a number, as `amountText` says it. Any finite one. */
  compareNumber(other: bigint | number): number {
    return this.#amount.comparedTo(amountText(other))
  }

  isZero(): boolean {
    return this.#amount.isZero()
  }

  /** −1, 0 or 1. */
  sign(): -1 | 0 | 1 {
    return this.isZero() ? 0 : this.#amount.isNegative() ? -1 : 1
  }

  /** The nearest double. */
  toNumber(): number {
    return this.#amount.toNumber()
  }

  /** The integer that is left without the fraction. */
  toBigInt(): bigint {
    return BigInt(this.#amount.trunc().toFixed(0))
  }

  /** The canonical text, with all its digits. */
  toString(): string {
    return this.#amount.toFixed(this.scale)
  }
}

/** The exact sum, with as many digits behind the point as the one that has most; of none it is 0 with so many. Null if it has too many digits. */
export function sumOfDecimals(values: readonly Decimal[], scale = 0): Decimal | null {
  let sum: Decimal | null = Decimal.zero(scale)
  for (const each of values) sum = sum?.plus(each) ?? null
  return sum
}
