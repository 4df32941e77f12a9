/**
 * Numbers that no double holds, in schemas: how `decimal` and `big_integer` are declared, what their texts are, and what becomes of a
 * number that stands in JSON where one is declared.
 */
import { bigIntegerText, decimalText, MAX_DECIMAL_DIGITS, MAX_SCALE } from '../model/decimal-text.ts'
import type { DeclaredNumbers } from '../model/json.ts'
import { type Json, newRow } from '../model/row.ts'
import { decimalSchema, type ExactType, exactType, type FieldSchema, type JsonSchema } from '../model/schema.ts'

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

const SUBSCHEMAS = ['items', 'additionalProperties', 'contains', 'unevaluatedProperties', 'unevaluatedItems'] as const
const SCHEMA_LISTS = ['anyOf', 'oneOf', 'allOf', 'prefixItems'] as const
const SCHEMA_MAPS = ['properties', 'patternProperties', '$defs', 'dependentSchemas'] as const

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

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

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
  return { ...rest, pattern: `^-?(0|[1-9][0-9]{0,99})${fraction}$` }
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
export function exactInside(schema: unknown): ((value: Json) => Json) | null {
  if (!isSchema(schema)) return null
  const exact = exactType(schema)
  if (exact !== null) return value => exactText(value, exact) ?? value
  const items = schema.prefixItems === undefined ? exactInside(schema.items) : null
  const properties = isSchema(schema.properties) ? Object.entries(schema.properties) : []
  const fields = new Map(properties.flatMap(([name, each]) => named(name, exactInside(each))))
  if (items === null && fields.size === 0) return null
  return value => {
    if (Array.isArray(value)) return items === null ? value : value.map(items)
    if (typeof value !== 'object' || value === null || fields.size === 0) return value
    const copy = newRow()
    for (const [name, each] of Object.entries(value)) copy[name] = fields.get(name)?.(each as Json) ?? (each as Json)
    return copy
  }
}

const named = <T>(name: string, found: T | null) => (found === null ? [] : [[name, found] as const])

// ── numbers in JSON ─────────────────────────────────────────────────────────────────────────────────────────────────

/** What fields say of numbers in JSON; null if they say nothing. */
export function numbersInRow(fields: ReadonlyMap<string, FieldSchema>): DeclaredNumbers | null {
  const inner = new Map([...fields].flatMap(([name, { schema }]) => named(name, numbersIn(schema))))
  return inner.size === 0 ? null : { here: null, fields: inner, items: null }
}

/** The same of a value of a schema. */
export function numbersIn(schema: unknown): DeclaredNumbers | null {
  if (!isSchema(schema)) return null
  const items = schema.prefixItems === undefined ? numbersIn(schema.items) : null
  const properties = isSchema(schema.properties) ? Object.entries(schema.properties) : []
  const fields = new Map(properties.flatMap(([name, each]) => named(name, numbersIn(each))))
  const here = hereIn(schema)
  return here === null && items === null && fields.size === 0 ? null : { here, fields, items }
}

function hereIn(schema: JsonSchema): DeclaredNumbers['here'] {
  if (exactType(schema) !== null) return 'text'
  const types: readonly unknown[] = Array.isArray(schema.type) ? schema.type : [schema.type]
  if (types.includes('number')) return 'nearest'
  return types.includes('string') ? 'text_if_rounded' : null
}
