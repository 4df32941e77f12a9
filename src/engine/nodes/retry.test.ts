import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RetryConfig } from '../../plan/plan.ts'
import { type AfterError, afterError } from './retry.ts'

const RETRY: RetryConfig = { attempts: 4, backoff_ms: 1000, max_backoff_ms: 3000, factor: 2 }

test.each<[boolean, number, AfterError]>([
  [false, 1, { kind: 'give_up', cause: 'error' }],
  [false, 4, { kind: 'give_up', cause: 'error' }],
  [true, 1, { kind: 'again', delay_us: 1_000_000 }],
  [true, 2, { kind: 'again', delay_us: 2_000_000 }],
  [true, 3, { kind: 'again', delay_us: 3_000_000 }],
  [true, 4, { kind: 'give_up', cause: 'retries_exhausted' }],
  [true, 5, { kind: 'give_up', cause: 'retries_exhausted' }],
])('retryable %s, attempt %i', (retryable, attempt, expected) => {
  expect(afterError(retryable, attempt, RETRY)).toEqual(expected)
})

test('with one attempt there is no other', () => {
  expect(afterError(true, 1, { ...RETRY, attempts: 1 })).toEqual({ kind: 'give_up', cause: 'retries_exhausted' })
})

test('there are exactly as many attempts as allowed, with delays that never shrink and never exceed max_backoff', () => {
  fc.assert(
    fc.property(
      fc.record({
        attempts: fc.integer({ min: 1, max: 200 }),
        backoff_ms: fc.nat({ max: 100_000 }),
        max_backoff_ms: fc.nat({ max: 1_000_000 }),
        factor: fc.double({ min: 1, max: 10, noNaN: true }),
      }),
      retry => {
        let last_us = 0
        let attempt = 1
        for (let after = afterError(true, attempt, retry); after.kind === 'again'; ) {
          expect(Number.isSafeInteger(after.delay_us)).toBe(true)
          expect(after.delay_us).toBeGreaterThanOrEqual(last_us)
          expect(after.delay_us).toBeLessThanOrEqual(retry.max_backoff_ms * 1000)
          last_us = after.delay_us
          after = afterError(true, ++attempt, retry)
        }
        expect(attempt).toBe(retry.attempts)
      },
    ),
  )
})
