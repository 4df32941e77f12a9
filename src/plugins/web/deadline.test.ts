import { getEventListeners } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Deadline } from './deadline.ts'

const LONG_MS = 60_000

/** One that is watched, and how often it has given up. */
function watched(stop: AbortSignal, timeout_ms = LONG_MS) {
  const deadline = new Deadline(stop, timeout_ms)
  const seen = { times: 0 }
  deadline.watch(() => seen.times++)
  return { deadline, seen }
}

test('is over when the run stops, for all that it stops, once', () => {
  const stop = new AbortController()
  const [one, other] = [watched(stop.signal), watched(stop.signal)]
  expect(one.deadline.passed).toBe(null)
  stop.abort()
  for (const { deadline, seen } of [one, other]) expect([deadline.passed, seen.times]).toEqual(['stopped', 1])
  one.deadline.pass('time')
  expect([one.deadline.passed, one.seen.times]).toEqual(['stopped', 1])
})

test('is over from the beginning, if the run stops already', () => {
  const { deadline, seen } = watched(AbortSignal.abort())
  expect([deadline.passed, seen.times]).toEqual(['stopped', 1])
})

test('is over when its time is', async () => {
  const { deadline, seen } = watched(new AbortController().signal, 1)
  while (deadline.passed === null) await wait(1)
  expect([deadline.passed, seen.times]).toEqual(['time', 1])
})

test('what has ended, or isn’t watched any more, is left alone', () => {
  const stop = new AbortController()
  const [ended, unwatched] = [watched(stop.signal), watched(stop.signal)]
  ended.deadline.end()
  unwatched.deadline.unwatch()
  stop.abort()
  expect([ended.deadline.passed, ended.seen.times]).toEqual([null, 0])
  expect([unwatched.deadline.passed, unwatched.seen.times]).toEqual(['stopped', 0])
})

test('a signal has one listener, however many requests it stops', () => {
  const { signal } = new AbortController()
  const all = Array.from({ length: 100 }, () => new Deadline(signal, LONG_MS))
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  for (const each of all) each.end()
})
