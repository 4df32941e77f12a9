/**
 * Entries of whole rows, known by their texts: most rows of a run tell one of few stories, in texts that differ only in numbers. The
 * first text of a form is decoded and folded (whole-rows.ts); of others these numbers are read, and nothing else.
 *
 * ROW-FORM-1. Texts of one form differ in the row's number and where it came from, in times, in places and numbers of batches, and in
 *     numbers of calls, tokens and groups. Of the last two, the row's own lie as far from its first one as in the first text, and groups that
 *     aren't its own are the same or others where they are in the first text. So what the fold found of one holds of all.
 * ROW-FORM-2. A text of a form is canonical: between its numbers it has what a canonical text has, and they are written as JSON writes them.
 */
import { type Element, FLAG, positionsOf, type Tuple, whole } from '../../format/description.ts'
import type { SubjectEntry } from '../../format/entry.ts'
import { LISTS, type ListKey, ROW, TIME } from '../../format/subject-lists.ts'
import type { Json } from '../../model/row.ts'
import type { Hash } from '../../model/sha256.ts'
import type { Facts } from './stored-endings.ts'

/** Where a number stands that may be another one in other texts of the form. */
interface Place {
  /** What stands between it and the one before. */
  readonly before: string
  readonly key: string
  /** Which of the key's lists it is in, from 0. */
  readonly list: number
  readonly name: string
  /** The least number that may stand there. */
  readonly least: number
  /** That of the first text. */
  readonly value: number
}

/** By key: elements that are numbers of tokens, of groups, and others that may differ. */
const TOKENS: { readonly [key: string]: readonly string[] } = {
  d: ['member'],
  e: ['token'],
  h: ['token'],
  n: ['token', 'parent'],
  v: ['token'],
  x: ['token'],
}
const GROUPS: { readonly [key: string]: readonly string[] } = {
  ...{ d: ['group'], e: ['group'], g: ['group'], h: ['group'], n: ['group'] },
  u: ['group'],
}
const OTHERS: { readonly [key: string]: readonly string[] } = {
  ...{ r: ['row'], t: ['time'], s: ['index', 'line'] },
  v: ['start', 'duration'],
  x: ['call', 'start', 'duration'],
}
/** In holds for a batch. */
const IN_BATCH = ['ordinal', 'batch']
const HOLD_IN_BATCH = positionsOf(LISTS.h).batch + 1

const HEAD = '{"c":["'
const HASH_DIGITS = 64
const BETWEEN_HASHES = '","'
const BEHIND_HASHES = '"]'
const [ZERO, NINE] = [48, 57]
/** No safe integer has more. */
const MOST_DIGITS = 16

export class RowForm {
  /** Number of values that its entries commit to. */
  readonly values: number
  readonly #places: readonly Place[]
  /** Behind the last of them. */
  readonly #end: string
  readonly #tokens: Own
  readonly #groups: Own
  /** Of each group that isn't the row's own: its places. */
  readonly #foreign: ReadonlyArray<readonly number[]>

  private constructor(values: number, { places, end }: FormText, tokens: Own, groups: Own) {
    this.values = values
    this.#places = places
    this.#end = end
    this.#tokens = tokens
    this.#groups = groups
    this.#foreign = [...groups.foreign.values()]
  }

  /** That of an entry with values; null if no other text could be told to be of its form. */
  static of(facts: Facts, { commitments, births, groups_opened }: SubjectEntry): RowForm | null {
    const text = new FormText(facts)
    if (text.places.some(({ value }) => value < 0)) return null
    const born = births.map(each => each.token)
    const opened = groups_opened.map(each => each.group)
    const tokens = ownNumbers(born, text.numbersOf(TOKENS))
    const groups = ownNumbers(opened, text.numbersOf(GROUPS))
    if (tokens === null || groups === null || tokens.foreign.size > 0) return null
    return new RowForm(commitments.length, text, tokens, groups)
  }

  /** Number of the place with this name in a list of the key. @throws TypeError if there is none: the format has other names. */
  place(key: string, list: number, name: string): number {
    const place = this.#places.findIndex(each => each.key === key && each.list === list && each.name === name)
    if (place === -1) throw new TypeError(`no ${name} may differ in list ${list} of ${key}`)
    return place
  }

  /** A place that has a token's or a group's number of the first text; NONE if there is none. */
  placeOf(kind: 'token' | 'group', number: number): number {
    const of = kind === 'token' ? TOKENS : GROUPS
    return this.#places.findIndex(({ key, name, value }) => value === number && of[key]?.includes(name))
  }

