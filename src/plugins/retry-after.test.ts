import { expect, test } from 'vitest'
import { retryAfter } from './retry-after.ts'

test.each([
  [{ 'retry-after-ms': '12.5', 'retry-after': '3' }, 13],
  [{ 'retry-after-ms': '1e300', 'retry-after': '3' }, 3_000],
  [{ 'retry-after': '0.5' }, 500],
  [{ 'retry-after': 'Wed, 01 Jul 2026 10:00:30 GMT', date: 'Wed, 01 Jul 2026 10:00:00 GMT' }, 30_000],
  [{ 'retry-after': 'Wed, 01 Jul 2020 10:00:30 GMT' }, 0],
  [{ 'retry-after': '9'.repeat(400) }, null],
  [{ 'retry-after': 'soon' }, null],
  [{}, null],
])('%j is %j ms', (headers, ms) => expect(retryAfter(headers)).toBe(ms))
