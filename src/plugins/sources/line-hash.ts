/**
 * The hash of records that have no bytes of their own: of their canonical JSON texts, each with a line break behind it.
 *
 * LINE-HASH-1. `upTo(n)` is the SHA-256 of lines 1 … n; n never goes back. Lines are kept only until they are hashed.
 */
import { createHash } from 'node:crypto'

export class LineHash {
  readonly #hash = createHash('sha256')
  /** Lines that were added and not hashed. */
  #pending: string[] = []
  #hashed = 0

  /** How many lines it was asked for. */
  get hashed(): number {
    return this.#hashed
  }

  /** Lines that were added. */
  get size(): number {
    return this.#hashed + this.#pending.length
  }

  /** `line` without its line break. */
  add(line: string): void {
    this.#pending.push(line)
  }

  /** Lower-case hex of the first `count` lines. */
  upTo(count: number): string {
    const taken = count - this.#hashed
    if (taken < 0 || taken > this.#pending.length)
      throw new RangeError(`hash up to ${count} asked for, between ${this.#hashed} and ${this.size} is possible`)
    if (taken > 0) {
      this.#hash.update(textOf(this.#pending.slice(0, taken)))
      this.#pending = this.#pending.slice(taken)
      this.#hashed = count
    }
    return this.#hash.copy().digest('hex')
  }

  /** Of all lines; those that are pending stay so. */
  ofAll(): string {
    const copy = this.#hash.copy()
    if (this.#pending.length > 0) copy.update(textOf(this.#pending))
    return copy.digest('hex')
  }
}

const textOf = (lines: readonly string[]) => `${lines.join('\n')}\n`
