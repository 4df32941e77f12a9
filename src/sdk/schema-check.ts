/**
 * Checks the rows of a source against its schema, and converts the texts of textual sources (CSV) to the declared types; of all
 * sources, numbers to the texts of decimals and big integers. Types are strict: nothing is guessed, trimmed or rounded. The first field that doesn't fit is reported.
 */
import { CustodyError } from '../model/error.ts'
import { type Json, newRow, type Row } from '../model/row.ts'
import { exactType, type FieldSchema, type JsonSchema, type RowSchema } from '../model/schema.ts'
import { cellConverter } from './cell.ts'
import { describeExact, exactInside, exactText } from './exact-numbers.ts'
import { compileJsonSchema, violationText } from './field-type.ts'

/** Codes of records that don't fit, with one sentence each. */
export const SCHEMA_ERRORS = {
  SCHEMA_FIELD_MISSING: 'A declared field is missing.',
  SCHEMA_UNKNOWN_FIELD: 'A field isn’t declared, and the schema’s mode is `fixed`.',
  SCHEMA_EMPTY: 'A cell is empty, and its field isn’t optional.',
  SCHEMA_TYPE: 'A value doesn’t have its field’s type.',
  SCHEMA_VALUE: 'A value has the type, but breaks another rule of its field’s JSON Schema.',
  RESERVED_FIELD: 'The record has a field `_error`, which is the name of what rows carry of errors that they met.',
} as const

export type SchemaErrorCode = keyof typeof SCHEMA_ERRORS

export interface SchemaMiss {
  readonly ok: false
  readonly code: SchemaErrorCode
  /** One sentence that names the field and the value. */
  readonly message: string
  readonly field: string
}
export type RowCheck = { readonly ok: true; readonly row: Row } | SchemaMiss
export type RowChecker = (row: Row) => RowCheck

/**
 * Compiles a schema into a checker. `textual`: cells are texts, or null where they are empty. An empty cell of an optional
 * field is null, of others it is an error; a quoted empty cell is an empty text where a text may stand, else it counts as
 * empty; `array` and `object` cells hold JSON; booleans are `true` and `false` in any case, never 1 and 0. Fields that aren't declared stay as they are, unless the schema is
 * closed: then one is an error, or, if it `drops` them, left out. A row that needs no conversion comes back itself.
 * @throws CustodyError CUSTODY_SCHEMA if a field's JSON Schema isn't one.
 */
export function compileRowSchema(
  schema: RowSchema,
  { textual, drops = false }: { readonly textual: boolean; readonly drops?: boolean },
): RowChecker {
  const fields = new Map<string, FieldCheck>()
  let required = 0
  for (const [name, field] of schema.fields) {
    fields.set(name, compileField(name, field, textual))
    if (!field.optional) required += 1
  }
  if (fields.size === 0 && !schema.closed) return row => ({ ok: true, row })
  const others = schema.closed ? (drops ? 'drop' : 'error') : 'keep'
  return rowChecker(fields, required, others)
}

interface FieldCheck {
  readonly optional: boolean
  /** The value as the row shall hold it, or what is wrong. Never gets undefined. */
  readonly take: (value: Json) => Json | Miss
}

/** What is wrong with a value; a class, so that it can't be mistaken for data. */
class Miss {
  readonly code: SchemaErrorCode
  readonly problem: string
  constructor(code: SchemaErrorCode, problem: string) {
    this.code = code
    this.problem = problem
  }
}

const missOf = (field: string, miss: Miss): SchemaMiss => ({
  ok: false,
  code: miss.code,
  message: `${field} ${miss.problem}`,
  field,
})

function rowChecker(
  fields: ReadonlyMap<string, FieldCheck>,
  required: number,
  others: 'keep' | 'drop' | 'error',
): RowChecker {
  return row => {
    let changed: { [field: string]: Json } | null = null
    let found = 0
    for (const name in row) {
      const check = fields.get(name)
      if (check === undefined) {
        if (others === 'error') return missOf(name, new Miss('SCHEMA_UNKNOWN_FIELD', 'isn’t a declared field'))
        if (others === 'drop') changed ??= fieldsBefore(row, name)
        else if (changed !== null) changed[name] = row[name] as Json
        continue
      }
      const value = row[name] as Json
      const taken = check.take(value)
      if (taken instanceof Miss) return missOf(name, taken)
      if (!check.optional) found += 1
      if (taken !== value && changed === null) changed = fieldsBefore(row, name)
      if (changed !== null) changed[name] = taken
    }
    if (found < required) return firstMissing(fields, row)
    return { ok: true, row: changed ?? row }
  }
}

function fieldsBefore(row: Row, end: string): { [field: string]: Json } {
  const copy = newRow()
  for (const name in row) {
    if (name === end) break
    copy[name] = row[name] as Json
  }
  return copy
}

