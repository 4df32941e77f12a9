/**
 * The types of columns, found from all that is staged: what is declared of a field is kept where its values allow it, and what values have
 * in common otherwise. What has nothing in common is JSON.
 */
import type { SchemaElement } from 'hyparquet'
import { isObject, type Json } from '../../model/row.ts'
import { exactType, type JsonSchema } from '../../model/schema.ts'

export type ColumnType =
  | { readonly kind: 'nothing' | 'boolean' | 'integer' | 'number' | 'text' | 'json' | 'date' }
  | { readonly kind: 'timestamp'; readonly utc: boolean }
  | { readonly kind: 'decimal'; readonly scale: number; readonly whole: number }
  | { readonly kind: 'list'; readonly of: ColumnType }
  | { readonly kind: 'group'; readonly fields: ReadonlyMap<string, ColumnType> }

/** Digits of a decimal, before and behind its point: what readers hold in 128 bits. */
const DECIMAL_DIGITS = 38
const DECIMAL_BYTES = 16
const SHORT_DIGITS = 18
const MOST_FIELDS = 256
const MOST_DEPTH = 16

const DATE = /^\d{4}-\d{2}-\d{2}$/
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(Z?)$/
const DECIMAL = /^-?(\d+)(?:\.(\d+))?$/

/** @param declared of the field, if it is */
export function typeOf(value: Json, declared: JsonSchema | undefined, depth = 0): ColumnType {
  switch (typeof value) {
    case 'boolean':
      return { kind: 'boolean' }
    case 'number':
      return Number.isSafeInteger(value) && declared?.type !== 'number' ? { kind: 'integer' } : { kind: 'number' }
    case 'string':
      return textType(value, declared)
    default:
  }
  if (value === null) return { kind: 'nothing' }
  if (depth === MOST_DEPTH) return { kind: 'json' }
  if (!isObject(value))
    return {
      kind: 'list',
      // cast: what is neither null nor an object is a list
      of: (value as readonly Json[]).reduce<ColumnType>(
        (type, each) => joined(type, typeOf(each, undefined, depth + 1)),
        { kind: 'nothing' },
      ),
    }
  const fields = Object.entries(value)
  if (fields.length === 0 || fields.length > MOST_FIELDS) return { kind: 'json' }
  return { kind: 'group', fields: new Map(fields.map(([name, each]) => [name, typeOf(each, undefined, depth + 1)])) }
}

function textType(text: string, declared: JsonSchema | undefined): ColumnType {
  if (declared === undefined) return { kind: 'text' }
  const [, whole, fraction = ''] = exactType(declared) === null ? [] : (DECIMAL.exec(text) ?? [])
  if (whole !== undefined) return decimalOf(whole.length, fraction.length)
  if (declared.format === 'date' && DATE.test(text) && isDay(text)) return { kind: 'date' }
  const [, zone] = declared.format === 'date-time' ? (TIMESTAMP.exec(text) ?? []) : []
  return zone === undefined || !isDay(text.slice(0, 10)) || !isTime(text)
    ? { kind: 'text' }
    : { kind: 'timestamp', utc: zone === 'Z' }
}

const decimalOf = (whole: number, scale: number): ColumnType =>
  scale + whole > DECIMAL_DIGITS ? { kind: 'text' } : { kind: 'decimal', scale, whole }

const isDay = (text: string) => !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text)
const isTime = (text: string) => !Number.isNaN(Date.parse(`${text.slice(0, 19)}Z`)) && text.slice(11, 13) < '24'

/** What holds values of both. */
export function joined(a: ColumnType, b: ColumnType): ColumnType {
  if (a === b || b.kind === 'nothing') return a
  if (a.kind === 'nothing') return b
  if (a.kind === 'decimal' && b.kind === 'decimal')
    return decimalOf(Math.max(a.whole, b.whole), Math.max(a.scale, b.scale))
  if (a.kind === 'list' && b.kind === 'list') return { kind: 'list', of: joined(a.of, b.of) }
  if (a.kind === 'group' && b.kind === 'group') return joinedGroups(a.fields, b.fields)
  if (a.kind === 'timestamp' && b.kind === 'timestamp') return a.utc === b.utc ? a : { kind: 'text' }
  if (a.kind === b.kind) return a
  const numbers = [a, b].every(({ kind }) => kind === 'integer' || kind === 'number')
  if (numbers) return { kind: 'number' }
  const texts = [a, b].every(({ kind }) => TEXTS.has(kind))
  return { kind: texts ? 'text' : 'json' }
}

