/**
 * What a JSON Schema says of the numbers in a value, place by place: which become texts of decimals or big integers, which the nearest
 * double. A number is read and converted before the value is checked, so that a place must mean one thing whichever alternative (`anyOf`,
 * `oneOf`, `then`, `else`, `dependentSchemas`) the value will fit; a schema by which it could mean two is refused.
 */
import { compilePattern, isPattern } from '../expression/pattern.ts'
import type { DeclaredNumbers } from '../model/json.ts'
import { type ExactType, exactType, type JsonSchema } from '../model/schema.ts'

/** What becomes of a number: as in `DeclaredNumbers`, or the text of an exact type. */
export type Meaning = ExactType | 'nearest' | 'text_if_rounded' | null

/** A schema by which no one can tell what a number is. */
export class UnclearNumbers extends Error {
  readonly hint: string
  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

export const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const membersOf = (value: unknown): readonly unknown[] => (isSchema(value) ? Object.values(value) : [])
const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** More places than any schema by hand has: one that refers to itself in ever new ways. */
const MOST_PLACES = 10_000
/** Names of fields whose places are remembered: rows may have any. */
const MOST_NAMES = 1000

/** Says that anything may stand there, or nothing. */
const ANYTHING: JsonSchema = {}
const NOTHING: JsonSchema = { enum: [] }

/** Of each of these one holds, and nobody knows which. */
type Choices = readonly (readonly NumberPlace[])[]

/** One place in the values of a schema: all that is said of what stands there. */
export class NumberPlace implements DeclaredNumbers {
  readonly key: string
  /** All of them hold. */
  readonly all: readonly JsonSchema[]
  readonly inherited: Choices
  readonly #schemas: Schemas
  readonly #named = new Map<string, NumberPlace>()
  readonly #items: NumberPlace[] = []
  #choices: Choices | undefined
  /** Null also while it is being looked for: a schema may refer to itself. */
  #meaning: Meaning | undefined
  #has_exact: boolean | undefined

  constructor(schemas: Schemas, key: string, all: readonly JsonSchema[], inherited: Choices) {
    this.#schemas = schemas
    this.key = key
    this.all = all
    this.inherited = inherited
  }

  /** Of a number that stands here. @throws UnclearNumbers */
  get meaning(): Meaning {
    if (this.#meaning === undefined) {
      this.#meaning = null
      this.#meaning = this.#ofAll() ?? this.#ofChoices()
    }
    return this.#meaning
  }

  get here(): DeclaredNumbers['here'] {
    return typeof this.meaning === 'object' && this.meaning !== null ? 'text' : this.meaning
  }

  /** Whether exact types stand here or within. */
  get hasExact(): boolean {
    this.#has_exact ??= [...placesWithin(this)].some(each => each.here === 'text')
    return this.#has_exact
  }

  field(name: string): NumberPlace {
    const known = this.#named.get(name)
    if (known !== undefined) return known
    const place = this.#child(
      'object',
      each => this.#schemas.ofField(each, name),
      each => each.field(name),
    )
    if (this.#named.size < MOST_NAMES) this.#named.set(name, place)
    return place
  }

  item(index: number): NumberPlace {
    const at = Math.min(index, this.listed)
    const known = this.#items[at]
    if (known !== undefined) return known
    const place = this.#child(
      'array',
      each => itemOf(each, at),
      each => each.item(at),
    )
    this.#items[at] = place
    return place
  }

