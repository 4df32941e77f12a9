/** Places for calls of one service, given out to those who ask, in the order in which they do. */
import { RateWindow } from '../calls/rate-window.ts'
import type { SharedLimits } from '../calls/service.ts'
import type { ServiceLimits } from '../calls/service-limits.ts'
import type { Clock } from '../ports/ports.ts'

/** Whoever asks; each for one place at a time. */
export interface PlaceSeeker {
  /** There is one. */
  take(): void
  /** None before so much time has passed. */
  wait(us: number): void
  /** It can't be known whether there is one. */
  fail(thrown: unknown): void
}

export interface ServicePlacesParts {
  readonly name: string
  readonly limits: Pick<ServiceLimits, 'concurrency' | 'per_minute'>
  readonly clock: Pick<Clock, 'monotonic_us' | 'wake'>
  /** Limits that are kept with other runs. */
  readonly shared: SharedLimits | null
}

export class ServicePlaces {
  readonly #parts: ServicePlacesParts
  readonly #pace: RateWindow | null
  readonly #queue: PlaceSeeker[] = []
  #out = 0
  #callOff: (() => void) | null = null
  /** What went wrong with limits that are kept with other runs. */
  #failure: { readonly thrown: unknown } | null = null

  /** `assumes`: a process before this one may have asked as often as it was allowed. */
  constructor(parts: ServicePlacesParts, assumes: boolean) {
    const { limits, clock } = parts
    this.#parts = parts
    this.#pace = limits.per_minute === null ? null : new RateWindow(limits.per_minute)
    if (assumes) this.#pace?.assumeEnded(limits.per_minute ?? 0, clock.monotonic_us())
  }

  ask(seeker: PlaceSeeker): void {
    this.#queue.push(seeker)
    this.#pump()
  }

  /** It asks no more. */
  withdraw(seeker: PlaceSeeker): void {
    const at = this.#queue.indexOf(seeker)
    if (at >= 0) this.#queue.splice(at, 1)
  }

  /** A place comes back. `is_used`: a call was made meanwhile. */
  giveBack(is_used: boolean): void {
    const { clock, shared, name } = this.#parts
    this.#out--
    if (is_used) this.#pace?.end(clock.monotonic_us())
    else this.#pace?.callOff()
    try {
      shared?.end(name)
    } catch (thrown) {
      this.#failure = { thrown }
    }
    this.#pump()
  }

  close(): void {
    this.#callOff?.()
    this.#queue.length = 0
  }

  #pump(): void {
    this.#callOff?.()
    this.#callOff = null
    while (this.#queue.length > 0) {
      const wait_us = this.#take_us()
      if (wait_us === 0) this.#giveFirst()
      else if (wait_us !== null) return this.#pumpIn(wait_us)
    }
  }

  #giveFirst(): void {
    this.#out++
    this.#pace?.begin()
    this.#queue.shift()?.take()
  }

  #pumpIn(wait_us: number): void {
    // Only what comes back helps.
    if (wait_us === Number.POSITIVE_INFINITY) return
    for (const each of this.#queue) each.wait(wait_us)
    this.#callOff?.()
    this.#callOff = this.#parts.clock.wake(wait_us, () => this.#pump())
  }

  /** How long nobody can have a place; 0: it is taken for the first. Null if that can't be known: all of them have failed. */
  #take_us(): number | null {
    const { name, limits, clock, shared } = this.#parts
    if (this.#out >= limits.concurrency) return Number.POSITIVE_INFINITY
    const own_us = this.#pace?.wait_us(clock.monotonic_us()) ?? 0
    if (own_us > 0 || shared === null) return own_us
    try {
      if (this.#failure !== null) throw this.#failure.thrown
      return shared.begin(name, limits, this.#queue.length)
    } catch (thrown) {
      for (const each of this.#queue.splice(0)) each.fail(thrown)
      return null
    }
  }
}
