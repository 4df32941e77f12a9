import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LOOK_AFTER_MS, type Said, Watch } from './watch.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A question that is answered when the test says so; `say`: what the server says of it, and how often it was asked. */
function asked(say: () => Said) {
  const state = { received: 0, asked: 0, given_up: false }
  let answer: (value: string) => void = () => undefined
  let fail: (error: Error) => void = () => undefined
  const work = new Promise<string>((resolve, reject) => {
    answer = resolve
    fail = reject
  })
  const watch = new Watch({
    received: () => state.received,
    ask: async () => {
      state.asked++
      return say()
    },
    giveUp: () => {
      state.given_up = true
      fail(new Error('given up'))
    },
  })
  const result = watch.over(work).catch(String)
  return { state, watch, result, answer }
}

test('a server that is at work isn’t hurried', async () => {
  const { state, result, answer } = asked(() => 'at_work')
  await vi.advanceTimersByTimeAsync(1000 * LOOK_AFTER_MS)
  answer('late')
  expect([await result, state.asked]).toEqual(['late', 1000])
  await vi.advanceTimersByTimeAsync(10 * LOOK_AFTER_MS)
  expect(state.asked).toBe(1000)
})

test('while something comes nobody is asked', async () => {
  const { state, result, answer } = asked(() => 'unreached')
  for (let i = 0; i < 10; i++) {
    state.received++
    await vi.advanceTimersByTimeAsync(LOOK_AFTER_MS - 1)
  }
  answer('all')
  expect([await result, state.asked]).toEqual(['all', 0])
})

test.each(['idle', 'unreached'] as const)('a server that is %s is given up, within the time of a lease', async said => {
  const { state, result } = asked(() => said)
  await vi.advanceTimersByTimeAsync(5_000)
  expect([await result, state.given_up]).toEqual(['Error: given up', true])
})

test('an answer that was on its way is taken', async () => {
  const { state, result, answer } = asked(() => 'idle')
  await vi.advanceTimersByTimeAsync(LOOK_AFTER_MS)
  state.received++
  answer('sent before')
  await vi.advanceTimersByTimeAsync(10_000)
  expect([await result, state.given_up]).toEqual(['sent before', false])
})
