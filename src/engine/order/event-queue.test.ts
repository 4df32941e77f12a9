import { expect, test } from 'vitest'
import { VirtualClock } from '../../../test/support/virtual-clock.ts'
import { EventQueue } from './event-queue.ts'

function listen() {
  const clock = new VirtualClock()
  const heard: string[] = []
  const events = new EventQueue(clock, () => heard.push('news'))
  const takeAll = () => {
    while (events.any) for (const apply of events.take()) apply([])
    return heard.filter(each => each !== 'news')
  }
  const say = (what: string) => () => heard.push(what)
  return { clock, events, heard, takeAll, say }
}

test('EVENT-QUEUE-1: answers come before what is due at the same time, in the order in which they came', () => {
  const { events, takeAll, say } = listen()
  events.fallDue(say('timeout'))
  events.arrive(say('first answer'))
  events.fallDue(say('max_age'))
  events.arrive(say('second answer'))
  expect(takeAll()).toEqual(['first answer', 'second answer', 'timeout', 'max_age'])
})

test('EVENT-QUEUE-1: an answer that an answer brings comes before what is due, too', () => {
  const { events, takeAll, say } = listen()
  events.fallDue(say('timeout'))
  events.arrive(() => events.arrive(say('answer')))
  expect(takeAll()).toEqual(['answer', 'timeout'])
})

test('EVENT-QUEUE-2: nothing is applied before it is taken', () => {
  const { events, heard, say } = listen()
  events.arrive(say('answer'))
  expect([heard, events.any]).toEqual([['news'], true])
})

test('what rests is counted until it is taken, and falls due in its time', () => {
  const { clock, events, takeAll, say } = listen()
  events.rest(2_000, say('second'))
  events.rest(1_000, say('first'))
  expect([events.resting, events.any]).toEqual([2, false])
  clock.advance()
  expect([events.resting, events.any]).toEqual([2, true])
  expect(takeAll()).toEqual(['first'])
  expect(events.resting).toBe(1)
  clock.advance()
  expect(takeAll()).toEqual(['first', 'second'])
  expect(events.resting).toBe(0)
})
