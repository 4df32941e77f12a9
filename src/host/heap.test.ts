import { execFileSync } from 'node:child_process'
import { afterEach, expect, test, vi } from 'vitest'
import { boundHeap, OLD_FLAG, V8_HEAP, YOUNG_FLAG } from './heap.ts'

const MIB = 1024 * 1024

afterEach(() => {
  vi.useRealTimers()
})

test('the old generation is bounded at once, the young one when it has grown enough', () => {
  vi.useFakeTimers()
  const heap = { youngBytes: vi.fn(() => 8 * MIB), set: vi.fn() }
  boundHeap(heap)
  vi.advanceTimersByTime(1_000)
  expect(heap.set.mock.calls).toEqual([[OLD_FLAG]])
  heap.youngBytes.mockReturnValue(16 * MIB)
  vi.advanceTimersByTime(1_000)
  expect(heap.set.mock.calls).toEqual([[OLD_FLAG], [YOUNG_FLAG]])
})

test('V8 reports the size of its young generation', () => {
  expect(V8_HEAP.youngBytes()).toBeGreaterThan(0)
})

test.each([OLD_FLAG, YOUNG_FLAG])('V8 knows %s', flag => {
  expect(() => execFileSync(process.execPath, [flag, '--version'])).not.toThrow()
  expect(() => execFileSync(process.execPath, ['--no-such-flag', '--version'], { stdio: 'ignore' })).toThrow()
})
