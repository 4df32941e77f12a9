/** Names of months and days in a language. Those are CLDR's, as Node has them. */
import { fault } from '../faults.ts'
import { quote } from '../time.ts'

export interface DateNames {
  /** From January; as they stand in a date. */
  readonly months: { readonly short: readonly string[]; readonly long: readonly string[] }
  /** As they stand alone, where a language distinguishes: `März` and `Mrz`, `января` and `январь`. */
  readonly monthsAlone: { readonly short: readonly string[]; readonly long: readonly string[] }
  /** From Monday. */
  readonly days: { readonly short: readonly string[]; readonly long: readonly string[] }
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
  const both = (of: (width: 'short' | 'long') => readonly string[]) => ({ short: of('short'), long: of('long') })
  const made = {
    months: both(month => named(months, 'month', { month, day: 'numeric', year: 'numeric' })),
    monthsAlone: both(month => named(months, 'month', { month })),
    days: both(weekday => named(days, 'weekday', { weekday })),
  }
  if (names.size >= CACHE_SIZE) names.clear()
  names.set(locale, made)
  return made
}

/** Which of the names the text has at a position, in any case and with or without a point behind it; the longest counts. */
export function nameAt(
  text: string,
  start: number,
  names: readonly string[],
): { readonly index: number; readonly end: number } | null {
  let found: { index: number; end: number } | null = null
  for (const [index, name] of names.entries()) {
    const plain = name.replace(/\.$/, '')
    const there = text.slice(start, start + plain.length)
    if (plain === '' || there.toLowerCase() !== plain.toLowerCase()) continue
    const after = start + plain.length
    const end = text.startsWith('.', after) && name.endsWith('.') ? after + 1 : after
    if (found === null || end > found.end) found = { index, end }
  }
  return found
}
