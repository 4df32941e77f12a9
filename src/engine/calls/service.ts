/**
 * One service that calls are made to: who waits for it, in order, and when the next may begin.
 *
 * SERVICE-1. At most `concurrency` calls are under way, at most `per_minute` are in any minute, and fewer while it throttles.
 * SERVICE-2. First come, first served: a call that may not begin keeps all others waiting, but for one that costs nothing while the
 *     first waits for budget: it takes nothing from it. One that is made again comes first when its time has come.
 * SERVICE-3. While it is down one call at a time tries it.
 * SERVICE-4. Outages count as long as they can't be the row's own doing. What becomes of a call that met an outage is decided when it's known whether the service is down: it is made again if so; its
 *     visit hears of it if the service answers anybody, or if nothing is left that could tell; in the first case its later outages
 *     are its own.
 */
import type { RunClock } from '../ports/run-clock.ts'
import { afterOutage, type Breaker, CLOSED } from './breaker.ts'
import type { RateWindow } from './rate-window.ts'
import type { ServiceLimits } from './service-limits.ts'
import { afterAnswer, afterThrottled, isShut, type Throttle, unthrottled } from './throttle.ts'

/** Limits that are kept with others. */
export interface SharedLimits {
  /** Takes a place if there is one: 0. Else how long to wait at least before the next look, in microseconds. `waiting`: how many calls wait. */
  begin(service: string, limits: Pick<ServiceLimits, 'concurrency' | 'per_minute'>, waiting: number): number
  /** Gives a place back. */
  end(service: string): void
}

/** A call that waits to begin. */
export interface Waiter {
  /** The most that it can cost, in nano-dollars. */
  readonly most_nusd: number
  begin(): void
  /** It can't begin, ever. */
  fail(thrown: unknown): void
}

/** A call that met an outage, while nobody knows what to make of that. */
export interface Held<Context> {
  /** Its visit hears of it. `suspect`: the service answers others. */
  hear(context: Context, suspect: boolean): void
  again(): void
}

/** How a call met an outage: `counts` and `surely` as `metOutage` has them, `last` for people. */
export interface MetOutage {
  readonly counts: boolean
  readonly surely: boolean
  readonly last: string
}

/** `queued`: it waits for a place or its time; `unaffordable`: for budget. */
export type Waits = 'nothing' | 'queued' | 'unaffordable'

/** The service, as it keeps calls waiting. Times are monotonic. */
export type Pause =
  | { readonly kind: 'down'; readonly breaker: Extract<Breaker, { kind: 'open' }>; readonly last: string }
  | { readonly kind: 'left_alone'; readonly until_us: number }
  /** `assumed`: by what a process before this one may have asked; else by what was asked, by this run or others. */
  | { readonly kind: 'paced'; readonly until_us: number; readonly assumed: boolean }
  | { readonly kind: 'back' }

export interface ServicePorts {
  readonly clock: RunClock
  /** Whether a call may begin as far as money goes. */
  allows(most_nusd: number): boolean
  readonly shared: SharedLimits | null
  /** Counts its calls by the minute. */
  paceOf(per_minute: number): RateWindow
  tell(pause: Pause): void
  /** It was down, or turned everybody away, for as long as it may: `until_us` (monotonic) if it says when that ends. */
  giveUp(
    why:
      | { readonly kind: 'down'; readonly failures: number; readonly last: string }
      | { readonly kind: 'busy'; readonly until_us: number },
  ): void
}

/** A shorter pause isn't worth reporting. */
const REPORTED_PAUSE_US = 10_000_000

