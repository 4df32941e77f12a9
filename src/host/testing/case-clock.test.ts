import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CaseClock } from './case-clock.ts'

const START_US = 1_700_000_000_000_000

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** One look of the event loop. */
const turn = () => vi.advanceTimersByTimeAsync(0)

test('CASE-CLOCK-1: time stands still until nothing else helps, then it jumps to what is due first', async () => {
  const clock = new CaseClock(START_US)
  const rung: string[] = []
  const at = (name: string) => () => rung.push(`${name} ${clock.monotonic_us()}`)
  clock.wake(3_600_000_000, at('hour'))
  clock.wake(30_000_000, at('half a minute'))
  const callOff = clock.wake(1_000_000, at('called off'))
  clock.wake(30_000_000, at('after it'))
  clock.wake(0, at('at once'))
  callOff()
  await turn()
  expect([rung, clock.now_us()]).toEqual([['at once 0'], START_US])
  for (const _ of [1, 2, 3, 4]) {
    clock.idle()
    await turn()
  }
  expect(rung).toEqual(['at once 0', 'half a minute 30000000', 'after it 30000000', 'hour 3600000000'])
  expect(clock.now_us()).toBe(START_US + 3_600_000_000)
  expect(vi.getTimerCount()).toBe(0)
})

test('CASE-CLOCK-2: what is silent for long has its time counted, and whoever rings is no silence', async () => {
  const clock = new CaseClock(START_US)
  const rung: number[] = []
  clock.wake(5_000_000, () => rung.push(clock.monotonic_us()))
  await vi.advanceTimersByTimeAsync(2_000)
  clock.wake(9_000_000, () => rung.push(clock.monotonic_us()))
  await vi.advanceTimersByTimeAsync(2_000)
  expect(clock.monotonic_us()).toBe(0)
  await vi.advanceTimersByTimeAsync(1_000)
  expect([rung, clock.monotonic_us()]).toEqual([[], 3_000_000])
  await vi.advanceTimersByTimeAsync(6_000)
  expect([rung, clock.monotonic_us()]).toEqual([[5_000_000, 9_000_000], 9_000_000])
  expect(vi.getTimerCount()).toBe(0)
})
