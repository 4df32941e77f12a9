/** Whether a request is let through: bursts of refusals, and a limit on how many there are in any 60 seconds. */
import type { ChaosSettings } from './options.ts'

export const WINDOW_MS = 60_000

/** Counts events of the last 60 seconds. Times never go back. */
export class SlidingWindow {
  #times_ms: number[] = []
  #first = 0
  #peak = 0

  /** How many there are in the 60 seconds up to now; one that is exactly 60 seconds old isn't. */
  count(now_ms: number): number {
    while (this.#first < this.#times_ms.length && (this.#times_ms[this.#first] as number) <= now_ms - WINDOW_MS)
      this.#first += 1
    if (this.#first > 1000 && this.#first * 2 > this.#times_ms.length) {
      this.#times_ms = this.#times_ms.slice(this.#first)
      this.#first = 0
    }
    return this.#times_ms.length - this.#first
  }

  add(now_ms: number): void {
    this.#times_ms.push(now_ms)
    this.#peak = Math.max(this.#peak, this.count(now_ms))
  }

  /** When the oldest of the last 60 seconds leaves; now if there is none. */
  freeAt(now_ms: number): number {
    return this.count(now_ms) === 0 ? now_ms : (this.#times_ms[this.#first] as number) + WINDOW_MS
  }

  /** The most that there ever were in any 60 seconds. */
  get peak(): number {
    return this.#peak
  }
}

export type Verdict =
  | { readonly kind: 'through' }
  /** A burst is under way. */
  | { readonly kind: 'rate_limited' }
  | { readonly kind: 'over_limit'; readonly wait_ms: number }

export class Admission {
  readonly #burst: ChaosSettings['burst']
  readonly #per_minute: number | null
  readonly #through = new SlidingWindow()
  #burst_requests = 0
  #burst_until_ms = Number.NEGATIVE_INFINITY

  constructor({ burst, per_minute }: Pick<ChaosSettings, 'burst' | 'per_minute'>) {
    this.#burst = burst
    this.#per_minute = per_minute
  }

  /** A request that is refused counts neither for the limit nor as an attempt. */
  ask(now_ms: number): Verdict {
    if (this.#burst_requests > 0) {
      this.#burst_requests -= 1
      return { kind: 'rate_limited' }
    }
    if (now_ms < this.#burst_until_ms) return { kind: 'rate_limited' }
    if (this.#per_minute !== null && this.#through.count(now_ms) >= this.#per_minute)
      return { kind: 'over_limit', wait_ms: this.#through.freeAt(now_ms) - now_ms }
    this.#through.add(now_ms)
    return { kind: 'through' }
  }

  /** The request that was let through last begins a burst, and is the first of it. */
  beginBurst(now_ms: number): void {
    if ('requests' in this.#burst) this.#burst_requests = this.#burst.requests - 1
    else this.#burst_until_ms = now_ms + this.#burst.duration_ms
  }
}
