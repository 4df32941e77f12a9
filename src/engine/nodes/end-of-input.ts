/**
 * What nodes do that hold rows when the input has ended, those upstream first: an aggregate closes its open batches, one after another; a
 * join or a sort lets go what came to it, row by row, as if it were read from a source. Until then it isn't in the order list.
 */
import type { AggregateNode, JoinNode, SortNode } from '../../plan/plan.ts'
import type { OrderList } from '../order/order-list.ts'
import type { Recorder } from '../record/recorder.ts'
import type { Stack } from '../token/fork-frames.ts'
import type { Token } from '../token/token.ts'
import type { AggregateRuntime } from './aggregate/apply.ts'
import type { Holdings } from './holdings.ts'
import type { JoinRuntime } from './join/apply.ts'
import type { SortRuntime } from './sort/apply.ts'
import type { Transitions } from './transition.ts'

export type HoldingNode = AggregateNode | JoinNode | SortNode

export interface EndOfInputParts {
  /** Upstream ones first. */
  readonly nodes: readonly HoldingNode[]
  readonly order: OrderList
  readonly recorder: Recorder
  readonly transitions: Transitions
  readonly held: Holdings
  readonly batching: AggregateRuntime
  readonly joining: JoinRuntime
  readonly sorting: SortRuntime
}

export class EndOfInput {
  readonly #parts: EndOfInputParts
  /** The join or sort that lets go what it holds; null if none does. */
  #releasing: JoinNode | SortNode | null = null

  constructor(parts: EndOfInputParts) {
    this.#parts = parts
  }

  /** Whether `release` has something to do. */
  get isReleasing(): boolean {
    return this.#releasing !== null
  }

  /** A token comes to a join or a sort, and its turn has come. */
  hold(token: Token, started_us: number, stack: Stack): void {
    const { order, recorder, transitions, held } = this.#parts
    held.at(token.node).hold(token, started_us, recorder.holdToEnd(token, started_us))
    order.leave(token)
    transitions.ofHold(stack)
  }

  /** All is done that was under way: the next node to which nothing can come any more has come to its end. False if there is none. */
  next(stack: Stack): boolean {
    return this.#parts.nodes.some(node => this.#end(node, stack))
  }

  /** Lets go what comes next. */
  release(stack: Stack): void {
    const { joining, sorting } = this.#parts
    const node = this.#releasing
    if (node === null) return
    if (node.kind === 'join') joining.release(node, stack)
    else sorting.release(node, stack)
    if (!this.#holds(node)) this.#releasing = null
  }

  #end(node: HoldingNode, stack: Stack): boolean {
    const { order, batching, held } = this.#parts
    if (node.kind === 'aggregate') {
      const batch = batching.firstAt(node.number)
      if (batch === undefined || order.anyFor(node.number)) return false
      batching.look(batch, true, stack)
      return true
    }
    if (!this.#holds(node) || order.anyFor(node.number)) return false
    // It may have more to prepare, and is asked again then: the lease is kept meanwhile.
    if (held.at(node.number).end(node.number)) this.#releasing = node
    return true
  }

  #holds({ number }: JoinNode | SortNode): boolean {
    return this.#parts.held.at(number).countAt(number) > 0
  }
}
