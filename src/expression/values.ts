/**
 * Values while an expression is evaluated. Integers are bigint and doubles are number, so that `7 / 2` and `7.0 / 2`
 * differ. Doubles are always finite. Maps are Map: no name is inherited.
 */
import { Decimal } from '../model/decimal.ts'
import { type Json, newRow } from '../model/row.ts'
import { fault } from './faults.ts'
import { Secret } from './secret.ts'
import { ANY, describe, type Kind, type Type } from './types.ts'

export type Value =
  | null
  | boolean
  | bigint
  | number
  | Decimal
  | string
  | readonly Value[]
  | ValueMap
  | Timestamp
  | Duration
  | Optional
  | TypeValue
  | Secret
export type ValueMap = ReadonlyMap<Value, Value>

/** A point in time, in nanoseconds since the Unix epoch. */
export class Timestamp {
  readonly ns: bigint
  constructor(ns: bigint) {
    this.ns = ns
  }
}

/** A span of time, in nanoseconds. */
export class Duration {
  readonly ns: bigint
  constructor(ns: bigint) {
    this.ns = ns
  }
}

export class Optional {
  readonly value: Value | undefined
  constructor(value: Value | undefined) {
    this.value = value
  }
}
export const NONE = new Optional(undefined)

/** What `type(x)` gives; there is one for each kind. */
export class TypeValue {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}
const TYPE_NAMES = [
  ...['bool', 'int', 'double', 'decimal', 'string', 'list', 'map'],
  ...['timestamp', 'duration', 'optional', 'type', 'secret'],
]
const named = new Map(['null_type', ...TYPE_NAMES].map(name => [name, new TypeValue(name)]))
// The name that CEL has for it.
named.set('optional_type', named.get('optional') ?? new TypeValue('optional'))
/** Names that stand for types in expressions. */
export const TYPE_VALUES: ReadonlyMap<string, TypeValue> = named

export function kindOf(value: Value): Kind {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'bigint':
      return 'int'
    case 'number':
      return 'double'
    case 'boolean':
      return 'bool'
  }
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'list'
  if (value instanceof Map) return 'map'
  if (value instanceof Decimal) return 'decimal'
  if (value instanceof Timestamp) return 'timestamp'
  if (value instanceof Duration) return 'duration'
  if (value instanceof Secret) return 'secret'
  return value instanceof Optional ? 'optional' : 'type'
}

export const typeValueOf = (value: Value): TypeValue => {
  const kind = kindOf(value)
  return TYPE_VALUES.get(kind === 'null' ? 'null_type' : kind) as TypeValue
}

/** The value of JSON data. A number is an integer where the type says so, and a double everywhere else, however it is written. */
export function fromJson(json: Json, type: Type): Value {
  if (typeof json === 'number') return type.kind === 'int' && Number.isSafeInteger(json) ? BigInt(json) : json
  if (typeof json === 'string' && type.kind === 'decimal') return Decimal.parse(json) ?? json
  if (typeof json !== 'object' || json === null) return json
  if (Array.isArray(json)) {
    const of = type.of ?? ANY
    return json.map(each => fromJson(each, of))
  }
  const map = new Map<Value, Value>()
  for (const key of Object.keys(json)) {
    map.set(key, fromJson((json as { [key: string]: Json })[key] as Json, type.fields?.get(key) ?? type.of ?? ANY))
  }
  return map
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER)

/** The result as a row holds it: decimals, timestamps and durations as text, an optional as its value or null. */
export function toJson(value: Value): Json {
  switch (typeof value) {
    case 'bigint':
      if (value > MAX_SAFE || value < -MAX_SAFE) {
        fault('INTEGER_OVERFLOW', `${value} is too large for JSON, which holds integers up to 2^53 − 1`)
      }
      return Number(value)
    case 'number':
      return value === 0 ? 0 : value
    case 'string':
    case 'boolean':
      return value
  }
  if (value === null) return null
  if (Array.isArray(value)) return value.map(toJson)
  if (value instanceof Map) return mapToJson(value as ValueMap)
  if (value instanceof Decimal) return value.toString()
  if (value instanceof Optional) return value.value === undefined ? null : toJson(value.value)
  if (value instanceof Timestamp) return formatTimestamp(value)
  if (value instanceof Duration) return formatDuration(value)
  return fault('RESULT_NOT_JSON', `the result is ${describe(kindOf(value))}, which a row can’t hold`)
}

function mapToJson(map: ValueMap): Json {
  const object = newRow()
  for (const [key, each] of map) {
    if (typeof key !== 'string')
      fault('RESULT_NOT_JSON', `the result has ${describe(kindOf(key))} as a key, not a text`)
    object[key] = toJson(each)
  }
  return object
}

/** RFC 3339 in UTC, with as many digits of the second as are needed. */
export function formatTimestamp(timestamp: Timestamp): string {
  const seconds = floorDivide(timestamp.ns, 1_000_000_000n)
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, -5)
  return `${text}${fraction(timestamp.ns - seconds * 1_000_000_000n)}Z`
}

/** Seconds, as CEL writes them: `90s`, `-1.5s`. */
export function formatDuration(duration: Duration): string {
  const ns = duration.ns < 0n ? -duration.ns : duration.ns
  return `${duration.ns < 0n ? '-' : ''}${ns / 1_000_000_000n}${fraction(ns % 1_000_000_000n)}s`
}

const fraction = (ns: bigint) => (ns === 0n ? '' : `.${String(ns).padStart(9, '0').replace(/0+$/, '')}`)

export const floorDivide = (a: bigint, b: bigint): bigint => (a < 0n && a % b !== 0n ? a / b - 1n : a / b)