const TEXTS: ReadonlySet<string> = new Set(['text', 'date', 'timestamp', 'decimal'])

function joinedGroups(a: ReadonlyMap<string, ColumnType>, b: ReadonlyMap<string, ColumnType>): ColumnType {
  const fields = new Map(a)
  for (const [name, type] of b) {
    const known = fields.get(name)
    fields.set(name, known === undefined ? type : joined(known, type))
  }
  return fields.size > MOST_FIELDS ? { kind: 'json' } : { kind: 'group', fields }
}

/** The type of a column without a value, by what is declared of it. */
export function declaredType(declared: JsonSchema | undefined): ColumnType {
  switch (declared?.type) {
    case 'integer':
    case 'number':
    case 'boolean':
      return { kind: declared.type }
    default:
      return { kind: 'text' }
  }
}

const TEXT = { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } } as const

/** What stands in a file for a column: all may be null. */
export function elementsOf(name: string, type: ColumnType): SchemaElement[] {
  const one = (element: Omit<SchemaElement, 'name'>): SchemaElement[] => [
    { name, repetition_type: 'OPTIONAL', ...element },
  ]
  switch (type.kind) {
    case 'boolean':
      return one({ type: 'BOOLEAN' })
    case 'integer':
      return one({ type: 'INT64' })
    case 'number':
      return one({ type: 'DOUBLE' })
    case 'nothing':
    case 'text':
      return one(TEXT)
    case 'json':
      return one({ type: 'BYTE_ARRAY', converted_type: 'JSON', logical_type: { type: 'JSON' } })
    case 'date':
      return one({ type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } })
    case 'timestamp':
      return one({ type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: type.utc, unit: 'MICROS' } })
    case 'decimal':
      return one(decimalElement(type))
    case 'list':
      return [
        { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        ...elementsOf('element', type.of),
      ]
    case 'group':
      return [
        { name, repetition_type: 'OPTIONAL', num_children: type.fields.size },
        ...[...type.fields].flatMap(([field, each]) => elementsOf(field, each)),
      ]
  }
}

/** In 64 bits where they do. */
function decimalElement({ scale, whole }: ColumnType & { readonly kind: 'decimal' }): Omit<SchemaElement, 'name'> {
  const short = scale + whole <= SHORT_DIGITS
  const decimal = { precision: short ? SHORT_DIGITS : DECIMAL_DIGITS, scale }
  const stored = short
    ? ({ type: 'INT64' } as const)
    : ({ type: 'FIXED_LEN_BYTE_ARRAY', type_length: DECIMAL_BYTES } as const)
  return { ...stored, converted_type: 'DECIMAL', logical_type: { type: 'DECIMAL', ...decimal }, ...decimal }
}

/** What the writer takes for a value of a column. */
export function storedValue(value: Json | undefined, type: ColumnType): unknown {
  if (value === null || value === undefined) return null
  switch (type.kind) {
    case 'integer':
      // cast: the type was found from all values of the column
      return BigInt(value as number)
    case 'date':
      // cast: the type was found from all values of the column
      return Date.parse(value as string) / 86_400_000
    case 'timestamp':
      // cast: the type was found from all values of the column
      return microseconds(value as string)
    case 'decimal':
      // cast: the type was found from all values of the column
      return unscaled(value as string, type.scale)
    case 'list':
      // cast: the type was found from all values of the column
      return (value as readonly Json[]).map(each => storedValue(each, type.of))
    case 'group':
      return Object.fromEntries(
        [...type.fields].map(([name, each]) => [
          name,
          // cast: the type was found from all values of the column
          storedValue((value as { readonly [name: string]: Json })[name], each),
        ]),
      )
    default:
      return value
  }
}

function microseconds(text: string): bigint {
  const [, fraction = ''] = /\.(\d+)/.exec(text) ?? []
  return BigInt(Date.parse(`${text.slice(0, 19)}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0') || '0')
}

function unscaled(text: string, scale: number): bigint {
  const [whole = '', fraction = ''] = text.split('.')
  return BigInt(whole + fraction.padEnd(scale, '0'))
}
