/** Names of months and days in a language. Those are CLDR's, as Node has them. */
import { fault } from '../faults.ts'
import { quote } from '../time.ts'

export interface DateNames {
  /** From January; as they stand in a date. */
  readonly months: { readonly short: readonly string[]; readonly long: readonly string[] }
  /** From Monday. */
  readonly days: { readonly short: readonly string[]; readonly long: readonly string[] }
  /** What a text may have: months as in a date or as they stand alone, where a language distinguishes (`января` and `январь`). */
  readonly sought: {
    readonly months: { readonly short: NameList; readonly long: NameList }
    readonly days: { readonly short: NameList; readonly long: NameList }
  }
}

const CACHE_SIZE = 100
const names = new Map<string, DateNames>()

/** Whether Node has data of that language: `de`, `en-GB`. */
export function isLocale(locale: string): boolean {
  if (names.has(locale)) return true
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(locale).length > 0
  } catch {
    // Not even the form of a language tag.
    return false
  }
}

export function checkLocale(locale: string, at: string): void {
  // English is always there, and what most patterns of dates need.
  if (locale !== 'en' && !isLocale(locale))
    fault('ARGUMENT_INVALID', `${at}: ${quote(locale)} isn’t a language such as de or en-GB`)
}

export function namesIn(locale: string): DateNames {
  const known = names.get(locale)
  if (known !== undefined) return known
  const months = Array.from({ length: 12 }, (_, i) => Date.UTC(2024, i, 15))
  // The 1st of January 2024 was a Monday.
  const days = Array.from({ length: 7 }, (_, i) => Date.UTC(2024, 0, 1 + i))
  const named = (dates: readonly number[], type: 'month' | 'weekday', options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(locale, {
      ...options,
      calendar: 'gregory',
      numberingSystem: 'latn',
      timeZone: 'UTC',
    })
    return dates.map(date => format.formatToParts(date).find(part => part.type === type)?.value ?? '')
  }
  const both = <T>(of: (width: 'short' | 'long') => T) => ({ short: of('short'), long: of('long') })
  const dated = both(month => named(months, 'month', { month, day: 'numeric', year: 'numeric' }))
  const alone = both(month => named(months, 'month', { month }))
  const weekdays = both(weekday => named(days, 'weekday', { weekday }))
  const made: DateNames = {
    months: dated,
    days: weekdays,
    sought: {
      months: both(width => nameList(dated[width], alone[width])),
      days: both(width => nameList(weekdays[width])),
    },
  }
  if (names.size >= CACHE_SIZE) names.clear()
  names.set(locale, made)
  return made
}

/** Names to look for, ready to be compared. */
export type NameList = readonly SoughtName[]
interface SoughtName {
  /** Without a point behind it, in lower case. */
  readonly folded: string
  /** Of it as it is written, without that point. */
  readonly length: number
  /** Whether a point may stand behind it. */
  readonly pointed: boolean
  /** What it means. */
  readonly value: number
}

/** @param lists in each of which the first name means 0 */
export function nameList(...lists: readonly (readonly string[])[]): NameList {
  const sought = new Map<string, SoughtName>()
  for (const list of lists)
    for (const [value, name] of list.entries()) {
      const plain = name.replace(/\.$/, '')
      if (plain === '' || sought.has(name)) continue
      sought.set(name, { folded: plain.toLowerCase(), length: plain.length, pointed: plain !== name, value })
    }
  return [...sought.values()]
}

/** Which of the names the text has at a position, in any case and with or without a point behind it; the longest counts. */
export function nameAt(
  text: string,
  start: number,
  names: NameList,
): { readonly value: number; readonly end: number } | null {
  let found: { value: number; end: number } | null = null
  for (const { folded, length, pointed, value } of names) {
    if (text.slice(start, start + length).toLowerCase() !== folded) continue
    const after = start + length
    const end = pointed && text.startsWith('.', after) ? after + 1 : after
    if (found === null || end > found.end) found = { value, end }
  }
  return found
}
