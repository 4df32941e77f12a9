/** What a plugin's type (zod) finds wrong with options, in words and at its place. Values are never repeated: secrets. */
import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'
import { nearestHint } from '../config/nearest.ts'
import type { ConfigPath } from '../config/pipeline.ts'
import type { Report } from './report.ts'

type Issue = z.core.$ZodIssue
/** A JSON Schema as zod writes it, as far as it is read here. */
interface OptionSchema {
  readonly $ref?: string
  readonly $defs?: { readonly [name: string]: OptionSchema }
  readonly properties?: { readonly [key: string]: OptionSchema }
  readonly additionalProperties?: boolean | OptionSchema
  readonly items?: OptionSchema | boolean
}

/**
 * Problems: CUSTODY_PLUGIN_OPTIONS. `options`: what was given, with secrets put in. Of a secret that isn't known (`unknown`: their places) nobody
 * can say that it is wrong.
 */
export function reportIssues(
  plugin: string,
  options: unknown,
  issues: readonly Issue[],
  schema: object,
  path: ConfigPath,
  unknown: readonly ConfigPath[],
  report: Report,
): void {
  for (const issue of issues.flatMap(each => narrowed(each, []))) {
    const at = issue.path.filter(step => typeof step !== 'symbol')
    if (!report.pipeline.known([...path, ...at]) || unknown.some(each => isDeepStrictEqual(each, at))) continue
    const given = valueAt(options, at)
    if (issue.code === 'unrecognized_keys') {
      const known = Object.keys(schemaAt(schema, schema, at)?.properties ?? {})
      for (const key of issue.keys) unknownKey(plugin, key, known, [...path, ...at], report)
    } else if (given === undefined && at.length > 0) {
      missing(plugin, at, issue, path, report)
    } else {
      const { message, hint } = explain(issue, nameOf(at), given)
      report.error('CUSTODY_PLUGIN_OPTIONS', [...path, ...at], message, { hint })
    }
  }
}

/** Keys that the type would let pass and drop. True if there are any. */
export function reportUnknownKeys(
  plugin: string,
  value: unknown,
  schema: object,
  root: object,
  path: ConfigPath,
  report: Report,
): boolean {
  const { properties, additionalProperties, items } = resolved(schema, root)
  if (Array.isArray(value)) {
    if (typeof items !== 'object') return false
    return value
      .map((each, index) => reportUnknownKeys(plugin, each, items, root, [...path, index], report))
      .includes(true)
  }
  if (typeof value !== 'object' || value === null) return false
  let any = false
  for (const [key, each] of Object.entries(value)) {
    const own = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined
    const next = own ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined)
    if (next !== undefined) any = reportUnknownKeys(plugin, each, next, root, [...path, key], report) || any
    else if (properties !== undefined && (additionalProperties ?? false) === false) {
      unknownKey(plugin, key, Object.keys(properties), path, report)
      any = true
    }
  }
  return any
}

function unknownKey(plugin: string, key: string, known: readonly string[], path: ConfigPath, report: Report): void {
  const hint = nearestHint(key, known, 'options are') ?? `${plugin} has no options`
  report.error('CUSTODY_PLUGIN_OPTIONS', [...path, key], `${plugin} has no option \`${key}\``, { hint, part: 'key' })
}

function missing(
  plugin: string,
  at: readonly (string | number)[],
  issue: Issue,
  path: ConfigPath,
  report: Report,
): void {
  const expected = issue.code === 'invalid_type' ? `: ${words(issue.expected)}` : ''
  report.error('CUSTODY_PLUGIN_OPTIONS', [...path, ...at], `${plugin} needs the option \`${nameOf(at)}\`${expected}`, {
    part: 'key',
    hint: `see \`custody plugins ${plugin}\``,
  })
}

/** If no alternative of a union fits, the problems of the one that came nearest: those deepest inside of it. */
function narrowed(issue: Issue, prefix: readonly PropertyKey[]): readonly Issue[] {
  const path = [...prefix, ...issue.path]
  if (issue.code !== 'invalid_union') return [{ ...issue, path }]
  const depth = (issues: readonly Issue[]) => Math.max(0, ...issues.map(each => each.path.length))
  const alternatives = issue.errors.filter(each => each.length > 0).toSorted((a, b) => depth(b) - depth(a))
  const best = alternatives[0]
  if (best !== undefined && (depth(best) > 0 || alternatives.length === 1)) {
    return best.flatMap(each => narrowed(each, path))
  }
  const expected = alternatives.flatMap(each => each.map(one => expectation(one)))
  return [{ ...issue, path, message: `must be ${[...new Set(expected)].join(' or ')}` }]
}

