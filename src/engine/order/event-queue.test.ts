import { expect, test } from 'vitest'
import { VirtualClock } from '../../../test/support/virtual-clock.ts'
import { News } from './event-queue.ts'

function listen() {
  const clock = new VirtualClock()
  const told: string[] = []
  const news = new News(clock, () => told.push('news'))
  const takeAll = () => {
    while (news.any) for (const apply of news.take()) apply([])
    return told.filter(each => each !== 'news')
  }
  const say = (what: string) => () => told.push(what)
  return { clock, news, told, takeAll, say }
}

test('M1: answers come before what is due at the same time, in the order in which they came', () => {
  const { news, takeAll, say } = listen()
  news.fallDue(say('timeout'))
  news.arrive(say('first answer'))
  news.fallDue(say('max_age'))
  news.arrive(say('second answer'))
  expect(takeAll()).toEqual(['first answer', 'second answer', 'timeout', 'max_age'])
})

test('M1: an answer that an answer brings comes before what is due, too', () => {
  const { news, takeAll, say } = listen()
  news.fallDue(say('timeout'))
  news.arrive(() => news.arrive(say('answer')))
  expect(takeAll()).toEqual(['answer', 'timeout'])
})

test('M2: nothing is applied before it is taken', () => {
  const { news, told, say } = listen()
  news.arrive(say('answer'))
  expect([told, news.any]).toEqual([['news'], true])
})

test('what rests is counted until it is taken, and falls due in its time', () => {
  const { clock, news, takeAll, say } = listen()
  news.rest(2_000, say('second'))
  news.rest(1_000, say('first'))
  expect([news.resting, news.any]).toEqual([2, false])
  clock.advance()
  expect([news.resting, news.any]).toEqual([2, true])
  expect(takeAll()).toEqual(['first'])
  expect(news.resting).toBe(1)
  clock.advance()
  expect(takeAll()).toEqual(['first', 'second'])
  expect(news.resting).toBe(0)
})
