/**
 * One service that calls are made to: who waits for it, in order, and when the next may begin.
 *
 * V1. At most `concurrency` calls are under way, at most `per_minute` begin in any minute, and fewer while it throttles.
 * V2. First come, first served: a call that may not begin keeps all others waiting, but for one that costs nothing while the
 *     first waits for budget: it takes nothing from it. One that was throttled comes first again when its time has come.
 */
import { afterAnswer, afterThrottled, isShut, type Throttle, unthrottled } from '../decide/throttle.ts'
import type { Clock } from '../ports.ts'
import { Pace } from './pace.ts'

export interface ServiceLimits {
  readonly concurrency: number
  readonly per_minute: number | null
}

/** Limits that are kept with other runs. */
export interface SharedLimits {
  /** Takes a place if there is one: 0. Else how long to wait at least before the next look, in microseconds. */
  begin(service: string, limits: ServiceLimits, now_us: number): number
  /** Gives a place back. */
  end(service: string): void
  close(): void
}

/** A call that waits to begin. */
export interface Waiter {
  /** The most that it can cost, in nano-dollars. */
  readonly most_nusd: number
  begin(): void
  /** It can't begin, ever. */
  fail(thrown: unknown): void
}

/** `queued`: it waits for a place or its time; `unaffordable`: for budget. */
export type Waits = 'nothing' | 'queued' | 'unaffordable'

export interface ServicePorts {
  readonly clock: Clock
  /** Whether a call may begin as far as money goes. */
  allows(most_nusd: number): boolean
  readonly shared: SharedLimits | null
}

export class Service {
  readonly #name: string
  readonly #limits: ServiceLimits
  readonly #ports: ServicePorts
  readonly #pace: Pace | null
  readonly #queue: Waiter[] = []
  #throttle: Throttle
  #cut_us = 0
  #busy = 0
  #shut_until_us = 0
  #callOff: (() => void) | null = null

  constructor(name: string, limits: ServiceLimits, ports: ServicePorts) {
    this.#name = name
    this.#limits = limits
    this.#ports = ports
    this.#pace = limits.per_minute === null ? null : new Pace(limits.per_minute)
    this.#throttle = unthrottled(limits.concurrency)
  }

  get waits(): Waits {
    if (this.#queue.length === 0) return 'nothing'
    return this.#next() === undefined ? 'unaffordable' : 'queued'
  }

  /** What its first call can cost at most, where that waits for budget; null where none does. */
  get unaffordable_nusd(): number | null {
    return this.waits === 'unaffordable' ? (this.#queue[0]?.most_nusd ?? null) : null
  }

  /** Calls that another process began, as far as is known: they count in the minute. */
  assumeBegun(calls: number, at_us: number): void {
    for (let i = 0; i < calls; i++) this.#pace?.begin(at_us)
  }

  enter(waiter: Waiter): void {
    this.#queue.push(waiter)
    this.pump()
  }

  /** It was throttled, and its time has come. */
  enterAgain(waiter: Waiter): void {
    this.#queue.unshift(waiter)
    this.pump()
  }

  /** A call came back, with an answer or an error. */
  answered(): void {
    this.#leave()
    this.#throttle = afterAnswer(this.#throttle, this.#limits.concurrency)
    this.pump()
  }

  /** A call that began then was throttled; the service wants so long a pause. */
  throttled(begun_us: number, pause_us: number): void {
    this.#leave()
    const now_us = this.#ports.clock.now_us()
    const news = begun_us > this.#cut_us
    this.#throttle = afterThrottled(this.#throttle, news)
    if (news) this.#cut_us = now_us
    if (isShut(this.#throttle)) this.#shut_until_us = Math.max(this.#shut_until_us, now_us + pause_us)
    this.pump()
  }

  #leave(): void {
    this.#busy--
    this.#ports.shared?.end(this.#name)
  }

  /** Lets begin what may. */
  pump(): void {
    this.#callOff?.()
    this.#callOff = null
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      if (this.#busy >= Math.floor(this.#throttle.allowance)) return
      const { clock } = this.#ports
      const now_us = clock.now_us()
      const own_us = Math.max(this.#pace?.wait_us(now_us) ?? 0, this.#shut_until_us - now_us)
      const wait_us = own_us > 0 ? own_us : this.#share(next, now_us)
      if (wait_us === null) continue
      if (wait_us > 0) {
        this.#callOff = clock.wake(wait_us, () => this.pump())
        return
      }
      this.#take(next)
      this.#busy++
      this.#pace?.begin(now_us)
      next.begin()
    }
  }

  /** The one that may begin as far as money goes. */
  #next(): Waiter | undefined {
    const [first] = this.#queue
    if (first === undefined || this.#ports.allows(first.most_nusd)) return first
    return this.#queue.find(each => each.most_nusd === 0)
  }

  #take(waiter: Waiter): void {
    this.#queue.splice(this.#queue.indexOf(waiter), 1)
  }

  /** How long others keep it waiting; null if that can't be known: then it fails. */
  #share(waiter: Waiter, now_us: number): number | null {
    try {
      return this.#ports.shared?.begin(this.#name, this.#limits, now_us) ?? 0
    } catch (thrown) {
      this.#take(waiter)
      waiter.fail(thrown)
      return null
    }
  }

  /** Nothing begins any more. */
  close(): void {
    this.#callOff?.()
    this.#queue.length = 0
  }
}
