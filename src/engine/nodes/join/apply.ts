/**
 * What happens at joins: rows of both sides are held until their input has ended; then each left row makes a group with those that
 * match it, and what matches nothing goes on as it came. In the record and in the order list.
 *
 * JOIN-APPLY-1. (I2) A group opens and closes, its members end and what is born of them begins in one transition.
 * JOIN-APPLY-2. (I7) What is let go comes after all that is in the order list, as if it were read from a source at the end of input.
 */
import type { JoinNode } from '../../../plan/plan.ts'
import type { OrderList } from '../../order/order-list.ts'
import type { Recorder } from '../../record/recorder.ts'
import type { Stack } from '../../token/fork-frames.ts'
import type { HeldRow } from '../../token/held-row.ts'
import type { InFlight } from '../../token/in-flight.ts'
import { standing, type Token } from '../../token/token.ts'
import type { Transitions } from '../transition.ts'
import { pairOf, tooDeep, tooMany } from './match.ts'
import { sideOf } from './side.ts'
import { type Next, TwoSides } from './two-sides.ts'

export interface JoinRuntimeParts {
  readonly plan: Parameters<typeof sideOf>[0]
  readonly order: OrderList
  readonly recorder: Recorder
  readonly transitions: Transitions
}

export class JoinRuntime {
  readonly #parts: JoinRuntimeParts
  readonly #held = new Map<number, TwoSides>()

  constructor(parts: JoinRuntimeParts) {
    this.#parts = parts
  }

  /** A join held rows when a process before stopped. Returns whether it had begun to let them go. */
  restore({ node, rows }: InFlight['joins'][number]): boolean {
    const held = this.#at(node)
    for (const row of rows) held.add(sideOf(this.#parts.plan, row.token), row)
    const holds = rows.filter(({ token }) => !token.ended).length
    return this.#parts.recorder.totals.visitsOf(node.number).all > holds
  }

  /** A token comes to a join, and its turn has come. */
  arrive(token: Token, node: JoinNode, started_us: number, stack: Stack): void {
    const { plan, recorder, order, transitions } = this.#parts
    recorder.holdAtJoin(token, started_us)
    this.#at(node).add(sideOf(plan, token), { token, started_us })
    order.leave(token)
    transitions.ofHold(stack)
  }

  /** Whether it holds anything. */
  holds({ number }: JoinNode): boolean {
    return this.#held.get(number)?.any === true
  }

  /** Nothing can come to the join any more: lets the next row go. False if that was the last. */
  release(node: JoinNode, stack: Stack): boolean {
    const held = this.#at(node)
    const next = held.next()
    if (next?.side === 'left') this.#match(node, next, stack)
    else if (next?.side === 'right') this.#pass(node, 'right', next.row, stack)
    if (held.any) return true
    this.#held.delete(node.number)
    return false
  }

  #match(node: JoinNode, { row: left, matches }: Extract<Next, { side: 'left' }>, stack: Stack): void {
    const { recorder, transitions } = this.#parts
    if (matches.length === 0) return this.#pass(node, 'left', left, stack)
    const pairs = matches.map(right => ({ right, row: pairOf(node.merge, left.token.row, right.token.row) }))
    const error = matches.length > node.max_matches ? tooMany(node) : tooDeep(pairs.map(({ row }) => row))
    const members = [left, ...matches].filter(({ token }) => !token.ended)
    if (error !== null) {
      const before = standing(left.token)
      recorder.fail(left.token, node, error, { kind: 'error' }, left.started_us)
      return transitions.of(left.token, [before], [left.token], stack)
    }
    const moved = members.map(({ token }) => standing(token))
    const born = recorder.join(node, left, pairs)
    transitions.of(left.token, moved, born, stack)
  }

  #pass(node: JoinNode, side: 'left' | 'right', row: HeldRow, stack: Stack): void {
    const { recorder, transitions } = this.#parts
    const before = standing(row.token)
    recorder.leaveUnmatched(row, node.routes[side])
    transitions.of(row.token, [before], [row.token], stack)
  }

  #at(node: JoinNode): TwoSides {
    const held = this.#held.get(node.number) ?? new TwoSides(node)
    this.#held.set(node.number, held)
    return held
  }
}
