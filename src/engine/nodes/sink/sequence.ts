/**
 * Requests of a sink that sends one at a time.
 *
 * SEQUENCE-1. A request begins when all is known of those before it. One that is made again keeps its turn through its backoff, and through a
 *     crash: others wait.
 */
import type { TokenId } from '../../../model/ids.ts'
import type { RequestBatch } from './request-batch.ts'

export class Sequence {
  /** The first token of the request whose turn it is. */
  #turn: TokenId | null = null
  readonly #waiting: RequestBatch[] = []

  /** A process before this one has begun the request of this token. */
  goOn(first: TokenId): void {
    this.#turn ??= first
  }

  /** Whether a request may begin now; if not, `over` gives it when it may. */
  begins(request_batch: RequestBatch): boolean {
    const first = firstOf(request_batch)
    this.#turn ??= first
    if (this.#turn === first) return true
    this.#waiting.push(request_batch)
    return false
  }

  /** All is known of the request of this token. Gives the one that may begin. */
  over(first: TokenId): RequestBatch | null {
    if (this.#turn !== first) return null
    const next = this.#waiting.shift() ?? null
    this.#turn = next === null ? null : firstOf(next)
    return next
  }
}

function firstOf({ members: [{ token }] }: RequestBatch): TokenId {
  return token.id
}
