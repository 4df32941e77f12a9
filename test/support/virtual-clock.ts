/** A clock that stands still until the test moves it: time passes only when nothing else can happen. */
import type { Clock } from '../../src/engine/ports/ports.ts'
import type { RunClock } from '../../src/engine/ports/run-clock.ts'

interface Alarm {
  readonly at_us: number
  readonly order: number
  readonly ring: () => void
}

/** Time that a process has run when it begins. */
const BEGUN_US = 123_456

export class VirtualClock implements Clock, RunClock {
  #now_us = BEGUN_US
  /** What the time of day is ahead of the monotonic clock. */
  #ahead_us: number
  /** What has passed and the monotonic clock doesn't know of: before it began, and while the machine slept. */
  #unseen_us: number
  /** Called when time passes, and when somebody looks at the time of day: may have clocks jump. */
  onLook: () => void = () => undefined
  /** Whether something is under way that takes none of this clock's time. */
  isBusy: () => boolean = () => false
  #order = 0
  /** The latest first; of those due at one time, the one that was set last. */
  readonly #alarms: Alarm[] = []

  /** `passed_us`: since the beginning of all. */
  constructor(start_us = 1_700_000_000_000_000, passed_us = 0) {
    this.#ahead_us = start_us - BEGUN_US
    this.#unseen_us = passed_us - BEGUN_US
  }

  wall_us(): number {
    this.onLook()
    return this.peek_us()
  }

  /** The time of day, as nobody looks. */
  peek_us(): number {
    return this.#now_us + this.#ahead_us
  }

  monotonic_us(): number {
    return this.#now_us
  }

  /** As a run's clock, where nothing jumps. */
  now_us(): number {
    return this.peek_us()
  }

  ran_us(from_us: number, to_us: number): number {
    return to_us - from_us
  }

  /** How much time has really passed, whatever clocks say. */
  passed_us(): number {
    return this.#now_us + this.#unseen_us
  }

  /** The machine sleeps. */
  sleepDeeply(us: number): void {
    this.#ahead_us += us
    this.#unseen_us += us
  }

  /** Somebody sets the time of day: forward, or back. */
  set(by_us: number): void {
    this.#ahead_us += by_us
  }

  wake(delay_us: number, callback: () => void): () => void {
    const alarm: Alarm = { at_us: this.#now_us + Math.max(0, delay_us), order: this.#order++, ring: callback }
    this.#alarms.splice(this.#indexOf(alarm), 0, alarm)
    return () => {
      const index = this.#indexOf(alarm)
      if (this.#alarms[index] === alarm) this.#alarms.splice(index, 1)
    }
  }

  /** Time passes by work: what falls due meanwhile rings later. */
  spend(us: number): void {
    this.#now_us += us
  }

  /** Where an alarm stands, or would. */
  #indexOf({ at_us, order }: Alarm): number {
    let [low, high] = [0, this.#alarms.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const each = this.#alarms[middle] as Alarm
      // The next one is the last.
      if (each.at_us > at_us || (each.at_us === at_us && each.order > order)) low = middle + 1
      else high = middle
    }
    return low
  }

  /** A promise that resolves after `delay_us` of this clock. */
  sleep(delay_us: number): Promise<void> {
    return new Promise(resolve => this.wake(delay_us, resolve))
  }

  /** Moves on to the next alarm and rings it. False if there is none. */
  advance(): boolean {
    this.onLook()
    const next = this.#alarms.pop()
    if (next === undefined) return false
    this.#now_us = Math.max(this.#now_us, next.at_us)
    next.ring()
    return true
  }

  /**
   * Drives `work` to its end: lets it do all it can, then lets time pass, and so on. Fails if it isn't done within so much
   * time of this clock: what is stuck renews its lease for ever.
   */
  async drive<T>(work: Promise<T>, within_us = Number.POSITIVE_INFINITY): Promise<T> {
    const latest_us = this.#now_us + within_us
    let done = false
    const finished = work.finally(() => {
      done = true
    })
    finished.catch(() => undefined)
    let idle = 0
    while (!done) {
      await new Promise(resolve => setImmediate(resolve))
      if (done) break
      if (this.isBusy()) continue
      if (this.#now_us > latest_us) throw new Error(`the run is still under way after ${within_us} µs`)
      if (this.advance()) idle = 0
      else if (++idle > 10_000) throw new Error('the run waits for something that never comes')
    }
    return finished
  }
}
