/** Decimals for the interpreter: integers with a place for the point, and fractions of integers; nothing is ever rounded but what is asked. */
import type { Calculation, DecimalOperation } from './model.ts'
import type { Data } from './naive-rows.ts'

/** `digits / 10^scale` */
interface Amount {
  readonly digits: bigint
  readonly scale: number
}

/** As JSON has numbers, with zeros before it or without. */
function amountOf(written: string | number): Amount {
  const [mantissa = '', exponent = '0'] = String(written).toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const scale = fraction.length - Number(exponent)
  const digits = BigInt(whole + fraction)
  return scale < 0 ? { digits: digits * 10n ** BigInt(-scale), scale: 0 } : { digits, scale }
}

function textOf({ digits, scale }: Amount): string {
  const size = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0')
  const at = size.length - scale
  return `${digits < 0n ? '-' : ''}${size.slice(0, at)}${scale === 0 ? '' : `.${size.slice(at)}`}`
}

const withScale = ({ digits, scale }: Amount, to: number): bigint => digits * 10n ** BigInt(to - scale)

function plus(one: Amount, other: Amount): Amount {
  const scale = Math.max(one.scale, other.scale)
  return { digits: withScale(one, scale) + withScale(other, scale), scale }
}

const times = (one: Amount, other: Amount): Amount => ({
  digits: one.digits * other.digits,
  scale: one.scale + other.scale,
})

/** Without zeros at the end of its fraction, but for so many digits. */
function trimmed({ digits, scale }: Amount, least: number): Amount {
  return scale > least && digits % 10n === 0n
    ? trimmed({ digits: digits / 10n, scale: scale - 1 }, least)
    : { digits, scale }
}

/** Whole, halves to the even one, or away from zero. */
function rounded(over: bigint, under: bigint, halves: 'even' | 'away'): bigint {
  const size = over < 0n ? -over : over
  const [whole, twice] = [size / under, 2n * (size % under)]
  const up = twice > under || (twice === under && (halves === 'away' || whole % 2n === 1n))
  return (over < 0n ? -1n : 1n) * (up ? whole + 1n : whole)
}

const QUOTIENT_DIGITS = 34

/** With 34 digits at most; one that has no more keeps the digits that the dividend has more than the divisor. `other` isn't negative. */
function dividedBy(one: Amount, other: Amount): Amount {
  const over = one.digits * 10n ** BigInt(other.scale)
  const under = other.digits * 10n ** BigInt(one.scale)
  const least = Math.max(0, one.scale - other.scale)
  // One digit after another behind the point, until nothing is left, or they are too many.
  for (let scale = 0; ; scale++) {
    const scaled = over * 10n ** BigInt(scale)
    const digits = rounded(scaled, under, 'even')
    const is_exact = scaled % under === 0n
    const many = String(digits < 0n ? -digits : digits).length
    if (is_exact && many <= QUOTIENT_DIGITS)
      return { digits: digits * 10n ** BigInt(Math.max(0, least - scale)), scale: Math.max(scale, least) }
    if (digits !== 0n && many === QUOTIENT_DIGITS) return trimmed({ digits, scale }, 0)
    if (many > QUOTIENT_DIGITS) throw new Error('amounts of simulated pipelines aren’t so large')
  }
}

function compare(one: Amount, other: Amount): number {
  const scale = Math.max(one.scale, other.scale)
  const by = withScale(one, scale) - withScale(other, scale)
  return by < 0n ? -1 : Number(by > 0n)
}

/** The text of an amount as a row has it whose field has so many digits behind the point. */
export function declaredAmount(written: string | number): string {
  return textOf(scaled(amountOf(written), 2) ?? amountOf(written))
}

/** null if a digit has no place. */
function scaled(amount: Amount, scale: number): Amount | null {
  const { digits, scale: has } = trimmed(amount, scale)
  return has > scale ? null : { digits: withScale({ digits, scale: has }, scale), scale }
}

const CALCULATED: { readonly [does in Exclude<Calculation, 'compare'>]: (amount: Amount, n: number) => Amount } = {
  add: amount => plus(amount, { digits: 5n, scale: 2 }),
  triple: amount => times(amount, { digits: 3n, scale: 0 }),
  tax: amount => times(amount, { digits: 1190n, scale: 3 }),
  third: amount => dividedBy(amount, { digits: 3n, scale: 0 }),
  quarter: amount => dividedBy(amount, { digits: 40n, scale: 1 }),
  cents: ({ digits, scale }) =>
    scale <= 2
      ? { digits: digits * 10n ** BigInt(2 - scale), scale: 2 }
      : { digits: rounded(digits, 10n ** BigInt(scale - 2), 'away'), scale: 2 },
  negate: ({ digits, scale }) => ({ digits: -digits, scale }),
  less_n: (amount, n) => plus(amount, { digits: -BigInt(n), scale: 0 }),
}

/** null: an error of the row. One without an amount stays as it is. */
export function calculated(operation: DecimalOperation, data: Data, n: number): Data | null {
  if (typeof data.amount !== 'string') return data
  const amount = amountOf(data.amount)
  if (operation.op === 'coerce') {
    const coerced = scaled(amount, operation.scale)
    return coerced === null ? null : { ...data, amount: textOf(coerced) }
  }
  if (operation.does === 'compare') return { ...data, a: compare(amount, { digits: 3n, scale: 1 }) >= 0 }
  return { ...data, amount: textOf(CALCULATED[operation.does](amount, n)) }
}

/** What a batch comes to. */
export function statisticsOf(rows: readonly Data[], n: number): Data {
  const amounts = rows.flatMap(({ amount }) => (typeof amount === 'string' ? [amountOf(amount)] : []))
  const count = amounts.length
  const sum = amounts.reduce(plus, { digits: 0n, scale: 0 })
  const sorted = amounts.toSorted(compare)
  const [min, max] = [sorted[0], sorted.at(-1)]
  const mean = count === 0 ? null : textOf(dividedBy(sum, { digits: BigInt(count), scale: 0 }))
  return { n, amount: textOf(sum), count, mean, min: min ? textOf(min) : null, max: max ? textOf(max) : null }
}

/** By value; undefined if one of them is no amount. */
export function comparedAmounts(one: unknown, other: unknown): number | undefined {
  if (typeof one !== 'string' || typeof other !== 'string') return undefined
  return compare(amountOf(one), amountOf(other))
}

/** The same for two values of a field that are the same amount. */
export function keyValue(field: string, value: unknown): unknown {
  return field === 'amount' && typeof value === 'string' ? textOf(trimmed(amountOf(value), 0)) : value
}
