/** Calendar arithmetic in a time zone, by Temporal: Node's own from 26 on, else a polyfill that is loaded where it is first needed. */
import type { Temporal } from 'temporal-polyfill'
import { loadOwnModule } from '../../model/own-file.ts'
import { Fault, fault } from '../faults.ts'
import { checkTimestamp } from '../operators.ts'
import { checkZone } from '../time.ts'
import { Timestamp } from '../values.ts'

type Api = typeof Temporal
let loaded: Api | null = null
function temporal(): Api {
  if (loaded !== null) return loaded
  // cast: the libraries that TypeScript is told to expect don't have it yet
  const own = (globalThis as { readonly Temporal?: Api }).Temporal
  // cast: it is what that module exports
  loaded = own ?? (loadOwnModule('expression/library/temporal') as typeof import('./temporal.ts')).Temporal
  return loaded
}

/** In order, from long to short. */
export const UNITS = ['years', 'months', 'weeks', 'days', 'working_days', 'hours', 'minutes', 'seconds'] as const
export type Unit = (typeof UNITS)[number]

/** Also where it is written as `month`. */
export function unitNamed(name: string): Unit | null {
  return UNITS.find(unit => unit === name || unit === `${name}s`) ?? null
}

const NS_OF: { readonly [unit in Unit]?: bigint } = {
  hours: 3_600_000_000_000n,
  minutes: 60_000_000_000n,
  seconds: 1_000_000_000n,
}
const DAY_MS = 86_400_000

/** A year has fewer days; more of any unit leads out of the years 1 to 9999. */
const MOST = 3_660_000n

const zoned = (at: Timestamp, zone: string) => new (temporal().ZonedDateTime)(at.ns, checkZone(zone))
const timestampOf = (at: Temporal.ZonedDateTime) => checkTimestamp(new Timestamp(at.epochNanoseconds))

/** What Temporal has no date for is beyond the years that there are here. */
function withinRange<T>(compute: () => T): T {
  try {
    return compute()
  } catch (error) {
    if (error instanceof Fault || !(error instanceof RangeError)) throw error
    return fault('INTEGER_OVERFLOW', 'the timestamp is before the year 1 or after the year 9999')
  }
}

export interface LocalTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly nanosecond: number
}

/**
 * When it is that time in the zone. What the clocks skipped is taken to be as much later, and of what they had twice the first
 * counts, as in RFC 5545. Null if there is no such day or time.
 */
export function instantOf(local: LocalTime, zone: string | null): Timestamp | null {
  const { year, month, day, hour, minute, second, nanosecond } = local
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  const real = year >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  if (!real || hour > 23 || minute > 59 || second > 59) return null
  if (zone === null) return new Timestamp(BigInt(date.getTime()) * 1_000_000n + BigInt(nanosecond))
  const plain = new (temporal().PlainDateTime)(year, month, day, hour, minute, second)
  const start = withinRange(() => timestampOf(plain.toZonedDateTime(checkZone(zone))))
  return checkTimestamp(new Timestamp(start.ns + BigInt(nanosecond)))
}

/** The time in the zone, with the weekday from 1 for Monday and the offset from UTC in nanoseconds. */
export function localTime(
  at: Timestamp,
  zone: string,
): LocalTime & { readonly weekday: number; readonly offset: number } {
  const local = zoned(at, zone)
  const { year, month, day, hour, minute, second, dayOfWeek: weekday, offsetNanoseconds: offset } = local
  const nanosecond = local.millisecond * 1_000_000 + local.microsecond * 1000 + local.nanosecond
  return { year, month, day, hour, minute, second, nanosecond, weekday, offset }
}

/** `count` units later in the zone. Where a month is too short, its last day. */
export function later(at: Timestamp, count: bigint, unit: Unit, zone: string): Timestamp {
  const ns = NS_OF[unit]
  if (ns !== undefined) {
    checkZone(zone)
    return checkTimestamp(new Timestamp(at.ns + count * ns))
  }
  if (count > MOST || count < -MOST)
    fault('INTEGER_OVERFLOW', 'the timestamp is before the year 1 or after the year 9999')
  return withinRange(() => {
    const local = zoned(at, zone)
    const days = unit === 'working_days' ? daysOf(local.dayOfWeek, Number(count)) : null
    return timestampOf(local.add(days === null ? { [unit]: Number(count) } : { days }))
  })
}

/** How many days it takes from a weekday, 1 for Monday, until so many working days have come, or gone. */
function daysOf(weekday: number, count: number): number {
  if (count === 0) return 0
  // From a weekend it goes on as from the Friday before, or back as from the Monday after.
  const from = weekday < 6 ? weekday : count > 0 ? 5 : 8
  const inWeek = from === 8 ? 0 : from - 1
  const target = inWeek + count
  const weeks = Math.floor(target / 5)
  return from - weekday + weeks * 7 + (target - weeks * 5) - inWeek
}

/** How many whole units there are from one to the other in the zone; negative where the other is earlier. */
export function between(from: Timestamp, to: Timestamp, unit: Unit, zone: string): bigint {
  const ns = NS_OF[unit]
  if (ns !== undefined) {
    checkZone(zone)
    return (to.ns - from.ns) / ns
  }
  const [start, end] = [zoned(from, zone), zoned(to, zone)]
  if (unit === 'working_days') return BigInt(workingDays(epochDay(start), epochDay(end)))
  const largestUnit = unit
  const span = start.until(end, { largestUnit })
  const count = largestUnit === 'years' ? span.years : largestUnit === 'months' ? span.months : null
  return BigInt(count ?? (largestUnit === 'weeks' ? span.weeks : span.days))
}

const epochDay = ({ year, month, day }: Temporal.ZonedDateTime) => {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return date.getTime() / DAY_MS
}

/** After the first day up to the second; where that is earlier, before the first down to the second, and negative. */
function workingDays(from: number, to: number): number {
  return to >= from ? workingDaysUpTo(to) - workingDaysUpTo(from) : workingDaysUpTo(to - 1) - workingDaysUpTo(from - 1)
}

/** From Monday, 5 January 1970, the day included. */
function workingDaysUpTo(day: number): number {
  const since = day - 4
  const weeks = Math.floor(since / 7)
  return weeks * 5 + Math.min(since - weeks * 7 + 1, 5)
}

/** When that unit began in the zone: midnight of the 1st for months, of Monday for weeks. */
export function truncated(at: Timestamp, unit: Unit, zone: string): Timestamp {
  return withinRange(() => {
    const local = zoned(at, zone)
    switch (unit) {
      case 'years':
        return timestampOf(local.with({ month: 1, day: 1 }).startOfDay())
      case 'months':
        return timestampOf(local.with({ day: 1 }).startOfDay())
      case 'weeks':
        return timestampOf(local.subtract({ days: local.dayOfWeek - 1 }).startOfDay())
      case 'days':
      case 'working_days':
        return timestampOf(local.startOfDay())
      case 'hours':
        return timestampOf(local.round({ smallestUnit: 'hour', roundingMode: 'floor' }))
      case 'minutes':
        return timestampOf(local.round({ smallestUnit: 'minute', roundingMode: 'floor' }))
      case 'seconds':
        return timestampOf(local.round({ smallestUnit: 'second', roundingMode: 'floor' }))
    }
  })
}
