/** Records calls to services, and what is about to be sent. */

import type { Together } from '../../format/entry.ts'
import type { ValueNumber } from '../../model/ids.ts'
import type { RunClock } from '../ports/run-clock.ts'
import { addValue, factsOf } from '../token/token.ts'
import { type Asker, type CallMade, callFact, type SubjectAsker, senderOf } from './call-fact.ts'
import type { PendingFacts } from './pending.ts'
import type { Totals } from './totals.ts'

export class CallRecorder {
  readonly #pending: PendingFacts
  readonly #totals: Totals
  readonly #clock: Pick<RunClock, 'now_us' | 'ran_us'>

  constructor(pending: PendingFacts, totals: Totals, clock: Pick<RunClock, 'now_us' | 'ran_us'>) {
    this.#pending = pending
    this.#totals = totals
    this.#clock = clock
  }

  /** A service was called, and this is the result. */
  call(asker: Asker, made: CallMade): void {
    const number = (this.#totals.calls?.count ?? 0) + 1
    const duration_us = this.#clock.ran_us(made.started_us, made.ended_us)
    const { subject } = asker
    if (subject === null) {
      this.#pending.of_sources.push({ ...made, call: number, asker, duration_us })
      this.#totals.call({ ...made.costs, status: made.status })
      return
    }
    const { time_us } = this.#pending.factsOf(subject, made.started_us)
    const request = requestOf(asker, made.request)
    const response = addValue(subject, { kind: 'full', text: made.response })
    const fact = callFact(asker, made, { number, request, response, time_us, duration_us })
    factsOf(subject).addCall(fact)
    this.#totals.call(fact)
  }

  /** The token's request is about to be sent: when this is durable. */
  intend(asker: Asker, request: string, together: Together | null): void {
    if (asker.subject === null) throw new TypeError(`a source, ${asker.node.name}, sends a request`)
    const { node, attempt, subject } = asker
    const facts = this.#pending.factsOf(subject, this.#clock.now_us())
    const token = senderOf(asker)
    facts.addIntent({ token, node: node.number, attempt, request: requestOf(asker, request), together })
  }
}

/** Number of the value that is asked: one for all attempts that ask the same. */
function requestOf({ subject, answers }: SubjectAsker, text: string): ValueNumber {
  const value = answers.valueOf(text) ?? addValue(subject, { kind: 'full', text })
  answers.keepValue(text, value)
  return value
}
