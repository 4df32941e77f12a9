/** Dates: messy texts are refused with a code, calendar arithmetic agrees with counting days, and with and without Node's own Temporal. */
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { newRow } from '../../model/row.ts'
import { OBSERVED } from '../../model/schema.ts'
import { compileExpression } from '../expression.ts'
import { Timestamp } from '../values.ts'
import { between, instantOf, later, localTime, truncated, UNITS } from './calendar.ts'
import { formatDate, parseDate } from './date-text.ts'

const resultOf = (source: string, row: object = {}) => {
  const compiled = compileExpression(source, { over: 'row', schema: OBSERVED })
  if (!compiled.ok) return compiled.problems.map(({ message }) => message).join()
  const result = compiled.expression.evaluate(Object.assign(newRow(), row))
  return result.ok ? result.value : result.code
}

describe('texts', () => {
  test.each([
    ['31.12.2025', 'dd.MM.yyyy', '2025-12-31T00:00:00Z'],
    ['31.12.25', 'dd.MM.yy', '2025-12-31T00:00:00Z'],
    ['31.12.70', 'dd.MM.yy', '1970-12-31T00:00:00Z'],
    ['20251231', 'yyyyMMdd', '2025-12-31T00:00:00Z'],
    ['2025-12-31T23:59:58.25+02:00', "yyyy-MM-dd'T'HH:mm:ss.SSXXX", '2025-12-31T21:59:58.25Z'],
    ['2025-12-31T23:59:58Z', "yyyy-MM-dd'T'HH:mm:ssXXX", '2025-12-31T23:59:58Z'],
    ['Wed, 31 Dec 2025', 'EEE, d MMM yyyy', '2025-12-31T00:00:00Z'],
    ['12:05 AM 1/2/2025', 'h:mm a M/d/yyyy', '2025-01-02T00:05:00Z'],
    ['12/2025', 'MM/yyyy', '2025-12-01T00:00:00Z'],
    ['2025-07-01 12:00 Europe/Berlin', 'yyyy-MM-dd HH:mm VV', '2025-07-01T10:00:00Z'],
    ["5 o'clock 1.1.2025", "H 'o''clock' d.M.yyyy", '2025-01-01T05:00:00Z'],
    ['1.2.2025', 'd.M.yyyy', '2025-02-01T00:00:00Z'],
    ['29.02.2024', 'dd.MM.yyyy', '2024-02-29T00:00:00Z'],
    ['29.02.2025', 'dd.MM.yyyy', 'CONVERSION_FAILED'],
    ['1.2.2025', 'dd.MM.yyyy', 'CONVERSION_FAILED'],
    ['31.12.2025 ', 'dd.MM.yyyy', 'CONVERSION_FAILED'],
    ['', 'dd.MM.yyyy', 'CONVERSION_FAILED'],
    ['31.13.2025', 'dd.MM.yyyy', 'CONVERSION_FAILED'],
    ['00.01.2025', 'dd.MM.yyyy', 'CONVERSION_FAILED'],
    ['31.12.0000', 'dd.MM.yyyy', 'CONVERSION_FAILED'],
    ['٣١.١٢.٢٠٢٥', 'dd.MM.yyyy', 'CONVERSION_FAILED'],
    ['24:00 1.1.2025', 'HH:mm d.M.yyyy', 'CONVERSION_FAILED'],
    ['Thu, 31 Dec 2025', 'EEE, d MMM yyyy', 'CONVERSION_FAILED'],
    ['13:05 PM 1.1.2025', 'h:mm a d.M.yyyy', 'CONVERSION_FAILED'],
    ['2025 Nowhere/There', 'yyyy VV', 'CONVERSION_FAILED'],
  ])('%s by %s', (text, pattern, expected) => {
    expect(resultOf(`date.parse(row.d, ${JSON.stringify(pattern)})`, { d: text })).toBe(expected)
  })

  test.each([
    ['date.parse("1", "DD.MM.YYYY")', 'the day is dd'],
    ['date.parse("1", "dd.MM")', 'by "dd.MM" no date can be read: it has no year'],
    ['date.parse("1", "dd.mm.yyyy")', 'it has a day, and no month, which is MM'],
    ['date.parse("1", "dd.MM.yyyy hh:mm")', 'h, hours of 12, and a, AM or PM, belong together'],
    ['date.parse("1", "dd.MM.yyyy HH a")', 'h, hours of 12, and a, AM or PM, belong together'],
    ['date.parse("1", "dd.MM.yyyy mm")', 'it has minutes (mm), and no hour; the month is MM'],
    ['date.parse("1", "yyyy \'x")', 'a quote isn’t closed'],
    ['date.parse("1", "yyyy", "Nowhere")', '"Nowhere" isn’t a time zone such as Australia/Sydney or +10:00'],
    ['date.parse("1", "yyyy", "UTC", "!")', '"!" isn’t a language such as de or en-GB'],
    ['date.add(timestamp(0), 1, "moons")', '"moons" isn’t a unit'],
  ])('%s is found before the run', (source, problem) => expect(resultOf(source)).toContain(problem))

  test.each([null, 7, [], {}])('%j is an error of the row', d =>
    expect(resultOf('date.parse(row.d, "dd.MM.yyyy")', { d })).toBe(d === null ? 'VALUE_NULL' : 'TYPE_MISMATCH'),
  )

  test('what is written in a zone is read as the same point in time', () => {
    fc.assert(
      fc.property(instants, fc.constantFrom('UTC', '+05:30', 'Europe/Berlin', 'America/New_York'), (time, zone) => {
        const pattern = "EEEE d MMMM yyyy, hh:mm:ss a 'and' SSSSSSSSS XXX"
        expect(parseDate(formatDate(time, pattern, zone, 'de', ''), pattern, null, 'de', '')).toEqual(time)
      }),
    )
  })
})

