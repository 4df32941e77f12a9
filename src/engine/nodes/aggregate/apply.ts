/**
 * What follows from batches: carries out what arrivals, time and the end of input do to them (`batches.ts`), in the record and in
 * the order list.
 */
import type { Row } from '../../../model/row.ts'
import type { AggregateNode } from '../../../plan/plan.ts'
import type { BatchResult, RowError } from '../../../sdk/spec.ts'
import type { Contexts } from '../../calls/contexts.ts'
import type { ApplyAnswer, EventQueue } from '../../order/event-queue.ts'
import type { OrderList } from '../../order/order-list.ts'
import type { RunClock } from '../../ports/run-clock.ts'
import type { Recorder } from '../../record/recorder.ts'
import type { ReplayOrder } from '../../replay/replay-order.ts'
import { keyOf } from '../../token/batch-key.ts'
import type { Stack } from '../../token/fork-frames.ts'
import type { InFlight } from '../../token/in-flight.ts'
import { standing, type Token } from '../../token/token.ts'
import { otherKey } from '../other-key.ts'
import { asDefect } from '../plugin-call.ts'
import type { Pools } from '../pool.ts'
import { afterError } from '../retry.ts'
import type { Transitions } from '../transition.ts'
import { type Batch, Batches } from './batches.ts'
import { refusal, tooManyOpen } from './trigger.ts'

const INSTEAD = 'Change the field behind the aggregate, or say `scope: split`'

export interface AggregateRuntimeParts {
  readonly order: OrderList
  readonly recorder: Recorder
  readonly pools: Pools
  readonly contexts: Contexts
  readonly clock: RunClock
  readonly events: EventQueue
  readonly transitions: Transitions
  readonly replay_order: ReplayOrder | null
  readonly hasKeyOf: ((row: Row) => boolean) | null
}

export class AggregateRuntime {
  readonly #parts: AggregateRuntimeParts
  readonly #batches: Batches

  constructor(parts: AggregateRuntimeParts) {
    this.#parts = parts
    const look = (batch: Batch) => parts.events.fallDue(stack => this.#lookInTime(batch, stack))
    this.#batches = new Batches(parts.clock, look, parts.replay_order)
  }

  /** A batch was open when a process before stopped. Its members are in the order list until it is. */
  restore({ left_us, ...so_far }: InFlight['batches'][number], stack: Stack): void {
    const batch = this.#batches.open(so_far)
    if (left_us > 0) this.#restBatch(batch, left_us)
    else this.#lookInTime(batch, stack)
    if (batch.trigger === null) for (const { token } of so_far.members) this.#parts.order.leave(token)
  }

  /** Of the batches that are open there, the one that was opened first. */
  firstAt(node: number): Batch | undefined {
    return this.#batches.firstAt(node)
  }

  /** A token comes to an aggregate, and its turn has come. */
  arrive(token: Token, node: AggregateNode, started_us: number, stack: Stack): void {
    const { recorder } = this.#parts
    const key = keyOf(node, token.row)
    const open = this.#batches.openFor(node.number, key)
    if (open === undefined && node.per !== null && this.#isFull(node, node.per.max_open, token))
      return this.#refuse(token, node, tooManyOpen(node.name, node.per.max_open), started_us, stack)
    // All rows of a batch have the same key, and so all of them come to this split.
    if (open === undefined && node.of_key && this.#parts.hasKeyOf?.(token.row) === false)
      throw otherKey(node.name, INSTEAD)
    const batch = open ?? this.#begin(node, key, started_us)
    this.#parts.replay_order?.gather(batch.subject, token, batch.members.length === 0)
    recorder.holdInBatch(token, batch, batch.members.length, started_us)
    batch.members.push({ token, branch: 0, started_us })
    this.look(batch, false, stack)
    // A batch that its plugin still works on keeps the place of its last member.
    if (batch.trigger === null) this.#parts.order.leave(token)
    this.#parts.transitions.ofHold(stack)
  }

  /** Whether no other batch can be opened. In a replay time closes batches sooner: there the record says it. */
  #isFull(node: AggregateNode, max_open: number, token: Token): boolean {
    return this.#parts.replay_order?.wasRefused(token) ?? this.#batches.countAt(node.number) >= max_open
  }

  #refuse(token: Token, node: AggregateNode, error: RowError, started_us: number, stack: Stack): void {
    const before = standing(token)
    this.#parts.recorder.fail(token, node, error, { kind: 'error' }, started_us)
    this.#parts.transitions.of(token, [before], [token], stack)
  }

  #begin(node: AggregateNode, key: string | null, opened_us: number): Batch {
    const group = this.#parts.recorder.openBatch(node, key, opened_us)
    return this.#batches.open({ group, opened_us, members: [], answers: null })
  }

