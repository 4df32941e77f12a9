import { execFileSync } from 'node:child_process'
import { afterEach, expect, test, vi } from 'vitest'
import { boundYoungGeneration, STOP_FLAG, V8_YOUNG_GENERATION } from './young-generation.ts'

const MIB = 1024 * 1024

afterEach(() => {
  vi.useRealTimers()
})

test('growth is stopped once, when it has grown enough', () => {
  vi.useFakeTimers()
  const young = { sizeBytes: vi.fn(() => 8 * MIB), stopGrowth: vi.fn() }
  boundYoungGeneration(young)
  vi.advanceTimersByTime(1_000)
  expect(young.stopGrowth).not.toHaveBeenCalled()
  young.sizeBytes.mockReturnValue(16 * MIB)
  vi.advanceTimersByTime(1_000)
  expect(young.stopGrowth).toHaveBeenCalledTimes(1)
})

test('V8 tells the size of its young generation', () => {
  expect(V8_YOUNG_GENERATION.sizeBytes()).toBeGreaterThan(0)
})

test('V8 knows the flag', () => {
  expect(() => execFileSync(process.execPath, [STOP_FLAG, '--version'])).not.toThrow()
  expect(() => execFileSync(process.execPath, ['--no-such-flag', '--version'], { stdio: 'ignore' })).toThrow()
})
