import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { systemClock } from './ports.ts'

const DAY_MS = 86_400_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

test('a wake longer than the longest timer comes in its time, once', () => {
  const woken = vi.fn()
  systemClock().wake(60 * DAY_MS * 1000, woken)
  vi.advanceTimersByTime(60 * DAY_MS - 1)
  expect(woken).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(woken).toHaveBeenCalledOnce()
  vi.advanceTimersByTime(60 * DAY_MS)
  expect(woken).toHaveBeenCalledOnce()
})

test('it can be called off at any time, also after it was prolonged', () => {
  const woken = vi.fn()
  const callOff = systemClock().wake(60 * DAY_MS * 1000, woken)
  vi.advanceTimersByTime(40 * DAY_MS)
  callOff()
  vi.advanceTimersByTime(40 * DAY_MS)
  expect(woken).not.toHaveBeenCalled()
})

test('never before its time, even if the timer is early', () => {
  const clock = systemClock()
  const early = vi.spyOn(performance, 'now')
  const woken = vi.fn()
  early.mockReturnValue(1000.9)
  clock.wake(5_000, woken)
  early.mockReturnValue(1005.2)
  vi.advanceTimersByTime(5)
  expect(woken).not.toHaveBeenCalled()
  early.mockReturnValue(1006)
  vi.advanceTimersByTime(1)
  expect(woken).toHaveBeenCalledOnce()
})

test('never within the call, however small the delay', () => {
  const woken = vi.fn()
  systemClock().wake(-5, woken)
  expect(woken).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(woken).toHaveBeenCalledOnce()
})
