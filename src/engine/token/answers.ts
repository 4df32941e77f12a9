/**
 * What the calls of one visit, or of one batch, have been answered so far, over all of its attempts: an answer that is there
 * isn't asked for again. Kept while the token stands at the node.
 */
import type { ValueNumber } from '../../model/ids.ts'
import type { Json } from '../../model/row.ts'

interface Answer {
  readonly service: string
  /** Canonical text. */
  readonly request: string
  readonly ordinal: number
  readonly response: Json
  /** By the attempt that is being made. */
  taken: boolean
}

export class Answers {
  /** A call met an outage while the service answered others: what happens to it then may be its own doing. */
  isSuspect = false
  readonly #answers: Answer[] = []
  /** Numbers of the values that were asked, by their canonical texts. */
  readonly #requests = new Map<string, ValueNumber>()

  /** Another attempt begins: it may take them all again. */
  beginAttempt(): void {
    for (const answer of this.#answers) answer.taken = false
  }

  add(service: string, request: string, ordinal: number, response: Json): void {
    this.#answers.push({ service, request, ordinal, response, taken: true })
  }

  /** An answer to the same request: that of the same ordinal, or else the first that nobody has taken. */
  take(service: string, request: string, ordinal: number): Answer | null {
    const fitting = this.#answers.filter(each => !each.taken && each.service === service && each.request === request)
    const answer = fitting.find(each => each.ordinal === ordinal) ?? fitting[0] ?? null
    if (answer !== null) answer.taken = true
    return answer
  }

  valueOf(request: string): ValueNumber | undefined {
    return this.#requests.get(request)
  }

  keepValue(request: string, value: ValueNumber): void {
    this.#requests.set(request, value)
  }
}
