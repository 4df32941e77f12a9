/** Dates in the words of a pattern become those of ISO 8601, as `timestamp(…)` and other programs read them. For one pattern and many texts. */
import { Fault } from '../faults.ts'
import { isZone } from '../time.ts'
import { formatTimestamp } from '../values.ts'
import { instantOf, type LocalTime } from './calendar.ts'
import { type DatePattern, datePattern, type Letter, notPattern, notReadable, unreadable } from './date-pattern.ts'
import { type Found, hourOf, scanDate, weekdayOf } from './date-scan.ts'
import { offsetText } from './date-text.ts'

/**
 * A text as ISO 8601 has it: `2026-01-31`, `2026-01-31T14:05:00`, with the text's fraction and offset; in UTC if it names a zone.
 * Null if it isn't of the pattern, or there is no such day or time.
 */
export type DateReader = (text: string) => string | null

/**
 * By a pattern of dates as `date.parse` has it, which must name a day. Names of months are English.
 * @returns what reads such dates, or the sentence that says what is wrong with the pattern.
 */
export function compileDatePattern(source: string): DateReader | string {
  const pattern = datePattern(source)
  if (typeof pattern === 'string') return notPattern(source, pattern)
  const problem = unreadable(pattern) ?? incomplete(pattern)
  if (problem !== null) return notReadable(source, problem)
  const timed = pattern.letters.has('H') || pattern.letters.has('h')
  return text => {
    const found = scanDate(text, pattern, 'en')
    return found === null ? null : isoText(found, timed)
  }
}

/** What is first where it is absent would be made up in data. */
function incomplete({ letters }: DatePattern): string | null {
  const has = (letter: Letter) => letters.has(letter)
  if (!has('M')) return 'it has no month'
  if (!has('d')) return 'it has no day'
  return (has('X') || has('V')) && !has('H') && !has('h') ? 'it has a zone, and no hour' : null
}

const NS_PER_MINUTE = 60_000_000_000
const TWO_DIGITS = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'))

function isoText(found: Found, timed: boolean): string | null {
  const { y: year = 0, M: month = 0, d: day = 0, m: minute = 0, s: second = 0, S: nanosecond = 0, E: weekday } = found
  const hour = hourOf(found)
  if (hour === null || hour > 23 || minute > 59 || second > 59) return null
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return null
  if (weekday !== undefined && weekday !== weekdayOf(year, month, day)) return null
  const date = `${year > 999 ? year : String(year).padStart(4, '0')}-${TWO_DIGITS[month]}-${TWO_DIGITS[day]}`
  if (!timed) return date
  if (found.zone !== undefined && found.X === undefined)
    return zonedText({ year, month, day, hour, minute, second, nanosecond }, found.zone)
  const fraction = found.digits === 0 ? '' : `.${String(nanosecond).padStart(9, '0').slice(0, found.digits)}`
  const offset = found.X === undefined ? '' : offsetText(found.X * NS_PER_MINUTE, ':')
  return `${date}T${TWO_DIGITS[hour]}:${TWO_DIGITS[minute]}:${TWO_DIGITS[second]}${fraction}${offset}`
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

function zonedText(local: LocalTime, zone: string): string | null {
  if (!isZone(zone)) return null
  try {
    const time = instantOf(local, zone)
    return time === null ? null : formatTimestamp(time)
  } catch (error) {
    // In UTC it would be before the year 1, or after 9999.
    if (error instanceof Fault) return null
    throw error
  }
}
