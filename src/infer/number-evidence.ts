/**
 * Which conventions of writing numbers all cells of a column keep to: what stands before the fraction, what groups digits. Cells are read
 * by the rules of the `csv` source itself, so that what is found here is what a run will read.
 */
import { bigIntegerText, decimalText } from '../model/decimal-text.ts'
import type { FieldSchema } from '../model/schema.ts'
import { type CellRules, cellRules } from '../plugins/sources/csv-values.ts'
import { toInteger, toNumber } from '../sdk/cell.ts'
import { Examples, type LineName } from './examples.ts'

export interface Convention {
  readonly decimal: '.' | ','
  readonly thousands?: '.' | ',' | ' ' | "'" | '’' | '_'
}

/** Of equals the first is taken. */
export const CONVENTIONS: readonly Convention[] = [
  { decimal: '.' },
  { decimal: ',' },
  { decimal: '.', thousands: ',' },
  { decimal: ',', thousands: '.' },
  { decimal: '.', thousands: ' ' },
  { decimal: ',', thousands: ' ' },
  { decimal: '.', thousands: "'" },
  { decimal: '.', thousands: '’' },
  { decimal: '.', thousands: '_' },
]

const NUMBER: ReadonlyMap<string, FieldSchema> = new Map([['n', { schema: { type: 'number' }, optional: false }]])
const WORDS = { null_values: [], true_values: [], false_values: [], date_format: {} }
const RULES = CONVENTIONS.map(convention => cellRules({ ...WORDS, ...convention }, ['n'], NUMBER))

/** What numbers of a column are, if they follow one convention. */
export interface Numbers {
  /** Cells that are none. */
  readonly misses: Examples
  /** How many have a fraction. */
  fractions: number
  /** How many have a fraction that is `.0`. */
  zeros: number
  /** Of those with a fraction: fewest and most digits of it. */
  scale_min: number
  scale_max: number
  /** With a fraction that ends in a zero, other than `.0`: as a double it would end elsewhere. */
  readonly zero_ended: Examples
  /** Whole numbers that a double can't hold. */
  readonly large: Examples
  /** With more digits than a double keeps. */
  readonly long: Examples
  /** Of those with a fraction: with more than a double can be read from. */
  readonly rounded: Examples
  /** With an exponent, or more digits than a decimal has: of these no text is a number but a double's. */
  readonly inexact: Examples
  /** Whether it is still looked at. */
  alive: boolean
}

/** How many cells may be none before a convention isn't looked at any more. */
const MOST_MISSES = 20
const MISSES_SHARE = 0.2
const SHORT_INTEGER = /^-?(?:0|[1-9]\d{0,14})$/
const WHOLE = /^-?\d+$/
const EXPONENT = /[eE]/
/** Units of whole numbers that are surely no longer than those that a big integer can be. */
const MOST_SHORT = 100

export class NumberEvidence {
  count = 0
  /** Cells such as `007`: who writes zeros before a number means no number. */
  readonly zero_led = new Examples()
  /** Numbers with a sign or a unit that no convention here has: `12%`, `+5`, `€ 3`. */
  readonly dressed = new Examples()
  readonly by: readonly Numbers[] = CONVENTIONS.map(() => ({
    ...{ misses: new Examples(), zero_ended: new Examples(), large: new Examples() },
    ...{ long: new Examples(), rounded: new Examples(), inexact: new Examples() },
    ...{ fractions: 0, zeros: 0, scale_min: Number.POSITIVE_INFINITY, scale_max: 0, alive: true },
  }))

  get alive(): boolean {
    return this.by.some(({ alive }) => alive)
  }

  /** What they are by a convention; null if hardly any is a number. */
  under(convention: Convention): Numbers | null {
    const found = this.by[CONVENTIONS.indexOf(convention)]
    return found === undefined || !found.alive || this.count === 0 ? null : found
  }

  add(cell: string, line: LineName): void {
    this.count += 1
    if (SHORT_INTEGER.test(cell)) return
    if (/^-?0\d/.test(cell)) this.zero_led.add(cell, line)
    else if (DRESSED.test(cell)) this.dressed.add(cell, line)
    for (const [index, numbers] of this.by.entries())
      if (numbers.alive) this.#take(numbers, RULES[index] ?? null, cell, line)
  }

  #take(numbers: Numbers, rules: CellRules | null, cell: string, line: LineName): void {
    const cells: (string | null)[] = [cell]
    const plain = rules === null || rules(cells) === null ? (cells[0] ?? '') : ''
    if (WHOLE.test(plain)) {
      if (toInteger(plain) === undefined) numbers.large.add(cell, line)
      if (plain.length > MOST_SHORT && bigIntegerText(plain) === undefined) numbers.inexact.add(cell, line)
      return
    }
    const is_double = toNumber(plain) !== undefined
    const is_decimal = !EXPONENT.test(plain) && decimalText(plain) !== undefined
    if (!is_double && !is_decimal) {
      numbers.misses.add(cell, line)
      numbers.alive = numbers.misses.count <= Math.max(MOST_MISSES, this.count * MISSES_SHARE)
      return
    }
    const [, fraction = '', exponent] = FRACTION.exec(plain) ?? []
    numbers.fractions += 1
    if (!is_double) numbers.rounded.add(cell, line)
    if (!is_decimal) numbers.inexact.add(cell, line)
    if (fraction.length > 1 && fraction.endsWith('0')) numbers.zero_ended.add(cell, line)
    if (fraction === '0' && exponent === undefined) numbers.zeros += 1
    numbers.scale_min = Math.min(numbers.scale_min, exponent === undefined ? fraction.length : 0)
    numbers.scale_max = Math.max(numbers.scale_max, exponent === undefined ? fraction.length : Number.POSITIVE_INFINITY)
    if (plain.length > 17 && plain.replace(/[eE].*|^[-0.]+|\./g, '').length > 17) numbers.long.add(cell, line)
  }
}

const DRESSED = /^(?:[+€$£]\s?-?\d[\d.,]*|-?\d[\d.,]*\s?(?:%|€|\$|£|EUR|USD|CHF))$/
const FRACTION = /\.(\d+)([eE].*)?$|[eE]/