export class Service<Context> {
  readonly name: string
  readonly #limits: ServiceLimits
  readonly #ports: ServicePorts
  readonly #pace: RateWindow | null
  readonly #queue: Waiter[] = []
  #throttle: Throttle
  /** A stamp, as calls have them. All other times are monotonic. */
  #cut_us = 0
  #busy = 0
  #shut_until_us = Number.NEGATIVE_INFINITY
  #reported_until_us = Number.NEGATIVE_INFINITY
  /** Of waits for `per_minute` each kind is reported once: a run may have one each minute. */
  readonly #reported_paces = new Set<boolean>()
  /** Since when everybody is turned away; null: it answers. */
  #throttling_since_us: number | null = null
  #breaker: Breaker = CLOSED
  /** The one call that tries whether it is down. */
  #trying: Waiter | null = null
  #held: Held<Context>[] = []
  #callOff: (() => void) | null = null
  #callOffGivingUp: (() => void) | null = null
  #closed = false
  /** Calls that wait for their time, after which they come first. */
  resting = 0
  /** How many calls it has answered in any way but by an outage or by turning them away. */
  answers = 0

  constructor(name: string, limits: ServiceLimits, ports: ServicePorts) {
    this.name = name
    this.#limits = limits
    this.#ports = ports
    this.#pace = limits.per_minute === null ? null : ports.paceOf(limits.per_minute)
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

  get isDown(): boolean {
    return this.#breaker.kind === 'open'
  }

  /** Whether calls of it are under way or wait, beside one that has just come back. */
  get hasOthers(): boolean {
    return this.#busy - 1 + this.#queue.length + this.resting + this.#held.length > 0
  }

  /** Calls that another process made, as far as is known: they count in the minute. */
  assumeEnded(calls: number, at_us: number): void {
    this.#pace?.assumeEnded(calls, at_us)
  }

  enter(waiter: Waiter): void {
    this.#queue.push(waiter)
    this.pump()
  }

  /** It is made again. */
  enterAgain(waiter: Waiter): void {
    this.#queue.unshift(waiter)
    this.pump()
  }

  // ── what comes back ───────────────────────────────────────────────────────────────────────────────────────────────

  /** A call is over, and says nothing of the service: it wasn't made, or the run stops because of it. */
  left(waiter: Waiter): void {
    this.#leave(waiter)
    this.pump()
  }

  /** A call came back, with an answer or an error of its own. @returns calls whose visits are to hear of the outages that they met. */
  answered(waiter: Waiter): readonly Held<Context>[] {
    this.answers++
    this.#throttling_since_us = null
    this.#throttle = afterAnswer(this.#throttle, this.#limits.concurrency)
    this.#works()
    this.#leave(waiter)
    this.pump()
    return this.#takeHeld()
  }

  /** A call that began then was throttled; the service wants so long a pause. @returns as `answered`. */
  throttled(waiter: Waiter, begun_us: number, pause_us: number): readonly Held<Context>[] {
    const now_us = this.#ports.clock.monotonic_us()
    const events = begun_us > this.#cut_us
    this.#throttle = afterThrottled(this.#throttle, events)
    if (events) this.#cut_us = this.#ports.clock.now_us()
    const until_us = now_us + pause_us
    if (isShut(this.#throttle)) this.#shut_until_us = Math.max(this.#shut_until_us, until_us)
    this.#throttling_since_us ??= now_us
    const { max_wait_us } = this.#limits
    if (pause_us > max_wait_us || now_us - this.#throttling_since_us > max_wait_us)
      this.#ports.giveUp({ kind: 'busy', until_us: pause_us > max_wait_us ? until_us : now_us })
    else if (until_us >= this.#reported_until_us + REPORTED_PAUSE_US && pause_us >= REPORTED_PAUSE_US) {
      this.#reported_until_us = until_us
      this.#ports.tell({ kind: 'left_alone', until_us })
    }
    this.#works()
    this.#leave(waiter)
    this.pump()
    return this.#takeHeld()
  }

  /**
   * A call met an outage, and is made again or heard of in its time (SERVICE-4). `held`: null if it can't be made again. `counts`: it isn't
   * the call's own doing, as far as is known; `surely`: it can't be.
   */
  metOutage(waiter: Waiter, held: Held<Context> | null, { counts, surely, last }: MetOutage): void {
    const { breaker: limits } = this.#limits
    const tried = this.#leave(waiter)
    if (limits === null || !(counts || this.isDown)) return this.pump()
    const before = this.#breaker
    const now_us = this.#ports.clock.monotonic_us()
    this.#breaker = afterOutage(before, limits, now_us, { tried, surely })
    if (held !== null) this.#held.push(held)
    if (this.#breaker.kind === 'open') {
      if (before.kind === 'closed') this.#opens(limits.give_up_after_us, last)
      if (before.kind === 'closed' || tried) this.#ports.tell({ kind: 'down', breaker: this.#breaker, last })
      for (const each of this.#takeHeld()) each.again()
    }
    this.pump()
  }

  get isHolding(): boolean {
    return this.#held.length > 0
  }

  /** Whether outages pause it, and so are held. */
  get holds(): boolean {
    return this.#limits.breaker !== null
  }

  /** Calls that met outages, if nothing is left that could tell whether the service is down. */
  takeUndecided(): readonly Held<Context>[] {
    if (this.#closed || this.#busy + this.resting > 0 || this.waits === 'queued') return []
    return this.#takeHeld()
  }

  #opens(give_up_after_us: number, last: string): void {
    this.#callOffGivingUp = this.#ports.clock.wake(give_up_after_us, () => {
      if (!this.#closed) this.#ports.giveUp({ kind: 'down', failures: this.#breaker.failures, last })
    })
  }

  #works(): void {
    if (this.isDown) this.#ports.tell({ kind: 'back' })
    this.#callOffGivingUp?.()
    this.#callOffGivingUp = null
    this.#breaker = CLOSED
    this.#trying = null
  }

  #takeHeld(): readonly Held<Context>[] {
    const held = this.#held
    this.#held = []
    return held
  }

  /** Whether it was the one that tried the service. */
  #leave(waiter: Waiter): boolean {
    this.#busy--
    this.#pace?.end(this.#ports.clock.monotonic_us())
    this.#ports.shared?.end(this.name)
    const tried = this.#trying === waiter
    if (tried) this.#trying = null
    return tried
  }

  // ── what begins ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Lets begin what may. */
  pump(): void {
    this.#callOff?.()
    this.#callOff = null
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      if (this.#busy >= Math.floor(this.#throttle.allowance) || this.#trying !== null) return
      const now_us = this.#ports.clock.monotonic_us()
      const paused_us = this.#pausedUntil_us - now_us
      const own_us = Math.max(this.#pace?.wait_us(now_us) ?? 0, paused_us)
      // Only what comes back helps.
      if (own_us === Number.POSITIVE_INFINITY) return
      const wait_us = own_us > 0 ? own_us : this.#share(next)
      if (wait_us === null) continue
      if (wait_us > 0) {
        if (wait_us > paused_us) this.#tellPace(now_us, wait_us)
        this.#callOff = this.#ports.clock.wake(wait_us, () => this.pump())
        return
      }
      this.#take(next)
      this.#busy++
      this.#pace?.begin()
      if (this.isDown) this.#trying = next
      next.begin()
    }
  }

  #tellPace(now_us: number, wait_us: number): void {
    const assumed = this.#pace?.assumes(now_us) === true
    if (wait_us < REPORTED_PAUSE_US || this.#reported_paces.has(assumed)) return
    this.#reported_paces.add(assumed)
    this.#ports.tell({ kind: 'paced', until_us: now_us + wait_us, assumed })
  }

  get #pausedUntil_us(): number {
    return Math.max(
      this.#shut_until_us,
      this.#breaker.kind === 'open' ? this.#breaker.next_try_us : Number.NEGATIVE_INFINITY,
    )
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
  #share(waiter: Waiter): number | null {
    try {
      return this.#ports.shared?.begin(this.name, this.#limits, this.#queue.length) ?? 0
    } catch (thrown) {
      this.#take(waiter)
      waiter.fail(thrown)
      return null
    }
  }

  /** Nothing begins any more. */
  close(): void {
    this.#closed = true
    this.#callOff?.()
    this.#callOffGivingUp?.()
    this.#queue.length = 0
  }
}
