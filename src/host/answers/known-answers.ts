/** Answers about runs that are over, kept for the next who asks: nothing but an erasure changes them, and that changes the ledger's own log. */
import type { Reply } from './answer-threads.ts'
import type { Kind } from './asked.ts'
import { KEPT } from './record-state.ts'

const MOST = 200

export interface Kept {
  /** Of the record that the answer was made from. */
  readonly state: string
  readonly answer: unknown
}

export class KnownAnswers {
  readonly #kept = new Map<string, Kept>()

  /** null: of such no answer is kept. */
  keyOf(kind: Kind, params: unknown, values: boolean): string | null {
    return KEPT.has(kind) ? JSON.stringify([kind, params, values]) : null
  }

  get(key: string | null): Kept | null {
    return key === null ? null : (this.#kept.get(key) ?? null)
  }

  /** The answer that a reply stands for; `kept`: what was there when the question was asked. */
  take(key: string | null, kept: Kept | null, reply: Reply): unknown {
    if (reply.kind === 'same') return kept?.answer
    const { state, answer } = reply
    if (key !== null && state !== null) {
      this.#kept.delete(key)
      this.#kept.set(key, { state, answer })
      // The oldest goes.
      for (const oldest of this.#kept.keys()) {
        if (this.#kept.size <= MOST) break
        this.#kept.delete(oldest)
      }
    }
    return answer
  }
}
