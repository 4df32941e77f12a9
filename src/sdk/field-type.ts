/** Types of fields as a pipeline file declares them: a shorthand, or a JSON Schema (draft 2020-12). */
import type { Ajv2020, ValidateFunction } from 'ajv/dist/2020.js'
import { compilePattern, isPattern } from '../expression/pattern.ts'
import { nearestNames } from '../model/nearest.ts'
import { loadOwnModule } from '../model/own-file.ts'
import type { FieldSchema, JsonSchema } from '../model/schema.ts'

export const FIELD_TYPES = ['string', 'integer', 'number', 'boolean', 'array', 'object', 'null', 'any'] as const
export type FieldType = (typeof FIELD_TYPES)[number]
const JSON_TYPES = FIELD_TYPES.filter(type => type !== 'any')

export interface FieldTypeProblem {
  /** One sentence without a full stop at the end. */
  readonly problem: string
  readonly hint?: string
}

/** `integer`, `string?`, `any`: a type, and `?` if the field may be missing or null. */
export function parseFieldShorthand(text: string): FieldSchema | FieldTypeProblem {
  const optional = text.endsWith('?')
  const name = optional ? text.slice(0, -1) : text
  if (name === 'any') return { schema: {}, optional }
  if ((FIELD_TYPES as readonly string[]).includes(name))
    return { schema: { type: name }, optional: optional || name === 'null' }
  const [nearest] = nearestNames(name, FIELD_TYPES)
  const types = `Types are ${FIELD_TYPES.join(', ')}; add ? if the field may be missing or null.`
  return {
    problem: `${JSON.stringify(text)} isn’t a type`,
    hint: nearest === undefined ? types : `Did you mean ${nearest}${optional ? '?' : ''}? ${types}`,
  }
}

/** Patterns in schemas run in linear time, as all patterns do. */
const regExp = Object.assign(
  (source: string) => {
    const pattern = compilePattern(source)
    if (!isPattern(pattern)) throw new Error(`pattern ${JSON.stringify(source)}: ${pattern.problem}`)
    // Ajv tells patterns apart by their text.
    return { test: pattern.test, toString: () => source }
  },
  { code: 'regExp' },
)

/** Unknown keywords are errors; `format` is an annotation and isn't asserted. Nothing is ever fetched. */
const SETTINGS = {
  strictSchema: true,
  strictTypes: false,
  strictTuples: false,
  allowUnionTypes: true,
  validateFormats: false,
  logger: false,
  code: { regExp: regExp as never },
} as const

/** Whether a validator stops at the first error, or finds all. */
type Errors = 'first' | 'all'

let loaded: typeof import('./ajv.ts') | null = null
const shared = new Map<Errors, Ajv2020>()

/** Loaded when the first schema is compiled: most commands never need it. */
function ajvFor(
  schema: JsonSchema,
  errors: Errors,
): { readonly ajv: Ajv2020; readonly isJsonSchema: ValidateFunction | null } {
  loaded ??= loadOwnModule('sdk/ajv') as typeof import('./ajv.ts')
  const { Ajv2020, isJsonSchema } = loaded
  const settings = { ...SETTINGS, allErrors: errors === 'all' }
  // With names in them, each schema has an instance of its own: two with the same `$id` don't meet.
  if (JSON.stringify(schema).includes('"$')) return { ajv: new Ajv2020(settings), isJsonSchema: null }
  const ajv = shared.get(errors) ?? new Ajv2020({ ...settings, meta: false, validateSchema: false })
  shared.set(errors, ajv)
  return { ajv, isJsonSchema }
}

export type SchemaValidator = ValidateFunction