// Offsets were whole minutes throughout.
const FROM = BigInt(Date.UTC(1975, 0, 1)) * 1_000_000n
const TO = BigInt(Date.UTC(2060, 0, 1)) * 1_000_000n
const instants = fc.bigInt({ min: FROM, max: TO }).map(ns => new Timestamp(ns))
const zones = fc.constantFrom('UTC', '-03:30', 'Europe/Berlin', 'Australia/Lord_Howe')

describe('a time that the clocks', () => {
  const at = (hour: number, minute: number, month: number, day: number) =>
    instantOf({ year: 2026, month, day, hour, minute, second: 0, nanosecond: 0 }, 'Europe/Berlin')?.ns
  const utc = (iso: string) => BigInt(Date.parse(iso)) * 1_000_000n
  test('skip is as much later', () => expect(at(2, 30, 3, 29)).toBe(utc('2026-03-29T01:30:00Z')))
  test('have twice is the first', () => expect(at(2, 30, 10, 25)).toBe(utc('2026-10-25T00:30:00Z')))
})

test('working days are those that counting day by day gives', () => {
  fc.assert(
    fc.property(instants, fc.integer({ min: -40, max: 40 }), zones, (start, count, zone) => {
      let counted = start
      for (let left = Math.abs(count); left > 0; ) {
        counted = later(counted, count < 0 ? -1n : 1n, 'days', zone)
        if (localTime(counted, zone).weekday < 6) left--
      }
      const end = later(start, BigInt(count), 'working_days', zone)
      // What the clocks skip on one of the days in between moves the one that goes day by day.
      const day = ({ year, month, day }: ReturnType<typeof localTime>) => [year, month, day]
      expect(day(localTime(end, zone))).toEqual(day(localTime(counted, zone)))
      expect(between(start, end, 'working_days', zone)).toBe(BigInt(count))
    }),
  )
})

test('a unit begins at or before the time that is in it, and at its own beginning', () => {
  fc.assert(
    fc.property(instants, fc.constantFrom(...UNITS), zones, (time, unit, zone) => {
      const start = truncated(time, unit, zone)
      expect(start.ns <= time.ns).toBe(true)
      expect(truncated(start, unit, zone)).toEqual(start)
    }),
  )
})

test('where Node has no Temporal, the polyfill gives the same', async () => {
  vi.stubGlobal('Temporal', undefined)
  vi.resetModules()
  const other = await import('./calendar.ts')
  const { Timestamp: OtherTimestamp } = await import('../values.ts')
  const count = fc.bigInt({ min: -500n, max: 500n })
  fc.assert(
    fc.property(instants, instants, count, fc.constantFrom(...UNITS), zones, (a, b, n, unit, zone) => {
      const [x, y] = [new OtherTimestamp(a.ns), new OtherTimestamp(b.ns)]
      expect(other.later(x, n, unit, zone).ns).toBe(later(a, n, unit, zone).ns)
      expect(other.between(x, y, unit, zone)).toBe(between(a, b, unit, zone))
      expect(other.truncated(x, unit, zone).ns).toBe(truncated(a, unit, zone).ns)
      expect(other.localTime(x, zone)).toEqual(localTime(a, zone))
    }),
  )
  vi.unstubAllGlobals()
})
