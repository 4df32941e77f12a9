/**
 * What follows from sorts: tokens that come are held, and passed on, one after another, when the input of their sort has ended.
 * What they hold isn't in the order list; what they pass on comes after all that is, as rows do that are read (I7). Each is passed on by a
 * transition of its own: after a crash a sort continues behind the last one that a commit has.
 */
import type { SortNode } from '../../../plan/plan.ts'
import type { OrderList } from '../../order/order-list.ts'
import type { Recorder } from '../../record/recorder.ts'
import type { Stack } from '../../token/fork-frames.ts'
import { standing, type Token } from '../../token/token.ts'
import type { Transitions } from '../transition.ts'
import type { HeldRows } from './held-rows.ts'

export interface SortRuntimeParts {
  readonly order: OrderList
  readonly recorder: Recorder
  readonly transitions: Transitions
  readonly held: HeldRows
}

export class SortRuntime {
  readonly #parts: SortRuntimeParts

  constructor(parts: SortRuntimeParts) {
    this.#parts = parts
  }

  /** A token comes to a sort, and its turn has come. */
  arrive(token: Token, started_us: number, stack: Stack): void {
    const { order, recorder, transitions, held } = this.#parts
    held.hold(token, started_us, recorder.holdInSort(token, started_us))
    order.leave(token)
    transitions.ofHold(stack)
  }

  /** Whether the sort has something to pass on. */
  holds({ number }: SortNode): boolean {
    return this.#parts.held.countAt(number) > 0
  }

  /** Nothing more can come to the sort. False: it isn't ready to pass on yet, and is to be asked again. */
  end({ number }: SortNode): boolean {
    return this.#parts.held.end(number)
  }

  /** Passes the next on. False if that was the last one. */
  release(node: SortNode, stack: Stack): boolean {
    const { recorder, transitions, held } = this.#parts
    const next = held.next(node.number)
    if (next === null) return false
    const { token, started_us } = next
    const before = standing(token)
    recorder.releaseSorted(token, node, started_us)
    transitions.of(token, [before], [token], stack)
    return this.holds(node)
  }
}
