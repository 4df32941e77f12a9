/**
 * What a value can be while an expression is evaluated: a set that holds every value that can come, and maybe more. What
 * isn't recorded may be anything, so that forgetting something can cost an `on_error`, never make a false claim.
 */
import { Decimal } from '../../model/decimal.ts'
import { MAX_DECIMAL_DIGITS } from '../../model/decimal-text.ts'
import { exactType, type RowSchema } from '../../model/schema.ts'
import { ANY, type Kind, NUMBERS, type Type } from '../types.ts'
import { kindOf, Optional, type Value } from '../values.ts'

export interface Possible {
  readonly kinds: ReadonlySet<Kind>
  /** Bounds of integers, both included. */
  readonly int: readonly [bigint, bigint]
  /** Bounds of doubles, both included. */
  readonly double: readonly [number, number]
  /** No number is 0. */
  readonly nonzero: boolean
  /** Longest text, in UTF-16 units. */
  readonly length: number
  /** Least and greatest number of elements of a list, or keys of a map. */
  readonly size: readonly [number, number]
  /** Elements of a list, the value of an optional, values of a map under keys that `fields` doesn't list; null: anything. */
  readonly of: Possible | null
  /** For a map. */
  readonly fields: ReadonlyMap<string, PossibleField>
  /** For a map: all its keys are texts. */
  readonly textKeys: boolean
  /** The only value that there is. */
  readonly constant?: Value
}

export interface PossibleField {
  readonly value: Possible
  /** The key is always there. */
  readonly present: boolean
}

export const INT_BOUNDS: readonly [bigint, bigint] = [-(2n ** 63n), 2n ** 63n - 1n]
export const DOUBLE_BOUNDS: readonly [number, number] = [-Number.MAX_VALUE, Number.MAX_VALUE]

const LEAST: Possible = {
  kinds: new Set(),
  int: INT_BOUNDS,
  double: DOUBLE_BOUNDS,
  nonzero: false,
  length: Number.POSITIVE_INFINITY,
  size: [0, Number.POSITIVE_INFINITY],
  of: null,
  fields: new Map(),
  textKeys: false,
}

/** A value of one of these kinds. */
export const anyOf = (kinds: Iterable<Kind>, more: Partial<Possible> = {}): Possible => ({
  ...LEAST,
  kinds: new Set(kinds),
  ...more,
})

const JSON_KINDS: readonly Kind[] = ['null', 'bool', 'int', 'double', 'string', 'list', 'map']
const ALL_KINDS: readonly Kind[] = [...JSON_KINDS, 'decimal', 'timestamp', 'duration', 'optional', 'type', 'secret']

export const ANYTHING = anyOf(ALL_KINDS)
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER)
const SAFE: readonly [bigint, bigint] = [-MAX_SAFE, MAX_SAFE]
/** Anything that data can be; nested data has texts as keys, too, and no other kinds. */
const ANY_JSON = anyOf(JSON_KINDS, { int: SAFE, textKeys: true })

export const BOOLEAN = anyOf(['bool'])

/** Elements, or the value of an optional. */
export const within = (possible: Possible): Possible => possible.of ?? ANYTHING

export const without = (possible: Possible, kind: Kind): Possible =>
  possible.kinds.has(kind)
    ? only(
        possible,
        [...possible.kinds].filter(each => each !== kind),
      )
    : possible

/** What is left if it is of one of these kinds. */
export function only(possible: Possible, kinds: readonly Kind[]): Possible {
  return { ...possible, kinds: new Set(kinds.filter(kind => possible.kinds.has(kind))) }
}

const isNever = ({ kinds }: Possible): boolean => kinds.size === 0

// ── joined ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const SIZED: readonly Kind[] = ['list', 'map']
const HOLDERS: readonly Kind[] = ['list', 'map', 'optional']
const hasOne = ({ kinds }: Possible, of: readonly Kind[]) => of.some(kind => kinds.has(kind))

/** One of the two. */
export function either(a: Possible, b: Possible): Possible {
  // What is nested in both would be visited again and again.
  if (a === b || isNever(b)) return a
  if (isNever(a)) return b
  /** What both say, or what the only one says that has such values. */
  const said = <T>(kinds: readonly Kind[], of: (possible: Possible) => T, both: (x: T, y: T) => T): T =>
    !hasOne(b, kinds) ? of(a) : !hasOne(a, kinds) ? of(b) : both(of(a), of(b))
  return {
    kinds: new Set([...a.kinds, ...b.kinds]),
    int: said(['int'], p => p.int, hullOfInts),
    double: said(['double'], p => p.double, hull),
    nonzero: said(
      NUMBERS,
      p => p.nonzero,
      (x, y) => x && y,
    ),
    length: said(['string'], p => p.length, Math.max),
    size: said(SIZED, p => p.size, hull),
    of: said(
      HOLDERS,
      p => p.of,
      (x, y) => (x === null || y === null ? null : either(x, y)),
    ),
    fields: said(['map'], p => p.fields, eitherFields),
    textKeys: said(
      ['map'],
      p => p.textKeys,
      (x, y) => x && y,
    ),
  }
}

