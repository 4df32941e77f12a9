import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Admission, SlidingWindow, WINDOW_MS } from './admission.ts'

/** Times that never go back, some of them equal, some a window apart. */
const times = fc
  .array(fc.oneof(fc.nat(20_000), fc.constantFrom(0, 1, WINDOW_MS - 1, WINDOW_MS)), { maxLength: 200 })
  .map(steps => {
    let now_ms = 0
    return steps.map(step => {
      now_ms += step
      return now_ms
    })
  })

const within = (all: readonly number[], now_ms: number) =>
  all.filter(each => each > now_ms - WINDOW_MS && each <= now_ms).length

describe('the window', () => {
  test('counts as a look at all times would', () => {
    fc.assert(
      fc.property(times, all => {
        const window = new SlidingWindow()
        for (const [i, now_ms] of all.entries()) {
          window.add(now_ms)
          expect(window.count(now_ms)).toBe(within(all.slice(0, i + 1), now_ms))
        }
        expect(window.peak).toBe(Math.max(0, ...all.map((now_ms, i) => within(all.slice(0, i + 1), now_ms))))
      }),
    )
  })

  test('forgets what it has no more use for, and still counts', () => {
    const window = new SlidingWindow()
    for (let now_ms = 0; now_ms < 10 * WINDOW_MS; now_ms += 20) window.add(now_ms)
    expect(window.count(10 * WINDOW_MS - 20)).toBe(3000)
    expect(window.peak).toBe(3000)
  })
})

describe('the limit', () => {
  test('never lets more through in any 60 seconds, and refuses only what would be more', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 10 }), (all, per_minute) => {
        const admission = new Admission({ burst: { requests: 1 }, per_minute })
        const through: number[] = []
        for (const now_ms of all) {
          const verdict = admission.ask(now_ms)
          expect(verdict.kind).toBe(within(through, now_ms) < per_minute ? 'through' : 'over_limit')
          if (verdict.kind === 'through') through.push(now_ms)
          else if (verdict.kind === 'over_limit')
            expect(within(through, now_ms + verdict.wait_ms)).toBe(
              per_minute - through.filter(each => each === through.at(-per_minute)).length,
            )
        }
      }),
    )
  })
})

describe('bursts', () => {
  test('of requests refuse so many, the first included', () => {
    const admission = new Admission({ burst: { requests: 3 }, per_minute: null })
    expect(admission.ask(0).kind).toBe('through')
    admission.beginBurst(0)
    expect([1, 2, 3].map(now_ms => admission.ask(now_ms).kind)).toEqual(['rate_limited', 'rate_limited', 'through'])
  })

  test('of time refuse all within it', () => {
    const admission = new Admission({ burst: { duration_ms: 100 }, per_minute: null })
    admission.ask(5)
    admission.beginBurst(5)
    expect([5, 50, 104.9, 105].map(now_ms => admission.ask(now_ms).kind)).toEqual([
      'rate_limited',
      'rate_limited',
      'rate_limited',
      'through',
    ])
  })

  test('use nothing of the limit', () => {
    const admission = new Admission({ burst: { requests: 10 }, per_minute: 2 })
    admission.ask(0)
    admission.beginBurst(0)
    for (let i = 0; i < 9; i++) expect(admission.ask(1).kind).toBe('rate_limited')
    expect([admission.ask(2).kind, admission.ask(3).kind]).toEqual(['through', 'over_limit'])
  })
})
