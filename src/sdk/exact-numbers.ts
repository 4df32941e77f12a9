/**
 * Numbers that no double holds, in schemas: how `decimal` and `big_integer` are declared, what their texts are, and what becomes of a
 * number that stands in JSON where one is declared.
 */
import { bigIntegerText, decimalText, MAX_DECIMAL_DIGITS, MAX_SCALE } from '../model/decimal-text.ts'
import type { DeclaredNumbers } from '../model/json.ts'
import { type Json, newRow } from '../model/row.ts'
import { decimalSchema, type ExactType, exactType, type FieldSchema, type JsonSchema } from '../model/schema.ts'
import { isSchema, type NumberPlace, numberPlace, placesWithin, referredTo, UnclearNumbers } from './number-places.ts'

const EXACT_TYPES = ['decimal', 'big_integer'] as const

// ── declared ────────────────────────────────────────────────────────────────────────────────────────────────────────

const DECIMAL_NAME = /^decimal(?:\(\s*(\d{1,3})\s*\))?$/

/** `decimal`, `decimal(2)`, `big_integer`; null for other names. */
export function exactSchema(name: string): JsonSchema | null {
  if (name === 'big_integer') return { type: 'string', format: 'big_integer' }
  const [decimal, scale] = DECIMAL_NAME.exec(name) ?? []
  if (decimal === undefined || Number(scale ?? 0) > MAX_SCALE) return null
  return decimalSchema(scale === undefined ? null : Number(scale))
}

/** Beside these keywords a decimal or a big integer takes none: others of JSON Schema are about texts or doubles. */
const KEYWORDS = ['type', 'format', 'scale', 'enum', 'const', 'title', 'description', '$comment']

/** A keyword that can’t be meant. */
export class MisplacedKeyword extends Error {}

/**
 * The schema with `{type: decimal, scale: 2}` and `{type: big_integer}`, wherever they stand in it, as what they are: texts of a format.
 * @throws MisplacedKeyword
 */
export function withExactNumbers(schema: JsonSchema): JsonSchema {
  return rewritten(schema, each => {
    const named = namedExact(each)
    if (named === null) return each
    checkKeywords(named)
    return withValues(named)
  })
}

function namedExact(schema: JsonSchema): JsonSchema | null {
  const types: readonly unknown[] = Array.isArray(schema.type) ? schema.type : [schema.type]
  const name = EXACT_TYPES.find(each => types.includes(each))
  if (name === undefined) return exactType(schema) === null ? null : schema
  const others = types.filter(each => each !== name)
  if (others.some(each => each !== 'null'))
    throw new MisplacedKeyword(`a ${name} can be null beside it, and no other type`)
  return { ...schema, type: others.length === 0 ? 'string' : ['string', 'null'], format: name }
}

function checkKeywords(schema: JsonSchema): void {
  const { scale, format } = schema
  const wrong = Object.keys(schema).find(each => !KEYWORDS.includes(each) || (each === 'scale' && format !== 'decimal'))
  if (wrong !== undefined) throw new MisplacedKeyword(`\`${wrong}\` says nothing about a ${String(format)}`)
  const isScale = Number.isInteger(scale) && Number(scale) >= 0 && Number(scale) <= MAX_SCALE
  if (scale !== undefined && !isScale)
    throw new MisplacedKeyword(`\`scale\` is how many digits stand behind the point, 0 to ${MAX_SCALE}`)
}

/** Values that are listed, as rows have them: of `decimal(2)` 1.5 is `1.50`. */
function withValues(schema: JsonSchema): JsonSchema {
  const exact = exactType(schema)
  if (exact === null) return schema
  const said = (value: unknown) => {
    const text = typeof value === 'string' || typeof value === 'number' ? exactText(value, exact) : undefined
    if (text !== undefined) return text
    if (value === null && Array.isArray(schema.type)) return null
    throw new MisplacedKeyword(`${JSON.stringify(value)} among its values isn’t ${describeExact(exact)}`)
  }
  return {
    ...schema,
    ...(Array.isArray(schema.enum) ? { enum: schema.enum.map(said) } : {}),
    ...('const' in schema ? { const: said(schema.const) } : {}),
  }
}

const SUBSCHEMAS = [
  ...(['items', 'additionalProperties', 'contains', 'unevaluatedProperties', 'unevaluatedItems'] as const),
  ...(['then', 'else', 'propertyNames', 'contentSchema'] as const),
]
const SCHEMA_LISTS = ['anyOf', 'oneOf', 'allOf', 'prefixItems'] as const
const SCHEMA_MAPS = [
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
  'dependencies',
] as const

/** The schema with each one in it, itself included, replaced. Conditions (`if`, `not`) stay as they are. */
export function rewritten(schema: JsonSchema, replace: (schema: JsonSchema) => JsonSchema): JsonSchema {
  const copy: { [keyword: string]: unknown } = { ...replace(schema) }
  const inner = (each: unknown) => (isSchema(each) ? rewritten(each, replace) : each)
  for (const keyword of SUBSCHEMAS) if (keyword in copy) copy[keyword] = inner(copy[keyword])
  for (const keyword of SCHEMA_LISTS) {
    const list = copy[keyword]
    if (Array.isArray(list)) copy[keyword] = list.map(inner)
  }
  for (const keyword of SCHEMA_MAPS) {
    const map = copy[keyword]
    if (isSchema(map))
      copy[keyword] = Object.fromEntries(Object.entries(map).map(([name, each]) => [name, inner(each)]))
  }
  return copy
}

