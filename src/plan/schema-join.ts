/**
 * What is known of rows that come by several ways: what each of them guarantees. A field that only some ways bring may be
 * missing; a field whose types don't fit together may hold anything.
 */
import { canonicalize } from '../model/canonical.ts'
import type { Json } from '../model/row.ts'
import {
  decimalSchema,
  exactType,
  type FieldSchema,
  type JsonSchema,
  OBSERVED,
  type RowSchema,
} from '../model/schema.ts'
import { ERROR_FIELD, ERROR_SCHEMA, REJECT_FIELDS } from '../sdk/error-row.ts'
import { exactSchema } from '../sdk/exact-numbers.ts'

export interface JoinedSchemas {
  readonly schema: RowSchema
  /** Fields whose types on different ways exclude each other. */
  readonly mismatches: readonly string[]
}

const textOf = (schema: JsonSchema): string => canonicalize(schema as { readonly [keyword: string]: Json })

/** Types that a JSON Schema names, without null; null if it names none. Texts of numbers have the names of what they are. */
export function typesOf(schema: JsonSchema): readonly string[] | null {
  const exact = exactType(schema)
  if (exact !== null) return [exact.type]
  const { type } = schema
  if (typeof type === 'string') return type === 'null' ? [] : [type]
  if (Array.isArray(type)) return type.filter(each => typeof each === 'string' && each !== 'null')
  return null
}

/** A schema that both fit, or null if their types exclude each other. */
function eitherOf(a: JsonSchema, b: JsonSchema): JsonSchema | null {
  if (textOf(a) === textOf(b)) return a
  if (exactType(a) !== null || exactType(b) !== null) return eitherText(a, b)
  const [types_a, types_b] = [typesOf(a), typesOf(b)]
  if (types_a === null || types_b === null) return {}
  const types = [...new Set([...types_a, ...types_b])]
  if (types.includes('number') && types.includes('integer')) types.splice(types.indexOf('integer'), 1)
  if (types.length === 0) return {}
  if (types.length > Math.max(types_a.length, types_b.length)) return null
  const type = types.length === 1 ? types[0] : types
  const values = Array.isArray(a.enum) && Array.isArray(b.enum) ? { enum: [...new Set([...a.enum, ...b.enum])] } : {}
  return { type, ...values }
}

/** Decimals with their scale only where it is the same; beside a text they are no more than texts. */
function eitherText(a: JsonSchema, b: JsonSchema): JsonSchema | null {
  if (typesOf(a) === null || typesOf(b) === null) return {}
  const types = [a, b].flatMap(({ type }) => (Array.isArray(type) ? type : [type]))
  if (types.some(type => type !== 'string' && type !== 'null')) return null
  const type = types.includes('null') ? ['string', 'null'] : 'string'
  const [x, y] = [exactType(a), exactType(b)]
  if (x === null || x.type !== y?.type) return { type }
  if (x.type === 'big_integer' || y.type === 'big_integer') return { ...exactSchema('big_integer'), type }
  return { ...decimalSchema(x.scale === y.scale ? x.scale : null), type }
}

/** The joined schema; fields in the order in which the ways bring them. Of no ways: nothing is known. */
export function joinSchemas(ways: readonly RowSchema[]): JoinedSchemas {
  const [first, ...others] = ways
  if (first === undefined) return { schema: OBSERVED, mismatches: [] }
  if (others.every(each => each === first)) return { schema: first, mismatches: [] }
  const fields = new Map<string, FieldSchema>()
  const mismatches: string[] = []
  for (const name of new Set(ways.flatMap(way => [...way.fields.keys()]))) {
    const joined = joinField(ways.map(way => way.fields.get(name) ?? absent(way)))
    if (joined === null && declaredTypesClash(name, ways)) mismatches.push(name)
    fields.set(name, joined ?? { schema: {}, optional: ways.some(way => way.fields.get(name)?.optional ?? true) })
  }
  const open = ways.filter(way => !way.closed)
  const rest = open.every(way => way.rest !== undefined) ? joinField(open.map(way => way.rest as FieldSchema)) : null
  const schema = {
    fields,
    closed: open.length === 0,
    observed: ways.some(way => way.observed),
    ...(rest === null || open.length === 0 ? {} : { rest: { ...rest, optional: true } }),
  }
  return { schema, mismatches }
}

/** What an open schema says of fields that it doesn't list is no declaration. */
function declaredTypesClash(name: string, ways: readonly RowSchema[]): boolean {
  return joinField(ways.map(way => way.fields.get(name)).filter(field => field !== undefined)) === null
}

/** A field that a way doesn't list: not there where the way is closed, else perhaps. */
function absent(way: RowSchema): FieldSchema | 'not there' {
  return way.closed ? 'not there' : { schema: way.rest?.schema ?? {}, optional: true }
}

function joinField(found: ReadonlyArray<FieldSchema | 'not there'>): FieldSchema | null {
  const there = found.filter(each => each !== 'not there')
  const optional = there.length < found.length || there.some(each => each.optional)
  let schema: JsonSchema | null = there[0]?.schema ?? {}
  for (const each of there.slice(1)) schema = schema === null ? null : eitherOf(schema, each.schema)
  return schema === null ? null : { schema, optional }
}

/** What a field holds that has the value of one of two; anything, if their types exclude each other. */
export function eitherField(one: FieldSchema, other: FieldSchema): FieldSchema {
  return joinField([one, other]) ?? { schema: {}, optional: one.optional || other.optional }
}

/** What leaves by `on_error`, of rows that come as `schema` says. */
export function withError(schema: RowSchema): RowSchema {
  return { ...schema, fields: new Map([...schema.fields, [ERROR_FIELD, ERROR_SCHEMA]]) }
}

/** What a sink gets through `on_invalid`. */
export const REJECTED: RowSchema = {
  fields: new Map([...REJECT_FIELDS, [ERROR_FIELD, ERROR_SCHEMA]]),
  closed: true,
  observed: false,
}