function firstMissing(fields: ReadonlyMap<string, FieldCheck>, row: Row): SchemaMiss {
  for (const [name, { optional }] of fields) {
    if (!optional && !Object.hasOwn(row, name)) return missOf(name, new Miss('SCHEMA_FIELD_MISSING', 'is missing'))
  }
  throw new CustodyError('CUSTODY_ENGINE_DEFECT', 'A row has fewer fields than were counted.')
}

// ── one field ───────────────────────────────────────────────────────────────────────────────────────────────────────

function compileField(name: string, field: FieldSchema, textual: boolean): FieldCheck {
  const { optional } = field
  const fits = compileValue(name, field.schema)
  const take = textual ? takingCells(field, fits) : (value: Json) => (optional && value === null ? null : fits(value))
  return { optional, take }
}

function takingCells({ schema, optional }: FieldSchema, fits: (value: Json) => Json | Miss): FieldCheck['take'] {
  const { type, emptyIsText, convert } = cellConverter(schema)
  const plain = isPlain(schema)
  const exact = exactType(schema)
  const needed = exact === null ? article(type) : describeExact(exact)
  return cell => {
    if (cell === null || (cell === '' && !emptyIsText)) {
      if (optional) return null
      return new Miss('SCHEMA_EMPTY', `is empty; it must be ${needed}`)
    }
    const value = typeof cell === 'string' ? convert(cell) : cell
    if (value === undefined) return new Miss('SCHEMA_TYPE', `is ${shown(cell)}; it must be ${needed}`)
    return plain && typeof cell === 'string' ? value : fits(value)
  }
}

type PlainType = 'any' | 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object' | 'null'

/** The shorthand's schemas; everything else is left to the validator of JSON Schema. */
function plainType(schema: JsonSchema): PlainType | null {
  const keywords = Object.keys(schema)
  if (keywords.length === 0) return 'any'
  const known = ['string', 'integer', 'number', 'boolean', 'array', 'object', 'null']
  return keywords.length === 1 && known.includes(String(schema.type)) && !Array.isArray(schema.type)
    ? (schema.type as PlainType)
    : null
}
const isPlain = (schema: JsonSchema) => plainType(schema) !== null

function compileValue(name: string, schema: JsonSchema): (value: Json) => Json | Miss {
  const plain = plainType(schema)
  if (plain !== null) {
    const fits = PLAIN[plain]
    return value => (fits(value) ? value : new Miss('SCHEMA_TYPE', `is ${shown(value)}; it must be ${article(plain)}`))
  }
  const exact = exactType(schema)
  if (exact !== null && Object.keys(schema).every(keyword => ['type', 'format', 'scale'].includes(keyword))) {
    const nullable = Array.isArray(schema.type)
    const miss = (value: Json) => new Miss('SCHEMA_TYPE', `is ${shown(value)}; it must be ${describeExact(exact)}`)
    return value => (value === null && nullable ? null : (exactText(value, exact) ?? miss(value)))
  }
  const compiled = compileJsonSchema(schema)
  if ('problem' in compiled) throw new CustodyError('CUSTODY_SCHEMA', `The schema of ${name}: ${compiled.problem}.`)
  const { validate } = compiled
  const convert = exactInside(schema)
  return given => {
    const value = convert === null ? given : convert(given)
    if (validate(value)) return value
    const [error] = validate.errors ?? []
    const code = error?.keyword === 'type' && error.instancePath === '' ? 'SCHEMA_TYPE' : 'SCHEMA_VALUE'
    const place = error?.instancePath ? ` at ${error.instancePath}` : ''
    return new Miss(
      code,
      `is ${shown(value)}; it ${error === undefined ? 'breaks its schema' : violationText(error)}${place}`,
    )
  }
}

const PLAIN: { readonly [type in PlainType]: (value: Json) => boolean } = {
  any: () => true,
  string: value => typeof value === 'string',
  integer: value => Number.isSafeInteger(value),
  number: value => Number.isFinite(value),
  boolean: value => typeof value === 'boolean',
  null: value => value === null,
  array: value => Array.isArray(value),
  object: value => typeof value === 'object' && value !== null && !Array.isArray(value),
}

const ARTICLES: { readonly [type: string]: string } = {
  any: 'a value',
  string: 'a text',
  integer: 'an integer between −(2^53−1) and 2^53−1',
  number: 'a number',
  boolean: 'true or false',
  null: 'null',
  array: 'a list',
  object: 'an object',
}
const article = (type: string): string =>
  type
    .split('|')
    .map(each => ARTICLES[each] ?? each)
    .join(' or ')

/** A value in a message, cut where it is long. */
function shown(value: Json): string {
  if (value === null) return 'null'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
