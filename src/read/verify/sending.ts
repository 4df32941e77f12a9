/**
 * What is on record of a token at a sink that sends: each request was announced by an intent of an earlier entry, and a row
 * of which nobody knows whether it was taken ends as that, and as nothing else.
 */
import { CALL_RECORDED, type CallFact, type IntentFact, isError, type VisitFact } from '../../model/entry.ts'
import { IN_DOUBT } from '../../model/outcome.ts'
import type { Ways } from './ways.ts'

export class Sending {
  /** The latest intent, while no call has come of it. */
  #intent: IntentFact | null = null
  #in_doubt = false

  /** Whether some request may have been taken. */
  get in_doubt(): boolean {
    return this.#in_doubt || this.#intent !== null
  }

  /** A call that tells what came of a request. Only intents of earlier entries may be known yet. */
  *answer({ node, attempt, request, status }: CallFact): Iterable<string> {
    // Nothing is sent where the answer is on record.
    if (status >= CALL_RECORDED) return
    const intent = this.#intent
    this.#intent = null
    if (intent === null) yield 'came of a request that no earlier entry tells of'
    else if (intent.node !== node || intent.attempt !== attempt || intent.request !== request)
      yield 'came of another request than that which an earlier entry tells of'
  }

  *visit({ status, edge, error }: VisitFact, at: string): Iterable<string> {
    if (!isError(status)) return
    if (error?.code === IN_DOUBT) this.#in_doubt = true
    else if (this.#intent !== null) yield `it is refused ${at}, and what came of its last request isn't known`
    if (edge !== 0 && this.in_doubt) yield `it may have been taken ${at}, and leaves it`
  }

  intend(intent: IntentFact): void {
    // The one before was never answered.
    this.#in_doubt = this.in_doubt
    this.#intent = intent
  }

  clear(): void {
    this.#intent = null
    this.#in_doubt = false
  }
}

/** Whether the node sends, and so has intents and calls. */
export function sends(ways: Ways, node: number): boolean {
  return ways.kind(node) === 'sink' && ways.services(node) > 0
}
