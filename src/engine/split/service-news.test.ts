import { expect, test } from 'vitest'
import type { ServiceState } from '../calls/service-state.ts'
import { ServiceNews } from './service-news.ts'

const waiting = { service: 'model', open: 5, one_each: true }
const down = (now_us: number, next_try_us: number): ServiceState => ({
  ...{ kind: 'down', ...waiting, failures: 25, last: '503' },
  ...{ now_us, next_try_us },
})
const paced = (now_us: number, assumed: boolean): ServiceState => ({
  ...{ kind: 'paced', ...waiting, now_us, until_us: now_us + 60 },
  assumed,
})
const back: ServiceState = { kind: 'back', service: 'model' }

function heard(states: readonly ServiceState[]): readonly number[] {
  const said: ServiceState[] = []
  const news = new ServiceNews(state => said.push(state))
  for (const each of states) news.hear(each)
  return said.map(each => states.indexOf(each))
}

test('a pause that several splits find out is said once, and so is its end', () => {
  expect(heard([down(0, 10), down(1, 11), down(10, 30), down(11, 31), back, back, down(20, 40)])).toEqual([0, 2, 4, 6])
})

test('another reason to wait is said at once', () => {
  const left_alone: ServiceState = { kind: 'left_alone', ...waiting, now_us: 1, until_us: 90 }
  expect(heard([down(0, 10), left_alone, { ...left_alone, now_us: 2 }])).toEqual([0, 1])
})

test('of waits for the minute each kind is said once', () => {
  expect(heard([paced(0, true), paced(100, true), paced(200, false), paced(300, false)])).toEqual([0, 2])
})
