/** What splits share, by random histories of those who work on them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Answer, ask, left, offered, type Shares, settledBy, unsettled } from './shares.ts'

const LEASE_US = 10_000_000
const MINUTE_US = 60_000_000
const S = 'model'
const LIMITS = { concurrency: 3, per_minute: 7 }
const BUDGET = 1_000
const NOTHING_SPENT = { closed: 0, open: new Map<number, number>() }

const start = (limits = LIMITS, budget: number | null = BUDGET) =>
  offered(null, { budget, limits: { [S]: limits } }, NOTHING_SPENT, false, 0)

interface Call {
  readonly begun_us: number
  readonly most: number
  ended_us: number | null
}

/** A process that works on a split, and heeds what it was answered. */
class Process {
  readonly part: number
  readonly epoch: number
  readonly calls: Call[] = []
  spent: number
  waiting = 0
  wants = 0
  #ended = 0
  #starts = 0
  #answer: Answer | null = null
  until_us = 0
  /** Calls that were under way when its share ran out: they count as ended then. */
  readonly outlived = new Set<Call>()

  /** `spent`: with what those before it have lost. */
  constructor(part: number, epoch: number, spent: number) {
    this.part = part
    this.epoch = epoch
    this.spent = spent
  }

  get under_way(): readonly Call[] {
    return this.calls.filter(({ ended_us }) => ended_us === null)
  }

  get at_risk(): number {
    return this.under_way.reduce((sum, { most }) => sum + most, 0)
  }

  /** `hears`: whether the answer arrives. */
  ask(shares: Shares, now_us: number, hears = true): Shares {
    if (now_us > this.until_us) for (const call of this.under_way) this.outlived.add(call)
    const answered = ask(shares, { ...this.report(), lease_us: LEASE_US, wants: this.wants }, now_us)
    this.#answer = hears && answered !== null ? answered.answer : null
    this.#starts = 0
    if (this.#answer !== null) {
      this.until_us = now_us + LEASE_US
      this.#ended = 0
      this.#starts = this.#answer.services[S]?.starts ?? 0
    }
    return answered?.shares ?? shares
  }

  report() {
    const { part, epoch, spent, at_risk, waiting } = this
    const mine = { in_flight: this.under_way.length, waiting, starts: this.#starts, ended: this.#ended }
    return { part, epoch, spent, at_risk, services: { [S]: mine } }
  }

  get answer(): Answer | null {
    return this.#answer
  }

  mayBegin(most: number, now_us: number): boolean {
    const { places = 0, starts = 0 } = this.#answer?.services[S] ?? {}
    if (this.#answer === null || now_us > this.until_us) return false
    if (this.under_way.length >= places || (starts !== null && this.#starts < 1)) return false
    return this.#answer.limit === null || this.spent + this.at_risk + most <= this.#answer.limit
  }

  begin(most: number, now_us: number): void {
    this.#starts--
    this.waiting = Math.max(0, this.waiting - 1)
    this.calls.push({ begun_us: now_us, most, ended_us: null })
  }

  end(cost: number, now_us: number): void {
    const [call] = this.under_way
    if (call === undefined) return
    // What nobody knows of any more counts as ended when its share ran out.
    call.ended_us = Math.min(now_us, this.until_us)
    this.#ended++
    this.spent += Math.min(cost, call.most)
  }
}

const STEP = fc.record({
  after_us: fc.oneof({ weight: 60, arbitrary: fc.nat(300_000) }, { weight: 1, arbitrary: fc.nat(40_000_000) }),
  who: fc.nat(3),
  what: fc.oneof(
    { weight: 24, arbitrary: fc.constantFrom('ask', 'ask', 'begin', 'begin', 'begin', 'end', 'end', 'wait') },
    { weight: 2, arbitrary: fc.constantFrom('lose', 'kill', 'take', 'leave', 'leave') },
  ),
  amount: fc.integer({ min: 1, max: 150 }),
})
type Step = Parameters<Parameters<typeof STEP.map>[0]>[0]

class History {
  shares: Shares
  now_us = 0
  /** By split; the last is the one that has it. */
  readonly all: Process[][] = [0, 1, 2, 3].map(part => [new Process(part + 1, 2, 0)])

  constructor(shares: Shares) {
    this.shares = shares
  }

  step({ after_us, who, what, amount }: Step): void {
    this.now_us += after_us
    const own = this.all[who] as Process[]
    const one = own.at(-1) as Process
    if (what === 'ask') this.shares = one.ask(this.shares, this.now_us)
    if (what === 'lose') this.shares = one.ask(this.shares, this.now_us, false)
    if (what === 'wait') [one.waiting, one.wants] = [amount % 7, amount]
    // Whoever has been replaced begins what it may, too.
    if (what === 'begin') for (const each of own) if (each.mayBegin(amount, this.now_us)) this.#begin(each, amount)
    if (what === 'end') for (const each of own) each.end(amount, this.now_us)
    if (what === 'kill' || what === 'take') this.#replace(own, one, what === 'kill')
    if (what === 'leave') this.#leave(own, one)
    for (const part of unsettled(this.shares)) {
      const before = this.shares.settled[part]
      const last = this.all[part - 1]?.at(-1)
      if (before !== undefined && last !== undefined && amount % 2 === 0)
        this.shares = settledBy(this.shares, part, before, last.spent + last.at_risk)
    }
    this.#check()
  }

  /** `at_once`: the former is gone; else it doesn't know, and has a lease. */
  #replace(own: Process[], one: Process, at_once: boolean): void {
    const next = new Process(one.part, one.epoch + 1, one.spent + one.at_risk)
    if (at_once) one.until_us = Math.min(one.until_us, this.now_us)
    own.push(next)
  }

  #leave(own: Process[], one: Process): void {
    this.shares = left(this.shares, { ...one.report(), is_closed: false }, this.now_us)
    one.spent += one.at_risk
    for (const call of one.under_way) call.ended_us = this.now_us
    one.until_us = Number.NEGATIVE_INFINITY
    own.push(new Process(one.part, one.epoch + 1, one.spent))
  }

  #begin(process: Process, most: number): void {
    process.begin(most, this.now_us)
    const calls = this.all
      .flat()
      .flatMap(({ calls, until_us }) => calls.map(call => call.ended_us ?? Math.min(until_us, this.now_us)))
    const recent = calls.filter(ended_us => ended_us > this.now_us - MINUTE_US)
    expect(recent.length).toBeLessThanOrEqual(LIMITS.per_minute)
  }

  #check(): void {
    const lively = this.all.flat().filter(({ until_us }) => until_us >= this.now_us)
    const known = lively.flatMap(({ under_way, outlived }) => under_way.filter(call => !outlived.has(call)))
    expect(known.length).toBeLessThanOrEqual(LIMITS.concurrency)
  }
}

