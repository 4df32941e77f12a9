/** Which patterns of dates all cells of a column follow. What several could mean is left open: it is nothing to guess at. */
import { compileDatePattern, type DateReader } from '../sdk/expression.ts'
import { Examples, type LineName } from './examples.ts'

export type DateFinding =
  | { readonly kind: 'none' }
  /** `iso`: texts are what reading them by the pattern gives. */
  | { readonly kind: 'pattern'; readonly pattern: string; readonly iso: boolean }
  /** Day and month could change places: no value has a day above 12. */
  | { readonly kind: 'either'; readonly day_first: string; readonly month_first: string }

/** Eight digits, which may be anything. */
export const COMPACT = 'yyyyMMdd'

const MOST_MISSES = 20
const MISSES_SHARE = 0.2

export class DateEvidence {
  count = 0
  readonly misses = new Examples()
  alive = true
  /** Patterns that all dates so far follow; null before the first. */
  #patterns: Map<string, DateReader> | null = null

  add(cell: string, line: LineName): void {
    this.count += 1
    const known = this.#patterns ?? patternsOf(cell)
    const fitting = [...known].filter(([, read]) => read(cell) !== null)
    if (fitting.length === 0) {
      this.misses.add(cell, line)
      this.alive = this.misses.count <= Math.max(MOST_MISSES, this.count * MISSES_SHARE)
    } else if (this.#patterns === null || fitting.length < this.#patterns.size) this.#patterns = new Map(fitting)
  }

  get finding(): DateFinding {
    const patterns = [...(this.#patterns?.keys() ?? [])]
    // Strict before lax: two digits are asked for where all have two.
    const longest = (list: readonly string[]) => list.toSorted((one, two) => two.length - one.length)[0]
    const day_first = longest(patterns.filter(pattern => !isMonthFirst(pattern)))
    const month_first = longest(patterns.filter(isMonthFirst))
    const one = day_first ?? month_first
    if (one === undefined) return { kind: 'none' }
    if (day_first !== undefined && month_first !== undefined) {
      // Nobody writes a month, a point, a day.
      if (!day_first.includes('.')) return { kind: 'either', day_first, month_first }
    }
    return { kind: 'pattern', pattern: one, iso: ISO.test(one) }
  }
}

const ISO = /^yyyy-MM-dd(?:'T'HH:mm:ss(?:\.S)?(?:XXX)?)?$/

/** Of numbers alone: where the month has a name nothing is open. */
function isMonthFirst(pattern: string): boolean {
  return /^(?:E+,? )?M{1,2}[^M]/.test(pattern)
}

const NUMERIC = /^(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?!\d)/
const EIGHT_DIGITS = /^\d{8}(?!\d)/
const DAY_NAME = /^(\d{1,2})(\.? |-)(\p{L}{3,9})( |-|, )(\d{4}|\d{2})(?!\d)/u
const NAME_DAY = /^(\p{L}{3,9}) (\d{1,2})(,? )(\d{4})(?!\d)/u
const TIME =
  /^( |T|, )(\d{1,2}):\d{2}(:\d{2})?(?:([.,])\d{1,9})?(?:( ?)([ap]\.?m\.?))?( ?)(Z|[+-]\d{2}:\d{2}|[+-]\d{4})?$/i

/** All patterns that a text may be of. */
function patternsOf(cell: string): Map<string, DateReader> {
  if (cell.length > 60) return new Map()
  const [weekday, before] = weekdayForm(cell)
  const text = cell.slice(weekday.length)
  const [date, forms] = dateForms(text)
  const times = timeForms(text.slice(date.length))
  const found = new Map<string, DateReader>()
  for (const form of forms) {
    for (const time of times) {
      const pattern = before + form + time
      const reader = compileDatePattern(pattern)
      if (typeof reader !== 'string' && reader(cell) !== null) found.set(pattern, reader)
    }
  }
  return found
}

const WEEKDAY = /^((?:mon|tue|wed|thu|fri|sat|sun)\p{L}*)(,? )/iu

/** What of the text is the day of the week, and its pattern. */
function weekdayForm(cell: string): readonly [weekday: string, form: string] {
  const [weekday = '', name = '', behind = ''] = WEEKDAY.exec(cell) ?? []
  return [weekday, weekday === '' ? '' : (name.length === 3 ? 'EEE' : 'EEEE') + behind]
}

const DAYS = ['dd', 'd']
const MONTHS = ['MM', 'M']

/** What of the text is the date, and its patterns. */
function dateForms(cell: string): readonly [date: string, forms: readonly string[]] {
  const [numeric, first = '', sign = '', , last = ''] = NUMERIC.exec(cell) ?? []
  if (numeric !== undefined) {
    const forms: string[] = []
    const year = last.length === 4 ? 'yyyy' : last.length === 2 ? 'yy' : null
    for (const day of DAYS) {
      for (const month of MONTHS) {
        if (day.length !== month.length && day === 'dd') continue
        if (first.length === 4) forms.push(['yyyy', month, day].join(sign))
        else if (year !== null) forms.push([day, month, year].join(sign), [month, day, year].join(sign))
      }
    }
    // Two digits of a year before the others: only where nothing else is possible.
    return [
      numeric,
      forms.length > 0 && first.length === 2 && Number(first) > 31 ? [['yy', 'MM', 'dd'].join(sign)] : forms,
    ]
  }
  const [compact] = EIGHT_DIGITS.exec(cell) ?? []
  if (compact !== undefined) return [compact, [COMPACT]]
  const [day_name, , before = '', , behind = '', year = ''] = DAY_NAME.exec(cell) ?? []
  if (day_name !== undefined)
    return [
      day_name,
      both(DAYS, ['MMM', 'MMMM'], (day, month) => day + before + month + behind + 'y'.repeat(year.length)),
    ]
  const [name_day, , , between = ''] = NAME_DAY.exec(cell) ?? []
  if (name_day === undefined) return [cell, []]
  return [name_day, both(DAYS, ['MMM', 'MMMM'], (day, month) => `${month} ${day}${between}yyyy`)]
}

function both(
  days: readonly string[],
  months: readonly string[],
  form: (day: string, month: string) => string,
): readonly string[] {
  return days.flatMap(day => months.map(month => form(day, month)))
}

/** Patterns of what stands behind a date; none if that is no time. */
function timeForms(text: string): readonly string[] {
  if (text === '') return ['']
  const [time, before = '', , seconds, point, blank = '', half, gap = '', zone] = TIME.exec(text) ?? []
  if (time === undefined) return []
  const start = before.toUpperCase() === 'T' ? "'T'" : before
  const behind = `:mm${seconds === undefined ? '' : ':ss'}${point === undefined ? '' : `${point}S`}`
  const end = zone === undefined ? '' : gap + (/:|Z/i.test(zone) ? 'XXX' : 'XX')
  const zones = /^z$/i.test(zone ?? '') ? [end, end.replace('XXX', 'XX')] : [end]
  const hours = half === undefined ? ['HH', 'H'] : ['hh', 'h']
  return hours.flatMap(hour =>
    zones.map(each => start + hour + behind + (half === undefined ? '' : `${blank}a`) + each),
  )
}
