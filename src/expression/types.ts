/** Static types of expressions, and their relation to JSON Schema. */
import { decimalSchema, exactType, type FieldSchema, type JsonSchema, type RowSchema } from '../model/schema.ts'

export type Kind =
  | 'any'
  | 'null'
  | 'bool'
  | 'int'
  | 'double'
  | 'decimal'
  | 'string'
  | 'list'
  | 'map'
  | 'timestamp'
  | 'duration'
  | 'optional'
  | 'type'
  | 'secret'

export interface Type {
  readonly kind: Kind
  /** May be null or, for a field, missing; that is no type error, but one at run time where a value is needed. */
  readonly nullable: boolean
  /** For a string: all values that it can have, if they are known. */
  readonly values?: readonly string[]
  /** For a string: it is that of a whole number of any size. */
  readonly is_big_integer?: true
  /** For a decimal: how many digits stand behind its point, if that is known. */
  readonly scale?: number
  /** For a list: its elements. For an optional: its value. For a map: values of keys that aren't in `fields`. */
  readonly of?: Type
  /** For a map: keys that are known. */
  readonly fields?: ReadonlyMap<string, Type>
  /** For a map: it has no other keys than `fields`. */
  readonly closed?: boolean
  /** For a map: other keys deserve a warning (mode `flexible`). */
  readonly declared?: boolean
}

const plain = (kind: Kind): Type => Object.freeze({ kind, nullable: false })
export const ANY = plain('any')
export const NULL: Type = Object.freeze({ kind: 'null', nullable: true })
export const BOOL = plain('bool')
export const INT = plain('int')
export const DOUBLE = plain('double')
export const DECIMAL = plain('decimal')
export const STRING = plain('string')
export const TIMESTAMP = plain('timestamp')
export const DURATION = plain('duration')
export const TYPE = plain('type')
export const SECRET = plain('secret')
export const MAP: Type = { kind: 'map', nullable: false, of: ANY }
export const decimalOf = (scale: number | null): Type => (scale === null ? DECIMAL : { ...DECIMAL, scale })
export const listOf = (of: Type): Type => ({ kind: 'list', nullable: false, of })
export const optionalOf = (of: Type): Type => ({ kind: 'optional', nullable: false, of })
export const nullable = (type: Type): Type => (type.nullable ? type : { ...type, nullable: true })
export const notNull = (type: Type): Type => (type.nullable ? { ...type, nullable: false } : type)

const MAX_VALUES = 100

/** A text whose possible values are known, as long as they are few. */
export const textOf = (values: readonly string[]): Type =>
  values.length > MAX_VALUES ? STRING : { kind: 'string', nullable: false, values: [...new Set(values)] }

/** Numbers of any sort can be compared and calculated with each other. */
export const NUMBERS: readonly Kind[] = ['int', 'double', 'decimal']
export const isNumeric = ({ kind }: Type): boolean => NUMBERS.includes(kind)

const WORDS: { readonly [K in Kind]: string } = {
  any: 'any value',
  null: 'null',
  bool: 'true or false',
  int: 'an integer',
  double: 'a number',
  decimal: 'a decimal',
  string: 'a text',
  list: 'a list',
  map: 'a map',
  timestamp: 'a timestamp',
  duration: 'a duration',
  optional: 'an optional value',
  type: 'a type',
  secret: 'a secret',
}
/** For people: `a text`, `an integer`. */
export const describe = (kind: Kind): string => WORDS[kind]

/** The one type that both fit, or null. Null and a type give the nullable type, integers and doubles give double. */
export function unify(a: Type, b: Type): Type | null {
  if (a.kind === 'null') return nullable(b)
  if (b.kind === 'null') return nullable(a)
  const orNull = (type: Type) => (a.nullable || b.nullable ? nullable(type) : notNull(type))
  if (a.kind === 'any' || b.kind === 'any') return orNull(ANY)
  if (a.kind === 'decimal' && b.kind === 'decimal') return orNull(a.scale === b.scale ? a : DECIMAL)
  if (a.kind === 'decimal' || b.kind === 'decimal') return null
  if (isNumeric(a) && isNumeric(b)) return orNull(a.kind === b.kind ? a : DOUBLE)
  if (a.kind !== b.kind) return null
  if (a.kind === 'string') return orNull(a.values && b.values ? textOf([...a.values, ...b.values]) : STRING)
  if (a.kind === 'list' || a.kind === 'optional') return orNull({ ...a, of: unify(a.of ?? ANY, b.of ?? ANY) ?? ANY })
  if (a.kind === 'map') return a.fields === b.fields ? orNull(a) : orNull(MAP)
  return orNull(a)
}

// ── from and to JSON Schema ─────────────────────────────────────────────────────────────────────────────────────────

const BY_NAME: { readonly [name: string]: Kind } = {
  null: 'null',
  boolean: 'bool',
  integer: 'int',
  number: 'double',
  string: 'string',
  array: 'list',
  object: 'map',
}

