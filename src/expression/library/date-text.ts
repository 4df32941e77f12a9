/** Reading and writing points in time by a pattern. */
import { fault } from '../faults.ts'
import { checkTimestamp } from '../operators.ts'
import { checkZone, quote } from '../time.ts'
import { Timestamp } from '../values.ts'
import { instantOf, type LocalTime, localTime } from './calendar.ts'
import { checkLocale, type DateNames, nameAt, namesIn } from './date-names.ts'
import { type DatePattern, datePattern, type Letter, type PatternPart, unreadable } from './date-pattern.ts'

type Field = Extract<PatternPart, { is: 'field' }>
type Found = { [L in Letter]?: number } & { zone?: string }

/** Years of two digits from here on are of the last century, as POSIX has it. */
const PIVOT = 69

function patternOf(source: string, at: string): DatePattern {
  const pattern = datePattern(source)
  return typeof pattern === 'string' ? fault('ARGUMENT_INVALID', `${at}: ${quote(source)}: ${pattern}`) : pattern
}

/**
 * The point in time that `text` says. What the pattern doesn't have is the least: 1 for month and day, 0 for the time.
 * @throws Fault ARGUMENT_INVALID for the pattern or the language, CONVERSION_FAILED for the text or the zone.
 */
export function parseDate(text: string, source: string, zone: string | null, locale: string, at: string): Timestamp {
  const pattern = patternOf(source, at)
  const problem = unreadable(pattern)
  if (problem !== null) fault('ARGUMENT_INVALID', `${at}: by ${quote(source)} no date can be read: ${problem}`)
  checkLocale(locale, at)
  const found = scan(text, pattern, locale)
  const time = found === null ? null : timeOf(found, zone)
  return time ?? fault('CONVERSION_FAILED', `${quote(text)} isn’t a date of the form ${source}`)
}

function scan(text: string, { parts }: DatePattern, locale: string): Found | null {
  const found: Found = {}
  let position = 0
  for (const part of parts) {
    const end =
      part.is === 'text'
        ? text.startsWith(part.text, position)
          ? position + part.text.length
          : -1
        : read(text, position, part, found, locale)
    if (end < 0) return null
    position = end
  }
  return position === text.length ? found : null
}

/** Where the field ends that begins at `start`; -1 if there is none. A field that stands twice must say the same. */
function read(text: string, start: number, { letter, count }: Field, found: Found, locale: string): number {
  const note = (value: number, end: number) => {
    if (found[letter] !== undefined && found[letter] !== value) return -1
    found[letter] = value
    return end
  }
  if (letter === 'X') return readOffset(text, start, note)
  if (letter === 'V') return readZone(text, start, found)
  if (letter === 'a') {
    const half = nameAt(text, start, ['AM', 'PM'])
    return half === null ? -1 : note(half.index, half.end)
  }
  if (letter === 'E' || (letter === 'M' && count > 2)) {
    const name = nameAt(text, start, namesOf(namesIn(locale), letter, count))
    // Months and weekdays count from 1.
    return name === null ? -1 : note((name.index % (letter === 'E' ? 7 : 12)) + 1, name.end)
  }
  const least = letter === 'y' && count === 1 ? 4 : count
  const most = letter === 'y' ? (count === 2 ? 2 : 4) : letter === 'S' ? count : 2
  const digits = digitsAt(text, start, most)
  if (digits.length < least) return -1
  const value = letter === 'S' ? Number(digits.padEnd(9, '0')) : Number(digits)
  return note(letter === 'y' && count === 2 ? value + (value < PIVOT ? 2000 : 1900) : value, start + digits.length)
}