const hull = (a: readonly [number, number], b: readonly [number, number]): readonly [number, number] => [
  Math.min(a[0], b[0]),
  Math.max(a[1], b[1]),
]
export function lesser(a: bigint, b: bigint): bigint {
  if (a < b) return a
  return b
}
export function greater(a: bigint, b: bigint): bigint {
  if (a > b) return a
  return b
}
const hullOfInts = (a: readonly [bigint, bigint], b: readonly [bigint, bigint]): readonly [bigint, bigint] => [
  lesser(a[0], b[0]),
  greater(a[1], b[1]),
]

/** A key that only one lists is unknown: `of` says nothing about it either. */
function eitherFields(
  a: ReadonlyMap<string, PossibleField>,
  b: ReadonlyMap<string, PossibleField>,
): ReadonlyMap<string, PossibleField> {
  const fields = new Map<string, PossibleField>()
  for (const name of new Set([...a.keys(), ...b.keys()])) {
    const [x, y] = [a.get(name), b.get(name)]
    if (x === undefined || y === undefined) fields.set(name, { value: ANYTHING, present: false })
    else fields.set(name, { value: either(x.value, y.value), present: x.present && y.present })
  }
  return fields
}

export const eitherOf = (all: readonly Possible[]): Possible => all.reduce(either, anyOf([]))

// ── of values, schemas and rows ─────────────────────────────────────────────────────────────────────────────────────

export function exactly(value: Value): Possible {
  const kind = kindOf(value)
  const exact = anyOf([kind], { constant: value })
  if (typeof value === 'bigint') return { ...exact, int: [value, value], nonzero: value !== 0n }
  if (typeof value === 'number') return { ...exact, double: [value, value], nonzero: value !== 0 }
  if (value instanceof Decimal) return { ...exact, nonzero: !value.isZero() }
  if (typeof value === 'string') return { ...exact, length: value.length }
  if (Array.isArray(value)) return { ...exact, size: [value.length, value.length], of: eitherOf(value.map(exactly)) }
  if (value instanceof Optional) return { ...exact, of: value.value === undefined ? anyOf([]) : exactly(value.value) }
  return exact
}

const NAMED: { readonly [type: string]: readonly Kind[] } = {
  null: ['null'],
  boolean: ['bool'],
  integer: ['int'],
  number: ['int', 'double'],
  string: ['string'],
  array: ['list'],
  object: ['map'],
}

/** The value of a pure operation on constants; null if it fails. */
export function folded(run: () => Value): Possible | null {
  try {
    return exactly(run())
  } catch {
    // A fault, or something that the engine of JavaScript refuses.
    return null
  }
}

/** A value of a static type of which nothing else is known. */
export function ofType(type: Type): Possible {
  if (type.kind === 'any') return ANYTHING
  const value = anyOf(type.nullable ? [type.kind, 'null'] : [type.kind])
  return type.of === undefined || type.kind === 'map' ? value : { ...value, of: ofType(type.of) }
}

/** What a macro goes over: elements of a list, keys of a map. */
export function elementsOf(value: Possible): Possible {
  const keys = anyOf(value.textKeys ? ['string'] : ['string', 'int', 'bool'])
  return either(value.kinds.has('list') ? within(value) : anyOf([]), value.kinds.has('map') ? keys : anyOf([]))
}

type Schema = { readonly [keyword: string]: unknown }
const isSchema = (schema: unknown): schema is Schema => typeof schema === 'object' && schema !== null

/** Data that fits a JSON Schema. A whole number that is exact is `int`, any other number `double`, the text of a decimal `decimal`. */
function ofSchema(schema: unknown): Possible {
  if (!isSchema(schema)) return ANY_JSON
  if (exactType(schema)?.type === 'decimal')
    return anyOf(Array.isArray(schema.type) ? ['decimal', 'null'] : ['decimal'], { length: MAX_DECIMAL_DIGITS + 2 })
  const { type, enum: values, anyOf: any, oneOf: one } = schema
  const names = typeof type === 'string' ? [type] : Array.isArray(type) ? type.map(String) : null
  const listed = Array.isArray(values) ? values : 'const' in schema ? [schema.const] : null
  const alternatives = Array.isArray(any) ? any : Array.isArray(one) ? one : null
  if (names !== null) {
    const named = ofKinds(
      names.flatMap(name => NAMED[name] ?? JSON_KINDS),
      schema,
    )
    return listed === null ? named : { ...named, ...only(ofValues(listed), [...named.kinds]) }
  }
  if (listed !== null) return ofValues(listed)
  return alternatives === null ? ANY_JSON : eitherOf(alternatives.map(ofSchema))
}

function ofValues(values: readonly unknown[]): Possible {
  return eitherOf(
    values.map(value => {
      if (typeof value === 'number') return Number.isSafeInteger(value) ? exactly(BigInt(value)) : exactly(value)
      if (value === null || typeof value === 'string' || typeof value === 'boolean') return exactly(value)
      return Array.isArray(value) ? anyOf(['list'], { of: ANY_JSON }) : anyOf(['map'], { of: ANY_JSON, textKeys: true })
    }),
  )
}

