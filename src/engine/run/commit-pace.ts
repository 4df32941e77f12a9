/**
 * How long answers wait for others, to be committed together: what comes from outside is durable within 100 ms of its arrival, the
 * commit included. Each commit costs the same syncs and the same signature, however little is in it.
 */

/** Microseconds, all of them. */
const DURABLE_WITHIN_US = 100_000
/** Until it is known how long commits take, and where they take long. */
const LEAST_WAIT_US = 50_000
const MOST_WAIT_US = 80_000
/** How many times as long as the latest ones a commit may take. */
const SLOWER = 3
/** What remains of the longest commit's time in the reckoning, with each that follows. */
const REMAINS = 7 / 8

export class CommitPace {
  /** Of the latest commits the longest, more or less; infinite until there was one. */
  #longest_us = Number.POSITIVE_INFINITY

  /** A commit took so long, from when it was due until it was durable. */
  took(duration_us: number): void {
    const earlier_us = Number.isFinite(this.#longest_us) ? this.#longest_us * REMAINS : 0
    this.#longest_us = Math.max(duration_us, earlier_us)
  }

  get wait_us(): number {
    const left_us = Math.floor(DURABLE_WITHIN_US - SLOWER * this.#longest_us)
    return Math.min(MOST_WAIT_US, Math.max(LEAST_WAIT_US, left_us))
  }
}
