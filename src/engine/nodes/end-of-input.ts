/**
 * What nodes do that hold rows when the input has ended, those upstream first: an aggregate closes its open batches, one after another; a
 * join or a sort lets go what it holds, row by row, as if it were read from a source.
 */
import type { AggregateNode, JoinNode, SortNode } from '../../plan/plan.ts'
import type { OrderList } from '../order/order-list.ts'
import type { Stack } from '../token/fork-frames.ts'
import type { AggregateRuntime } from './aggregate/apply.ts'
import type { JoinRuntime } from './join/apply.ts'
import type { SortRuntime } from './sort/apply.ts'

export type HoldingNode = AggregateNode | JoinNode | SortNode

export interface EndOfInputParts {
  /** Upstream ones first. */
  readonly nodes: readonly HoldingNode[]
  readonly order: OrderList
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

  /** A process before had begun to let its rows go. */
  goOn(node: JoinNode | SortNode): void {
    this.#releasing = node
  }

  /** All is done that was under way: the next node to which nothing can come any more has come to its end. False if there is none. */
  next(stack: Stack): boolean {
    return this.#parts.nodes.some(node => this.#end(node, stack))
  }

  /** Lets go what comes next; a join may have more to prepare before. */
  release(stack: Stack): void {
    const { joining, sorting } = this.#parts
    const node = this.#releasing
    if (node === null) return
    const more = node.kind === 'join' ? joining.release(node, stack) : sorting.release(node, stack)
    if (!more) this.#releasing = null
  }

  #end(node: HoldingNode, stack: Stack): boolean {
    const { order, batching, joining, sorting } = this.#parts
    if (node.kind === 'aggregate') {
      const batch = batching.firstAt(node.number)
      if (batch === undefined || order.anyFor(node.number)) return false
      batching.look(batch, true, stack)
      return true
    }
    const holds = node.kind === 'join' ? joining.holds(node) : sorting.holds(node)
    if (!holds || order.anyFor(node.number)) return false
    // A sort may have more to prepare, and is asked again then.
    if (node.kind === 'join' || sorting.end(node)) this.#releasing = node
    return true
  }
}
