/**
 * At most so many calls in any minute, as the service counts them: it may do so at any time between when a request could leave and
 * when its answer was here. So a call counts from its beginning until a minute after its end.
 */

/** With what clocks and timers may be off. */
export const MINUTE_US = 60_100_000

export class RateWindow {
  readonly #per_minute: number
  #in_flight = 0
  /** Times of the latest ends, ascending; those before `#first` are more than a minute ago. */
  #ended_us: number[] = []
  #first = 0
  /** When the minute of what another process may have asked is over. */
  #assumed_until_us = Number.NEGATIVE_INFINITY

  constructor(per_minute: number) {
    this.#per_minute = per_minute
  }

  /** How long nothing may begin; 0: now. Infinity: until one that is under way has ended. */
  wait_us(now_us: number): number {
    while (this.#oldest_us + MINUTE_US < now_us) this.#first++
    if (this.#first > 1024 && this.#first > this.#ended_us.length / 2) {
      this.#ended_us = this.#ended_us.slice(this.#first)
      this.#first = 0
    }
    if (this.#in_flight + this.#ended_us.length - this.#first < this.#per_minute) return 0
    // The minute is over when the oldest is more than a minute ago, not just as long.
    return this.#oldest_us + MINUTE_US + 1 - now_us
  }

  get #oldest_us(): number {
    return this.#ended_us[this.#first] ?? Number.POSITIVE_INFINITY
  }

  /** Whether what another process may have asked still counts. */
  assumes(now_us: number): boolean {
    return now_us <= this.#assumed_until_us
  }

  begin(): void {
    this.#in_flight++
  }

  /** It wasn't made. */
  callOff(): void {
    this.#in_flight--
  }

  end(now_us: number): void {
    this.#in_flight--
    this.#ended_us.push(now_us)
  }

  /** Calls of another process, as far as is known. */
  assumeEnded(calls: number, at_us: number): void {
    this.#assumed_until_us = at_us + MINUTE_US
    for (let i = 0; i < calls; i++) this.#ended_us.push(at_us)
  }
}
