/** Numbers that are given densely from 1; within a commit in any order. */
import { grouped } from '../../model/number-text.ts'

export class Numbering {
  /** The last one that was given at the latest commit. */
  last = 0
  readonly #what: string
  #fresh: number[] = []
  #reported = false

  /** `what`: of what, in the plural. */
  constructor(what: string) {
    this.#what = what
  }

  /** One was given since the last commit. */
  add(number: number): void {
    this.#fresh.push(number)
  }

  /** Whether any was given since the last commit. */
  get isFresh(): boolean {
    return this.#fresh.length > 0
  }

  /** All entries of a commit are in. A problem, the first time that there is one, or null. */
  settle(): string | null {
    if (this.#fresh.length === 0) return null
    const numbers = this.#fresh.sort((a, b) => a - b)
    this.#fresh = []
    const due = this.last + 1
    const wrong = numbers.findIndex((each, i) => each !== due + i)
    this.last = Math.max(this.last, numbers.at(-1) ?? 0)
    if (wrong === -1 || this.#reported) return null
    this.#reported = true
    return `of the ${this.#what} that came into being before it, number ${grouped(due + wrong)} is missing or there twice`
  }
}
