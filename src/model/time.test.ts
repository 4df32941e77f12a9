import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatDuration, formatTime } from './time.ts'

test('times are ISO 8601 with milliseconds, rounded down', () => {
  expect(formatTime(0)).toBe('1970-01-01T00:00:00.000Z')
  expect(formatTime(1_795_269_731_482_999)).toBe('2026-11-21T14:02:11.482Z')
  expect(formatTime(-1)).toBe('1969-12-31T23:59:59.999Z')
})

test.each([
  [0, '0 ms'],
  [9, '0.01 ms'],
  [20, '0.02 ms'],
  [9_994, '9.99 ms'],
  [9_995, '10 ms'],
  [12_540, '12.5 ms'],
  [99_949, '99.9 ms'],
  [482_300, '482 ms'],
  [999_499, '999 ms'],
  [999_500, '1 s'],
  [1_340_000, '1.3 s'],
  [59_949_999, '59.9 s'],
  [59_950_000, '1 min'],
  [125_000_000, '2 min 5 s'],
  [3_599_600_000, '1 h'],
  [11_400_000_000, '3 h 10 min'],
  [86_399_000_000, '1 d'],
  [187_200_000_000, '2 d 4 h'],
  [-5, '0 ms'],
])('%i µs is %s', (us, text) => expect(formatDuration(us)).toBe(text))

test('a longer duration never reads as a shorter one of the same unit', () => {
  const UNITS: { [unit: string]: number } = { ms: 1e3, s: 1e6, min: 60e6, h: 3600e6, d: 86_400e6 }
  const read = (text: string): number => {
    const parts = text.split(' ')
    let us = 0
    for (let i = 0; i < parts.length; i += 2) us += Number(parts[i]) * UNITS[parts[i + 1]!]!
    return us
  }
  fc.assert(
    fc.property(fc.nat(2 ** 40), fc.nat(2 ** 40), (a, b) => {
      const [low, high] = a < b ? [a, b] : [b, a]
      expect(read(formatDuration(low))).toBeLessThanOrEqual(read(formatDuration(high)))
    }),
  )
})
