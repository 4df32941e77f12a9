/** What a description of src/format says of values: whether they fit it, some that do, and others that are nearly so. */
import fc from 'fast-check'
import type { Key, ObjectOf, Shape, Tail, Tuple } from '../../src/format/description.ts'
import { type EntryKind, LEDGER_ENTRIES, RUN_ENTRIES } from '../../src/format/run-entry.ts'
import { CONDITIONS, SUBJECT_ENTRY } from '../../src/format/subject-entry.ts'
import { isObject, type Json } from '../../src/model/row.ts'

type Facts = { readonly [key: string]: Json }

// ── whether it fits ─────────────────────────────────────────────────────────────────────────────────────────────────

export function fits(shape: Shape, value: Json | undefined): boolean {
  switch (shape.kind) {
    case 'whole':
      return Number.isSafeInteger(value) && (value as number) >= shape.least && (value as number) <= shape.most
    case 'text':
      return typeof value === 'string' && (shape.form === null || shape.form.test(value))
    case 'one of':
      return shape.values.some(each => each === value)
    case 'flag':
      return typeof value === 'boolean'
    case 'list':
      return Array.isArray(value) && value.length >= shape.least && value.every((each: Json) => fits(shape.of, each))
    case 'tuple':
      return Array.isArray(value) && fitsTuple(shape, value)
    case 'object':
      return isObject(value) && fitsKeys(shape.keys, value)
    case 'either':
      return shape.of.some(each => fits(each, value))
  }
}

function fitsKeys(keys: ObjectOf['keys'], value: Facts): boolean {
  const known = Object.keys(value).every(each => Object.hasOwn(keys, each))
  return (
    known && Object.entries(keys).every(([name, each]) => (name in value ? fits(each.is, value[name]) : each.optional))
  )
}

function fitsTuple(shape: Tuple, list: readonly Json[]): boolean {
  return tailsOf(shape).some(tails => {
    const elements = [...shape.elements, ...tails.flatMap(each => each.elements)]
    const rest = shape.rest !== null && tails.length === shape.tails.length ? shape.rest : null
    if (rest === null ? list.length !== elements.length : list.length < elements.length) return false
    if (!list.every((each, i) => fits((elements[i] ?? rest ?? elements[0]!).is, each))) return false
    return shape.tails.every(each => mayBe(each, tails.includes(each), elements, list))
  })
}

/** All that may be there of the tails. */
function tailsOf({ tails }: Tuple): readonly (readonly Tail[])[] {
  let all: (readonly Tail[])[] = [[]]
  for (const each of tails) all = all.flatMap(some => [some, [...some, each]])
  return all
}

function mayBe(tail: Tail, is_there: boolean, elements: Tuple['elements'], list: readonly Json[]): boolean {
  const at = (name: string) => list[elements.findIndex(each => each.name === name)]
  if (tail.if !== undefined && tail.if.among.includes(at(tail.if.element) as number) !== is_there) return false
  return !is_there || tail.unless_all_0 !== true || tail.elements.some(({ name }) => at(name) !== 0)
}

// ── entries ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const { c: COMMITMENTS, w: FIRST_VALUE, z: NONCE } = SUBJECT_ENTRY
const COMMITTED = { c: COMMITMENTS, w: FIRST_VALUE, z: NONCE }

function isCommitted(value: Facts): boolean {
  const one = ([a, b]: readonly [string, string]) => a in value !== b in value
  return one(['c', 'z']) && 'c' in value === 'w' in value
}

export function fitsSubject(value: Json): boolean {
  if (!isObject(value) || !fitsKeys(SUBJECT_ENTRY, value)) return false
  const { one_of, together } = CONDITIONS
  return one_of.every(([a, b]) => a in value !== b in value) && together.every(([a, b]) => a in value === b in value)
}

export function fitsRun(value: Json): boolean {
  return fitsKind(RUN_ENTRIES, value, COMMITTED) && isCommitted(value as Facts)
}

export function fitsLedger(value: Json): boolean {
  return fitsKind(LEDGER_ENTRIES, value, { z: { ...NONCE, optional: false } })
}

type Kinds = { readonly [kind: string]: EntryKind }

function fitsKind(kinds: Kinds, value: Json, more: ObjectOf['keys']): boolean {
  if (!isObject(value)) return false
  const { k, ...facts } = value
  if (typeof k !== 'string' || !Object.hasOwn(kinds, k)) return false
  const { keys, never_both } = kinds[k] as EntryKind
  if (never_both?.every(each => each in facts) === true) return false
  return fitsKeys({ ...keys, ...more }, facts)
}

// ── some that fit ───────────────────────────────────────────────────────────────────────────────────────────────────

function madeBy(shape: Shape): fc.Arbitrary<Json> {
  switch (shape.kind) {
    case 'whole': {
      const { least, most } = shape
      const small = fc.integer({ min: Math.max(least, -9), max: Math.min(most, 9) })
      return fc.oneof(small, fc.integer({ min: least, max: most }))
    }
    case 'text':
      return shape.form === null ? fc.string() : fc.stringMatching(shape.form)
    case 'one of':
      return fc.constantFrom(...shape.values)
    case 'flag':
      return fc.boolean()
    case 'list':
      return fc.array(madeBy(shape.of), { minLength: shape.least, maxLength: 3 })
    case 'tuple':
      return tupleBy(shape)
    case 'object':
      return objectBy(shape.keys)
    case 'either':
      return fc.oneof(...shape.of.map(madeBy))
  }
}

