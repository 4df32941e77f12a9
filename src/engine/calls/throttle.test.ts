import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { afterAnswer, afterThrottled, isShut, type Throttle, throttledDelay_ms, unthrottled } from './throttle.ts'

/** A service that throttles what its rate says, asked as often as it allows: the mean allowance of the last half. */
function meanAllowance(concurrency: number, isThrottled: (call: number) => boolean): number {
  let throttle = unthrottled(concurrency)
  let cut = 0
  let sum = 0
  const calls = 20_000
  for (let call = 1; call <= calls; call++) {
    // A call that was begun before the last cut is answered a round trip later.
    const events = call - cut > throttle.allowance
    if (isThrottled(call)) {
      throttle = afterThrottled(throttle, events)
      if (events) cut = call
    } else throttle = afterAnswer(throttle, concurrency)
    if (call > calls / 2) sum += throttle.allowance
  }
  return sum / (calls / 2)
}

describe('the allowance', () => {
  test('stays between 1 and the concurrency, whatever the service answers', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.array(fc.constantFrom('ok', 'throttled', 'again')),
        (concurrency, answers) => {
          let throttle: Throttle = unthrottled(concurrency)
          for (const answer of answers) {
            throttle =
              answer === 'ok' ? afterAnswer(throttle, concurrency) : afterThrottled(throttle, answer === 'throttled')
            expect(throttle.allowance).toBeGreaterThanOrEqual(1)
            expect(throttle.allowance).toBeLessThanOrEqual(concurrency)
            expect(throttle.share).toBeGreaterThanOrEqual(0)
            expect(throttle.share).toBeLessThanOrEqual(1)
          }
        },
      ),
    )
  })

  test('hardly falls where the service throttles now and then', () => {
    expect(meanAllowance(64, call => call % 50 === 0)).toBeGreaterThan(60)
  })

  test('falls where it throttles most of the time, and rises again afterwards', () => {
    expect(meanAllowance(64, call => call % 4 !== 0)).toBeLessThan(6)
    let throttle = unthrottled(64)
    for (let i = 0; i < 200; i++) throttle = afterThrottled(throttle, true)
    expect(throttle.allowance).toBe(1)
    expect(isShut(throttle)).toBe(true)
    for (let i = 0; i < 3_000; i++) throttle = afterAnswer(throttle, 64)
    expect(throttle).toMatchObject({ allowance: 64 })
    expect(isShut(throttle)).toBe(false)
  })
})

test('a throttled call waits as long as the service asks, or longer each time', () => {
  const retry = { backoff_ms: 1_000, max_backoff_ms: 5_000, factor: 2 }
  const delays = [1, 2, 3, 4].map(times => throttledDelay_ms(times, null, retry, 1))
  expect(delays).toEqual([1_000, 2_000, 4_000, 5_000])
  expect(throttledDelay_ms(1, null, retry, 0)).toBe(500)
  expect(throttledDelay_ms(1, 20_000, retry, 0)).toBe(20_000)
})