/** A validator of values by a JSON Schema, which names the first error or all, or what is wrong with the schema. */
export function compileJsonSchema(
  schema: JsonSchema,
  errors: Errors = 'first',
): { readonly validate: SchemaValidator } | FieldTypeProblem {
  const { ajv, isJsonSchema } = ajvFor(schema, errors)
  const exact = exactIntegers(schema)
  try {
    if (isJsonSchema?.(exact) === false)
      throw new TypeError(`schema is invalid: ${ajv.errorsText(isJsonSchema.errors)}`)
    return { validate: ajv.compile(exact) }
  } catch (error) {
    const message = (error instanceof Error ? error.message : String(error)).replace(/^strict mode: /, '')
    const hint = hintOf(message, schema, Object.keys(ajv.RULES.keywords))
    return {
      problem: `it isn’t a JSON Schema (draft 2020-12): ${message}`,
      ...(hint === undefined ? {} : { hint }),
    }
  } finally {
    ajv.removeSchema(exact)
  }
}

const SUBSCHEMAS = ['items', 'additionalProperties', 'contains', 'unevaluatedProperties', 'unevaluatedItems'] as const
const SCHEMA_LISTS = ['anyOf', 'oneOf', 'allOf', 'prefixItems'] as const
const SCHEMA_MAPS = ['properties', 'patternProperties', '$defs', 'dependentSchemas'] as const

/**
 * The schema, in which an integer is one that a double holds exactly, as it is everywhere here. JSON Schema takes 1e300 for one,
 * too. Conditions (`if`, `not`) stay as they are.
 */
function exactIntegers<S>(schema: S): S {
  if (!isObject(schema)) return schema
  const exact: { [keyword: string]: unknown } = { ...schema }
  const types: readonly unknown[] = Array.isArray(schema.type) ? schema.type : [schema.type]
  if (types.includes('integer') && !types.includes('number')) {
    const { minimum = -Number.MAX_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = schema
    exact.minimum = typeof minimum === 'number' ? Math.max(minimum, -Number.MAX_SAFE_INTEGER) : minimum
    exact.maximum = typeof maximum === 'number' ? Math.min(maximum, Number.MAX_SAFE_INTEGER) : maximum
  }
  for (const keyword of SUBSCHEMAS) if (keyword in exact) exact[keyword] = exactIntegers(exact[keyword])
  for (const keyword of SCHEMA_LISTS) {
    const list = exact[keyword]
    if (Array.isArray(list)) exact[keyword] = list.map(exactIntegers)
  }
  for (const keyword of SCHEMA_MAPS) {
    const map = exact[keyword]
    if (!isObject(map)) continue
    exact[keyword] = Object.fromEntries(Object.entries(map).map(([name, each]) => [name, exactIntegers(each)]))
  }
  return exact as S
}

const isObject = (value: unknown): value is { readonly [keyword: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** By Ajv's message: the keyword or the type that may have been meant. */
function hintOf(message: string, schema: JsonSchema, keywords: readonly string[]): string | undefined {
  const [, unknown] = /^unknown keyword: "(.*)"$/s.exec(message) ?? []
  const [, path] = /^schema is invalid: data(\S*\/type) must be equal to one of the allowed values/.exec(message) ?? []
  const type = path === undefined ? undefined : at(schema, path)
  const names = unknown !== undefined ? keywords : JSON_TYPES
  const name = unknown ?? type
  const [near] = typeof name === 'string' ? nearestNames(name, names, 1) : []
  return near === undefined ? undefined : `Did you mean ${near}?`
}

/** What a JSON pointer leads to. */
const at = (schema: unknown, pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((inner, part) => (inner as { readonly [key: string]: unknown } | undefined)?.[part], schema)

/** Null if it is a JSON Schema, else what is wrong. */
export function jsonSchemaProblem(schema: JsonSchema): FieldTypeProblem | null {
  const compiled = compileJsonSchema(schema)
  return 'problem' in compiled ? compiled : null
}

/** Whether a JSON Schema’s `type` admits null; a field with such a schema may be missing, too. */
export function admitsNull(schema: JsonSchema): boolean {
  return schema.type === 'null' || (Array.isArray(schema.type) && schema.type.includes('null'))
}
