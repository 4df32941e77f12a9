/**
 * The JSON Schema (draft 2020-12) of pipeline files, for editors: made from the same shapes as the checker.
 * It accepts whatever the checker accepts; what only names in the file decide (targets, branches) it can't know.
 */
import { DURATION_PATTERN } from '../model/duration.ts'
import type { JsonSchema } from '../model/schema.ts'
import { PIPELINE } from './format.ts'
import {
  type KeyForm,
  NAME,
  type ObjectShape,
  PIPELINE_NAME,
  type Shape,
  type TextForm,
  type VariantsShape,
} from './shape.ts'
import { LEDGER_URL } from './text-forms.ts'

/** A plugin, as plain data. */
export interface PluginSchema {
  readonly kind: 'source' | 'transform' | 'gate' | 'aggregate' | 'sink'
  readonly name: string
  readonly summary: string
  /** JSON Schema of its options as they are written. */
  readonly options: JsonSchema
}

const SECRET = {
  type: 'object',
  description: 'The environment variable that holds the secret.',
  properties: { secret: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' } },
  required: ['secret'],
  additionalProperties: false,
} as const
/** A text in which variables will be expanded may become anything that a text can. */
const VARIABLE = { type: 'string', pattern: '\\$\\{' } as const
const orVariable = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, VARIABLE] })

/** The schema; with plugins, their options are described and checked, too. */
export function pipelineSchema(plugins: readonly PluginSchema[] = []): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Custody pipeline',
    ...new SchemaWriter(plugins).write(PIPELINE),
  }
}

/** By the key that names a plugin: which kind it must be, by what the object is. */
const PLUGIN_KEYS: { readonly [what: string]: { readonly key: string; readonly kind: PluginSchema['kind'] } } = {
  'a source': { key: 'plugin', kind: 'source' },
  'a transform': { key: 'transform', kind: 'transform' },
  'a plugin gate': { key: 'plugin', kind: 'gate' },
  'an aggregate': { key: 'aggregate', kind: 'aggregate' },
  'a sink': { key: 'plugin', kind: 'sink' },
}

class SchemaWriter {
  readonly #plugins: readonly PluginSchema[]

  constructor(plugins: readonly PluginSchema[]) {
    this.#plugins = plugins
  }

  write(shape: Shape): JsonSchema {
    switch (shape.kind) {
      case 'text': {
        const text = textSchema(shape.form)
        return shape.secret ? { anyOf: [text, SECRET] } : text
      }
      case 'choice':
        return orVariable({ enum: shape.of })
      case 'integer':
        return orVariable({ type: 'integer', minimum: shape.min })
      case 'number':
        return orVariable({ type: 'number', [shape.above ? 'exclusiveMinimum' : 'minimum']: shape.min })
      case 'duration':
        return orVariable({ type: 'string', pattern: DURATION_PATTERN, examples: ['500ms', '30s', '5m', '1h', '7d'] })
      case 'threshold':
        return orVariable({
          anyOf: [
            { type: 'integer', minimum: 0 },
            { type: 'string', pattern: shape.share ? '^(off|[0-9]{1,3}(\\.[0-9]{1,6})? ?%)$' : '^off$' },
          ],
        })
      case 'list':
        return {
          type: shape.min > 0 ? 'array' : ['array', 'null'],
          items: this.write(shape.of),
          minItems: shape.min,
          uniqueItems: shape.unique,
        }
      case 'map':
        return {
          type: shape.min > 0 ? 'object' : ['object', 'null'],
          ...keySchema(shape.keys),
          additionalProperties: this.write(shape.of),
          minProperties: shape.min,
        }
      case 'object':
        return this.#object(shape)
      case 'variants':
        return this.#variants(shape)
      case 'either':
        return {
          anyOf: [shape.text, shape.list, shape.map].filter(each => each !== undefined).map(each => this.write(each)),
        }
      case 'options':
        return { type: ['object', 'null'] }
      case 'field':
        return {
          anyOf: [
            { type: 'string', pattern: '^(string|integer|number|boolean|array|object|null|any)\\??$' },
            { ...VARIABLE },
            { type: 'null' },
            { $ref: 'https://json-schema.org/draft/2020-12/schema', type: 'object' },
          ],
        }
    }
  }

  #object(shape: ObjectShape): JsonSchema {
    const entries = Object.entries(shape.keys)
    const required = entries.filter(([, each]) => each.required).map(([key]) => key)
    const properties = entries.map(([key, { shape: own, doc, ...more }]) => {
      const fallback = 'default' in more ? { default: more.default } : {}
      return [key, { description: doc, ...fallback, ...this.write(own) }]
    })
    const rules = [...this.#pluginRules(shape), ...(shape.what === 'a coalesce' ? COALESCE_RULES : [])]
    return {
      type: required.length > 0 ? 'object' : ['object', 'null'],
      properties: Object.fromEntries(properties),
      ...(required.length > 0 ? { required } : {}),
      additionalProperties: false,
      ...(rules.length > 0 ? { allOf: rules } : {}),
    }
  }

  /** Names of plugins as suggestions (the file may load others), and the options of each. */
  #pluginRules(shape: ObjectShape): readonly JsonSchema[] {
    const use = PLUGIN_KEYS[shape.what]
    const plugins = this.#plugins.filter(each => each.kind === use?.kind)
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

  #variants(shape: VariantsShape): JsonSchema {
    const kinds = Object.keys(shape.by)
    return {
      type: 'object',
      oneOf: kinds.map(kind => ({ required: [kind] })),
      allOf: Object.entries(shape.by).map(([kind, own]) => ({
        if: { type: 'object', required: [kind] },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: this.#object(own),
      })),
    }
  }
}

function textSchema(form: TextForm): JsonSchema {
  switch (form) {
    case 'pipeline name':
      return orVariable({ type: 'string', pattern: PIPELINE_NAME.source })
    case 'branch':
      return orVariable({ type: 'string', pattern: NAME.source, not: { enum: ['discard', 'else'] } })
    case 'ledger url':
      return orVariable({ type: 'string', pattern: LEDGER_URL.source })
    case 'label':
      return { type: 'string', minLength: 1, not: { enum: ['on_error', 'else'] } }
    case 'any':
    case 'target':
    case 'sink target':
    case 'expression':
    case 'plugin':
      return { type: 'string', pattern: '\\S' }
  }
}

function keySchema(form: KeyForm): JsonSchema {
  switch (form) {
    case 'name':
    case 'branch':
      return { propertyNames: { pattern: NAME.source, not: { enum: ['discard', 'else'] } } }
    case 'label':
      return { propertyNames: { not: { const: 'on_error' } } }
    case 'field':
    case 'any':
      return { propertyNames: { minLength: 1 } }
  }
}

/** `key` is `value`, be it by default. */
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
  if (own.type === 'string') return { anyOf: [inner, VARIABLE, SECRET] }
  return own.type === 'number' || own.type === 'integer' || own.type === 'boolean' ? orVariable(inner) : inner
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