function digitsAt(text: string, start: number, most: number): string {
  let end = start
  while (end < start + most && text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end++
  return text.slice(start, end)
}

function namesOf({ months, monthsAlone, days }: DateNames, letter: 'E' | 'M', count: number): readonly string[] {
  const width = count === 4 ? 'long' : 'short'
  return letter === 'E' ? days[width] : [...months[width], ...monthsAlone[width]]
}

/** `Z`, `+01:00`, `+0100`; in minutes. */
function readOffset(text: string, start: number, note: (value: number, end: number) => number): number {
  const match = /^(?:Z|([+-])(\d\d):?(\d\d))/.exec(text.slice(start, start + 6))
  if (match === null) return -1
  const [all, sign, hours = '0', minutes = '0'] = match
  if (Number(hours) > 23 || Number(minutes) > 59) return -1
  return note((sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)), start + all.length)
}

function readZone(text: string, start: number, found: Found): number {
  const [zone] = /^[A-Za-z][A-Za-z0-9_+/-]*/.exec(text.slice(start, start + 60)) ?? []
  if (zone === undefined) return -1
  found.zone = zone
  return start + zone.length
}

function timeOf(found: Found, zone: string | null): Timestamp | null {
  const { y: year = 1, M: month = 1, d: day = 1, m: minute = 0, s: second = 0, S: nanosecond = 0 } = found
  const hour = hourOf(found)
  if (hour === null) return null
  const local: LocalTime = { year, month, day, hour, minute, second, nanosecond }
  const start = instantOf(local, found.X !== undefined ? null : (found.zone ?? zone))
  if (start === null || (found.E !== undefined && found.E !== weekdayOf(local))) return null
  return found.X === undefined ? start : checkTimestamp(new Timestamp(start.ns - BigInt(found.X) * 60_000_000_000n))
}

function hourOf({ H, h, a }: Found): number | null {
  if (h === undefined) return H ?? 0
  if (h < 1 || h > 12) return null
  const hour = (h % 12) + (a === 1 ? 12 : 0)
  return H === undefined || H === hour ? hour : null
}

function weekdayOf({ year, month, day }: LocalTime): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return date.getUTCDay() || 7
}

/** @throws Fault ARGUMENT_INVALID for the pattern or the language, CONVERSION_FAILED for the zone. */
export function formatDate(time: Timestamp, source: string, zone: string, locale: string, at: string): string {
  const { parts } = patternOf(source, at)
  checkLocale(locale, at)
  const local = localTime(time, zone)
  return parts.map(part => (part.is === 'text' ? part.text : written(local, part, zone, locale))).join('')
}

function written(local: ReturnType<typeof localTime>, { letter, count }: Field, zone: string, locale: string): string {
  const digits = (value: number, width = count) => String(value).padStart(width, '0')
  switch (letter) {
    case 'y':
      return count === 2 ? digits(local.year % 100) : digits(local.year, 4)
    case 'M':
      return count < 3
        ? digits(local.month)
        : (namesIn(locale).months[count === 4 ? 'long' : 'short'][local.month - 1] ?? '')
    case 'E':
      return namesIn(locale).days[count === 4 ? 'long' : 'short'][local.weekday - 1] ?? ''
    case 'd':
      return digits(local.day)
    case 'H':
      return digits(local.hour)
    case 'h':
      return digits(local.hour % 12 || 12)
    case 'a':
      return local.hour < 12 ? 'AM' : 'PM'
    case 'm':
      return digits(local.minute)
    case 's':
      return digits(local.second)
    case 'S':
      return digits(local.nanosecond, 9).slice(0, count)
    case 'X':
      return offsetText(local.offset, count === 3 ? ':' : '')
    case 'V':
      return checkZone(zone)
  }
}

function offsetText(nanoseconds: number, between: string): string {
  const minutes = Math.trunc(Math.abs(nanoseconds) / 60_000_000_000)
  if (minutes === 0) return 'Z'
  const digits = (value: number) => String(value).padStart(2, '0')
  return `${nanoseconds < 0 ? '-' : '+'}${digits(Math.trunc(minutes / 60))}${between}${digits(minutes % 60)}`
}