/** A validator of JSON Schema knows neither: the same as patterns of their canonical texts. */
export function asPattern(schema: JsonSchema): JsonSchema {
  const exact = exactType(schema)
  if (exact === null) return schema
  const { format: _format, scale: _scale, ...rest } = schema
  const fraction =
    exact.type === 'big_integer' || exact.scale === 0
      ? ''
      : exact.scale === null
        ? '(\\.[0-9]{1,99})?'
        : `\\.[0-9]{${exact.scale}}`
  const pattern = `^-?(0|[1-9][0-9]{0,99})${fraction}$`
  PATTERNS.set(pattern, exact)
  return { ...rest, pattern }
}

/** Which types the patterns stand for. */
const PATTERNS = new Map<unknown, ExactType>()

/** The type that a pattern stands for, in words; null for patterns of the schema's own. */
export function describePattern({ pattern, type }: JsonSchema): string | null {
  const exact = PATTERNS.get(pattern)
  return exact === undefined ? null : `${describeExact(exact)}${Array.isArray(type) ? ', or null' : ''}`
}

// ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The canonical text of what is a number, or the text of one; undefined if it isn’t of the type. */
export function exactText(value: Json, exact: ExactType): string | undefined {
  if (typeof value === 'number') return textOf(String(value), exact)
  return typeof value === 'string' ? textOf(value, exact) : undefined
}

const textOf = (text: string, exact: ExactType) =>
  exact.type === 'big_integer' ? bigIntegerText(text) : decimalText(text, exact.scale)

/** What it must be, for messages. */
export function describeExact(exact: ExactType): string {
  if (exact.type === 'big_integer') return `an integer of at most ${MAX_DECIMAL_DIGITS} digits`
  const { scale } = exact
  if (scale === null) return 'a decimal such as 3903.70'
  return scale === 0 ? 'a decimal without a fraction' : `a decimal with at most ${scale} digits behind the point`
}

/** Converts what is declared inside of a value; null if nothing is. What can’t be converted stays, for the schema to judge. */
export function exactInside(schema: JsonSchema): ((value: Json) => Json) | null {
  const place = numberPlace(schema)
  return place.hasExact ? value => converted(value, place) : null
}

function converted(value: Json, place: NumberPlace): Json {
  if (!place.hasExact) return value
  if (typeof value !== 'object' || value === null) {
    const { meaning } = place
    return typeof meaning === 'object' && meaning !== null ? (exactText(value, meaning) ?? value) : value
  }
  if (Array.isArray(value)) return value.map((each, index) => converted(each, place.item(index)))
  const copy = newRow()
  for (const [name, each] of Object.entries(value)) copy[name] = converted(each, place.field(name))
  return copy
}

// ── numbers in JSON ─────────────────────────────────────────────────────────────────────────────────────────────────

/** What fields say of numbers in JSON; null if they say nothing. */
export function numbersInRow(fields: ReadonlyMap<string, FieldSchema>): DeclaredNumbers | null {
  const inner = new Map<string, DeclaredNumbers>()
  for (const [name, { schema }] of fields) {
    const numbers = numbersIn(schema)
    if (numbers !== null) inner.set(name, numbers)
  }
  return inner.size === 0 ? null : { here: null, field: name => inner.get(name) ?? null, item: () => null }
}

/** The same of a value of a schema. */
export function numbersIn(schema: JsonSchema): DeclaredNumbers | null {
  const place = numberPlace(schema)
  return [...placesWithin(place)].some(({ here }) => here !== null) ? place : null
}

// ── where they can be known ──────────────────────────────────────────────────────────────────────────────────────────

/** What holds of no value for certain, or of none at all. */
const UNCERTAIN = [
  'not',
  'if',
  'contains',
  'propertyNames',
  'unevaluatedProperties',
  'unevaluatedItems',
  'contentSchema',
] as const
const CERTAIN_HINT =
  'Say it in properties, patternProperties, additionalProperties, items, prefixItems, allOf, anyOf, oneOf, then, else, or behind a $ref to #/….'

/**
 * Whether each number for which an exact type is declared can become its text before the schema is checked.
 * @throws UnclearNumbers if one can't: nothing that is declared is ignored.
 */
export function checkPlaces(schema: JsonSchema): void {
  const all = [...subschemas(schema)]
  if (!all.some(each => exactType(each) !== null)) return
  for (const each of all) {
    const behind = lookedBehind(each, schema)
    if (behind !== null)
      throw new UnclearNumbers(`${behind} isn’t followed, so that nobody knows what is a decimal there`, CERTAIN_HINT)
    const vague = UNCERTAIN.find(keyword => {
      const inner = each[keyword]
      return isSchema(inner) && numberPlace(inner, schema).hasExact
    })
    if (vague !== undefined)
      throw new UnclearNumbers(`\`${vague}\` says of no number for certain that it is a decimal`, CERTAIN_HINT)
  }
  for (const place of placesWithin(numberPlace(schema))) void place.meaning
}

/** A reference that isn't followed here. */
function lookedBehind(schema: JsonSchema, root: JsonSchema): string | null {
  const { $ref, $dynamicRef, $id } = schema
  if (typeof $dynamicRef === 'string') return `\`$dynamicRef: ${$dynamicRef}\``
  if (typeof $ref === 'string' && referredTo($ref, root) === undefined) return `\`$ref: ${$ref}\``
  return typeof $id === 'string' && schema !== root ? `\`$id: ${$id}\` within a schema` : null
}

function* subschemas(schema: JsonSchema): Iterable<JsonSchema> {
  yield schema
  const inner = [
    ...[...SUBSCHEMAS, ...UNCERTAIN].map(keyword => schema[keyword]),
    ...SCHEMA_LISTS.flatMap(keyword => schema[keyword]),
    ...SCHEMA_MAPS.flatMap(keyword => (isSchema(schema[keyword]) ? Object.values(schema[keyword]) : [])),
  ]
  for (const each of inner) if (isSchema(each)) yield* subschemas(each)
}