function tupleBy(shape: Tuple): fc.Arbitrary<Json> {
  const made = tailsOf(shape).map(tails => {
    const elements = [...shape.elements, ...tails.flatMap(each => each.elements)].map(each => madeBy(each.is))
    const has_rest = shape.rest !== null && tails.length === shape.tails.length
    const rest = has_rest ? fc.array(madeBy(shape.rest!.is), { maxLength: 3 }) : fc.constant([])
    return fc.tuple(fc.tuple(...elements), rest).map(([first, others]) => [...first, ...others] as Json)
  })
  return fc.oneof(...made).filter(each => fits(shape, each))
}

function objectBy(keys: ObjectOf['keys']): fc.Arbitrary<Facts> {
  const required = Object.keys(keys).filter(each => keys[each]?.optional === false)
  const values = Object.fromEntries(Object.entries<Key>(keys).map(([name, { is }]) => [name, madeBy(is)]))
  return fc.record(values, { requiredKeys: required, noNullPrototype: true }) as fc.Arbitrary<Facts>
}

/** Either `c` and `w`, or `z`. */
const committed = fc.oneof(
  fc.record({ c: madeBy(COMMITMENTS.is), w: madeBy(FIRST_VALUE.is) }),
  fc.record({ z: madeBy(NONCE.is) }),
)

export const subjectEntries: fc.Arbitrary<Facts> = (() => {
  const { b, c: _c, r, w: _w, z: _z, ...others } = SUBJECT_ENTRY
  const subject = fc.oneof(fc.record({ b: madeBy(b.is) }), fc.record({ r: madeBy(r.is) }))
  return fc.tuple(objectBy(others), subject, committed).map(parts => Object.assign({}, ...parts) as Facts)
})()

function entriesOf(kinds: Kinds, more: fc.Arbitrary<object>): fc.Arbitrary<Facts> {
  const each = Object.entries(kinds).map(([k, { keys, never_both }]) =>
    fc.tuple(objectBy(keys), more, fc.nat(1)).map(([facts, rest, which]) => {
      const made: { [key: string]: Json } = { k, ...facts, ...rest }
      const left_out = never_both?.[which]
      if (left_out !== undefined) delete made[left_out]
      return made
    }),
  )
  return fc.oneof(...each)
}

export const runEntries = entriesOf(RUN_ENTRIES, committed)
export const ledgerEntries = entriesOf(LEDGER_ENTRIES, fc.record({ z: madeBy(NONCE.is) }))

// ── others that are nearly so ───────────────────────────────────────────────────────────────────────────────────────

/** Those of rows and batches have one letter: all letters are tried. */
const KEYS = [
  ...'abcdefghijklmnopqrstuvwxyz',
  ...Object.values<EntryKind>({ ...RUN_ENTRIES, ...LEDGER_ENTRIES }).flatMap(({ keys }) => Object.keys(keys)),
  'more',
]
const ODD: readonly Json[] = [
  -1,
  0,
  1,
  2,
  3,
  4,
  5,
  1.5,
  'E',
  'E_1',
  'merged',
  '',
  'ab'.repeat(32),
  true,
  null,
  [],
  {},
  [1],
  [[1]],
]

/** All words that keys of entries may have. */
const WORDS = Object.values<EntryKind>({ ...RUN_ENTRIES, ...LEDGER_ENTRIES }).flatMap(({ keys }) =>
  Object.values(keys).flatMap(({ is }) => (is.kind === 'one of' ? is.values : [])),
)

/** Each with one thing in it replaced: all things in turn, by all that is odd and by all words. */
export function* replaced(value: Facts): Generator<Json> {
  for (const [i] of placesIn(value).entries())
    for (const odd of [...ODD, ...WORDS]) {
      const copy = structuredClone(value) as Facts
      const { holder, name } = placesIn(copy)[i]!
      ;(holder as { [key: string]: Json })[name] = odd
      yield copy
    }
}

/** One thing in it is another, gone, there twice, or new. */
export function changed(of: fc.Arbitrary<Facts>): fc.Arbitrary<Json> {
  const change = fc.record({
    at: fc.nat(),
    how: fc.nat(4),
    odd: fc.constantFrom(...ODD),
    key: fc.constantFrom(...KEYS),
  })
  return fc.tuple(of, change).map(([value, how]) => {
    const copy = structuredClone(value) as Facts
    const places = placesIn(copy)
    const { holder, name } = places[how.at % places.length]!
    changeAt(holder, name, how)
    return copy
  })
}

interface Place {
  readonly holder: Json[] | { [key: string]: Json }
  readonly name: string | number
}

function placesIn(value: Json): Place[] {
  if (typeof value !== 'object' || value === null) return []
  const holder = value as Place['holder']
  const names: (string | number)[] = Array.isArray(holder) ? [...holder.keys()] : Object.keys(holder)
  return names.flatMap(name => [{ holder, name }, ...placesIn((holder as { [key: string]: Json })[name] as Json)])
}

function changeAt(
  holder: Place['holder'],
  name: Place['name'],
  { how, odd, key }: { how: number; odd: Json; key: string },
) {
  if (Array.isArray(holder)) {
    const at = name as number
    if (how === 0) holder.splice(at, 1)
    else if (how === 1) holder.splice(at, 0, holder[at] as Json)
    else if (how === 2) holder.push(odd)
    else holder[at] = odd
  } else if (how === 0) delete holder[name]
  else if (how === 1) holder[key] = odd
  else holder[name] = odd
}
