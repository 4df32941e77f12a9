/** What the ledger records of a call. */

import type { CallCosts, CallFact, CallStatus, CallTuple } from '../../format/entry.ts'
import type { CallPlace } from '../../format/recording.ts'
import type { NodeNumber, TokenId, ValueNumber } from '../../model/ids.ts'
import type { RetryConfig } from '../../plan/plan.ts'
import type { Answers } from '../token/answers.ts'
import type { Subject } from '../token/token.ts'

interface AnyAsker {
  readonly node: { readonly number: NodeNumber; readonly name: string; readonly retry: RetryConfig }
  readonly attempt: number
  readonly answers: Answers
  /** Where it is, as another run would find it. */
  readonly place: () => CallPlace
}

/** A token at a node, or a batch. */
export interface SubjectAsker extends AnyAsker {
  readonly subject: Subject
  /** null: the batch. */
  readonly token: TokenId | null
}

/** A source. Its calls are the run's own. */
export interface SourceAsker extends AnyAsker {
  readonly subject: null
  readonly token: null
  /** Number of the record that it is to give next. */
  readonly record: number
}

/** Who asks. */
export type Asker = SubjectAsker | SourceAsker

/** The token that sends a request. Batches send none. */
export function senderOf({ token, node }: Asker): TokenId {
  if (token === null) throw new TypeError(`a batch of ${node.name} sends a request`)
  return token
}

/** A call with its result. */
export interface CallMade {
  readonly ordinal: number
  readonly service: number
  readonly status: CallStatus
  /** Canonical texts. */
  readonly request: string
  readonly response: string
  readonly costs: CallCosts
  readonly started_us: number
  readonly ended_us: number
}

/** `number`: of the call within the run; `request` and `response`: numbers of values; `time_us`: the time of the entry; `duration_us`: on the run's clock. */
export function callFact(
  { token, node, attempt }: Pick<Asker, 'token' | 'node' | 'attempt'>,
  { ordinal, service, status, costs, started_us }: CallMade,
  recorded: {
    readonly number: number
    readonly request: ValueNumber
    readonly response: ValueNumber
    readonly time_us: number
    readonly duration_us: number
  },
): CallFact {
  const { number: call, request, response, time_us, duration_us } = recorded
  const start_us = started_us - time_us
  return {
    // Facts say 0 of what is none.
    ...{ call, token: token ?? 0, node: node.number, attempt, ordinal, service, status },
    ...{ request, response, start_us, duration_us },
    ...costs,
  }
}

/** What a source has asked, until a commit records it. */
export interface SourceCall extends CallMade {
  readonly call: number
  readonly asker: SourceAsker
  readonly duration_us: number
}

/** A call as the run's own entries have it: in the order of `LISTS.x` (format/subject-lists.ts). */
export function callTuple(fact: CallFact): CallTuple {
  const { call, token, node, attempt, ordinal, service, status, request, response, start_us, duration_us } = fact
  const { input_tokens, output_tokens, cost_nusd } = fact
  const costs = [input_tokens, output_tokens, cost_nusd]
  return [
    ...[call, token, node, attempt, ordinal, service, status, request, response, start_us, duration_us],
    ...(costs.every(each => each === 0) ? [] : costs),
  ]
}
