import { expect, test, vi } from 'vitest'
import { pause } from './pause.ts'

test('a pause lasts as long as was asked for, and ends at once when its signal is aborted, before it or meanwhile', async () => {
  vi.useFakeTimers()
  try {
    const stop = new AbortController()
    let ended = 0
    const wait = () => void pause(500, stop.signal).then(() => ended++)
    wait()
    await vi.advanceTimersByTimeAsync(499)
    expect(ended).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(ended).toBe(1)
    wait()
    stop.abort()
    await vi.advanceTimersByTimeAsync(0)
    expect(ended).toBe(2)
    wait()
    await vi.advanceTimersByTimeAsync(0)
    expect([ended, vi.getTimerCount()]).toEqual([3, 0])
  } finally {
    vi.useRealTimers()
  }
})
