/** What follows from a transition of tokens in the order list, and for groups that wait for them. */
import type { OrderList } from '../order/order-list.ts'
import type { Stack } from '../token/fork-frames.ts'
import { type Standing, Token } from '../token/token.ts'
import { isAwaited, type Trace } from '../token/traces.ts'
import type { CoalesceRuntime } from './coalesce/apply.ts'

export class Transitions {
  readonly #order: OrderList
  readonly #merges: CoalesceRuntime

  constructor(order: OrderList, merges: CoalesceRuntime) {
    this.#order = order
    this.#merges = merges
  }

  /**
   * What follows from a transition of `event`: `moved` are the tokens that left where they stood, `next` what stands in the
   * event's place now. Groups that are decided by it merge right before what continues from the event.
   */
  of(event: Token, moved: readonly Standing[], next: readonly (Token | Trace)[], stack: Stack): void {
    // Most rows are in no fork.
    if (!this.#merges.waiting && moved.every(({ frames }) => frames === null)) return this.#replace(event, next, stack)
    const merged: Stack = []
    for (const each of moved) if (each.frames !== null) this.#merges.lose(each, { event, merged, stack })
    this.#replace(event, next, stack)
    for (const each of merged.reverse()) stack.push(each)
    this.#merges.reconsider(stack)
  }

  /** What follows if tokens are held in a batch. */
  ofHold(stack: Stack): void {
    this.#merges.reconsider(stack)
  }

  /** Puts `next` into the event's place in the order list, and what of it has not ended onto the stack, the first on top. */
  #replace(event: Token, next: readonly (Token | Trace)[], stack: Stack): void {
    if (next.length === 1 && next[0] === event && !event.ended) {
      stack.push(event)
      return
    }
    const alive = next.filter(each => (each instanceof Token ? !each.ended : isAwaited(each)))
    const in_line = event.place !== null
    this.#order.replace(event, alive)
    for (const each of alive.toReversed()) if (each instanceof Token || !in_line) stack.push(each)
  }
}