function expectation(issue: Issue): string {
  if (issue.code === 'invalid_type') return words(issue.expected)
  if (issue.code === 'invalid_value') return issue.values.map(value => `\`${String(value)}\``).join(', ')
  return issue.message
}

function explain(
  issue: Issue,
  name: string,
  given: unknown,
): { readonly message: string; readonly hint?: string | undefined } {
  switch (issue.code) {
    case 'invalid_type': {
      const quoted = issue.expected === 'string' && (typeof given === 'number' || typeof given === 'boolean')
      const unquoted = typeof given === 'string' && ['number', 'int', 'boolean'].includes(issue.expected)
      const hint = quoted ? 'put it into quotes' : unquoted ? 'write it without quotes' : undefined
      return { message: `\`${name}\` must be ${words(issue.expected)}, not ${kindOf(given)}`, hint }
    }
    case 'invalid_value': {
      const values = [...new Set(issue.values.map(String))]
      return { message: `\`${name}\` isn’t one of the values that are allowed`, hint: valueHint(given, values) }
    }
    case 'too_small':
    case 'too_big':
      return { message: `\`${name}\` ${bound(issue)}` }
    case 'invalid_union':
      return { message: `\`${name}\` ${issue.message}, not ${kindOf(given)}` }
    default:
      return { message: `\`${name}\`: ${issue.message.slice(0, 1).toLowerCase()}${issue.message.slice(1)}` }
  }
}

function valueHint(given: unknown, values: readonly string[]): string | undefined {
  if (typeof given !== 'string') return `it is one of: ${values.join(', ')}`
  // `gz` is far from `gzip` by the number of letters.
  const short = given.length < 2 ? undefined : values.find(value => value.startsWith(given.toLowerCase()))
  return short === undefined ? nearestHint(given, values, 'it is one of') : `did you mean ${short}?`
}

function bound(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): string {
  const small = issue.code === 'too_small'
  const limit = Number(small ? issue.minimum : issue.maximum)
  const counted = ['string', 'array', 'set', 'map'].includes(issue.origin)
  if (!counted) {
    const strict = issue.inclusive === false
    return small
      ? `must be ${strict ? 'more than' : 'at least'} ${limit}`
      : `must be ${strict ? 'less than' : 'at most'} ${limit}`
  }
  if (small && limit === 1) return 'must not be empty'
  const unit = issue.origin === 'string' ? 'characters' : 'elements'
  return `must have at ${small ? 'least' : 'most'} ${limit} ${unit}`
}

const WORDS: { readonly [type: string]: string } = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
  null: 'null',
  undefined: 'nothing',
}
const words = (expected: string): string => WORDS[expected] ?? `a ${expected}`

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  return { string: 'a text', number: 'a number', boolean: 'true or false' }[typeof value as string] ?? 'a map'
}

const nameOf = (at: readonly (string | number)[]): string => (at.length === 0 ? 'options' : at.join('.'))

function valueAt(root: unknown, path: readonly (string | number)[]): unknown {
  let value = root
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as { [key: string | number]: unknown })[step]
  }
  return value
}

function resolved(schema: object, root: object): OptionSchema {
  const one = schema as OptionSchema
  if (one.$ref === undefined) return one
  const defs = (root as OptionSchema).$defs ?? {}
  return one.$ref === '#' ? (root as OptionSchema) : (defs[one.$ref.replace('#/$defs/', '')] ?? {})
}

function schemaAt(schema: object, root: object, path: readonly (string | number)[]): OptionSchema | null {
  let at = resolved(schema, root)
  for (const step of path) {
    const { properties, items, additionalProperties } = at
    const next = typeof step === 'number' ? items : (properties?.[step] ?? additionalProperties)
    if (typeof next !== 'object') return null
    at = resolved(next, root)
  }
  return at
}
