/**
 * The canonical text of a JSON value (RFC 8785, JCS): the one text that commitments are made from.
 *
 * What RFC 8785 refuses (lone surrogates, NaN, infinities) is refused. Whoever reads texts must see to it that no number was rounded on its way in: see
 * `isRounded`.
 *
 * It is on the row path: the sorted keys of an object are found by its shape (its keys in their order), and a flat row
 * costs no call per field.
 */
import { isRow, type Json } from './row.ts'

export type NotJsonCode = 'NUMBER_NOT_FINITE' | 'LONE_SURROGATE' | 'TOO_DEEP' | 'NOT_JSON'

/** Deepest nesting of arrays and objects that a value may have. */
export const MAX_DEPTH = 200

/** Deepest nesting of what a node or a merge makes of a row: less, because error rows, details of merges and payloads are put around rows. */
export const MAX_ROW_DEPTH = 190

/** Deepest nesting of values that come from outside: merges, error rows and evidence put levels around them, and must have room for it. */
export const MAX_DATA_DEPTH = 128

/** From here on a number's canonical text has an exponent. */
const EXPONENT_FROM = 1e21

/** The value can't be written as canonical JSON. */
export class NotJsonError extends Error {
  override readonly name = 'NotJsonError'
  readonly code: NotJsonCode
  /** Where it is: field names and list positions from the top. */
  readonly path: readonly (string | number)[]

  constructor(code: NotJsonCode, path: readonly (string | number)[], what: string) {
    super(path.length === 0 ? what : `${what} at ${path.map(step => JSON.stringify(step)).join(' › ')}`)
    this.code = code
    this.path = path
  }
}

/**
 * The RFC 8785 text of `value`. Objects may be rows or plain objects; their own enumerable string keys count. −0 is 0.
 * @throws NotJsonError if `value` is not JSON, a number or text in it has no exact form, or it is nested deeper than `most_deep`.
 */
export function canonicalize(value: Json, most_deep = MAX_DEPTH): string {
  try {
    return write(value, MAX_DEPTH - most_deep)
  } catch (error) {
    if (error !== REFUSED) throw error
    throw explain(value, most_deep)
  }
}

/**
 * Whether `text`, of which `value` was parsed, is the canonical text of it. Nearly always the engine's own encoder and the order of
 * keys say so, which takes a third of the time of encoding it here.
 * @throws NotJsonError as `canonicalize`.
 */
export function isCanonical(value: Json, text: string): boolean {
  // Depth is limited first: on deeper values the engine's encoder could end the stack.
  if (!text.includes('\\u') && isSorted(value, MAX_DEPTH) && JSON.stringify(value) === text) return true
  return canonicalize(value) === text
}

/** Whether the keys of all its objects ascend, and no number in it is an inexact integer, which can't be written; false for deeper nesting. */
function isSorted(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'number' || !isInexactInteger(value)
  if (levels === 0) return false
  if (Array.isArray(value)) {
    for (const each of value as readonly Json[])
      if (typeof each !== 'string' && !isSorted(each, levels - 1)) return false
    return true
  }
  let before: string | null = null
  for (const key in value) {
    if (before !== null && key <= before) return false
    before = key
    const each = (value as { readonly [key: string]: Json })[key] as Json
    if (typeof each !== 'string' && !isSorted(each, levels - 1)) return false
  }
  return true
}

/** Whether lists and objects are nested more than `levels` deep. */
export function isDeeper(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some(each => isDeeper(each as Json, levels - 1))
}

/** True if a number's canonical text is a run of digits that a double may have rounded. */
export function isInexactInteger(value: number): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < EXPONENT_FROM
}

/**
 * Whether a decimal as JSON writes it (leading zeros allowed) is a whole number, and `value`, the double nearest to it, another one:
 * `1.5e18` is exact, `9007199254740993.0` is rounded. Digits alone are exact where a double is just this integer, or is written with
 * these digits everywhere. Of what has a fraction the nearest double is meant, whatever its size: `9007199254740993.5` isn't rounded.
 */
export function isRounded(decimal: string, value: number): boolean {
  if (Number.isSafeInteger(value) || !Number.isInteger(value)) return false
  const [mantissa = '', exponent] = decimal.split(/[eE]/)
  const [whole = '', fraction] = mantissa.replace('-', '').split('.')
  if (exponent === undefined && fraction === undefined) {
    const integer = whole.replace(/^0+/, '')
    return integer !== `${Math.abs(value)}` && integer !== `${BigInt(Math.abs(value))}`
  }
  if (!isInexactInteger(value)) return false
  const said = `${Math.abs(value)}`
  const digits = `${whole}${fraction ?? ''}`.replace(/^0+/, '')
  const length = digits.length + Number(exponent ?? 0) - (fraction?.length ?? 0)
  if (/[1-9]/.test(digits.slice(length))) return false
  // Zeros at its end may be said by the exponent.
  return digits.slice(0, length).padEnd(length, '0') !== said
}

/** Whether `value` is 0 only because the decimal is nearer to zero than any double. */
export const hasVanished = (decimal: string, value: number): boolean => value === 0 && /^[^eE]*[1-9]/.test(decimal)

/** Thrown inside, without a stack; `explain` then finds the place. */
const REFUSED = Symbol('refused')