function typeOfField(field: FieldSchema): Type {
  const type = typeOfSchema(field.schema)
  return field.optional ? nullable(type) : type
}

export function typeOfRow(schema: RowSchema): Type {
  const fields = new Map<string, Type>()
  for (const [name, field] of schema.fields) fields.set(name, typeOfField(field))
  const of = schema.rest === undefined ? ANY : typeOfField(schema.rest)
  return { kind: 'map', nullable: false, fields, closed: schema.closed, declared: !schema.observed, of }
}

/** `any` wherever a schema says more than one type, or says it in a way that isn't looked into. */
function typeOfSchema(schema: unknown): Type {
  if (typeof schema !== 'object' || schema === null) return ANY
  const s = schema as JsonSchema
  const alternatives = s.anyOf ?? s.oneOf
  if (Array.isArray(alternatives)) return unifyAll(alternatives.map(typeOfSchema))
  if (s.$ref !== undefined || s.allOf !== undefined) return ANY
  const exact = exactType(s)
  if (exact?.type === 'decimal')
    return Array.isArray(s.type) ? nullable(decimalOf(exact.scale)) : decimalOf(exact.scale)
  if (exact?.type === 'big_integer') {
    const big: Type = { ...STRING, is_big_integer: true }
    return Array.isArray(s.type) ? nullable(big) : big
  }
  if (Array.isArray(s.enum)) return unifyAll(s.enum.map(typeOfConstant))
  if ('const' in s) return typeOfConstant(s.const)
  const names = Array.isArray(s.type) ? s.type : s.type === undefined ? [] : [s.type]
  return unifyAll(names.map(name => typeOfNamed(BY_NAME[String(name)] ?? 'any', s)))
}

function unifyAll(types: readonly Type[]): Type {
  if (types.length === 0) return ANY
  return types.reduce((all, each) => unify(all, each) ?? ANY)
}

function typeOfConstant(value: unknown): Type {
  if (typeof value === 'string') return textOf([value])
  if (typeof value === 'boolean') return BOOL
  if (typeof value === 'number') return Number.isSafeInteger(value) ? INT : DOUBLE
  return value === null ? NULL : ANY
}

function typeOfNamed(kind: Kind, schema: JsonSchema): Type {
  if (kind === 'list') return listOf(schema.prefixItems === undefined ? typeOfSchema(schema.items) : ANY)
  if (kind === 'null') return NULL
  if (kind !== 'map') return { kind, nullable: false }
  const required = new Set(Array.isArray(schema.required) ? schema.required : [])
  const fields = new Map<string, Type>()
  for (const [name, each] of Object.entries((schema.properties ?? {}) as JsonSchema)) {
    const type = typeOfSchema(each)
    fields.set(name, required.has(name) ? type : nullable(type))
  }
  const closed = schema.additionalProperties === false && schema.patternProperties === undefined
  const of = schema.patternProperties === undefined ? typeOfSchema(schema.additionalProperties) : ANY
  return { kind: 'map', nullable: false, fields, closed, of }
}

/** What is known of a result once it is JSON again: `{}` where anything may come. */
export function fieldOfType(type: Type): FieldSchema {
  if (type.kind === 'any') return { schema: {}, optional: true }
  if (type.kind === 'optional') return { ...fieldOfType(type.of ?? ANY), optional: true }
  return { schema: schemaOfType(type), optional: type.nullable }
}

function schemaOfType(type: Type): JsonSchema {
  switch (type.kind) {
    case 'null':
      return { type: 'null' }
    case 'bool':
      return { type: 'boolean' }
    case 'int':
      return { type: 'integer' }
    case 'double':
      return { type: 'number' }
    case 'decimal':
      return decimalSchema(type.scale ?? null)
    case 'string':
    case 'duration':
    case 'timestamp':
      return type.values === undefined ? { type: 'string' } : { type: 'string', enum: type.values }
    case 'list':
      return { type: 'array', items: schemaOrNull(type.of ?? ANY) }
    case 'map':
      return schemaOfMap(type)
    default:
      return {}
  }
}

function schemaOfMap(type: Type): JsonSchema {
  if (type.fields === undefined || type.fields.size === 0) return { type: 'object' }
  const properties: { [name: string]: JsonSchema } = Object.create(null)
  const required: string[] = []
  for (const [name, each] of type.fields) {
    properties[name] = schemaOrNull(each)
    if (!each.nullable) required.push(name)
  }
  return { type: 'object', properties, required, ...(type.closed ? { additionalProperties: false } : {}) }
}

function schemaOrNull(type: Type): JsonSchema {
  const schema = schemaOfType(type)
  if (!type.nullable || typeof schema.type !== 'string' || schema.type === 'null') return schema
  const values = schema.enum as readonly string[] | undefined
  return { ...schema, type: [schema.type, 'null'], ...(values ? { enum: [...values, null] } : {}) }
}