  /** How many items have schemas of their own. */
  get listed(): number {
    const own = this.all.map(({ prefixItems }) => listIn(prefixItems).length)
    return Math.max(0, ...own, ...this.#chosen.flat().map(each => each.listed))
  }

  /** Places in it that differ, one of each kind. */
  children(): readonly NumberPlace[] {
    if (this.all.length === 0 && this.#chosen.length === 0) return []
    const fields = [...this.names()].map(name => this.field(name))
    const patterns = [...this.patterns(), null].map(pattern => this.ofPattern(pattern))
    const items = Array.from({ length: this.listed + 1 }, (_, index) => this.item(index))
    return [...fields, ...patterns, ...items]
  }

  names(): ReadonlySet<string> {
    const own = this.all.flatMap(({ properties }) => (isSchema(properties) ? Object.keys(properties) : []))
    return new Set([...own, ...this.#chosen.flat().flatMap(each => [...each.names()])])
  }

  patterns(): readonly string[] {
    const own = this.all.flatMap(({ patternProperties: of }) => (isSchema(of) ? Object.keys(of) : []))
    return [...new Set([...own, ...this.#chosen.flat().flatMap(each => each.patterns())])]
  }

  /** The place of fields that no name stands for, and that pattern alone; null: no pattern either. */
  ofPattern(pattern: string | null): NumberPlace {
    return this.#child(
      'object',
      each => ofPattern(each, pattern),
      each => each.ofPattern(pattern),
    )
  }

  /** Whether such a value may stand here, as far as types say. */
  admits(...types: readonly string[]): boolean {
    return this.all.every(each => {
      const declared = typesIn(each)
      return declared === null || declared.some(type => types.includes(type))
    })
  }

  #child(
    holder: string,
    own: (schema: JsonSchema) => readonly unknown[],
    inner: (place: NumberPlace) => NumberPlace,
  ): NumberPlace {
    const choices = this.#chosen.map(each => each.filter(one => one.admits(holder)).map(inner))
    return this.#schemas.place(this.all.flatMap(own), choices)
  }

  #ofAll(): Meaning {
    const exact = this.all.map(exactType).filter(each => each !== null)
    const [first] = exact
    const types = new Set(this.all.flatMap(each => (exactType(each) === null ? (typesIn(each) ?? []) : [])))
    if (first !== undefined) {
      const other = exact.find(each => !isSameExact(each, first))
      if (other !== undefined) throw unclear(first, words(other))
      const scalar = SCALARS.find(type => types.has(type))
      if (scalar !== undefined) throw unclear(first, SCALAR_WORDS[scalar])
      return first
    }
    if (types.has('number')) return 'nearest'
    return types.has('string') ? 'text_if_rounded' : null
  }

  #ofChoices(): Meaning {
    for (const alternatives of this.#chosen) {
      const meaning = meaningOf(alternatives.filter(each => each.admits(...SCALARS)))
      if (meaning !== null) return meaning
    }
    return null
  }

  /** For its alternatives: whether types say what stands here. */
  get isTyped(): boolean {
    return this.all.some(each => typesIn(each) !== null) || this.#chosen.some(all => all.every(each => each.isTyped))
  }

  get #chosen(): Choices {
    this.#choices ??= [...this.#schemas.choicesOf(this.all), ...this.inherited]
    return this.#choices
  }
}

const SCALARS = ['number', 'integer', 'string'] as const
const SCALAR_WORDS = { number: 'a number', integer: 'an integer', string: 'a text' } as const

/** Of what may be each of these. */
function meaningOf(alternatives: readonly NumberPlace[]): Meaning {
  const meanings = alternatives.map(each => each.meaning)
  const exact = meanings.find(each => typeof each === 'object' && each !== null)
  if (typeof exact === 'object' && exact !== null) {
    for (const each of meanings) {
      if (each === null) throw unclear(exact, 'anything else')
      if (typeof each !== 'object') throw unclear(exact, each === 'nearest' ? 'a number' : 'a text')
      if (!isSameExact(each, exact)) throw unclear(exact, words(each))
    }
    return exact
  }
  if (alternatives.some(each => !each.isTyped)) return null
  return meanings.includes('nearest') ? 'nearest' : meanings.includes('text_if_rounded') ? 'text_if_rounded' : null
}

const words = (exact: ExactType): string =>
  exact.type === 'big_integer' ? 'a big_integer' : exact.scale === null ? 'a decimal' : `a decimal(${exact.scale})`

const isSameExact = (a: ExactType, b: ExactType) => words(a) === words(b)

const unclear = (exact: ExactType, other: string) =>
  new UnclearNumbers(
    `a number in one place could be ${words(exact)} and ${other}`,
    'Say the same type in each alternative that a number may fit; null, booleans, lists and objects may stand beside it.',
  )

/** What may stand there by `type`, or by the values that are listed; null if anything may. */
function typesIn({ type, enum: values, const: value }: JsonSchema): readonly string[] | null {
  if (typeof type === 'string') return [type]
  if (Array.isArray(type)) return type.map(String)
  const listed = Array.isArray(values) ? values : value === undefined ? null : [value]
  return listed === null
    ? null
    : listed.map(each => (each === null ? 'null' : Array.isArray(each) ? 'array' : typeof each))
}

function itemOf({ prefixItems, items }: JsonSchema, index: number): readonly unknown[] {
  const own = listIn(prefixItems)
  return [index < own.length ? own[index] : items]
}

function ofPattern(
  { patternProperties, additionalProperties }: JsonSchema,
  pattern: string | null,
): readonly unknown[] {
  const known = pattern !== null && isSchema(patternProperties) && Object.hasOwn(patternProperties, pattern)
  return [known ? patternProperties[pattern] : additionalProperties]
}

/** What a reference leads to; undefined for what isn't a pointer within the schema. */
export function referredTo(reference: string, root: JsonSchema): unknown {
  if (!reference.startsWith('#')) return undefined
  const [start, ...steps] = decodeURIComponent(reference.slice(1)).split('/')
  if (start !== '') return undefined
  const names = steps.map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  return names.reduce<unknown>((at, name) => {
    if (Array.isArray(at)) return at[Number(name)]
    return isSchema(at) && Object.hasOwn(at, name) ? at[name] : undefined
  }, root)
}

/** Of each list one holds. */
function alternativesIn(schema: JsonSchema): readonly (readonly unknown[])[] {
  const { anyOf, oneOf, dependentSchemas, dependencies } = schema
  const conditions = 'then' in schema || 'else' in schema ? [[schema.then ?? ANYTHING, schema.else ?? ANYTHING]] : []
  const dependent = [...membersOf(dependentSchemas), ...membersOf(dependencies)].filter(isSchema)
  return [
    ...[anyOf, oneOf].filter(each => Array.isArray(each)),
    ...conditions,
    ...dependent.map(each => [each, ANYTHING]),
  ]
}

/** The schemas within one, and the places that they make. */
class Schemas {
  readonly #root: JsonSchema
  readonly #numbers = new Map<JsonSchema, number>()
  readonly #places = new Map<string, NumberPlace>()
  readonly #patterns = new Map<string, (text: string) => boolean>()

  constructor(root: JsonSchema) {
    this.#root = root
  }

  /** What is said by all of `given`, and by one of each of `inherited`. */
  place(given: readonly unknown[], inherited: Choices): NumberPlace {
    const all = new Set<JsonSchema>()
    const choices: (readonly NumberPlace[])[] = []
    for (const each of given) this.#add(each, all)
    for (const each of inherited) {
      const [only, ...others] = new Map(each.map(place => [place.key, place])).values()
      if (only === undefined) continue
      if (others.length > 0) choices.push([only, ...others])
      else {
        for (const schema of only.all) all.add(schema)
        choices.push(...only.inherited)
      }
    }
    const ids = [...all].map(each => this.#numberOf(each)).sort((a, b) => a - b)
    const key = `${ids.join()}${choices.map(each => `(${each.map(one => one.key).join('|')})`).join('')}`
    const found = this.#places.get(key)
    if (found !== undefined) return found
    if (this.#places.size >= MOST_PLACES)
      throw new UnclearNumbers('it refers to itself in too many ways', 'Give it fewer alternatives.')
    const place = new NumberPlace(this, key, [...all], choices)
    this.#places.set(key, place)
    return place
  }

  /** What the alternatives of schemas say of the same place. */
  choicesOf(all: readonly JsonSchema[]): Choices {
    return all.flatMap(alternativesIn).map(each => each.map(one => this.place([one], [])))
  }

  #numberOf(schema: JsonSchema): number {
    const number = this.#numbers.get(schema) ?? this.#numbers.size
    this.#numbers.set(schema, number)
    return number
  }

  #add(schema: unknown, all: Set<JsonSchema>): void {
    if (schema === false) all.add(NOTHING)
    if (!isSchema(schema) || all.has(schema)) return
    all.add(schema)
    for (const each of listIn(schema.allOf)) this.#add(each, all)
    if (typeof schema.$ref === 'string') this.#add(referredTo(schema.$ref, this.#root), all)
  }

  ofField({ properties, patternProperties, additionalProperties }: JsonSchema, name: string): readonly unknown[] {
    const found: unknown[] = isSchema(properties) && Object.hasOwn(properties, name) ? [properties[name]] : []
    for (const [pattern, each] of isSchema(patternProperties) ? Object.entries(patternProperties) : [])
      if (this.#matches(pattern, name)) found.push(each)
    return found.length > 0 ? found : [additionalProperties]
  }

  #matches(source: string, name: string): boolean {
    let test = this.#patterns.get(source)
    if (test === undefined) {
      const pattern = compilePattern(source)
      // What is none is reported where the schema is compiled.
      test = isPattern(pattern) ? text => pattern.test(text) : () => false
      this.#patterns.set(source, test)
    }
    return test(name)
  }
}

/** The place of a value as a whole. `within`: of the root, by which references are followed; the value's schema if absent. */
export const numberPlace = (schema: JsonSchema, root = schema): NumberPlace => new Schemas(root).place([schema], [])

/** Each place that there can be, once. */
export function* placesWithin(place: NumberPlace): Iterable<NumberPlace> {
  const seen = new Set([place])
  for (const each of seen) {
    yield each
    for (const child of each.children()) seen.add(child)
  }
}
