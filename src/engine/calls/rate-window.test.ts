import fc from 'fast-check'
import { expect, test } from 'vitest'
import { VirtualClock } from '../../../test/support/virtual-clock.ts'
import { RateWindow } from './rate-window.ts'
import { Service } from './service.ts'

const WINDOW_US = 60_000_000

/** What a service counts: each call at some time between its beginning and its end. */
interface Counted {
  readonly begun_us: number
  readonly counted_us: number
}

const LIMITS = { concurrency: 100, per_minute: 2, breaker: null, max_wait_us: 1 }

const ports = (clock: VirtualClock) => ({
  ...{ clock, shared: null, paceOf: (per_minute: number) => new RateWindow(per_minute) },
  ...{ allows: () => true, tell: () => undefined, giveUp: () => undefined },
})

test('a service that counts calls whenever it likes never sees more than it allows in any window', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.array(
        fc.record({
          after_ms: fc.integer({ min: 0, max: 20_000 }),
          takes_ms: fc.oneof(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 90_000 })),
          counted_at: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
        { maxLength: 40 },
      ),
      async (per_minute, calls) => {
        const clock = new VirtualClock(0)
        const service = new Service('x', { ...LIMITS, per_minute }, ports(clock))
        const counted: Counted[] = []
        const done = calls.map(async ({ after_ms, takes_ms, counted_at }) => {
          await clock.sleep(after_ms * 1000)
          await new Promise<void>(resolve => {
            const waiter = {
              most_nusd: 0,
              fail: () => undefined,
              begin: () => {
                const begun_us = clock.now_us()
                counted.push({ begun_us, counted_us: Math.floor(begun_us + takes_ms * 1000 * counted_at) })
                clock.wake(takes_ms * 1000, () => {
                  service.answered(waiter)
                  resolve()
                })
              },
            }
            service.enter(waiter)
          })
        })
        await clock.drive(Promise.all(done))
        expect(counted).toHaveLength(calls.length)
        for (const { counted_us: end_us } of counted) {
          const within = counted.filter(each => each.counted_us > end_us - WINDOW_US && each.counted_us <= end_us)
          expect(within.length).toBeLessThanOrEqual(per_minute)
        }
      },
    ),
    { numRuns: 60 },
  )
})

test('what is under way keeps others waiting until it has ended, and for a minute more', () => {
  const pace = new RateWindow(2)
  pace.begin()
  pace.begin()
  expect(pace.wait_us(1_000_000_000)).toBe(Number.POSITIVE_INFINITY)
  pace.end(1_000_000_000)
  const wait_us = pace.wait_us(1_000_000_000)
  expect(wait_us).toBeGreaterThan(WINDOW_US)
  expect(pace.wait_us(1_000_000_000 + wait_us)).toBe(0)
})

test('a long run keeps no more than the last minute', () => {
  const pace = new RateWindow(3_000)
  let now_us = 0
  for (let i = 0; i < 100_000; i++) {
    const wait_us = pace.wait_us(now_us)
    now_us += wait_us
    pace.begin()
    pace.end(now_us)
    now_us += 1_000
  }
  // 3,000 in each window of a bit more than a minute.
  expect(now_us / 60_100_000).toBeGreaterThan(32)
  expect(now_us / 60_100_000).toBeLessThan(34.5)
})

test('sessions of one run have their minutes together', async () => {
  const clock = new VirtualClock(0)
  const pace = new RateWindow(2)
  const began_us: number[] = []
  for (let session = 0; session < 2; session++) {
    const service = new Service('x', LIMITS, { ...ports(clock), paceOf: () => pace })
    const calls = [1, 2].map(
      () =>
        new Promise<void>(resolve => {
          const begin = () => {
            began_us.push(clock.now_us())
            service.answered(waiter)
            resolve()
          }
          const waiter = { most_nusd: 0, fail: () => undefined, begin }
          service.enter(waiter)
        }),
    )
    await clock.drive(Promise.all(calls))
    service.close()
  }
  expect(began_us.slice(0, 2)).toEqual([0, 0])
  expect(Math.min(...began_us.slice(2))).toBeGreaterThan(WINDOW_US)
})
