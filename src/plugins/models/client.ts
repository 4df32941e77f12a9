/** Who makes a node's requests to its model. */
import type { CallFailure } from '../../sdk/call.ts'
import type { Question } from './question.ts'
import type { Wire } from './wire.ts'

export interface Client {
  /**
   * Asks once, through the wire, which has the answer then. Returns why it isn't an answer to all that was asked; null if it is.
   * @throws Unanswered; or what says that the request can't be made.
   */
  ask(question: Question, wire: Wire): Promise<CallFailure | null>
}