  /** Something may have closed the batch. */
  look(batch: Batch, input_ended: boolean, stack: Stack): void {
    if (this.#batches.look(batch, input_ended) !== null) this.#processBatch(batch, stack)
  }

  /** Time alone may close the batch. Its members came before all that is in the order list and can still come to it. */
  #lookInTime(batch: Batch, stack: Stack): void {
    if (this.#batches.look(batch, false) === null) return
    this.#parts.order.lead(lastOf(batch))
    this.#processBatch(batch, stack)
  }

  #processBatch(batch: Batch, stack: Stack): void {
    const rows = batch.members.map(({ token }) => token.row)
    const context = this.#parts.contexts.ofBatch(batch)
    const result = this.#parts.pools.aggregate(batch.node.number, rows, context)
    if (!(result instanceof Promise)) return this.#settleBatch(batch, result, stack)
    this.#keepPlace(batch)
    const apply: ApplyAnswer<BatchResult> = (answer, at_us, next) => this.#settleBatch(batch, answer, next, at_us)
    this.#parts.events.answer(result, apply, batch.node.name, context.isCalling)
  }

  #settleBatch(batch: Batch, result: BatchResult, stack: Stack, ended_us?: number): void {
    const { recorder } = this.#parts
    const { node, members, trigger } = batch
    if (trigger === null) throw new TypeError('a batch was processed before it closed')
    const closed = { ...batch, trigger }
    const error = refusal(node, result, members.length)
    const moved = members.map(({ token }) => standing(token))
    let next: readonly Token[] = members.map(({ token }) => token)
    try {
      if (error !== null) {
        if (this.#retryBatch(batch, error, ended_us)) return
        recorder.failBatch(closed, error, ended_us)
      } else if (result.kind === 'rows') next = recorder.consumeBatch(closed, result.rows, ended_us)
      else if (result.kind === 'members') recorder.releaseBatch(closed, result.rows, ended_us)
    } catch (thrown) {
      throw asDefect(node, thrown)
    }
    this.#parts.transitions.of(lastOf(batch), moved, next, stack)
  }

  /** The last member stays in the order list for all of them while the batch is worked on. */
  #keepPlace(batch: Batch): void {
    const last = lastOf(batch)
    this.#parts.order.stay(last)
    const state = { kind: 'in_work', keeper: last } as const
    for (const { token } of batch.members) token.workOn(state)
  }

  /** True if the batch is attempted again: its members are held on. */
  #retryBatch(batch: Batch, error: RowError, ended_us?: number): boolean {
    const after = afterError(error.retryable, batch.attempt, batch.node.retry, error.retry_after_ms)
    if (after.kind !== 'again') return false
    const { recorder, clock } = this.#parts
    for (const [i, { token, started_us }] of batch.members.entries()) {
      recorder.failAttempt(token, error, started_us, ended_us)
      recorder.holdInBatch(token, batch, i, clock.now_us())
    }
    batch.attempt++
    this.#keepPlace(batch)
    this.#parts.events.rest(after.delay_us, stack => this.#processBatch(batch, stack))
    return true
  }

  /** Continues a batch that was closed, and whose attempt failed. */
  #restBatch(batch: Batch, left_us: number): void {
    // Where no other trigger is to be seen, the input had ended.
    this.#batches.look(batch, true)
    this.#keepPlace(batch)
    this.#parts.events.rest(left_us, stack => this.#processBatch(batch, stack))
  }
}

function lastOf({ node, members }: Batch): Token {
  const last = members.at(-1)
  if (last === undefined) throw new TypeError(`a batch of ${node.name} has no members`)
  return last.token
}
