/**
 * What is on record of a token at a sink that sends: each request was announced by an intent of an earlier entry, and a row
 * of which nobody knows whether it was taken ends as that, and as nothing else. Rows of one request are announced together,
 * each time that it is made, and how it ended is recorded for all of them, in one commit: that it failed, or that it was taken, with or without
 * the row.
 */
import {
  CALL_OK,
  CALL_RECORDED_REFUSED,
  CALL_REFUSED,
  type CallFact,
  type CallStatus,
  type IntentFact,
  isError,
  isRecordedCall,
  type Together,
  type VisitFact,
} from '../../format/entry.ts'
import { counted } from '../../model/number-text.ts'
import { IN_DOUBT } from '../../model/outcome.ts'
import { tokenName } from './check.ts'
import type { Ways } from './ways.ts'

/** How a request with several rows ended, as it is recorded for one of them. */
export interface Answered {
  readonly intent: IntentFact
  readonly status: CallStatus
}

/** All that is known of what a token sent, as JSON has it. */
export interface SendingFacts {
  readonly intent: IntentFact | null
  readonly in_doubt: boolean
  /** Absent if there was no request. */
  readonly together?: Together | null
}

export class Sending {
  /** The latest intent, while no call has answered it. */
  #intent: IntentFact | null = null
  #in_doubt = false
  /** Of the first request; all others have the same rows. Null if it had no other row, undefined if there was none. */
  #together: Together | null | undefined

  /** Whether some request may have been taken. */
  get in_doubt(): boolean {
    return this.#in_doubt || this.#intent !== null
  }

  /** A call that says how a request ended. Only intents of earlier entries may be known yet. */
  *answer(call: CallFact, answered: Answered[]): Iterable<string> {
    const { node, attempt, request, status } = call
    if (status === CALL_REFUSED || status === CALL_RECORDED_REFUSED) this.#in_doubt = false
    // Nothing is sent where the answer is on record.
    if (isRecordedCall(status)) return
    const intent = this.#intent
    this.#intent = null
    if (intent === null) yield 'answers a request that no earlier entry tells of'
    else if (intent.node !== node || intent.attempt !== attempt || intent.request !== request)
      yield 'answers another request than that which an earlier entry tells of'
    else if (intent.together !== null) answered.push({ intent, status })
  }

  *visit({ status, edge, error }: VisitFact, at: string): Iterable<string> {
    if (!isError(status)) return
    if (error?.code === IN_DOUBT) this.#in_doubt = true
    else if (this.#intent !== null) yield `it is refused ${at}, and how its last request ended isn't known`
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

  /** null if there was nothing. */
  get facts(): SendingFacts | null {
    if (this.#intent === null && !this.#in_doubt && this.#together === undefined) return null
    const together = this.#together === undefined ? {} : { together: this.#together }
    return { intent: this.#intent, in_doubt: this.#in_doubt, ...together }
  }

  restore({ intent, in_doubt, together }: SendingFacts): void {
    this.#intent = intent
    this.#in_doubt = in_doubt
    this.#together = together
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

/** Requests of one commit of which rows are missing or there twice: as they are announced, and as they were answered. */
export function* incompleteRequests(announced: readonly IntentFact[], answered: readonly Answered[]): Iterable<string> {
  for (const request of requestsOf(announced))
    if (!isComplete(request)) yield `of ${nameOf(request)}, which is about to be made, ${request.length} say so`
  const statuses = new Map(answered.map(({ intent, status }) => [intent, status]))
  for (const request of requestsOf([...statuses.keys()])) {
    if (!isComplete(request)) yield `of ${nameOf(request)}, ${request.length} say how it ended`
    if (new Set(request.map(intent => asWhole(statuses.get(intent)))).size > 1)
      yield `of ${nameOf(request)}, some say that it was answered, and others that it failed`
  }
}

/** What a row's call says of its request. */
function asWhole(status: CallStatus | undefined): CallStatus | undefined {
  return status === CALL_REFUSED ? CALL_OK : status
}

type Request = readonly [IntentFact, ...IntentFact[]]

function requestsOf(intents: readonly IntentFact[]): Iterable<Request> {
  const requests = new Map<string, [IntentFact, ...IntentFact[]]>()
  for (const intent of intents) {
    const { node, attempt, together } = intent
    if (together === null) continue
    const name = `${node} ${attempt} ${together.first} ${together.rows}`
    const known = requests.get(name)
    if (known === undefined) requests.set(name, [intent])
    else known.push(intent)
  }
  return requests.values()
}

function isComplete(request: Request): boolean {
  const rows = request[0].together?.rows
  return request.length === rows && new Set(request.map(({ together }) => together?.place)).size === rows
}

function nameOf([{ node, together }]: Request): string {
  const { first, rows } = together as Together
  return `the ${counted(rows, 'row')} of the request of ${tokenName(first)} at node ${node}`
}

/** Whether the node sends, and so has intents and calls. */
export function sends(ways: Ways, node: number): boolean {
  return ways.kind(node) === 'sink' && ways.services(node) > 0
}