describe('shares', () => {
  test('SHARES-1, SHARES-3 hold whatever happens to processes', () => {
    fc.assert(
      fc.property(fc.array(STEP, { maxLength: 300, size: 'max' }), steps => {
        const history = new History(start(LIMITS, null))
        for (const step of steps) history.step(step)
      }),
      { numRuns: 100, endOnFailure: true },
    )
  })

  test('SHARES-2: no more is spent than may be, whoever is killed', () => {
    fc.assert(
      fc.property(fc.array(STEP, { maxLength: 300, size: 'max' }), steps => {
        const history = new History(start({ concurrency: 3, per_minute: LIMITS.per_minute }))
        for (const step of steps) {
          // Logs have all that was spent: nobody is replaced who still spends.
          history.step(step.what === 'take' ? { ...step, what: 'kill' } : step)
          const sum = history.all.reduce((total, own) => {
            const { spent = 0, at_risk = 0 } = own.at(-1) ?? {}
            return total + spent + at_risk
          }, 0)
          expect(sum).toBeLessThanOrEqual(BUDGET)
        }
      }),
      { numRuns: 100, endOnFailure: true },
    )
  })

  test('all comes back: to one who asks alone, a minute later', () => {
    fc.assert(
      fc.property(fc.array(STEP, { maxLength: 100 }), steps => {
        const history = new History(start())
        for (const step of steps) history.step(step)
        const now_us = history.now_us + 2 * MINUTE_US
        let { shares } = history
        const last = new Process(9, 2, 0)
        ;[last.waiting, last.wants] = [100, 1]
        // Those who are gone have run out, and their logs have been read.
        shares = last.ask(shares, now_us)
        let spent = 0
        for (const own of history.all) {
          const { part = 0, spent: on_record = 0, at_risk = 0 } = own.at(-1) ?? {}
          const before = shares.settled[part]
          spent += before === undefined ? 0 : on_record + at_risk
          if (before !== undefined) shares = settledBy(shares, part, before, on_record + at_risk)
        }
        last.ask(shares, now_us + 1)
        const { places, starts } = last.answer?.services[S] ?? {}
        expect([places, starts]).toEqual([LIMITS.concurrency, LIMITS.per_minute])
        expect(last.answer?.is_exhausted).toBe(spent >= BUDGET)
      }),
    )
  })

  test('SHARES-4: those who wait have turns, and none has a second place before each has one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 9 }), (splits, concurrency) => {
        let shares = start({ concurrency, per_minute: 10_000 }, null)
        const all = Array.from({ length: splits }, (_, i) => new Process(i + 1, 2, 0))
        const turns = new Set<number>()
        for (let step = 1; step < 10 * splits; step++) {
          const now_us = step * 250_000
          for (const each of all) {
            each.waiting = 100
            each.end(0, now_us)
            shares = each.ask(shares, now_us)
            while (each.mayBegin(0, now_us)) each.begin(0, now_us)
            if (each.under_way.length > 0) turns.add(each.part)
          }
        }
        expect(turns.size).toBe(splits)
        const places = all.map(each => each.answer?.services[S]?.places ?? 0)
        if (concurrency >= splits) expect(Math.max(...places) - Math.min(...places)).toBeLessThanOrEqual(1)
        else expect(Math.max(...places)).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('SHARES-5: who comes first with a call that is too dear keeps others waiting, and nobody is out of money while others may give some back', () => {
    let shares = start({ concurrency: 9, per_minute: 1_000 }, 100)
    const [first, second] = [new Process(1, 2, 0), new Process(2, 2, 0)]
    ;[first.wants, first.waiting, second.wants, second.waiting] = [60, 1, 60, 1]
    shares = first.ask(shares, 1)
    expect(first.mayBegin(60, 1)).toBe(true)
    first.begin(60, 1)
    shares = second.ask(shares, 2)
    expect([second.mayBegin(60, 2), second.answer?.is_exhausted]).toEqual([false, false])
    ;[first.wants, first.waiting] = [10, 1]
    shares = first.ask(shares, 3)
    expect([first.mayBegin(10, 3), first.answer?.is_exhausted]).toEqual([false, false])
    first.end(50, 4)
    shares = first.ask(shares, 5)
    shares = second.ask(shares, 6)
    expect([second.mayBegin(60, 6), second.answer?.is_exhausted]).toEqual([false, true])
  })

  test('SHARES-5: when nothing is under way somebody can pay, or hears that there is no money, whatever was lost before', () => {
    fc.assert(
      fc.property(
        fc.array(STEP, { maxLength: 200, size: 'max' }),
        fc.array(fc.integer({ min: 1, max: 150 }), { minLength: 4, maxLength: 4 }),
        (steps, wants) => {
          const history = new History(start())
          for (const step of steps) history.step(step)
          // All are killed, and their splits taken over when their leases have run out.
          let { shares } = history
          const now_us = history.now_us + 2 * MINUTE_US
          const taken = history.all.map((own, i) => {
            const { part = 0, epoch = 0, spent = 0, at_risk = 0 } = own.at(-1) ?? {}
            const next = new Process(part, epoch + 1, spent + at_risk)
            ;[next.waiting, next.wants] = [1, wants[i] ?? 1]
            return next
          })
          for (let round = 1; round <= 3; round++) for (const each of taken) shares = each.ask(shares, now_us + round)
          const canPay = ({ answer, spent, wants: most }: Process) => spent + most <= (answer?.limit ?? 0)
          expect(taken.some(each => canPay(each) || each.answer?.is_exhausted === true)).toBe(true)
        },
      ),
    )
  })

  test('calls of a minute ago that nobody knows of are assumed where a run is resumed; what workers still have is known', () => {
    const one = new Process(1, 2, 0)
    one.waiting = 2
    const before = one.ask(start({ concurrency: 2, per_minute: 5 }, null), 1)
    const limits = { budget: null, limits: { [S]: { concurrency: 2, per_minute: 5 } } }
    const after = offered(before, limits, NOTHING_SPENT, true, 2)
    const other = new Process(2, 2, 0)
    other.waiting = 1
    other.ask(after, 3)
    expect(other.answer?.services[S]).toMatchObject({ places: 0, starts: 0 })
    expect(other.answer?.services[S]?.wait_us).toBeGreaterThan(MINUTE_US - 1_000_000)
  })

  test('whoever was replaced is answered nothing', () => {
    const [one, next] = [new Process(1, 2, 0), new Process(1, 3, 0)]
    let shares = next.ask(one.ask(start(), 1), 2)
    shares = one.ask(shares, 3)
    expect([one.answer, next.answer === null]).toEqual([null, false])
  })
})
