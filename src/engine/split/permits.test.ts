/** What splits may ask and spend together, by random histories of their sessions: money and places are real, messages take their time. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VirtualClock } from '../../../test/support/virtual-clock.ts'
import type { Plan } from '../../plan/plan.ts'
import { Budget } from '../calls/budget.ts'
import { MINUTE_US } from '../calls/rate-window.ts'
import type { SharedLimits } from '../calls/service.ts'
import { Permits } from './permits.ts'
import type { Cost } from './run-money.ts'
import { SplitServices } from './split-services.ts'

const S = 'model'
const BUDGET = 250

interface Limits {
  readonly concurrency: number
  readonly per_minute: number | null
  readonly budget: number | null
}

const planLimits = ({ concurrency, per_minute }: Limits): Plan['limits'] => ({
  ...{ file: null, spend_usd: null, visit_ms: 0 },
  services: new Map([[S, { concurrency, per_minute, breaker: 'off', max_wait_ms: null }]]),
})

interface Call {
  readonly begun_us: number
  readonly most: number
  cost: number | null
  ended_us: number | null
}

/** A session, as far as it asks: its calls wait in a queue, whose first may begin when it has a place and money. */
class Session {
  readonly part: number
  readonly services: SplitServices
  readonly budget: Budget
  readonly queue: number[] = []
  readonly calls: Call[] = []
  readonly #clock: VirtualClock
  readonly #all: Call[]
  /** It hears, but looks only when it has time. */
  readonly looks: Array<() => void> = []

  constructor(world: World, part: number, cost: Cost) {
    const { clock, limits, calls } = world
    this.part = part
    this.#clock = clock
    this.#all = calls
    const cap = limits.budget ?? Number.POSITIVE_INFINITY
    this.services = new SplitServices({
      ...{ budget_nusd: limits.budget, clock },
      ask: asked => world.toPermits.push(() => world.permits.ask(part, asked)),
    })
    world.permits.join(part, said => {
      const at = world.toSessions.get(part) ?? []
      world.toSessions.set(part, at)
      at.push(() => {
        if (world.sessions.get(part) === this) this.services.hear(said)
      })
    })
    this.budget = new Budget(cap, cost.on_record, cost.lost, this.services)
    this.services.onMore(looked =>
      this.looks.push(() => {
        this.pump()
        looked()
      }),
    )
  }

  get under_way(): readonly Call[] {
    return this.calls.filter(({ ended_us }) => ended_us === null)
  }

  pump(): void {
    for (;;) {
      const [most] = this.queue
      if (most === undefined || !this.budget.allows(most) || this.services.begin(S) > 0) return
      this.queue.shift()
      this.budget.begin(most)
      const call: Call = { begun_us: this.#clock.monotonic_us(), most, cost: null, ended_us: null }
      this.calls.push(call)
      this.#all.push(call)
    }
  }

  end(cost: number): void {
    const [call] = this.under_way
    if (call === undefined) return
    call.ended_us = this.#clock.monotonic_us()
    call.cost = Math.min(cost, call.most)
    this.budget.end(call.most, call.cost)
    this.services.end(S)
    this.pump()
  }

  get spent(): number {
    return this.calls.reduce((sum, { most, cost }) => sum + (cost ?? most), 0)
  }
}

class World {
  readonly clock = new VirtualClock()
  readonly limits: Limits
  readonly permits: Permits
  readonly calls: Call[] = []
  /** Messages of all, in the order in which they were sent. */
  readonly toPermits: Array<() => void> = []
  readonly toSessions = new Map<number, Array<() => void>>()
  readonly sessions = new Map<number, Session>()
  /** Of splits that were left. */
  readonly costs = new Map<number, Cost>()

  constructor(limits: Limits, shared: SharedLimits | null = null) {
    this.limits = limits
    const { clock } = this
    const parts = { limits: planLimits(limits), budget_nusd: limits.budget, costs: new Map(), assumes: false }
    this.permits = new Permits({ ...parts, clock, shared })
  }

  of(part: number): Session {
    const known = this.sessions.get(part)
    if (known !== undefined) return known
    const made = new Session(this, part, this.costs.get(part) ?? { on_record: 0, lost: 0 })
    this.sessions.set(part, made)
    return made
  }