function ofKinds(kinds: readonly Kind[], schema: Schema): Possible {
  const least = Math.max(numberAt(schema, 'minimum') ?? -Infinity, numberAt(schema, 'exclusiveMinimum') ?? -Infinity)
  const most = Math.min(numberAt(schema, 'maximum') ?? Infinity, numberAt(schema, 'exclusiveMaximum') ?? Infinity)
  const aboveZero = least > 0 || (numberAt(schema, 'exclusiveMinimum') ?? -1) >= 0
  const belowZero = most < 0 || (numberAt(schema, 'exclusiveMaximum') ?? 1) <= 0
  const isMap = kinds.includes('map')
  const isList = kinds.includes('list')
  return anyOf(kinds, {
    int: [atLeast(SAFE[0], least), atMost(SAFE[1], most)],
    double: [Math.max(DOUBLE_BOUNDS[0], least), Math.min(DOUBLE_BOUNDS[1], most)],
    nonzero: aboveZero || belowZero,
    // The keyword counts characters, which are two units at most.
    length: (numberAt(schema, 'maxLength') ?? Infinity) * 2,
    size: isList
      ? isMap
        ? [0, Infinity]
        : [numberAt(schema, 'minItems') ?? 0, numberAt(schema, 'maxItems') ?? Infinity]
      : [0, Infinity],
    of: isList && isMap ? ANY_JSON : isList ? elementOf(schema) : othersOf(schema),
    fields: isMap && !isList ? fieldsOf(schema) : new Map(),
    textKeys: true,
  })
}

const numberAt = (schema: Schema, keyword: string): number | null => {
  const value = schema[keyword]
  return typeof value === 'number' && !Number.isNaN(value) ? value : null
}

export const atLeast = (bound: bigint, least: number): bigint =>
  Number.isFinite(least) && BigInt(Math.ceil(least)) > bound ? BigInt(Math.ceil(least)) : bound
export const atMost = (bound: bigint, most: number): bigint =>
  Number.isFinite(most) && BigInt(Math.floor(most)) < bound ? BigInt(Math.floor(most)) : bound

const elementOf = ({ items, prefixItems }: Schema): Possible => (prefixItems === undefined ? ofSchema(items) : ANY_JSON)

const othersOf = ({ additionalProperties, patternProperties }: Schema): Possible =>
  patternProperties === undefined ? ofSchema(additionalProperties) : ANY_JSON

function fieldsOf({ properties, required }: Schema): ReadonlyMap<string, PossibleField> {
  const needed = new Set(Array.isArray(required) ? required : [])
  const declared = isSchema(properties) ? Object.entries(properties) : []
  const fields = new Map<string, PossibleField>()
  for (const [name, schema] of declared) fields.set(name, { value: ofSchema(schema), present: needed.has(name) })
  for (const name of needed)
    if (typeof name === 'string' && !fields.has(name)) fields.set(name, { value: ANY_JSON, present: true })
  return fields
}

/** Rows that fit a schema; null: rows of which nothing can be relied on. */
export function ofRow(schema: RowSchema | null): Possible {
  if (schema === null) return anyOf(['map'], { of: ANY_JSON, textKeys: true })
  const fields = new Map<string, PossibleField>()
  for (const [name, field] of schema.fields) {
    const value = ofSchema(field.schema)
    fields.set(name, { value: field.optional ? either(value, anyOf(['null'])) : value, present: !field.optional })
  }
  return anyOf(['map'], { of: ANY_JSON, fields, textKeys: true })
}

/** Data as an expression reads it that takes it for `type`: a number is an integer only where it is known to be one. */
export function asRead(read: Possible, type: Type): Possible {
  const texts = type.kind === 'decimal' ? withDecimals(read) : asTexts(read)
  const data = type.kind === 'int' ? texts : asDoubles(texts)
  if (!hasOne(data, SIZED)) return data
  const of = type.of ?? ANY
  return {
    ...data,
    of: data.of === null || data.of === ANY_JSON ? data.of : asRead(data.of, of),
    fields: new Map(
      [...data.fields].map(([name, { value, present }]) => [
        name,
        { value: asRead(value, type.fields?.get(name) ?? of), present },
      ]),
    ),
  }
}

/** Texts of decimals that nobody takes for such. */
function asTexts(data: Possible): Possible {
  if (!data.kinds.has('decimal')) return data
  return { ...data, kinds: new Set([...data.kinds].map(kind => (kind === 'decimal' ? 'string' : kind))) }
}

/** Texts that are taken for decimals are such, unless they are something else. */
function withDecimals(data: Possible): Possible {
  return data.kinds.has('string') ? { ...data, kinds: new Set([...data.kinds, 'decimal']) } : data
}

/** The same numbers; integers as doubles. */
export function asDoubles(data: Possible): Possible {
  if (!data.kinds.has('int')) return data
  const { constant: _, ...rest } = data
  const ints: readonly [number, number] = [Number(data.int[0]), Number(data.int[1])]
  const kinds = new Set(data.kinds)
  kinds.delete('int')
  kinds.add('double')
  return { ...rest, kinds, double: data.kinds.has('double') ? hull(ints, data.double) : ints }
}
