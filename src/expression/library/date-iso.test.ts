import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Fault } from '../faults.ts'
import { parseTimestamp } from '../time.ts'
import { compileDatePattern } from './date-iso.ts'
import { datePattern } from './date-pattern.ts'
import { formatDate, parseDate } from './date-text.ts'

const read = (pattern: string, text: string) => {
  const date = compileDatePattern(pattern)
  return typeof date === 'string' ? date : date(text)
}

test.each([
  ['dd.MM.yyyy', '31.01.2026', '2026-01-31'],
  ['dd.MM.yyyy', '1.1.2026', null],
  ['d.M.yyyy', '1.1.2026', '2026-01-01'],
  ['d.M.yy', '1.12.68', '2068-12-01'],
  ['d.M.yy', '1.12.69', '1969-12-01'],
  ['yyyyMMdd', '20240229', '2024-02-29'],
  ['yyyyMMdd', '20230229', null],
  ['dd.MM.yyyy', '31.04.2026', null],
  ['dd.MM.yyyy', '00.01.2026', null],
  ['dd.MM.yyyy', '31x01x2026', null],
  ['d MMM yyyy', '3 sep 2026', '2026-09-03'],
  ['MMMM d, yyyy', 'May 3, 2026', '2026-05-03'],
  ["yyyy-MM-dd'T'HH:mm:ss.SXXX", '2026-01-31T23:59:59.25+02:00', '2026-01-31T23:59:59.25+02:00'],
  ['yyyy-MM-dd HH:mmXX', '2026-01-31 05:07-0330', '2026-01-31T05:07:00-03:30'],
  ['yyyy-MM-dd HH:mmXX', '2026-01-31 05:07Z', '2026-01-31T05:07:00Z'],
  ['yyyy-MM-dd HH:mmXX', '2026-01-31 05:07+9900', null],
  ['yyyy-MM-dd HH:mm', '2026-01-31 24:00', null],
  ['yyyy-MM-dd HH:mm', '2026-01-31 23:60', null],
  ['M/d/yyyy h:mm a', '1/2/2026 12:00 AM', '2026-01-02T00:00:00'],
  ['M/d/yyyy h:mm a', '1/2/2026 11:00 p.m.', '2026-01-02T23:00:00'],
  ['M/d/yyyy h:mm a', '1/2/2026 13:00 pm', null],
  ["d 'o''clock' M yyyy", "1 o'clock 2 2026", '2026-02-01'],
  ['d(M)yyyy', '1(2)2026', '2026-02-01'],
  ['EEE, d MMM yyyy', 'Sat, 31 Jan 2026', '2026-01-31'],
  ['EEE, d MMM yyyy', 'Sun, 31 Jan 2026', null],
  ['yyyy dd.MM.yyyy', '2026 31.01.2026', '2026-01-31'],
  ['yyyy dd.MM.yyyy', '2025 31.01.2026', null],
  ['dd.MM.yyyy', '01.01.0000', null],
  ["yyyy-MM-dd'T'HH:mm", '2026-01-31t05:07', null],
  ['yyyy-MM-dd HH:mmXXX', '2026-01-31 05:07z', '2026-01-31T05:07:00Z'],
  ['yyyy-MM-dd HH:mm:ss.SSS', '2026-01-31 05:07:00.120', '2026-01-31T05:07:00.120'],
  ['yyyy-MM-dd HH:mm:ss.SSS', '2026-01-31 05:07:00.12', null],
  ['yyyy-MM-dd H:mm VV', '2026-07-01 9:30 Europe/Berlin', '2026-07-01T07:30:00Z'],
  ['yyyy-MM-dd H:mm VV', '2026-07-01 9:30 Nowhere', null],
  ['yyyy-MM-dd H:mm VV', '0001-01-01 9:30 Asia/Tokyo', '0001-01-01T00:11:01Z'],
])('%s reads %s as %s', (pattern, text, expected) => {
  expect(read(pattern, text)).toBe(expected)
})