  /** What was under way is heard of no more, and counts with the most that it may cost. */
  leave(part: number): void {
    const session = this.sessions.get(part)
    if (session === undefined) return
    this.deliver()
    this.sessions.delete(part)
    const { on_record, lost } = this.costs.get(part) ?? { on_record: 0, lost: 0 }
    const at_risk = session.under_way.reduce((sum, { most }) => sum + most, 0)
    this.costs.set(part, { on_record: on_record + session.spent - at_risk, lost: lost + at_risk })
    for (const call of session.under_way) call.ended_us = this.clock.monotonic_us()
    this.permits.leave(part)
  }

  deliver(): void {
    for (const message of this.toPermits.splice(0)) message()
  }

  hear(part: number): void {
    for (const message of this.toSessions.get(part)?.splice(0) ?? []) message()
    for (const look of this.sessions.get(part)?.looks.splice(0) ?? []) look()
  }

  pass(us: number): void {
    let is_over = false
    this.clock.wake(us, () => {
      is_over = true
    })
    while (!is_over) this.clock.advance()
  }

  /** All messages arrive, and all sessions have time for them. */
  settle(): void {
    while (this.toPermits.length > 0 || [...this.toSessions.values()].some(({ length }) => length > 0)) {
      this.deliver()
      for (const part of this.toSessions.keys()) this.hear(part)
    }
  }

  get spent(): number {
    const left = [...this.costs.values()].reduce((sum, { on_record, lost }) => sum + on_record + lost, 0)
    return [...this.sessions.values()].reduce((sum, session) => sum + session.spent, left)
  }

  check(): void {
    const under_way = this.calls.filter(({ ended_us }) => ended_us === null)
    const now_us = this.clock.monotonic_us()
    expect(under_way.length).toBeLessThanOrEqual(this.limits.concurrency)
    // A service may count a call when it begins, when it ends, or at any time between: at worst all at once.
    const recent = this.calls.filter(({ ended_us }) => ended_us === null || ended_us + MINUTE_US > now_us)
    expect(recent.length).toBeLessThanOrEqual(this.limits.per_minute ?? Number.POSITIVE_INFINITY)
    expect(this.spent).toBeLessThanOrEqual(this.limits.budget ?? Number.POSITIVE_INFINITY)
  }
}

const STEP = fc.record({
  who: fc.nat(3),
  what: fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom('call', 'call', 'end', 'end', 'deliver', 'deliver', 'hear', 'hear') },
    { weight: 1, arbitrary: fc.constantFrom('leave', 'minute') },
  ),
  amount: fc.integer({ min: 0, max: 150 }),
})

function takes(world: World, { who, what, amount }: { who: number; what: string; amount: number }): void {
  const session = world.of(who + 1)
  switch (what) {
    case 'call':
      session.queue.push(amount)
      return session.pump()
    case 'end':
      return session.end(amount)
    case 'deliver':
      world.toPermits.shift()?.()
      return
    case 'hear':
      return world.hear(who + 1)
    case 'leave':
      return world.leave(who + 1)
    default:
      world.pass(amount * 500_000)
  }
}

const histories = fc.array(STEP, { minLength: 20, maxLength: 200 })

describe('whatever splits do, and however late they hear', () => {
  test('PERMITS-1, RUN-MONEY-1: no more calls are under way, or count in a minute, and no more is spent, than the run may', () => {
    fc.assert(
      fc.property(histories, fc.boolean(), (steps, is_paced) => {
        const world = new World({ concurrency: 3, per_minute: is_paced ? 7 : null, budget: BUDGET })
        for (const step of steps) {
          takes(world, step)
          world.check()
        }
      }),
      { numRuns: 300 },
    )
  })

  test('PERMITS-3, PERMITS-4: nothing is lost: all calls that there is money for are made in the end', () => {
    fc.assert(
      fc.property(histories, fc.option(fc.constant(BUDGET)), (steps, budget) => {
        const world = new World({ concurrency: 3, per_minute: null, budget })
        for (const step of steps) takes(world, step)
        for (let i = 0; i < 100; i++) {
          world.settle()
          for (const session of world.sessions.values()) session.end(1)
        }
        world.settle()
        world.check()
        const left = [...world.sessions.values()].filter(({ queue }) => queue.length > 0)
        // Such a session stops, and the run with it.
        const over = left.filter(({ services }) => !services.may_pay)
        expect(over.length > 0).toBe(left.length > 0)
        for (const { queue } of over) expect(world.spent + (queue[0] ?? 0)).toBeGreaterThan(BUDGET)
      }),
      { numRuns: 300 },
    )
  })
})

