/**
 * A JSON value that fits a JSON Schema, made by chance. Of keywords that it doesn't know (`pattern`, `not`, `if`) it
 * respects none; whoever uses the value checks it against the schema.
 */
import type { Json } from '../model/row.ts'
import type { JsonSchema } from '../model/schema.ts'
import { type Random, words } from './random.ts'

/** No value can be made; the message says why, without a full stop. */
export class SchemaTooHard extends Error {}

/** From this depth on, lists are as short as they may be, optional properties are left out, plain alternatives are taken. */
const SPARING_DEPTH = 4
const MAX_DEPTH = 24
const MAX_PARTS = 5000

/** @throws SchemaTooHard. */
export function valueFor(schema: JsonSchema, random: Random): Json {
  return new Maker(schema, random).make(schema, 0)
}

class Maker {
  readonly #root: JsonSchema
  readonly #random: Random
  #parts = 0

  constructor(root: JsonSchema, random: Random) {
    this.#root = root
    this.#random = random
  }

  make(given: unknown, depth: number): Json {
    this.#parts += 1
    if (depth > MAX_DEPTH || this.#parts > MAX_PARTS) throw new SchemaTooHard('the schema nests without an end')
    if (given === false) throw new SchemaTooHard('the schema has a place for which no value is allowed')
    const schema = this.#resolved(objectOf(given), depth)
    if ('const' in schema) return schema.const as Json
    if (Array.isArray(schema.enum) && schema.enum.length > 0) return this.#random.pick(schema.enum as Json[])
    const { anyOf, oneOf, ...rest } = schema
    const alternatives = [anyOf, oneOf].find(each => Array.isArray(each) && each.length > 0) as unknown[] | undefined
    if (alternatives !== undefined) return this.#oneOf(alternatives, rest, depth)
    return this.#ofType(this.#typeOf(schema, depth), schema, depth)
  }

  /** References and `allOf` put into the schema itself. */
  #resolved(schema: JsonSchema, depth: number): JsonSchema {
    const { $ref, allOf, ...rest } = schema
    let merged: JsonSchema = rest
    const parts = [...(Array.isArray(allOf) ? allOf : []), ...(typeof $ref === 'string' ? [this.#target($ref)] : [])]
    if (parts.length > 0 && depth > MAX_DEPTH) throw new SchemaTooHard('the schema refers to itself')
    for (const part of parts) merged = merge(this.#resolved(objectOf(part), depth + 1), merged)
    return merged
  }

  #target(reference: string): unknown {
    if (!reference.startsWith('#')) throw new SchemaTooHard(`the schema refers to ${reference}, outside of itself`)
    let target: unknown = this.#root
    for (const step of reference.slice(1).split('/').slice(1)) {
      const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
      target = typeof target === 'object' && target !== null ? (target as JsonSchema)[key] : undefined
    }
    if (target === undefined) throw new SchemaTooHard(`the schema refers to ${reference}, which it doesn’t have`)
    return target
  }

  /** One by chance; where it nests without end, the next. */
  #oneOf(alternatives: readonly unknown[], rest: JsonSchema, depth: number): Json {
    const start = this.#random.between(0, alternatives.length - 1)
    const rotated = [...alternatives.slice(start), ...alternatives.slice(0, start)]
    const order = depth < SPARING_DEPTH ? rotated : rotated.toSorted((a, b) => weight(a) - weight(b))
    let problem: unknown
    for (const alternative of order) {
      try {
        return this.make(merge(rest, objectOf(alternative)), depth + 1)
      } catch (error) {
        problem ??= error
      }
    }
    throw problem
  }

  #typeOf(schema: JsonSchema, depth: number): unknown {
    const { type } = schema
    if (Array.isArray(type)) return depth < SPARING_DEPTH ? this.#random.pick(type) : (type.at(-1) as unknown)
    if (type !== undefined) return type
    if ('properties' in schema || 'required' in schema) return 'object'
    if ('items' in schema || 'prefixItems' in schema) return 'array'
    return ['minimum', 'maximum', 'multipleOf'].some(keyword => keyword in schema) ? 'number' : 'string'
  }

  #ofType(type: unknown, schema: JsonSchema, depth: number): Json {
    switch (type) {
      case 'object':
        return this.#object(schema, depth)
      case 'array':
        return this.#list(schema, depth)
      case 'string':
        return textFor(schema, this.#random)
      case 'integer':
        return integerFor(schema, this.#random)
      case 'number':
        return numberFor(schema, this.#random)
      case 'boolean':
        return this.#random.chance(0.5)
      case 'null':
        return null
      default:
        throw new SchemaTooHard(`the schema has the type ${JSON.stringify(type)}`)
    }
  }

  #object(schema: JsonSchema, depth: number): Json {
    const properties = Object.entries(objectOf(schema.properties))
    const required = new Set(Array.isArray(schema.required) ? schema.required : [])
    const made: [string, Json][] = []
    for (const [name, property] of properties) {
      const wanted = required.has(name) || (depth < SPARING_DEPTH && this.#random.chance(0.75))
      if (wanted) made.push([name, this.make(property, depth + 1)])
    }
    const { additionalProperties: others } = schema
    if (properties.length === 0 && typeof others === 'object' && depth < SPARING_DEPTH)
      for (let i = this.#random.between(1, 3); i > 0; i--)
        made.push([words(this.#random, 1), this.make(others, depth + 1)])
    return Object.fromEntries(made)
  }

  #list(schema: JsonSchema, depth: number): Json {
    const first = Array.isArray(schema.prefixItems) ? (schema.prefixItems as unknown[]) : []
    const least = Math.max(limitOf(schema.minItems) ?? 0, 0)
    const most = Math.max(least, Math.min(limitOf(schema.maxItems) ?? Number.POSITIVE_INFINITY, least + 3, MAX_PARTS))
    const wanted = depth < SPARING_DEPTH ? this.#random.between(Math.min(most, Math.max(least, 1)), most) : least
    const length =
      schema.items === false ? Math.min(wanted, first.length) : Math.max(wanted, Math.min(first.length, most))
    const made: Json[] = []
    const texts = new Set<string>()
    for (let i = 0, tries = 0; i < length && tries < length * 20; tries++) {
      const value = this.make(first[i] ?? schema.items ?? {}, depth + 1)
      if (schema.uniqueItems === true && texts.size === texts.add(JSON.stringify(value)).size) continue
      made.push(value)
      i += 1
    }
    return made
  }
}

function objectOf(schema: unknown): JsonSchema {
  return typeof schema === 'object' && schema !== null ? (schema as JsonSchema) : {}
}

/** Both hold: properties and what is required are put together, of other keywords `over` wins. */
function merge(under: JsonSchema, over: JsonSchema): JsonSchema {
  const merged: { [keyword: string]: unknown } = { ...under, ...over }
  if (under.properties !== undefined && over.properties !== undefined)
    merged.properties = { ...objectOf(under.properties), ...objectOf(over.properties) }
  if (Array.isArray(under.required) && Array.isArray(over.required))
    merged.required = [...under.required, ...over.required]
  return merged
}

/** How much an alternative is likely to nest. */
function weight(schema: unknown): number {
  const { type, $ref } = objectOf(schema)
  return $ref !== undefined || type === 'object' || type === 'array' || type === undefined ? 1 : 0
}

/** Limits beyond the exact integers are what some tools write where there is none. */
function limitOf(limit: unknown): number | undefined {
  return typeof limit === 'number' && Math.abs(limit) < Number.MAX_SAFE_INTEGER ? limit : undefined
}

const USUAL_RANGE = 100

function rangeOf(schema: JsonSchema): { readonly low: number; readonly high: number } {
  const low = limitOf(schema.minimum) ?? limitOf(schema.exclusiveMinimum)
  const high = limitOf(schema.maximum) ?? limitOf(schema.exclusiveMaximum)
  return {
    low: low ?? Math.min(0, (high ?? USUAL_RANGE) - USUAL_RANGE),
    high: high ?? Math.max(0, low ?? 0) + USUAL_RANGE,
  }
}

function integerFor(schema: JsonSchema, random: Random): number {
  const { low, high } = rangeOf(schema)
  const step = typeof schema.multipleOf === 'number' ? Math.max(1, Math.ceil(schema.multipleOf)) : 1
  const least = Math.ceil(low / step) + (schema.exclusiveMinimum === low && Number.isInteger(low / step) ? 1 : 0)
  const most = Math.floor(high / step) - (schema.exclusiveMaximum === high && Number.isInteger(high / step) ? 1 : 0)
  if (least > most) throw new SchemaTooHard('the schema has a range with no integer in it')
  return random.between(least, most) * step
}

function numberFor(schema: JsonSchema, random: Random): number {
  if (typeof schema.multipleOf === 'number') {
    const { low, high } = rangeOf(schema)
    const step = schema.multipleOf
    return random.between(Math.ceil(low / step), Math.floor(high / step)) * step
  }
  const { low, high } = rangeOf(schema)
  const exact = low + random.next() * (high - low)
  const rounded = Math.round(exact * 100) / 100
  return rounded > low && rounded < high ? rounded : exact
}

const FORMATS: { readonly [format: string]: (random: Random) => string } = {
  date: random => dateFor(random).slice(0, 10),
  'date-time': dateFor,
  time: random => dateFor(random).slice(11),
  email: random => `${words(random, 1)}@example.com`,
  uri: random => `https://example.com/${words(random, 1)}`,
  uuid: random => {
    const digits = Array.from({ length: 30 }, () => random.between(0, 15).toString(16)).join('')
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(12, 15)}-8${digits.slice(15, 18)}-${digits.slice(18)}`
  },
}

/** A whole second of the twenty years from 2010 on. */
function dateFor(random: Random): string {
  return new Date((1_262_304_000 + random.between(0, 631_151_999)) * 1000).toISOString().replace('.000', '')
}

const MAX_TEXT = 100_000

function textFor(schema: JsonSchema, random: Random): string {
  const format = typeof schema.format === 'string' ? FORMATS[schema.format] : undefined
  if (format !== undefined) return format(random)
  const least = limitOf(schema.minLength) ?? 0
  if (least > MAX_TEXT) throw new SchemaTooHard(`the schema wants a text of ${least} characters`)
  let text = words(random, random.between(1, 4))
  while (text.length < least) text += ` ${words(random, 1)}`
  return text.slice(0, limitOf(schema.maxLength) ?? text.length)
}
