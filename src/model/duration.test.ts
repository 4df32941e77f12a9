import { expect, test } from 'vitest'
import { DURATION_PATTERN, parseDuration } from './duration.ts'

test.each([
  ['500ms', 500],
  ['0s', 0],
  ['30s', 30_000],
  ['1.5s', 1500],
  ['0.1s', 100],
  ['5m', 300_000],
  ['1h', 3_600_000],
  ['7d', 604_800_000],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
  expect(text).toMatch(new RegExp(DURATION_PATTERN))
})

test.each(['', '30', 's', '30 s', '-1s', '1e3s', '30sec', '1h30m', '0.5ms', '4000d', '99999999999999999d', '1.s'])(
  '%s isn’t a duration',
  text => {
    expect(parseDuration(text)).toBeNull()
  },
)