test('PERMITS-3: places go round, however many calls of one split wait', () => {
  const world = new World({ concurrency: 1, per_minute: null, budget: null })
  const [one, two, three] = [world.of(1), world.of(2), world.of(3)]
  for (let i = 0; i < 30; i++) one.queue.push(0)
  for (let i = 0; i < 3; i++) for (const each of [two, three]) each.queue.push(0)
  for (const each of [one, two, three]) each.pump()
  for (let i = 0; i < 9; i++) {
    world.settle()
    for (const each of [one, two, three]) each.end(0)
  }
  expect([one, two, three].map(({ calls }) => calls.length)).toEqual([3, 3, 3])
})

test('who waits for a place hears how long none can be there', () => {
  const world = new World({ concurrency: 3, per_minute: 1, budget: null })
  const [one, two] = [world.of(1), world.of(2)]
  one.queue.push(0)
  one.pump()
  world.settle()
  one.end(0)
  two.queue.push(0)
  two.pump()
  world.settle()
  expect(two.calls).toEqual([])
  const wait_us = two.services.begin(S)
  expect(wait_us).toBeGreaterThan(MINUTE_US - 1_000_000)
  world.pass(wait_us)
  world.settle()
  expect(two.calls).toHaveLength(1)
})

test('a process that may have asked before this one counts in the minute', () => {
  const clock = new VirtualClock()
  const limits = planLimits({ concurrency: 3, per_minute: 2, budget: null })
  const permits = new Permits({
    ...{ limits, clock, shared: null },
    budget_nusd: null,
    costs: new Map(),
    assumes: true,
  })
  const said: string[] = []
  permits.join(1, each => said.push(each.kind))
  permits.ask(1, { kind: 'place', service: S })
  expect(said).toEqual(['wait'])
})

describe('limits that are kept with other runs', () => {
  const kept = (more: Partial<SharedLimits>): SharedLimits => ({ begin: () => 0, end: () => undefined, ...more })

  test('are kept by who gives places out, and each place comes back once', () => {
    const log: string[] = []
    const shared = kept({
      begin: () => {
        log.push('begin')
        return 0
      },
      end: () => log.push('end'),
    })
    const world = new World({ concurrency: 2, per_minute: null, budget: null }, shared)
    const one = world.of(1)
    one.queue.push(0, 0)
    one.pump()
    world.settle()
    one.end(0)
    world.leave(1)
    expect(log.filter(each => each === 'begin')).toHaveLength(2)
    expect(log.filter(each => each === 'end')).toHaveLength(2)
  })

  test('that can’t be read any more fail the calls that wait', () => {
    const broken = new Error('the file is gone')
    const shared = kept({
      begin: () => {
        throw broken
      },
    })
    const world = new World({ concurrency: 2, per_minute: null, budget: null }, shared)
    const one = world.of(1)
    one.queue.push(0)
    one.pump()
    world.deliver()
    expect(() => world.hear(1)).toThrow(broken)
  })
})

describe('money', () => {
  test('RUN-MONEY-2: a call that waits for it keeps later ones waiting, and so gets it', () => {
    const world = new World({ concurrency: 9, per_minute: null, budget: 100 })
    const [one, two, three] = [world.of(1), world.of(2), world.of(3)]
    const wants = (session: Session, most: number) => {
      session.queue.push(most)
      session.pump()
      world.settle()
    }
    wants(one, 60)
    wants(two, 80)
    wants(three, 30)
    expect([one, two, three].map(({ calls }) => calls.length)).toEqual([1, 0, 0])
    one.end(5)
    world.settle()
    expect([one, two, three].map(({ calls }) => calls.length)).toEqual([1, 1, 0])
    two.end(80)
    world.settle()
    expect(three.services.may_pay).toBe(false)
  })

  test('a split that was left has spent what it said, and what its calls under way may cost', () => {
    const world = new World({ concurrency: 9, per_minute: null, budget: 100 })
    const one = world.of(1)
    one.queue.push(40, 40)
    one.pump()
    world.settle()
    one.end(10)
    world.leave(1)
    const two = world.of(2)
    two.queue.push(51)
    two.pump()
    world.settle()
    expect([two.calls.length, two.services.may_pay]).toEqual([0, false])
    two.queue.splice(0, 1, 50)
    two.pump()
    world.settle()
    expect(two.calls).toHaveLength(1)
  })
})
