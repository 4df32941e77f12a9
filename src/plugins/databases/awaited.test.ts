import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Awaited } from './awaited.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const never = () => new Promise<never>(() => undefined)
const LOST = { name: 'DatabaseError', kind: 'lost' }

test('what comes in time is handed on, and what is thrown', async () => {
  const awaited = new Awaited(1000, () => undefined)
  expect(await awaited.answer(async () => 7)).toBe(7)
  await expect(awaited.answer(() => Promise.reject(new Error('its own')))).rejects.toThrow('its own')
  expect([awaited.isLost, vi.getTimerCount()]).toEqual([false, 0])
})

test('silence ends what is awaited, and the connection', async () => {
  let drops = 0
  const awaited = new Awaited(1000, () => drops++)
  const answer = expect(awaited.answer(never)).rejects.toMatchObject({
    ...LOST,
    message: 'nothing has come from the server for 1 s',
    hint: expect.stringMatching(/holds its answers back/),
  })
  vi.advanceTimersByTime(999)
  expect(awaited.isLost).toBe(false)
  vi.advanceTimersByTime(1)
  await answer
  expect([awaited.isLost, drops]).toEqual([true, 1])
  await expect(awaited.answer(async () => 7)).rejects.toMatchObject(LOST)
})

test('a connection that is gone ends all that is awaited; what the library says of it itself comes first', async () => {
  const awaited = new Awaited(1000, () => undefined)
  const { promise, reject } = Promise.withResolvers<never>()
  const answers = [
    expect(awaited.answer(never)).rejects.toMatchObject({ ...LOST, message: 'it was cut' }),
    expect(awaited.answer(() => promise)).rejects.toThrow('terminated by an administrator'),
  ]
  awaited.lose('it was cut')
  awaited.lose('once more')
  reject(new Error('terminated by an administrator'))
  await Promise.all(answers)
})

test('of pieces, each has its time, and none runs while nobody waits', () => {
  const ends: string[] = []
  const awaited = new Awaited(1000, () => undefined)
  const watch = awaited.watch(({ message }) => ends.push(message))
  watch.begin()
  for (let pieces = 0; pieces < 5; pieces++) {
    vi.advanceTimersByTime(900)
    watch.came()
  }
  watch.end()
  vi.advanceTimersByTime(5000)
  expect(ends).toEqual([])
  watch.begin()
  vi.advanceTimersByTime(1000)
  expect(ends).toEqual(['nothing has come from the server for 1 s'])
})
