/** Reading and writing points in time by a pattern. */
import { fault } from '../faults.ts'
import { checkTimestamp } from '../operators.ts'
import { checkZone, quote } from '../time.ts'
import { Timestamp } from '../values.ts'
import { instantOf, type LocalTime, localTime } from './calendar.ts'
import { checkLocale, namesIn } from './date-names.ts'
import { type DatePattern, datePattern, notReadable, type PatternPart, unreadable } from './date-pattern.ts'
import { type Found, hourOf, scanDate, weekdayOf } from './date-scan.ts'

type Field = Extract<PatternPart, { is: 'field' }>

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
  if (problem !== null) fault('ARGUMENT_INVALID', `${at}: ${notReadable(source, problem)}`)
  checkLocale(locale, at)
  const found = scanDate(text, pattern, locale)
  const time = found === null ? null : timeOf(found, zone)
  return time ?? fault('CONVERSION_FAILED', `${quote(text)} isn’t a date of the form ${source}`)
}

function timeOf(found: Found, zone: string | null): Timestamp | null {
  const { y: year = 1, M: month = 1, d: day = 1, m: minute = 0, s: second = 0, S: nanosecond = 0 } = found
  const hour = hourOf(found)
  if (hour === null) return null
  const local: LocalTime = { year, month, day, hour, minute, second, nanosecond }
  const start = instantOf(local, found.X !== undefined ? null : (found.zone ?? zone))
  if (start === null || (found.E !== undefined && found.E !== weekdayOf(year, month, day))) return null
  return found.X === undefined ? start : checkTimestamp(new Timestamp(start.ns - BigInt(found.X) * 60_000_000_000n))
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

/** From UTC. */
export function offsetText(nanoseconds: number, between: string): string {
  const minutes = Math.trunc(Math.abs(nanoseconds) / 60_000_000_000)
  if (minutes === 0) return 'Z'
  const digits = (value: number) => String(value).padStart(2, '0')
  return `${nanoseconds < 0 ? '-' : '+'}${digits(Math.trunc(minutes / 60))}${between}${digits(minutes % 60)}`
}