describe('a pattern is refused', () => {
  test.each([
    ['dd.MM', /no year/],
    ['yyyy-dd', /no month/],
    ['yyyy-MM', /no day/],
    ['DD.MM.yyyy', /"DD.MM.yyyy" isn’t a pattern of dates: `DD` stands for nothing; the day is dd/],
    ['yyyy-MM-ddXXX', /by "yyyy-MM-ddXXX" no date can be read: it has a zone, and no hour/],
    ['yyyy-MM-dd VV', /zone, and no hour/],
    ['yyyy-MM-dd hh:mm', /belong together/],
    ['yyyy-MM-dd a', /belong together/],
    ['yyyy-MM-dd mm', /no hour/],
    ['yyyy-MM-dd HH ss', /no minutes/],
    ["yyyy-MM-dd 'x", /quote isn’t closed/],
  ])('%s', (pattern, message) => {
    expect(compileDatePattern(pattern)).toMatch(message)
  })
})

test('any moment that a pattern writes is read as it is', () => {
  const date = fc.date({
    min: new Date('0001-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59Z'),
    noInvalidDate: true,
  })
  const reads = compileDatePattern("yyyy-MM-dd'T'HH:mm:ss.SXXX")
  fc.assert(
    fc.property(date, moment => {
      expect(typeof reads === 'string' ? reads : reads(moment.toISOString())).toBe(moment.toISOString())
    }),
  )
})

const DAY = ['y', 'M', 'd'] as const
/** Fields of a date and of a time, each in one of its forms. */
const anyPattern = fc
  .record({
    date: fc
      .tuple(fc.constantFrom('y', 'yy', 'yyyy'), fc.constantFrom('M', 'MM', 'MMM', 'MMMM'), fc.constantFrom('d', 'dd'))
      .chain(fields => fc.shuffledSubarray([...fields, 'EEE'], { minLength: 3 })),
    time: fc.constantFrom('', ' H:mm', ' hh:mm a', " HH'h'm", ' HH:mm:ss', ' HH:mm:ss.S', ' H:m:s.SSSS'),
    zone: fc.constantFrom('', 'XXX', ' XX', ' VV'),
    between: fc.constantFrom('.', '/', ' ', '-', ''),
  })
  .map(({ date, time, zone, between }) => `${date.join(between)}${time}${time === '' ? '' : zone}`)

/** Written by a pattern, some of it then changed. */
const anyText = (pattern: string) =>
  fc
    .tuple(
      fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-30'), noInvalidDate: true }),
      fc.nat(30),
      fc.nat(12),
    )
    .map(([date, at, digit]) => {
      const time = parseTimestamp(date.toISOString())
      const text = formatDate(time, pattern, 'Europe/Berlin', 'en', '')
      return digit > 9 ? text : `${text.slice(0, at)}${digit}${text.slice(at + 1)}`
    })

test('what is read is what date.parse reads, where the text itself says all of it', () => {
  const texts = anyPattern.chain(pattern => fc.tuple(fc.constant(pattern), anyText(pattern)))
  fc.assert(
    fc.property(texts, ([pattern, text]) => {
      const mine = read(pattern, text)
      const found = datePattern(pattern)
      // A pattern that says no month or day is none for data.
      if (typeof found === 'string' || !DAY.every(letter => found.letters.has(letter))) return
      let theirs: bigint | null = null
      try {
        theirs = parseDate(text, pattern, null, 'en', '').ns
      } catch (error) {
        expect(error).toBeInstanceOf(Fault)
      }
      const whole = mine === null || mine.includes('T') ? mine : `${mine}T00:00:00Z`
      const iso = whole === null || /(?:Z|[+-]\d\d:\d\d)$/.test(whole) ? whole : `${whole}Z`
      expect(iso === null ? null : parseTimestamp(iso).ns).toBe(theirs)
    }),
    { numRuns: 1000 },
  )
})
