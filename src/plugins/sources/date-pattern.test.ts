import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileDatePattern } from './date-pattern.ts'

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
])('%s reads %s as %s', (pattern, text, expected) => {
  expect(read(pattern, text)).toBe(expected)
})

describe('a pattern is refused', () => {
  test.each([
    ['dd.MM', /no year/],
    ['yyyy-dd', /no month/],
    ['yyyy-MM', /no day/],
    ['DD.MM.yyyy', /DD means nothing.*yyyy, yy/],
    ['yyyy-MM-dd yyyy', /the year stands twice/],
    ['yyyy-MM-dd hh:mm', /belong together/],
    ['yyyy-MM-dd a', /belong together/],
    ['yyyy-MM-dd mm', /no hour/],
    ['yyyy-MM-dd HH ss', /no minutes/],
    ["yyyy-MM-dd 'x", /means nothing/],
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
