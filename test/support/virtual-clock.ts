/** A clock that stands still until the test moves it: time passes only when nothing else can happen. */
import type { Clock } from '../../src/engine/ports.ts'

interface Alarm {
  readonly at_us: number
  readonly order: number
  readonly ring: () => void
}

export class VirtualClock implements Clock {
  #now_us: number
  #order = 0
  /** The latest first; of those due at one time, the one that was set last. */
  readonly #alarms: Alarm[] = []

  constructor(start_us = 1_700_000_000_000_000) {
    this.#now_us = start_us
  }

  now_us(): number {
    return this.#now_us
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
      if (this.#now_us > latest_us) throw new Error(`the run is still under way after ${within_us} µs`)
      if (this.advance()) idle = 0
      else if (++idle > 10_000) throw new Error('the run waits for something that never comes')
    }
    return finished
  }
}
