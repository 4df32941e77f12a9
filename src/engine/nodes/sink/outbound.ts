/**
 * Tokens at sinks that send, from their turn on: has their rows sent, alone or together (`request-batch.ts`), and carries out what
 * follows from it, in the record and in the order list. Meanwhile others may have their turn at the sink.
 */

import type { TokenId } from '../../../model/ids.ts'
import type { Row } from '../../../model/row.ts'
import type { SinkNode } from '../../../plan/plan.ts'
import type { SendTry } from '../../../sdk/spec.ts'
import type { Contexts, KeyedRows } from '../../calls/contexts.ts'
import { type RowResult, resultFor } from '../../calls/open-call.ts'
import type { EventQueue } from '../../order/event-queue.ts'
import type { OrderList } from '../../order/order-list.ts'
import { defect } from '../../ports/plugin-defect.ts'
import type { RunClock } from '../../ports/run-clock.ts'
import type { Recorder } from '../../record/recorder.ts'
import type { Stack } from '../../token/fork-frames.ts'
import { sendingOf, standing, type Token } from '../../token/token.ts'
import { otherKey } from '../other-key.ts'
import type { Transitions } from '../transition.ts'
import { type RequestBatch, RequestBatches } from './request-batch.ts'
import { outgoingOf, sent } from './sending.ts'
import { afterSent, UNANSWERED } from './sent.ts'
import { Sequence } from './sequence.ts'
import type { Outbound } from './sink-set.ts'
import type { Sinks } from './sinks.ts'

const INSTEAD = 'Write the changed value to another field'

export interface SenderParts {
  readonly order: OrderList
  readonly transitions: Transitions
  readonly recorder: Recorder
  readonly outputs: Sinks
  readonly contexts: Contexts
  readonly clock: RunClock
  readonly events: EventQueue
  /** Nothing is sent: the results are on record, row by row. */
  readonly replays: boolean
  readonly hasKeyOf: ((row: Row) => boolean) | null
}

export class Sender {
  readonly #parts: SenderParts
  readonly #request_batches: RequestBatches
  /** By node, of sinks that send one request at a time. */
  readonly #sequences = new Map<number, Sequence>()
  /** Requests whose results aren't known yet. */
  under_way = 0

  constructor(parts: SenderParts) {
    this.#parts = parts
    this.#request_batches = new RequestBatches(parts.clock, close => parts.events.fallDue(() => this.#post(close())))
  }

  /** Whether rows wait for others. */
  get gathering(): boolean {
    return this.#request_batches.gathering
  }

  /** Continues from where a commit stood, before anything is sent: these are under way, in their order. */
  restore(order: Iterable<Token>): void {
    for (const { state, node } of order)
      if (state.kind === 'sending' && state.together !== null) this.#sequence(node)?.goOn(state.together.first)
  }

  /** A token has its turn, or is back from its backoff. */
  send(token: Token, node: SinkNode, outbound: Outbound, started_us: number, stack: Stack): void {
    if (token.state.kind !== 'sending') token.send({ in_doubt: false, together: null, uncounted: 0 })
    const { in_doubt, together } = sendingOf(token)
    if (in_doubt && !outbound.idempotent) {
      this.#sent(token, node, UNANSWERED, started_us, stack)
      return this.#over(node.number, together?.first ?? token.id)
    }
    const outgoing = outgoingOf(node, outbound.sink, token.row)
    if (outgoing.kind === 'error') {
      if (together !== null) throw defect(node.name, 'refuses a row that it has begun to send')
      // Nothing was sent, and nothing else could come from the same row.
      this.#sent(token, node, { ...outgoing, retryable: false }, started_us, stack)
      return
    }
    // A row without a key was refused.
    if (outbound.keyed && this.#parts.hasKeyOf?.(token.row) === false) throw otherKey(node.name, INSTEAD)
    this.#parts.order.stay(token)
    const batch = this.#parts.replays ? null : outbound.batch
    this.#post(this.#request_batches.add(node, { token, outgoing, started_us }, batch))
  }

  /** The input has ended: sends rows that wait for others, and none can come. False if there are none. */
  sendLast(): boolean {
    const request_batch = this.#request_batches.closeLast(node => this.#parts.order.anyFor(node))
    this.#post(request_batch)
    return request_batch !== null
  }

  #post(request_batch: RequestBatch | null): void {
    if (request_batch === null) return
    const { contexts, outputs } = this.#parts
    const { node, members } = request_batch
    if (this.#sequence(node.number)?.begins(request_batch) === false) return
    const outbound = outputs.outbound(node.number)
    if (outbound === null) throw new TypeError(`sink ${node.name} sends nothing`)
    const { sink } = outbound
    const perform = (rows: KeyedRows, attempt: SendTry) => sent(node, sink, rows, attempt)
    this.under_way++
    contexts.send(request_batch, perform, (result, ended_us, stack) => {
      this.under_way--
      let again = false
      const next = members.map(({ token, started_us }, place) => {
        const own: Token[] = []
        again = this.#sent(token, node, resultFor(result, place), started_us, own, ended_us) || again
        return own
      })
      for (const own of next.reverse()) stack.push(...own)
      if (!again) this.#over(node.number, members[0].token.id)
    })
  }

  /** All is known of the request of this token. */
  #over(node: number, first: TokenId): void {
    this.#post(this.#sequence(node)?.over(first) ?? null)
  }

  /** null for a sink that sends as many requests as its service allows. What is on record needn't be sent in order. */
  #sequence(node: number): Sequence | null {
    const { outputs, replays } = this.#parts
    if (replays || outputs.outbound(node)?.sequential !== true) return null
    const known = this.#sequences.get(node) ?? new Sequence()
    this.#sequences.set(node, known)
    return known
  }

  /** True if the token is to be sent again. */
  #sent(token: Token, node: SinkNode, result: RowResult, started_us: number, stack: Stack, ended_us?: number): boolean {
    const { recorder, outputs, events, order, transitions } = this.#parts
    const { in_doubt, together, uncounted } = sendingOf(token)
    const idempotent = outputs.outbound(node.number)?.idempotent ?? false
    const after = afterSent(result, { attempt: token.attempt, retry: node.retry, idempotent, in_doubt, uncounted })
    const before = standing(token)
    switch (after.kind) {
      case 'accepted':
        outputs.write(node.number, token.row)
        recorder.write(token, started_us, ended_us)
        break
      case 'again':
        recorder.failAttempt(token, after.error, started_us, ended_us)
        token.send({ in_doubt: after.in_doubt, together, uncounted: after.uncounted })
        events.rest(after.delay_us, next => next.push(token))
        order.stay(token)
        return true
      case 'rejected':
        recorder.fail(token, node, after.error, { kind: 'sink_rejected' }, started_us, ended_us)
        break
      case 'in_doubt':
        recorder.doubt(token, after.error, started_us, ended_us)
        break
      case 'missed':
        recorder.miss(token, after.message, started_us, ended_us)
    }
    transitions.of(token, [before], [token], stack)
    return false
  }
}
