/**
 * Values of columns as rows have them: JSON, without loss. What a double or a JSON text can't say is a text: integers beyond 2^53, decimals,
 * dates, times, bytes (base64).
 */
import type { SchemaElement } from 'hyparquet'
import { parseJson } from '../../model/json.ts'
import { type Json, newRow } from '../../model/row.ts'

/** Why there is no value. */
export class ValueProblem extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

export const VALUE_ERRORS = {
  NOT_A_NUMBER: 'A number is NaN or infinite, which no row can hold; `not_finite` can take it for nothing.',
  DATE_OUT_OF_RANGE: 'A date isn’t in the years 1 to 9999.',
  TEXT_INVALID: 'A text isn’t valid UTF-8.',
  JSON_INVALID: 'A value of a JSON column isn’t JSON.',
}

export type TakeValue = (value: unknown) => Json

export interface LeafRules {
  readonly not_finite: 'reject' | 'null'
}

const DAY_MS = 86_400_000
const LAST_DAY = 2_932_896
const FIRST_DAY = -719_162
const DIGITS = { MILLIS: 3, MICROS: 6, NANOS: 9 } as const

/** How the raw values of a column are taken. */
export function leafValue(element: SchemaElement, rules: LeafRules): TakeValue {
  const { type, converted_type: converted, logical_type: logical } = element
  if (converted === 'DECIMAL' || logical?.type === 'DECIMAL') {
    const scale = (logical?.type === 'DECIMAL' ? logical.scale : element.scale) ?? 0
    return value => decimalOf(value, scale)
  }
  if (converted === 'DATE' || logical?.type === 'DATE') return value => dayText(Number(value))
  if (logical?.type === 'TIMESTAMP') return value => timestampText(value, DIGITS[logical.unit], logical.isAdjustedToUTC)
  if (converted === 'TIMESTAMP_MILLIS') return value => timestampText(value, DIGITS.MILLIS, true)
  if (converted === 'TIMESTAMP_MICROS') return value => timestampText(value, DIGITS.MICROS, true)
  if (type === 'INT96') return value => timestampText(value, DIGITS.NANOS, false)
  // cast: the schema says what the reader gives
  if (logical?.type === 'TIME') return value => timeText(BigInt(value as bigint), DIGITS[logical.unit])
  // cast: the schema says what the reader gives
  if (converted === 'TIME_MILLIS') return value => timeText(BigInt(value as number), DIGITS.MILLIS)
  // cast: the schema says what the reader gives
  if (converted === 'TIME_MICROS') return value => timeText(BigInt(value as bigint), DIGITS.MICROS)
  // cast: the schema says what the reader gives
  if (logical?.type === 'UUID') return value => uuidText(value as Uint8Array)
  if (converted === 'JSON' || logical?.type === 'JSON') return value => jsonValue(textOf(value))
  if (isText(element)) return textOf
  return value => otherValue(value, rules)
}

const isText = ({ converted_type: converted, logical_type: logical }: SchemaElement) =>
  converted === 'UTF8' || converted === 'ENUM' || logical?.type === 'STRING' || logical?.type === 'ENUM'

/**
 * The same schema without what the reader would round or read otherwise: values come as they are stored. Keys of maps are texts, which
 * it makes names of.
 */
export function rawSchema(elements: readonly SchemaElement[]): SchemaElement[] {
  const open: { readonly element: SchemaElement; left: number }[] = []
  return elements.map(element => {
    while (open.at(-1)?.left === 0) open.pop()
    const is_key = element.name === 'key' && open.at(-2)?.element.converted_type === 'MAP'
    const parent = open.at(-1)
    if (parent !== undefined) parent.left -= 1
    open.push({ element, left: element.num_children ?? 0 })
    return is_key ? element : rawElement(element)
  })
}

function rawElement(element: SchemaElement): SchemaElement {
  if (element.type === undefined) return element
  const { converted_type: converted, logical_type: logical, ...rest } = element
  const unsigned = converted?.startsWith('UINT_') === true || (logical?.type === 'INTEGER' && !logical.isSigned)
  const read = unsigned || logical?.type === 'FLOAT16'
  if (!read) return rest
  return {
    ...rest,
    ...(converted === undefined ? {} : { converted_type: converted }),
    ...(logical === undefined ? {} : { logical_type: logical }),
  }
}

function otherValue(value: unknown, { not_finite }: LeafRules): Json {
  if (typeof value === 'bigint') return integerOf(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  // cast: the schema says what the reader gives
  if (typeof value !== 'number') return value as Json
  if (Number.isFinite(value)) return value === 0 ? 0 : value
  if (not_finite === 'null') return null
  throw new ValueProblem('NOT_A_NUMBER', `is ${value}`)
}

function integerOf(value: bigint): Json {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}

function unscaled(value: unknown): bigint {
  // cast: the schema says what the reader gives
  if (!(value instanceof Uint8Array)) return BigInt(value as number)
  return value.length === 0 ? 0n : BigInt.asIntN(value.length * 8, BigInt(`0x${Buffer.from(value).toString('hex')}`))
}

function decimalOf(value: unknown, scale: number): string {
  const number = unscaled(value)
  const digits = (number < 0n ? -number : number).toString().padStart(scale + 1, '0')
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`
  return number < 0n ? `-${text}` : text
}

function dayText(day: number): string {
  if (!(day >= FIRST_DAY && day <= LAST_DAY)) throw new ValueProblem('DATE_OUT_OF_RANGE', `is day ${day} since 1970`)
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}

function timestampText(given: unknown, digits: number, is_utc: boolean): string {
  // cast: the schema says what the reader gives
  const value = BigInt(given as bigint)
  const per_day = 86_400n * 10n ** BigInt(digits)
  const day = value / per_day - (value % per_day < 0n ? 1n : 0n)
  return `${dayText(Number(day))}T${timeText(value - day * per_day, digits)}${is_utc ? 'Z' : ''}`
}

function timeText(value: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits)
  const seconds = Number(value / unit)
  const fraction = (value % unit).toString().padStart(digits, '0').replace(/0+$/, '')
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return `${parts.map(part => String(part).padStart(2, '0')).join(':')}${fraction === '' ? '' : `.${fraction}`}`
}

function uuidText(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function textOf(value: unknown): string {
  try {
    // cast: the schema says what the reader gives
    return decoder.decode(value as Uint8Array)
  } catch (error) {
    if (error instanceof TypeError) throw new ValueProblem('TEXT_INVALID', 'isn’t valid UTF-8')
    throw error
  }
}

function jsonValue(text: string): Json {
  try {
    return plain(parseJson(text))
  } catch (error) {
    if (error instanceof SyntaxError) throw new ValueProblem('JSON_INVALID', 'isn’t JSON')
    throw error
  }
}

function plain(value: unknown): Json {
  if (Array.isArray(value)) return value.map(plain)
  // cast: what is left of a parsed text is JSON
  if (typeof value !== 'object' || value === null) return value as Json
  const copy = newRow()
  for (const [name, each] of Object.entries(value)) copy[name] = plain(each)
  return copy
}
