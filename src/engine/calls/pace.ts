/** At most so many calls in any minute: a log of the latest beginnings. */

/** With what the way to the service may take longer for one call than for another: it counts when they arrive. */
export const MINUTE_US = 60_500_000

export class Pace {
  readonly #per_minute: number
  /** Times of the latest beginnings, as a ring: the oldest is the next to be replaced. */
  readonly #begun_us: number[] = []
  #next = 0

  constructor(per_minute: number) {
    this.#per_minute = per_minute
  }

  /** How long nothing may begin; 0: now. */
  wait_us(now_us: number): number {
    if (this.#begun_us.length < this.#per_minute) return 0
    // The minute is over when the oldest is more than a minute ago, not just as long.
    return Math.max(0, this.#begun_us[this.#next]! + MINUTE_US + 1 - now_us)
  }

  begin(now_us: number): void {
    this.#begun_us[this.#next] = now_us
    this.#next = (this.#next + 1) % this.#per_minute
  }
}
