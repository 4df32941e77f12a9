/** Types of fields as a pipeline file declares them: a shorthand, or a JSON Schema (draft 2020-12). */
import type { Ajv2020, ValidateFunction } from 'ajv/dist/2020.js'
import { compilePattern, isPattern } from '../expression/pattern.ts'
import { MAX_SCALE } from '../model/decimal-text.ts'
import { nearestNames } from '../model/nearest.ts'
import { loadOwnModule } from '../model/own-file.ts'
import type { FieldSchema, JsonSchema } from '../model/schema.ts'
import {
  asPattern,
  checkPlaces,
  describePattern,
  exactSchema,
  MisplacedKeyword,
  rewritten,
  withExactNumbers,
} from './exact-numbers.ts'
import { UnclearNumbers } from './number-places.ts'

export const FIELD_TYPES = [
  'string',
  'integer',
  'number',
  'decimal',
  'big_integer',
  'boolean',
  'array',
  'object',
  'null',
  'any',
] as const
const JSON_TYPES = FIELD_TYPES.filter(type => type !== 'any')

export interface FieldTypeProblem {
  /** One sentence without a full stop at the end. */
  readonly problem: string
  readonly hint?: string
}

/** `integer`, `string?`, `decimal(2)`, `any`: a type, and `?` if the field may be missing or null. */
export function parseFieldShorthand(text: string): FieldSchema | FieldTypeProblem {
  const optional = text.endsWith('?')
  const name = optional ? text.slice(0, -1) : text
  if (name === 'any') return { schema: {}, optional }
  const exact = exactSchema(name)
  if (exact !== null) return { schema: exact, optional }
  if ((FIELD_TYPES as readonly string[]).includes(name))
    return { schema: { type: name }, optional: optional || name === 'null' }
  // In quotes, so that its own ? isn't taken for that of the question.
  const meant = typesMeant(name, FIELD_TYPES).map(each => (optional ? `\`${each}?\`` : each))
  const types = `Types are ${FIELD_TYPES.join(', ')}, decimal(0) to decimal(${MAX_SCALE}); add ? if the field may be missing or null.`
  return {
    problem: `${JSON.stringify(text)} isn’t a type`,
    hint: meant.length === 0 ? types : `Did you mean ${meant.join(' or ')}? ${types}`,
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
  // Errors have the schema that was broken, which `violationText` needs.
  verbose: true,
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
export type Violation = NonNullable<SchemaValidator['errors']>[number]

/** What a value must be, in words, with the values or the name that Ajv's message leaves out; of numbers as they are declared. */
export function violationText({
  keyword,
  message = 'breaks the schema',
  params,
  parentSchema = {},
}: Violation): string {
  const exact = keyword === 'pattern' || keyword === 'type' ? describePattern(parentSchema) : null
  if (exact !== null) return `must be ${exact}`
  const { limit, allowedValues, allowedValue, additionalProperty, unevaluatedProperty, propertyName }: Params = params
  if ((keyword === 'minimum' || keyword === 'maximum') && Math.abs(Number(limit)) === Number.MAX_SAFE_INTEGER)
    return 'must be an integer between −(2^53−1) and 2^53−1'
  const named = allowedValues ?? allowedValue ?? additionalProperty ?? unevaluatedProperty ?? propertyName
  return named === undefined ? message : `${message}: ${JSON.stringify(named)}`
}
type Params = { readonly [name: string]: unknown }

/** A validator of values by a JSON Schema, which names the first error or all, or what is wrong with the schema. */
export function compileJsonSchema(
  schema: JsonSchema,
  errors: Errors = 'first',
): { readonly validate: SchemaValidator } | FieldTypeProblem {
  const { ajv, isJsonSchema } = ajvFor(schema, errors)
  let exact: JsonSchema | null = null
  try {
    const numbers = withExactNumbers(schema)
    checkPlaces(numbers)
    exact = rewritten(numbers, each => exactInteger(asPattern(each)))
    if (isJsonSchema?.(exact) === false)
      throw new TypeError(`schema is invalid: ${ajv.errorsText(isJsonSchema.errors)}`)
    return { validate: ajv.compile(exact) }
  } catch (error) {
    if (error instanceof UnclearNumbers) return { problem: `it isn’t clear: ${error.message}`, hint: error.hint }
    if (error instanceof MisplacedKeyword) return { problem: `it isn’t a schema: ${error.message}`, hint: EXACT_HINT }
    const message = (error instanceof Error ? error.message : String(error)).replace(/^strict mode: /, '')
    const hint = hintOf(message, schema, Object.keys(ajv.RULES.keywords))
    return {
      problem: `it isn’t a JSON Schema (draft 2020-12): ${message}`,
      ...(hint === undefined ? {} : { hint }),
    }
  } finally {
    if (exact !== null) ajv.removeSchema(exact)
  }
}

/**
 * The schema, in which an integer is one that a double holds exactly, as it is everywhere here. JSON Schema takes 1e300 for one,
 * too. Conditions (`if`, `not`) stay as they are.
 */
function exactInteger(schema: JsonSchema): JsonSchema {
  const types: readonly unknown[] = Array.isArray(schema.type) ? schema.type : [schema.type]
  if (!types.includes('integer') || types.includes('number')) return schema
  const { minimum = -Number.MAX_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = schema
  return {
    ...schema,
    minimum: typeof minimum === 'number' ? Math.max(minimum, -Number.MAX_SAFE_INTEGER) : minimum,
    maximum: typeof maximum === 'number' ? Math.min(maximum, Number.MAX_SAFE_INTEGER) : maximum,
  }
}

/** What types are called elsewhere, in lower case. */
const ELSEWHERE: { readonly [type: string]: readonly string[] } = {
  integer: ['int', 'int32', 'smallint', 'bigint', 'int64', 'long'],
  big_integer: ['bigint', 'int64', 'long'],
  number: ['float', 'double', 'real'],
  decimal: ['money', 'numeric'],
  string: ['text', 'str', 'varchar', 'date', 'time', 'datetime', 'timestamp'],
  boolean: ['bool'],
  array: ['list'],
  object: ['map', 'dict', 'struct'],
}

/** Of SQL: how many digits there are, and how many of them stand behind the point. */
const SQL_DECIMAL = /^(?:decimal|numeric)\(\s*\d+\s*,\s*(\d+)\s*\)$/i

/** Types that somebody most likely meant who wrote another name; none if nobody knows. */
function typesMeant(name: string, known: readonly string[]): readonly string[] {
  const [, scale] = SQL_DECIMAL.exec(name) ?? []
  if (scale !== undefined && Number(scale) <= MAX_SCALE) return [`decimal(${scale})`]
  const types = Object.entries(ELSEWHERE).flatMap(([type, names]) => (names.includes(name.toLowerCase()) ? [type] : []))
  return types.length > 0 ? types : nearestNames(name, known, 1)
}

/** By Ajv's message: the keyword or the type that may have been meant. */
function hintOf(message: string, schema: JsonSchema, keywords: readonly string[]): string | undefined {
  const [, unknown] = /^unknown keyword: "(.*)"$/s.exec(message) ?? []
  const [, path] = /^schema is invalid: data(\S*\/type) must be equal to one of the allowed values/.exec(message) ?? []
  const type = path === undefined ? undefined : at(schema, path)
  const meant =
    unknown !== undefined
      ? nearestNames(unknown, keywords, 1)
      : typeof type === 'string'
        ? typesMeant(type, JSON_TYPES).filter(each => each !== type)
        : []
  return meant.length === 0 ? undefined : `Did you mean ${meant.join(' or ')}?`
}

/** What a JSON pointer leads to. */
const at = (schema: unknown, pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((inner, part) => (inner as { readonly [key: string]: unknown } | undefined)?.[part], schema)

const EXACT_HINT =
  'Write {type: decimal, scale: 2} or {type: big_integer}, with enum or const if only some values may come.'

/** A JSON Schema as it is declared, in the form that it has everywhere here; or what is wrong with it. */
export function readJsonSchema(declared: JsonSchema): { readonly schema: JsonSchema } | FieldTypeProblem {
  const compiled = compileJsonSchema(declared)
  return 'problem' in compiled ? compiled : { schema: withExactNumbers(declared) }
}

/** Whether a JSON Schema’s `type` admits null; a field with such a schema may be missing, too. */
export function admitsNull(schema: JsonSchema): boolean {
  return schema.type === 'null' || (Array.isArray(schema.type) && schema.type.includes('null'))
}
