/**
 * What one source asks of services: one call at a time, each question until it is answered or can't be, as the pipeline's `retry` says.
 *
 * SOURCE-CALLS-1. An answer is recorded before the source hears of it; so no commit has a record, or a cursor behind it, without the
 *     answer that it came of.
 * SOURCE-CALLS-2. Who goes on asks nothing of which the answer is on record. Positions lead back to no answer before that of the last
 *     record that was committed: what came earlier is forgotten (I12).
 */
import { FIRST_PATH } from '../../../format/lineage.ts'
import type { CallPlace } from '../../../format/recording.ts'
import { canonicalize } from '../../../model/canonical.ts'
import { CustodyError } from '../../../model/error.ts'
import type { Json } from '../../../model/row.ts'
import type { SourceNode } from '../../../plan/plan.ts'
import type { Call, CallRequest, CallResult } from '../../../sdk/call.ts'
import type { SourceContext } from '../../../sdk/spec.ts'
import { servicesOf } from '../../calls/contexts.ts'
import type { CallDispatcher } from '../../calls/dispatcher.ts'
import { ReplayMiss } from '../../calls/replay-miss.ts'
import type { EventQueue } from '../../order/event-queue.ts'
import { defect } from '../../ports/plugin-defect.ts'
import { Answers } from '../../token/answers.ts'
import { afterError } from '../retry.ts'

/** What is on record of the calls of a source. */
export interface CallsOnRecord {
  /** The record before which it called last; 0: it never did. */
  readonly record: number
  /** How many calls were answered there, and how many attempts there were since. */
  readonly answered: number
  readonly attempts: number
  /** Those that it may ask for again. */
  readonly answers: readonly AnswerOnRecord[]
}

export interface AnswerOnRecord {
  readonly service: string
  /** Canonical text. */
  readonly request: string
  readonly response: Json
}

export const NO_CALLS: CallsOnRecord = { record: 0, answered: 0, attempts: 0, answers: [] }

export interface SourceCallsParts {
  readonly node: SourceNode
  readonly calls: CallDispatcher
  readonly events: EventQueue
  readonly signal: AbortSignal
}

export class SourceCalls {
  readonly context: SourceContext
  readonly #parts: SourceCallsParts
  readonly #services: readonly string[]
  readonly #answers: readonly AnswerOnRecord[]
  /** Records that it has given. */
  #records: number
  /** As of `CallsOnRecord`. */
  #record: number
  #answered: number
  #attempts: number
  #asking = false

  /** `records`: those that it had given before. */
  constructor(parts: SourceCallsParts, records: number, on_record: CallsOnRecord) {
    this.#parts = parts
    this.#services = servicesOf(parts.node)
    this.#records = records
    this.#answers = on_record.answers
    this.#record = on_record.record
    this.#answered = on_record.answered
    this.#attempts = on_record.attempts
    this.context = { signal: parts.signal, call: this.#call }
  }

  /** Whether it asks anybody. */
  get asks(): boolean {
    return this.#services.length > 0
  }

  /** It has given so many records more. */
  gave(records: number): void {
    this.#records += records
  }

  readonly #call: Call = async (service, asked, perform) => {
    const { node } = this.#parts
    if (this.#asking) throw defect(node.name, `calls ${service} while another call of it is under way`)
    this.#asking = true
    try {
      return await this.#asked(service, asked, perform)
    } catch (thrown) {
      if (!(thrown instanceof ReplayMiss)) throw thrown
      throw new CustodyError('CUSTODY_REPLAY_MISS', `\`${node.name}\`: ${thrown.message}`, {
        where: { node: node.name },
      })
    } finally {
      this.#asking = false
    }
  }

  async #asked(service: string, asked: CallRequest, perform: Parameters<Call>[2]): Promise<CallResult> {
    const request = canonicalize(asked.request)
    const known = this.#answers.find(each => each.service === service && each.request === request)
    if (known !== undefined) return { kind: 'answer', response: known.response }
    const { node, calls } = this.#parts
    const record = this.#records + 1
    if (record !== this.#record) [this.#record, this.#answered, this.#attempts] = [record, 0, 0]
    const answers = new Answers()
    for (let tries = 1; ; tries++) {
      const attempt = ++this.#attempts
      const asker = { subject: null, token: null, record, node, attempt, answers, place: this.#place }
      const result = await calls.context(asker, this.#services, this.#answered).call(service, asked, perform)
      if (result.kind === 'answer') {
        this.#answered++
        this.#attempts = 0
        return result
      }
      const next = afterError(result.retryable, tries, node.retry, result.retry_after_ms)
      if (next.kind === 'give_up') return result
      await new Promise<void>(resolve => this.#parts.events.rest(next.delay_us, () => resolve()))
    }
  }

  readonly #place = (): CallPlace => {
    const { name } = this.#parts.node
    return { source: name, index: 0, node: name, branches: [], path: FIRST_PATH }
  }
}
