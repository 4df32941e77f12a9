/** What a text says by a pattern of dates. Read strictly, from left to right and without a second try: in time linear in the text. */
import { nameAt, nameList, namesIn } from './date-names.ts'
import type { DatePattern, Letter, PatternPart } from './date-pattern.ts'

type Field = Extract<PatternPart, { is: 'field' }>
type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type Numbers = { readonly [L in Exclude<Letter, 'V'>]: number | undefined }

/** By letter; undefined: the pattern has none. Months and weekdays count from 1, S is in nanoseconds, X in minutes, and a is 1 for PM. */
export interface Found extends Numbers {
  /** Of `V`: not yet looked up. */
  readonly zone: string | undefined
  /** In how many digits the fraction is written. */
  readonly digits: number
}

/** Years of two digits from here on are of the last century, as POSIX has it. */
const PIVOT = 69
const HALVES = nameList(['AM', 'PM'], ['a.m.', 'p.m.'])

/** Null if the text isn't of the pattern; whether there is such a day and time is not looked at. */
export function scanDate(text: string, { parts }: DatePattern, locale: string): Found | null {
  const found: Mutable<Found> = {
    ...{ y: undefined, M: undefined, d: undefined, E: undefined, H: undefined, h: undefined, a: undefined },
    ...{ m: undefined, s: undefined, S: undefined, X: undefined, zone: undefined, digits: 0 },
  }
  let position = 0
  for (const part of parts) {
    if (part.is === 'field') position = read(text, position, part, found, locale)
    else position = text.startsWith(part.text, position) ? position + part.text.length : -1
    if (position < 0) return null
  }
  return position === text.length ? found : null
}

/** Where the field ends that begins at `start`; -1 if there is none. */
function read(text: string, start: number, field: Field, found: Mutable<Found>, locale: string): number {
  const { letter, count } = field
  if (letter === 'X') return readOffset(text, start, found)
  if (letter === 'V') return readZone(text, start, found)
  if (letter === 'a') {
    const half = nameAt(text, start, HALVES)
    return half === null ? -1 : note(found, letter, half.value, half.end)
  }
  if (letter === 'E' || (letter === 'M' && count > 2)) {
    const { months, days } = namesIn(locale).sought
    const name = nameAt(text, start, (letter === 'E' ? days : months)[count === 4 ? 'long' : 'short'])
    return name === null ? -1 : note(found, letter, name.value + 1, name.end)
  }
  const { least, most } = digitsOf(letter, count)
  let value = 0
  let end = start
  for (; end < start + most; end++) {
    const digit = text.charCodeAt(end) - 48
    // Behind the end of the text it is no number.
    if (!(digit >= 0 && digit <= 9)) break
    value = value * 10 + digit
  }
  const digits = end - start
  if (digits < least) return -1
  if (letter === 'y' && count === 2) value += value < PIVOT ? 2000 : 1900
  if (letter === 'S') {
    found.digits = digits
    value *= 10 ** (9 - digits)
  }
  return note(found, letter, value, end)
}

/** A field that stands twice must say the same. */
function note(found: Mutable<Found>, letter: keyof Numbers, value: number, end: number): number {
  if (found[letter] !== undefined && found[letter] !== value) return -1
  found[letter] = value
  return end
}

const FOUR = { least: 4, most: 4 }
const TWO = { least: 2, most: 2 }
const ONE_OR_TWO = { least: 1, most: 2 }
const ANY_FRACTION = { least: 1, most: 9 }

function digitsOf(letter: Letter, count: number): { readonly least: number; readonly most: number } {
  if (letter === 'S') return count === 1 ? ANY_FRACTION : { least: count, most: count }
  if (letter === 'y') return count === 2 ? TWO : FOUR
  return count === 1 ? ONE_OR_TWO : TWO
}

/** `Z`, `+01:00`, `+0100`. */
function readOffset(text: string, start: number, found: Mutable<Found>): number {
  const match = /^(?:[Zz]|([+-])(\d\d):?(\d\d))/.exec(text.slice(start, start + 6))
  if (match === null) return -1
  const [all, sign, hours = '0', minutes = '0'] = match
  if (Number(hours) > 23 || Number(minutes) > 59) return -1
  const offset = Number(hours) * 60 + Number(minutes)
  return note(found, 'X', sign === '-' && offset !== 0 ? -offset : offset, start + all.length)
}

function readZone(text: string, start: number, found: Mutable<Found>): number {
  const [zone] = /^[A-Za-z][A-Za-z0-9_+/-]*/.exec(text.slice(start, start + 60)) ?? []
  if (zone === undefined) return -1
  found.zone = zone
  return start + zone.length
}

/** From 0 to 23; null if there is no such hour, or the two that are said differ. */
export function hourOf({ H, h, a }: Found): number | null {
  if (h === undefined) return H ?? 0
  if (h < 1 || h > 12) return null
  const hour = (h % 12) + (a === 1 ? 12 : 0)
  return H === undefined || H === hour ? hour : null
}

/** 1 for Monday. */
export function weekdayOf(year: number, month: number, day: number): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return date.getUTCDay() || 7
}
