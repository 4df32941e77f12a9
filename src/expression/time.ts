/**
 * Timestamps and durations as texts, and the parts of a timestamp. Nothing here depends on the machine's time zone:
 * a timestamp's text must say its offset.
 */
import { fault } from './faults.ts'
import { checkDuration, checkTimestamp } from './operators.ts'
import { Duration, floorDivide, Timestamp } from './values.ts'

const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/** RFC 3339, section 5.6; without leap seconds. */
export function parseTimestamp(text: string): Timestamp {
  const match = RFC_3339.exec(text)
  if (match === null) return badTimestamp(text)
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as number[] as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  const offsetMinutes = Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0)
  const real = date.getUTCDate() === day && date.getUTCMonth() === month - 1
  if (!real || hour > 23 || minute > 59 || second > 59 || Number(match[9] ?? 0) > 23 || Number(match[10] ?? 0) > 59) {
    return badTimestamp(text)
  }
  const ms = date.getTime() - (match[8] === '-' ? -1 : 1) * offsetMinutes * 60_000
  return checkTimestamp(new Timestamp(BigInt(ms) * 1_000_000n + BigInt((match[7] ?? '').padEnd(9, '0'))))
}

const badTimestamp = (text: string) =>
  fault('CONVERSION_FAILED', `${quote(text)} isn’t a timestamp such as 2026-03-01T12:00:00Z`)

const UNITS: { readonly [unit: string]: bigint } = {
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
  us: 1_000n,
  µs: 1_000n,
  ns: 1n,
}

/** `1h30m`, `-1.5s`, `300ms`: numbers with units h, m, s, ms, us, ns. */
export function parseDuration(text: string): Duration {
  const sign = text.startsWith('-') ? -1n : 1n
  const rest = text.replace(/^[+-]/, '')
  if (rest === '0') return new Duration(0n)
  if (rest.length > 100 || !/^(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|µs|ns))+$/.test(rest)) {
    return fault('CONVERSION_FAILED', `${quote(text)} isn’t a duration such as 1h30m or 1.5s`)
  }
  let ns = 0n
  for (const [, whole, decimals = '', unit] of rest.matchAll(/(\d+)(?:\.(\d+))?(h|ms|m|s|us|µs|ns)/g)) {
    const size = UNITS[unit as string] as bigint
    ns += BigInt(whole as string) * size + (BigInt(decimals || '0') * size) / 10n ** BigInt(decimals.length)
  }
  return checkDuration(new Duration(sign * ns))
}

export type TimestampPart = 'year' | 'month' | 'day' | 'weekday' | 'hour' | 'minute' | 'second' | 'yearday'

/** A part of a timestamp in UTC, or at an offset such as `+10:00` or in a zone such as `Australia/Sydney`. */
export function partOf(timestamp: Timestamp, part: TimestampPart, zone?: string): bigint {
  const seconds = Number(floorDivide(timestamp.ns, 1_000_000_000n)) + (zone === undefined ? 0 : shift(timestamp, zone))
  const date = new Date(seconds * 1000)
  switch (part) {
    case 'year':
      return BigInt(date.getUTCFullYear())
    case 'month':
      return BigInt(date.getUTCMonth())
    case 'day':
      return BigInt(date.getUTCDate())
    case 'weekday':
      return BigInt(date.getUTCDay())
    case 'hour':
      return BigInt(date.getUTCHours())
    case 'minute':
      return BigInt(date.getUTCMinutes())
    case 'second':
      return BigInt(date.getUTCSeconds())
    case 'yearday': {
      const first = new Date(0)
      first.setUTCFullYear(date.getUTCFullYear(), 0, 1)
      return BigInt(Math.floor((date.getTime() - first.getTime()) / 86_400_000))
    }
  }
}

export const millisecondOf = (ns: bigint): bigint =>
  (ns - floorDivide(ns, 1_000_000_000n) * 1_000_000_000n) / 1_000_000n

export function isZone(zone: string): boolean {
  try {
    checkZone(zone)
    return true
  } catch {
    return false
  }
}

/**
 * A zone, as Temporal and Intl know it: an offset has a sign.
 * @throws Fault CONVERSION_FAILED if there is no such zone.
 */
export function checkZone(zone: string): string {
  const offset = /^([+-])?(\d\d):(\d\d)$/.exec(zone)
  if (offset === null) {
    formatterOf(zone)
    return zone
  }
  if (Number(offset[2]) > 23 || Number(offset[3]) > 59) noZone(zone)
  return offset[1] === undefined ? `+${zone}` : zone
}

function noZone(zone: string): never {
  return fault('CONVERSION_FAILED', `${quote(zone)} isn’t a time zone such as Australia/Sydney or +10:00`)
}

/** Seconds between UTC and the zone at that time. */
function shift(timestamp: Timestamp, zone: string): number {
  const offset = /^([+-])?(\d\d):(\d\d)$/.exec(checkZone(zone))
  if (offset !== null) return (offset[1] === '-' ? -60 : 60) * (Number(offset[2]) * 60 + Number(offset[3]))
  const ms = Number(floorDivide(timestamp.ns, 1_000_000_000n)) * 1000
  const parts: { [type: string]: number } = {}
  for (const { type, value } of formatterOf(zone).formatToParts(ms)) parts[type] = Number(value)
  const local = new Date(0)
  local.setUTCFullYear(parts.year as number, (parts.month as number) - 1, parts.day as number)
  local.setUTCHours(parts.hour as number, parts.minute as number, parts.second as number)
  return (local.getTime() - ms) / 1000
}

const formatters = new Map<string, Intl.DateTimeFormat>()

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone)
  if (known !== undefined) return known
  let made: Intl.DateTimeFormat
  try {
    made = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    return noZone(zone)
  }
  if (formatters.size < 1000) formatters.set(zone, made)
  return made
}

/** A text in a message: in quotes, and not too long. */
export const quote = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
