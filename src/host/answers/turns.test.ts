import { expect, test } from 'vitest'
import { Turns } from './turns.ts'

test('some are at work, some wait in their order, others are refused; who gives up leaves the line', async () => {
  const turns = new Turns({ at_once: 1, waiting: 2, what: 'too many', wait_ms: 3000 })
  const ends: (() => void)[] = []
  const begun: string[] = []
  const take = (name: string, signal = new AbortController().signal) =>
    turns.take(signal, () => {
      begun.push(name)
      return new Promise<void>(resolve => ends.push(resolve))
    })
  const [first, giving_up] = [take('first'), new AbortController()]
  const second = take('second', giving_up.signal)
  const third = take('third')
  await expect(take('fourth')).rejects.toMatchObject({ code: 'CUSTODY_TOO_MANY', wait_ms: 3000 })
  giving_up.abort(new Error('enough'))
  await expect(second).rejects.toThrow('enough')
  const fifth = take('fifth')
  ends[0]?.()
  await first
  expect(begun).toEqual(['first', 'third'])
  ends[1]?.()
  await third
  ends[2]?.()
  await fifth
  expect(begun).toEqual(['first', 'third', 'fifth'])
  const last = take('last')
  ends[3]?.()
  await last
})