/** A text with none of these is its own JSON text between quotes. Surrogates are looked at more closely. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what JSON escapes
const NEEDS_CARE = /["\\\u0000-\u001f\ud800-\udfff]/

function write(value: unknown, depth: number): string {
  if (typeof value === 'string') return writeText(value)
  if (typeof value === 'number') return writeNumber(value)
  if (value === null) return 'null'
  if (value === true) return 'true'
  if (value === false) return 'false'
  if (typeof value !== 'object' || depth === MAX_DEPTH) throw REFUSED
  return Array.isArray(value) ? writeList(value, depth + 1) : writeObject(value, depth + 1)
}

function writeText(value: string): string {
  if (!NEEDS_CARE.test(value)) return `"${value}"`
  if (!value.isWellFormed()) throw REFUSED
  return JSON.stringify(value)
}

function writeNumber(value: number): string {
  if (!Number.isFinite(value)) throw REFUSED
  return `${value}`
}

function writeList(values: readonly unknown[], depth: number): string {
  let text = '['
  for (let i = 0; i < values.length; i++) {
    if (i > 0) text += ','
    text += write(values[i], depth)
  }
  return `${text}]`
}

function writeObject(value: object, depth: number): string {
  if (!isRow(value) && !isPlain(value)) throw REFUSED
  const keys = Object.keys(value)
  if (keys.length === 0) return '{}'
  const { sorted, prefixes } = shapeOf(keys)
  let text = ''
  for (let i = 0; i < sorted.length; i++) {
    const each = (value as { [key: string]: unknown })[sorted[i]!]
    text += prefixes[i]
    if (typeof each === 'string') text += writeText(each)
    else if (typeof each === 'number') text += writeNumber(each)
    else text += write(each, depth)
  }
  return `${text}}`
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

// ── shapes ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Shape {
  /** Keys in canonical order (by UTF-16 units). */
  readonly sorted: readonly string[]
  /** What stands before each value: `{"a":`, then `,"b":`. */
  readonly prefixes: readonly string[]
  /** For src/format/field-order.ts, which finds it when it is first asked for. */
  places: string | null | undefined
}

/** A step in a tree of key sequences. Most objects take the step that the one before took. */
interface ShapeStep {
  readonly key: string
  shape: Shape | null
  last: ShapeStep | null
  others: Map<string, ShapeStep> | null
}

/** Objects with more keys are maps rather than records: their shapes aren't kept. */
const MAX_SHAPE_KEYS = 256
/** When there are more steps than this they are forgotten, so that data can't fill the memory. */
const MAX_STEPS = 20_000

const newStep = (key: string): ShapeStep => ({ key, shape: null, last: null, others: null })
let root = newStep('')
let steps = 0

/** What objects with these keys, in this order, have in common. */
export function shapeOf(keys: readonly string[]): Shape {
  if (keys.length > MAX_SHAPE_KEYS) return makeShape(keys)
  if (steps > MAX_STEPS) {
    root = newStep('')
    steps = 0
  }
  let step = root
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!
    const last = step.last
    step = last !== null && last.key === key ? last : nextStep(step, key)
  }
  if (step.shape === null) step.shape = makeShape(keys)
  return step.shape
}

function nextStep(step: ShapeStep, key: string): ShapeStep {
  if (step.others === null) step.others = new Map()
  let next = step.others.get(key)
  if (next === undefined) {
    next = newStep(key)
    step.others.set(key, next)
    steps++
  }
  step.last = next
  return next
}

function makeShape(keys: readonly string[]): Shape {
  const sorted = [...keys].sort(byUnits)
  const prefixes = sorted.map((key, i) => `${i === 0 ? '{' : ','}${writeText(key)}:`)
  return { sorted, prefixes, places: undefined }
}

/** JavaScript compares texts by UTF-16 units, as RFC 8785 asks. */
function byUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

// ── saying what is wrong ───────────────────────────────────────────────────────────────────────────────────────────

/** The first thing in `value` that `write` refuses, in the order in which it writes. */
function explain(value: unknown, most_deep: number): NotJsonError {
  const found = find(value, [], most_deep)
  if (found === null) throw new TypeError('a value was refused for no reason that can be found again')
  return found
}

function find(value: unknown, path: readonly (string | number)[], most_deep: number): NotJsonError | null {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? null : new NotJsonError('LONE_SURROGATE', path, 'half of a surrogate pair')
    case 'number':
      return Number.isFinite(value) ? null : new NotJsonError('NUMBER_NOT_FINITE', path, `the number ${value}`)
    case 'boolean':
      return null
    case 'object':
      if (value === null) return null
      if (path.length >= most_deep) return new NotJsonError('TOO_DEEP', path, `nested more than ${most_deep} deep`)
      return Array.isArray(value) ? findInList(value, path, most_deep) : findInObject(value, path, most_deep)
    default:
      return new NotJsonError('NOT_JSON', path, `a value of type ${typeof value}`)
  }
}

function findInList(
  values: readonly unknown[],
  path: readonly (string | number)[],
  most_deep: number,
): NotJsonError | null {
  for (let i = 0; i < values.length; i++) {
    const found = find(values[i], [...path, i], most_deep)
    if (found !== null) return found
  }
  return null
}

function findInObject(value: object, path: readonly (string | number)[], most_deep: number): NotJsonError | null {
  if (!isRow(value) && !isPlain(value)) return new NotJsonError('NOT_JSON', path, `an instance of a class`)
  const keys = Object.keys(value).sort(byUnits)
  for (const key of keys) {
    if (!key.isWellFormed())
      return new NotJsonError('LONE_SURROGATE', [...path, key], 'half of a surrogate pair in a key')
  }
  for (const key of keys) {
    const found = find((value as { [key: string]: unknown })[key], [...path, key], most_deep)
    if (found !== null) return found
  }
  return null
}
