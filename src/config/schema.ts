/**
 * The JSON Schema (draft 2020-12) of pipeline files, for editors: what zod makes of the format, and what it can't know.
 * It accepts whatever the checker accepts; it can't check what only names in the file decide (targets, branches).
 */
import { z } from 'zod'
import { parseJson } from '../model/json.ts'
import type { JsonSchema } from '../model/schema.ts'
import { PIPELINE } from './format.ts'
import { field, SECRET } from './leaf.ts'
import { KEY_PATTERNS } from './names.ts'
import { aboutPart, type Part, type Words, words } from './part.ts'
import { Picked } from './picked.ts'
import { TESTS } from './tests/format.ts'

/** A plugin, as plain data. */
export interface PluginSchema {
  readonly kind: NonNullable<Words['plugin']>['kind']
  readonly name: string
  readonly summary: string
  /** JSON Schema of its options as they are written. */
  readonly options: JsonSchema
}

/** A text in which variables will be expanded may become anything that a text can. */
const VARIABLE = { type: 'string', pattern: '\\$\\{' } as const
const SECRET_SCHEMA = z.toJSONSchema(SECRET)
const FIELD_SCHEMAS = [
  { type: 'string', pattern: '^(string|integer|number|boolean|array|object|null|any)\\??$' },
  VARIABLE,
  { type: 'null' },
  { $ref: 'https://json-schema.org/draft/2020-12/schema', type: 'object' },
] as const

/** The schema; with plugins, their options are described and checked, too. */
export function pipelineSchema(plugins: readonly PluginSchema[] = []): JsonSchema {
  const own = plugins.map(hoisted)
  const { $schema, ...schema } = write(PIPELINE, own)
  return { $schema, title: 'Custody pipeline', ...schema, $defs: Object.assign({}, ...own.map(each => each.$defs)) }
}

/** That of test files. */
export function testsSchema(): JsonSchema {
  const { $schema, ...schema } = write(TESTS, [])
  return { $schema, title: 'Custody tests', ...schema }
}

function write(part: Part, plugins: readonly PluginSchema[]): JsonSchema {
  return z.toJSONSchema(part, {
    io: 'input',
    // Maps, completed below, and the options of plugins.
    unrepresentable: () => ({ type: 'object' }),
    override: ({ zodSchema, jsonSchema }) => complete(zodSchema, jsonSchema, plugins),
  })
}

/** A plugin whose schema refers to definitions at the top of the whole, under names of its own. */
function hoisted(plugin: PluginSchema): PluginSchema & { readonly $defs: JsonSchema } {
  const prefix = `${plugin.kind}.${plugin.name}.`
  const text = JSON.stringify(plugin.options).replaceAll('"#/$defs/', `"#/$defs/${prefix}`)
  const { $defs = {}, ...options } = parseJson(text) as JsonSchema & { readonly $defs?: JsonSchema }
  return {
    ...plugin,
    options,
    $defs: Object.fromEntries(Object.entries($defs).map(([name, each]) => [`${prefix}${name}`, each])),
  }
}

/** Adds to the schema of a part what zod doesn't know of it, or can't write. */
function complete(part: Part, json: z.core.JSONSchema.BaseSchema, plugins: readonly PluginSchema[]): void {
  // zod leaves it out where a value isn't what it is written as, and has one where YAML may have nothing.
  const { default: fallback } = aboutPart(part)
  if (fallback === undefined) delete json.default
  else json.default = fallback
  const own = words.get(part)
  if (own === undefined) return
  if (part instanceof Picked) return oneByKey(part.kinds, json)
  if (words.get(field) === own) json.anyOf = [...FIELD_SCHEMAS]
  if (own.keys !== undefined && part instanceof z.ZodMap) {
    const { $schema: _, ...value } = write(part.valueType, plugins)
    Object.assign(json, { propertyNames: { pattern: KEY_PATTERNS[own.keys].source }, additionalProperties: value })
    if (!own.empty) json.minProperties = 1
  }
  if (own.unique) json.uniqueItems = true
  const rules = [...pluginRules(own, plugins), ...(own.what === 'a coalesce' ? COALESCE_RULES : [])]
  if (rules.length > 0) json.allOf = rules
  if (own.explain !== undefined && own.open !== true && json.pattern !== '\\S') allowVariable(json)
  if (own.empty && json.type !== undefined) Object.assign(json, { type: [json.type, 'null'] })
}

