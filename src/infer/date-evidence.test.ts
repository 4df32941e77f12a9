import { expect, test } from 'vitest'
import { DateEvidence } from './date-evidence.ts'

const findingOf = (...cells: readonly string[]) => {
  const evidence = new DateEvidence()
  for (const [index, cell] of cells.entries()) evidence.add(cell, index + 2)
  return { finding: evidence.finding, misses: evidence.misses.count }
}

test.each<[string, readonly string[], string]>([
  ['days first, as strict as all of them are', ['31.01.2026', '01.02.2026'], 'dd.MM.yyyy'],
  ['days and months of one digit', ['31.1.2026', '1.2.2026'], 'd.M.yyyy'],
  ['years of two digits', ['31.01.26', '01.02.26'], 'dd.MM.yy'],
  ['months first, where one day is above 12', ['01/02/2026', '01/31/2026'], 'MM/dd/yyyy'],
  ['days first, where one day is above 12', ['01/02/2026', '31/01/2026'], 'dd/MM/yyyy'],
  ['a point is never behind a month', ['01.02.2026', '03.04.2026'], 'dd.MM.yyyy'],
  ['slashes behind years', ['2026/01/31'], 'yyyy/MM/dd'],
  ['eight digits', ['20260131', '20260201'], 'yyyyMMdd'],
  ['names of months', ['Jun 12 1998', 'May 3 2001'], 'MMM d yyyy'],
  ['whole names of months', ['June 12, 1998'], 'MMMM dd, yyyy'],
  ['names behind days', ['12-Jan-26', '03-Feb-26'], 'dd-MMM-yy'],
  ['days of the week', ['Sat, 31 Jan 2026 14:05:00 +0100'], 'EEE, dd MMM yyyy HH:mm:ss XX'],
  ['times', ['31.01.2026 14:05', '01.02.2026 07:00'], 'dd.MM.yyyy HH:mm'],
  ['hours of twelve', ['1/31/2026 2:05 PM', '12/1/2026 11:00 AM'], 'M/d/yyyy h:mm a'],
  ['fractions with a comma', ['31.01.2026 14:05:01,250'], 'dd.MM.yyyy HH:mm:ss,S'],
  ['blanks before times', ['2026-01-31 14:05:00'], 'yyyy-MM-dd HH:mm:ss'],
])('%s', (_what, cells, pattern) => {
  expect(findingOf(...cells)).toEqual({ finding: { kind: 'pattern', pattern, iso: false }, misses: 0 })
})

test('what is ISO 8601 already needs no pattern', () => {
  expect(findingOf('2026-01-31', '2026-12-01').finding).toMatchObject({ iso: true })
  expect(findingOf('2026-01-31T14:05:00Z').finding).toMatchObject({ iso: true })
  expect(findingOf('2026-01-31T14:05:00.25+01:00').finding).toMatchObject({ iso: true })
})

test('where no day is above 12 nobody can know', () => {
  const { finding } = findingOf('01/02/2026', '3/4/2026')
  expect(finding).toEqual({ kind: 'either', day_first: 'd/M/yyyy', month_first: 'M/d/yyyy' })
})

test('what is none is counted, with its line', () => {
  expect(findingOf('31.01.2026', 'later', '01.02.2026', '31.02.2026')).toMatchObject({
    finding: { pattern: 'dd.MM.yyyy' },
    misses: 2,
  })
  expect(findingOf('north', 'south')).toEqual({ finding: { kind: 'none' }, misses: 2 })
})
