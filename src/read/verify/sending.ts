/**
 * What is on record of a token at a sink that sends: each request was announced by an intent of an earlier entry, and a row
 * of which nobody knows whether it was taken ends as that, and as nothing else. Rows of one request are announced together,
 * each time that it is made.
 */
import {
  CALL_RECORDED,
  type CallFact,
  type IntentFact,
  isError,
  type Together,
  type VisitFact,
} from '../../model/entry.ts'
import { IN_DOUBT } from '../../model/outcome.ts'
import { tokenName } from './check.ts'
import type { Ways } from './ways.ts'

export class Sending {
  /** The latest intent, while no call has come of it. */
  #intent: IntentFact | null = null
  #in_doubt = false
  /** Of the first request; all others have the same rows. Null if it had no other row, undefined if there was none. */
  #together: Together | null | undefined

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

  *intend(intent: IntentFact): Iterable<string> {
    // The one before was never answered.
    this.#in_doubt = this.in_doubt
    this.#intent = intent
    const { token, together } = intent
    if (this.#together === undefined) this.#together = together
    else if (!isSame(this.#together, together)) yield 'with other rows than before'
    if (together === null) return
    const { first, place, rows } = together
    if (rows < 2 || place > rows || (place === 1) !== (first === token)) yield `as row ${place} of ${rows}`
  }

  clear(): void {
    this.#together = undefined
    this.#intent = null
    this.#in_doubt = false
  }
}

function isSame(one: Together | null, other: Together | null): boolean {
  return one?.first === other?.first && one?.place === other?.place && one?.rows === other?.rows
}

/** Of the intents of one commit, requests of which rows are missing or there twice. */
export function* incompleteRequests(intents: readonly IntentFact[]): Iterable<string> {
  const requests = new Map<string, IntentFact[]>()
  for (const intent of intents) {
    if (intent.together === null) continue
    const name = `${intent.node} ${intent.attempt} ${intent.together.first} ${intent.together.rows}`
    const known = requests.get(name)
    if (known === undefined) requests.set(name, [intent])
    else known.push(intent)
  }
  for (const [{ together, node }, ...others] of requests.values() as Iterable<[IntentFact, ...IntentFact[]]>) {
    const { first, rows } = together as Together
    const places = new Set([together, ...others.map(each => each.together)].map(each => each?.place))
    if (others.length + 1 === rows && places.size === rows) continue
    yield `of the ${rows} rows that are about to be sent with ${tokenName(first)} at node ${node}, ${others.length + 1} say so`
  }
}

/** Whether the node sends, and so has intents and calls. */
export function sends(ways: Ways, node: number): boolean {
  return ways.kind(node) === 'sink' && ways.services(node) > 0
}
