/**
 * What a row carries of the error that it met, where `on_error` or `on_invalid` leads: `_error`, an object. Where a row has
 * to be flat, four fields stand in its place.
 */
import { type Json, newRow, type Row } from '../model/row.ts'
import type { FieldSchema, JsonSchema } from '../model/schema.ts'

/** No record may bring a field of this name. */
export const ERROR_FIELD = '_error'

/** In the order in which they stand as columns, with what they hold. */
const FLAT_FIELDS = [
  ['error_code', 'code'],
  ['error_node', 'node'],
  ['error_field', 'field'],
  ['error_message', 'message'],
] as const

const text: JsonSchema = { type: 'string' }

export const ERROR_SCHEMA: FieldSchema = {
  schema: {
    type: 'object',
    properties: { code: text, node: text, field: text, message: text, branch: text, previous: {} },
    required: ['code', 'node', 'message'],
  },
  optional: false,
}

/** What a rejected record's row has beside `_error`, in this order. */
export const REJECT_FIELDS: ReadonlyMap<string, FieldSchema> = new Map([
  ['source', { schema: text, optional: false }],
  ['file', { schema: text, optional: true }],
  ['line', { schema: { type: 'integer' }, optional: false }],
  ['raw', { schema: {}, optional: true }],
])

/** `row` with `error_code`, `error_node`, `error_field` (null where it is about none) and `error_message` at its end for `_error`. */
export function flatErrors(row: Row): Row {
  const error = row[ERROR_FIELD]
  if (!isErrorValue(error)) return row
  const flat = newRow()
  for (const field in row) if (field !== ERROR_FIELD) flat[field] = row[field] as Json
  for (const [name, part] of FLAT_FIELDS) flat[flatName(name, row)] = error[part] ?? null
  return flat
}

/** Names of the fields that stand for `_error` in a flat row with these other fields. */
export function flatNames(others: readonly string[] = []): readonly string[] {
  const own = Object.fromEntries(others.map(field => [field, null]))
  return FLAT_FIELDS.map(([name]) => flatName(name, own))
}

/** A field of the row's own keeps its name. */
function flatName(name: string, row: Row): string {
  return Object.hasOwn(row, name) ? flatName(`_${name}`, row) : name
}

function isErrorValue(value: Json | undefined): value is { readonly [part: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, 'code')
}
