/** What a model's answer must look like: a JSON Schema, or the shorthand of pipeline files. */
import { nearestNames } from '../../model/nearest.ts'
import type { Json } from '../../model/row.ts'
import type { FieldSchema, JsonSchema } from '../../model/schema.ts'
import { asPattern, rewritten } from '../../sdk/exact-numbers.ts'
import {
  admitsNull,
  compileJsonSchema,
  type FieldTypeProblem,
  parseFieldShorthand,
  readJsonSchema,
  type SchemaValidator,
} from '../../sdk/field-type.ts'

export type JsonObject = { readonly [key: string]: Json }

export interface OutputShape {
  /** Schema of the whole answer, an object. */
  readonly schema: JsonSchema
  /** The same in words of JSON Schema alone, for the model. */
  readonly asked: JsonSchema
  readonly validate: SchemaValidator
  readonly fields: ReadonlyMap<string, FieldSchema>
  /** All objects are closed and all their properties required, as providers want it for outputs that they enforce. */
  readonly strict: boolean
}

/** `{type: object, properties: …}` is a JSON Schema; anything else `{field: type}` or `{field: JSON Schema}`. */
export function outputShape(declared: JsonObject): OutputShape | FieldTypeProblem {
  const whole = isJsonSchema(declared) ? { schema: closed(declared) } : fromShorthand(declared)
  if ('problem' in whole) return { ...whole, ...hintOf(declared, whole) }
  const read = readJsonSchema(whole.schema)
  if ('problem' in read) return { ...read, ...hintOf(declared, read) }
  const { schema } = read
  const compiled = compileJsonSchema(schema)
  if ('problem' in compiled) return { ...compiled, ...hintOf(declared, compiled) }
  return {
    schema,
    asked: rewritten(schema, asPattern),
    ...compiled,
    fields: fieldsOf(schema),
    strict: isStrict(schema),
  }
}

type Found = { readonly schema: JsonSchema } | FieldTypeProblem

const isMap = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isJsonSchema = (declared: JsonObject) => declared.type === 'object' && isMap(declared.properties)

/** A JSON Schema whose `properties` is misspelt is read as fields: their problems would point to the wrong thing. */
function hintOf(declared: JsonObject, { hint }: FieldTypeProblem): { readonly hint?: string } {
  const [misspelt] = declared.type === 'object' ? nearestNames('properties', Object.keys(declared), 1) : []
  if (misspelt !== undefined && misspelt !== 'properties') return { hint: `Did you mean properties, not ${misspelt}?` }
  return hint === undefined ? {} : { hint }
}

/** Undeclared properties would become fields that nothing knows. */
const closed = (schema: JsonObject): JsonSchema => ({ additionalProperties: false, ...schema })

function fromShorthand(declared: JsonObject): Found {
  const properties: { [field: string]: JsonSchema } = {}
  for (const [field, type] of Object.entries(declared)) {
    const found = fieldSchema(type)
    if ('problem' in found) return { ...found, problem: `${field}: ${found.problem}` }
    properties[field] = found.schema
  }
  return { schema: { type: 'object', properties, required: Object.keys(properties), additionalProperties: false } }
}

/** An optional field is one that may be null: a model is to say so. */
function fieldSchema(type: Json): Found {
  if (isMap(type)) return { schema: typed(type) }
  if (typeof type !== 'string') return { problem: 'a type is a word, or a JSON Schema' }
  const parsed = parseFieldShorthand(type)
  if ('problem' in parsed || !parsed.optional || typeof parsed.schema.type !== 'string') return parsed
  const { schema } = parsed
  return schema.type === 'null' ? parsed : { schema: { ...schema, type: [schema.type, 'null'] } }
}

/** Providers want a type where values are listed. */
function typed(schema: JsonSchema): JsonSchema {
  const texts = Array.isArray(schema.enum) && schema.enum.every(value => typeof value === 'string')
  return texts && !('type' in schema) ? { type: 'string', ...schema } : schema
}

function fieldsOf({ properties, required }: JsonSchema): ReadonlyMap<string, FieldSchema> {
  const needed = Array.isArray(required) ? required : []
  const fields = Object.entries((properties ?? {}) as { readonly [field: string]: JsonSchema })
  return new Map(
    fields.map(([field, schema]) => [field, { schema, optional: !needed.includes(field) || mayBeNull(schema) }]),
  )
}

/** Without a type anything may come, null included. */
const mayBeNull = (schema: JsonSchema): boolean =>
  admitsNull(schema) || (!('type' in schema) && !(Array.isArray(schema.enum) && !schema.enum.includes(null)))

function isStrict(schema: unknown): boolean {
  if (!isMap(schema)) return false
  const { type, properties, required, additionalProperties, items, anyOf } = schema
  if (Array.isArray(anyOf)) return anyOf.every(isStrict)
  if (type === 'array') return isStrict(items)
  if (type !== 'object') return typeof type === 'string' || (Array.isArray(type) && type.length > 0)
  if (!isMap(properties) || additionalProperties !== false || !Array.isArray(required)) return false
  return Object.entries(properties).every(([name, each]) => required.includes(name) && isStrict(each))
}