/** Wraps all but the schema's description. */
function allowVariable(json: z.core.JSONSchema.BaseSchema): void {
  const { description: _, default: __, ...value } = json
  for (const keyword of Object.keys(value)) delete json[keyword]
  json.anyOf = [value, VARIABLE]
}

/** By the key that is there, so that an editor says what is wrong with that one, not that all others don’t fit. */
function oneByKey(kinds: readonly string[], json: z.core.JSONSchema.BaseSchema): void {
  const { anyOf: options = [] } = json
  if (kinds.length === 0) return
  delete json.anyOf
  json.type = 'object'
  json.oneOf = kinds.map(kind => ({ required: [kind] }))
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  json.allOf = kinds.map((kind, index) => ({ if: { type: 'object', required: [kind] }, then: options[index] ?? {} }))
}

/** Names of plugins as suggestions (the file may load others), and the options of each. */
function pluginRules({ plugin: use }: Words, all: readonly PluginSchema[]): JsonSchema[] {
  const plugins = all.filter(each => each.kind === use?.kind)
  if (use === undefined || plugins.length === 0) return []
  const known = plugins.map(({ name, summary }) => ({ const: name, description: summary }))
  const options = plugins.map(({ name, options: schema }) => ({
    if: { properties: { [use.key]: { const: name } }, required: [use.key] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: {
      properties: { options: writable(schema) },
      ...(Array.isArray(schema.required) && schema.required.length > 0 ? { required: ['options'] } : {}),
    },
  }))
  return [{ properties: { [use.key]: { anyOf: [...known, { type: 'string' }] } } }, ...options]
}

/** `key` is `value`, perhaps by default. */
const is = (key: string, value: string, by_default: boolean): JsonSchema => ({
  properties: { [key]: { const: value } },
  ...(by_default ? {} : { required: [key] }),
})

/** What rules.ts says of coalesces. */
const COALESCE_RULES: readonly JsonSchema[] = [
  rule(is('policy', 'quorum', false), { required: ['quorum'] }, { properties: { quorum: false } }),
  rule(is('policy', 'best_effort', false), { required: ['timeout'] }),
  rule(is('policy', 'first', false), { properties: { timeout: false } }),
  rule(is('merge', 'select', false), { required: ['select'] }, { properties: { select: false } }),
  rule(is('merge', 'union', true), {}, { properties: { on_conflict: false } }),
]

function rule(condition: JsonSchema, yes: JsonSchema, no?: JsonSchema): JsonSchema {
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  return { if: condition, then: yes, ...(no === undefined ? {} : { else: no }) }
}

/** A plugin's options as they may be written: with variables, and secrets where texts are wanted. */
function writable(schema: JsonSchema): JsonSchema {
  const { $schema: _schema, ...own } = schema
  const inner = Object.fromEntries(
    Object.entries(own).map(([keyword, value]) => [keyword, writableKeyword(keyword, value)]),
  )
  if (own.type === 'object' || own.type === 'array') return inner
  if (own.type === 'string') return { anyOf: [inner, VARIABLE, SECRET_SCHEMA] }
  return own.type === 'number' || own.type === 'integer' || own.type === 'boolean'
    ? { anyOf: [inner, VARIABLE] }
    : inner
}

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function writableKeyword(keyword: string, value: unknown): unknown {
  if (keyword === 'properties' && isSchema(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, isSchema(each) ? writable(each) : each]))
  }
  if (keyword === 'anyOf' && Array.isArray(value)) return value.map(each => (isSchema(each) ? writable(each) : each))
  if ((keyword === 'items' || keyword === 'additionalProperties') && isSchema(value)) return writable(value)
  return value
}