  /** The numbers of a text, place by place; null if it isn't of this form. Commitments may be any text of their length. */
  read(body: string): readonly number[] | null {
    if (!body.startsWith(HEAD)) return null
    let at = HEAD.length + HASH_DIGITS
    for (let i = 1; i < this.values; i++) {
      if (!body.startsWith(BETWEEN_HASHES, at)) return null
      at += BETWEEN_HASHES.length + HASH_DIGITS
    }
    const numbers: number[] = []
    for (const { before, least } of this.#places) {
      if (!body.startsWith(before, at)) return null
      at += before.length
      const from = at
      let number = 0
      for (let code = body.charCodeAt(at); code >= ZERO && code <= NINE; code = body.charCodeAt(++at))
        number = number * 10 + (code - ZERO)
      // Digits behind a leading zero, or too many of them.
      if (at === from || at - from > MOST_DIGITS || (at - from > 1 && body.charCodeAt(from) === ZERO)) return null
      if (number > Number.MAX_SAFE_INTEGER || number < least) return null
      numbers.push(number)
    }
    if (body.length !== at + this.#end.length || !body.endsWith(this.#end)) return null
    return this.#fits(numbers) ? numbers : null
  }

  /** The commitments of a text of this form. */
  commitments(body: string): readonly Hash[] {
    const hashes: Hash[] = []
    for (let at = HEAD.length; hashes.length < this.values; at += HASH_DIGITS + BETWEEN_HASHES.length)
      hashes.push(body.slice(at, at + HASH_DIGITS))
    return hashes
  }

  #fits(numbers: readonly number[]): boolean {
    if (!areOwn(numbers, this.#tokens) || !areOwn(numbers, this.#groups)) return false
    if (this.#foreign.length === 0) return true
    const groups = new Set<number>()
    for (const places of this.#foreign) {
      const group = numberAt(numbers, places[0] ?? NONE)
      if (group === 0 || groups.has(group) || isOwn(numbers, group, this.#groups)) return false
      for (const place of places) if (numberAt(numbers, place) !== group) return false
      groups.add(group)
    }
    return true
  }
}

/** The place of what isn't there. */
export const NONE = -1

/** Of the numbers of a text the one at a place; 0 at none. */
export function numberAt(numbers: readonly number[], place: number): number {
  return place === NONE ? 0 : (numbers[place] ?? 0)
}

/** Numbers of one kind that a row's entry gives out. */
interface Own {
  /** A place that has the first; NONE if there are none. */
  readonly first: number
  /** How far each lies behind the first. */
  readonly offsets: ReadonlyArray<{ readonly place: number; readonly offset: number }>
  readonly most: number
  /** Places of others, by number. */
  readonly foreign: ReadonlyMap<number, readonly number[]>
}

/** `numbers`: by place. null if one that is given out is below the first. */
function ownNumbers(given_out: readonly number[], numbers: ReadonlyMap<number, number>): Own | null {
  const base = given_out[0] ?? 0
  const most = Math.max(0, ...given_out.map(each => each - base))
  if (given_out.some(each => each < base)) return null
  const foreign = new Map<number, number[]>()
  const offsets: Array<{ readonly place: number; readonly offset: number }> = []
  for (const [place, number] of numbers)
    if (given_out.includes(number)) offsets.push({ place, offset: number - base })
    else foreign.set(number, [...(foreign.get(number) ?? []), place])
  const first = offsets.find(({ offset }) => offset === 0)?.place ?? NONE
  return { first, offsets, most, foreign }
}

function areOwn(numbers: readonly number[], { first, offsets }: Own): boolean {
  const base = numberAt(numbers, first)
  for (const { place, offset } of offsets) if (numberAt(numbers, place) !== base + offset) return false
  return true
}

function isOwn(numbers: readonly number[], number: number, { first, most }: Own): boolean {
  const base = numberAt(numbers, first)
  return base > 0 && number >= base && number <= base + most
}

/** A canonical text but for its commitments, cut where numbers may differ. */
class FormText {
  readonly places: Place[] = []
  /** Behind the last of them. */
  readonly end: string
  #text = BEHIND_HASHES

  constructor({ c: _c, ...facts }: Facts) {
    for (const [key, value] of Object.entries(facts)) {
      this.#text += `,"${key}":`
      this.#write(key, value, [], 0)
    }
    this.end = `${this.#text}}`
  }

  /** Numbers by place. */
  numbersOf(names: typeof TOKENS): ReadonlyMap<number, number> {
    const found = new Map<number, number>()
    for (const [i, { key, name, value }] of this.places.entries())
      if (names[key]?.includes(name) === true) found.set(i, value)
    return found
  }

  /** `path`: places in lists; `length`: that of the innermost. */
  #write(key: string, value: Json, path: readonly number[], length: number): void {
    if (Array.isArray(value)) {
      const elements: readonly Json[] = value
      this.#text += '['
      for (const [i, each] of elements.entries()) {
        if (i > 0) this.#text += ','
        this.#write(key, each, [...path, i], elements.length)
      }
      this.#text += ']'
      return
    }
    const { name, is } = elementAt(key, path)
    if (typeof value !== 'number' || !mayDiffer(key, name, value, length)) {
      this.#text += JSON.stringify(value)
      return
    }
    const list = path.length > 1 ? (path[0] ?? 0) : 0
    this.places.push({ before: this.#text, key, list, name, least: is.kind === 'whole' ? is.least : 0, value })
    this.#text = ''
  }
}

function mayDiffer(key: string, name: string, value: number, length: number): boolean {
  if (OTHERS[key]?.includes(name) === true) return true
  if (key === 'h' && length === HOLD_IN_BATCH && IN_BATCH.includes(name)) return true
  // Where there is no token or group in one text there is none in all.
  return value !== 0 && (TOKENS[key]?.includes(name) === true || GROUPS[key]?.includes(name) === true)
}

/** As the format's description has it. */
function elementAt(key: string, path: readonly number[]): Element {
  if (key === 'r') return { name: 'row', is: ROW }
  if (key === 't') return { name: 'time', is: TIME }
  if (key === 'u') return { name: 'group', is: whole('group') }
  if (!isListKey(key)) return NO_ELEMENT
  const { elements, tails, rest }: Tuple = LISTS[key]
  const all = [...elements, ...tails.flatMap(each => each.elements)]
  return all[path.at(-1) ?? -1] ?? rest ?? NO_ELEMENT
}

const NO_ELEMENT: Element = { name: '', is: FLAG }

function isListKey(key: string): key is ListKey {
  return Object.hasOwn(LISTS, key)
}
