/** How a worker uses its share: the shares are real, time and the database are not. */
import { beforeEach, expect, test } from 'vitest'
import { VirtualClock } from '../../../test/support/virtual-clock.ts'
import { RunServices } from './run-services.ts'
import { type Asked, ask, left, offered, type Shares } from './shares.ts'

const LEASE_US = 10_000_000
const S = 'model'
const LIMITS = { concurrency: 2, per_minute: null }

let clock: VirtualClock
let shares: Shares
/** What the database does with a question; null: it is away. */
let way: 'answers' | 'is_away' | 'loses_answers'
let questions: Asked[]

beforeEach(() => {
  clock = new VirtualClock()
  way = 'answers'
  questions = []
  offer(null)
})

function offer(budget: number | null): void {
  shares = offered(null, { budget, limits: { [S]: LIMITS } }, { closed: 0, open: new Map() }, false, 0)
}

function worker(part: number, { epoch = 2, budget = null as number | null, answer_us = 0 } = {}): RunServices {
  return new RunServices({
    ...{ part, epoch, budget, clock, lease_us: LEASE_US, day_us: () => clock.wall_us() },
    ask: async asked => {
      questions.push(asked)
      if (way === 'is_away') throw new Error('away')
      const answered = ask(shares, asked, clock.monotonic_us())
      if (answered !== null) shares = answered.shares
      if (answer_us > 0) await clock.sleep(answer_us)
      if (way === 'loses_answers') throw new Error('cut')
      return answered?.answer ?? null
    },
    leave: async how => {
      shares = left(shares, how, clock.monotonic_us())
    },
  })
}

const begin = (services: RunServices, waiting = 1) => services.begin(S, LIMITS, waiting)

/** Lets time pass, and all that is asked meanwhile be answered. */
async function pass(us: number): Promise<void> {
  let is_over = false
  clock.wake(us, () => {
    is_over = true
  })
  while (!is_over) {
    clock.advance()
    for (let i = 0; i < 5; i++) await Promise.resolve()
  }
}

test('it asks when a call waits, begins as many as it has places for, and hears of more', async () => {
  const [one, two] = [worker(1), worker(2)]
  let news = 0
  two.onMore(() => news++)
  expect(begin(one, 5)).toBeGreaterThan(0)
  await pass(50_000)
  expect([begin(one, 5), begin(one, 4)]).toEqual([0, 0])
  expect(begin(one, 3)).toBeGreaterThan(0)
  expect(begin(two)).toBeGreaterThan(0)
  await pass(50_000)
  expect(begin(two)).toBeGreaterThan(0)
  const before = news
  one.end(S)
  await pass(600_000)
  expect(news).toBeGreaterThan(before)
  expect(begin(two)).toBe(0)
})

test('RUN-SERVICES-1: cut off from the database it begins nothing when a lease has passed by either clock', async () => {
  const one = worker(1)
  begin(one)
  await pass(50_000)
  expect(begin(one)).toBe(0)
  one.end(S)
  way = 'is_away'
  clock.spend(LEASE_US)
  expect(begin(one)).toBeGreaterThan(0)
  way = 'answers'
  await pass(1_000_000)
  expect(begin(one)).toBe(0)
  one.end(S)
  clock.sleepDeeply(LEASE_US)
  expect(begin(one)).toBeGreaterThan(0)
})

test('RUN-SERVICES-2: where an answer is lost nothing begins until there is another one', async () => {
  const one = worker(1)
  begin(one)
  await pass(50_000)
  expect(begin(one)).toBe(0)
  way = 'loses_answers'
  const before = questions.length
  while (questions.length === before) await pass(10_000)
  expect(begin(one)).toBeGreaterThan(0)
  way = 'answers'
  await pass(1_000_000)
  expect(begin(one)).toBe(0)
})

test('it says what was spent, and knows when nobody has money left', async () => {
  offer(100)
  const [one, two] = [worker(1, { budget: 100 }), worker(2, { budget: 100 })]
  const spend = (services: RunServices, spent_nusd: number, at_risk_nusd: number, next_nusd: number) =>
    services.spends({ spent_nusd, at_risk_nusd, next_nusd })
  spend(one, 0, 0, 80)
  await pass(50_000)
  expect(one.cost_nusd).toBeLessThanOrEqual(20)
  spend(one, 0, 80, 0)
  begin(one)
  spend(two, 0, 0, 30)
  await pass(1_000_000)
  expect([two.cost_nusd, two.may_pay]).toEqual([100, true])
  spend(one, 75, 0, 0)
  await one.leave(true)
  await pass(1_000_000)
  expect([two.cost_nusd, two.may_pay]).toEqual([100, false])
  expect(shares).toMatchObject({ closed: 75, unpaid: 30 })
})

test('whoever has left, or never asked, has nothing', async () => {
  const [one, two] = [worker(1), worker(2)]
  begin(one)
  await pass(50_000)
  expect(begin(one)).toBe(0)
  await one.leave(false)
  await two.leave(false)
  expect(shares.shares).toEqual([])
  const before = questions.length
  await pass(LEASE_US)
  expect(questions.length).toBe(before)
})

/** How long some workers take for splits, each with ten calls of 40 ms of a service with two places; the database answers after 3 ms. */
async function took_us(workers: number, splits: number): Promise<number> {
  const begun_us = clock.monotonic_us()
  let next = 1
  let at_work = workers
  const workOn = (services: RunServices) =>
    new Promise<void>(resolve => {
      let [waiting, open] = [10, 10]
      const pump = () => {
        for (; waiting > 0; waiting--) {
          const wait_us = services.begin(S, LIMITS, waiting)
          if (wait_us > 0) return void clock.wake(wait_us, pump)
          clock.wake(40_000, () => {
            services.end(S)
            if (--open === 0) resolve()
            pump()
          })
        }
      }
      services.onMore(pump)
      pump()
    })
  const work = async () => {
    while (next <= splits) {
      const services = worker(next++, { answer_us: 3_000 })
      await workOn(services)
      await services.leave(true)
    }
    at_work--
  }
  for (let i = 0; i < workers; i++) void work()
  while (at_work > 0) await pass(10_000)
  return clock.monotonic_us() - begun_us
}

test.each([1, 2, 3, 6])('places aren’t idle for long where %s workers contend for them', async workers => {
  const ideal_us = (12 * 10 * 40_000) / LIMITS.concurrency
  expect((await took_us(workers, 12)) / ideal_us).toBeLessThan(1.4)
})
