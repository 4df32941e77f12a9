/**
 * Dates as workbooks hold them: days since a beginning, as doubles. In the usual system day 1 is 1900-01-01, and day 60 is 1900-02-29, which
 * never was; in the other day 0 is 1904-01-01. Both end with the year 9999.
 */
const DAY_MS = 86_400_000
/** Day 0 behind the day that never was. */
const EPOCH_1900 = Date.UTC(1899, 11, 30)
const EPOCH_1904 = Date.UTC(1904, 0, 1)
const PHANTOM = 60
const END = Date.UTC(10_000, 0, 1)

export type DateKind = 'date' | 'date_time' | 'time' | 'duration'

/**
 * A serial number as ISO 8601 says it, without a zone: `2026-01-31`, with a time where there is one or the kind has one, `14:05:00` for a
 * time, hours that may be more than 24 for a duration. To the millisecond. Null: it is no date.
 */
export function dateText(serial: number, kind: DateKind, is_1904: boolean): string | null {
  if (!Number.isFinite(serial)) return null
  if (kind === 'duration') return durationText(serial)
  if (serial < 0) return null
  const ms = Math.round(serial * DAY_MS)
  if (kind === 'time' && ms < DAY_MS) return timeText(ms)
  const day = Math.floor(ms / DAY_MS)
  if (!is_1904 && (day === PHANTOM || day === 0)) return null
  // Before the day that never was all days count one less.
  const epoch = is_1904 ? EPOCH_1904 : day < PHANTOM ? EPOCH_1900 + DAY_MS : EPOCH_1900
  if (epoch + ms >= END) return null
  const text = new Date(epoch + day * DAY_MS).toISOString().slice(0, 10)
  const rest = ms - day * DAY_MS
  return kind === 'date' && rest === 0 ? text : `${text}T${timeText(rest)}`
}

function timeText(ms: number): string {
  const text = new Date(ms).toISOString().slice(11, 23)
  return text.endsWith('.000') ? text.slice(0, 8) : text
}

function durationText(serial: number): string {
  const ms = Math.round(Math.abs(serial) * DAY_MS)
  const hours = Math.floor(ms / 3_600_000)
  const rest = timeText(ms % 3_600_000).slice(3)
  return `${serial < 0 && ms > 0 ? '-' : ''}${String(hours).padStart(2, '0')}:${rest}`
}

const DATE = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?)?$/

/** The serial number of a date, with or without a time and without a zone, in the system of 1900; null if it can't be said so. */
export function serialOf(text: string): number | null {
  const [, year, month, day, hours = '0', minutes = '0', seconds = '0', fraction = '0'] = DATE.exec(text) ?? []
  if (year === undefined || month === undefined || day === undefined) return null
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day))
  if (new Date(date).toISOString().slice(0, 10) !== text.slice(0, 10)) return null
  const days = (date - EPOCH_1900) / DAY_MS
  const serial = days > PHANTOM ? days : days - 1
  if (serial < 1 || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null
  const ms =
    Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1000 + Number(fraction.padEnd(3, '0'))
  return serial + ms / DAY_MS
}
