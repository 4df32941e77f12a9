/**
 * How many subjects are a commit: as many as the disk asks for. Each commit costs some syncs, however much is in it, so the more they
 * take, the more goes into one; the less of them there is, the sooner what happened is durable.
 */

const COMMIT_ROWS = 1000
/** What is in a commit is in memory until it is durable, and is done again after a crash. */
const MOST_TIMES = 4
/** Waiting is much if it takes more than this part of the time in which rows are worked on, and little if it takes less than that. */
const MUCH = 1 / 4
const LITTLE = 1 / 16

export class CommitSize {
  readonly #least: number
  #rows: number

  constructor(least = COMMIT_ROWS) {
    this.#least = least
    this.#rows = least
  }

  get rows(): number {
    return this.#rows
  }

  /** For a full commit the engine worked so long, and then waited until the one before was durable and all outputs were synced. */
  adapt(worked_us: number, waited_us: number): void {
    if (waited_us > worked_us * MUCH) this.#rows = Math.min(this.#rows * 2, this.#least * MOST_TIMES)
    else if (waited_us < worked_us * LITTLE) this.#rows = Math.max(Math.ceil(this.#rows / 2), this.#least)
  }
}
