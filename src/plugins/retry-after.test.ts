import { expect, test } from 'vitest'
import { limitReset, retryAfter } from './retry-after.ts'

const DATE = 'Wed, 01 Jul 2026 10:00:00 GMT'

test.each([
  [{ 'retry-after-ms': '12.5', 'retry-after': '3' }, 13],
  [{ 'retry-after-ms': '1e300', 'retry-after': '3' }, 3_000],
  [{ 'x-ms-retry-after-ms': '2500' }, 2_500],
  [{ 'retry-after': '0.5' }, 500],
  [{ 'retry-after': '86400' }, 86_400_000],
  [{ 'retry-after': 'Wed, 01 Jul 2026 10:00:30 GMT', date: DATE }, 30_000],
  [{ 'retry-after': 'Wednesday, 01-Jul-26 10:00:30 GMT', date: DATE }, 30_000],
  [{ 'retry-after': '2026-07-01T10:00:30Z', date: DATE }, 30_000],
  [{ 'retry-after': 'Wed, 01 Jul 2020 10:00:30 GMT' }, 0],
  // Absurd: as if nothing were said.
  [{ 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT', date: DATE }, null],
  [{ 'retry-after': '999999999' }, null],
  [{ 'retry-after': '9'.repeat(400) }, null],
  [{ 'retry-after': '-5' }, null],
  [{ 'retry-after': '120 seconds' }, null],
  [{ 'retry-after': '1e9 parsecs, please' }, null],
  [{ 'retry-after': 'soon' }, null],
  [{}, null],
])('%j is %j ms', (headers, ms) => expect(retryAfter(headers)).toBe(ms))

test.each([
  [{ 'x-ratelimit-reset-tokens': '5' }, 5_000],
  [{ 'x-ratelimit-reset-requests': '6m0s' }, 360_000],
  [{ 'x-ratelimit-reset-requests': '120ms' }, 120],
  [{ 'x-ratelimit-reset-requests': '1d2h' }, 93_600_000],
  // Only what is used up has to come back.
  [
    {
      ...{ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '2s' },
      ...{ 'x-ratelimit-remaining-tokens': '5000', 'x-ratelimit-reset-tokens': '10m' },
    },
    2_000,
  ],
  [{ 'x-ratelimit-reset': '1782900003', date: DATE }, 3_000],
  [{ 'x-ratelimit-reset': '1782900003000', date: DATE }, 3_000],
  [{ 'anthropic-ratelimit-tokens-reset': '2026-07-01T10:00:30Z', date: DATE }, 30_000],
  [{ 'x-ratelimit-reset': 'later' }, null],
  [{ 'x-ratelimit-reset': '' }, null],
  [{ 'x-ratelimit-limit': '5' }, null],
])('what %j says is used up is there again in %j ms', (headers, ms) => expect(limitReset(headers)).toBe(ms))
