/** What was found out for the latest filters, so that their next pages needn't begin anew. */
import type { CandidateRows } from './candidate-rows.ts'

/** Each takes a bit for each row of a run. */
const MOST = 8

export class SearchMemory {
  /** The latest last. */
  readonly #found = new Map<string, CandidateRows>()

  /** `key` names all that it follows from. */
  get(key: string): CandidateRows | null {
    const found = this.#found.get(key)
    if (found === undefined) return null
    this.keep(key, found)
    return found
  }

  keep(key: string, found: CandidateRows): void {
    this.#found.delete(key)
    this.#found.set(key, found)
    const [oldest] = this.#found.keys()
    if (this.#found.size > MOST && oldest !== undefined) this.#found.delete(oldest)
  }
}
