/**
 * What joins let go when their input has ended: each left row makes a group with those that match it, and what matches nothing goes on as
 * it came. In the record and in the order list.
 *
 * JOIN-APPLY-1. (I2) A group opens and closes, its members end and what is born of them begins in one transition.
 * JOIN-APPLY-2. (I7) What is let go comes after all that is in the order list, as if it were read from a source at the end of input.
 */
import type { JoinNode } from '../../../plan/plan.ts'
import type { Recorder } from '../../record/recorder.ts'
import type { Stack } from '../../token/fork-frames.ts'
import type { HeldRow } from '../../token/held-row.ts'
import { standing } from '../../token/token.ts'
import type { Transitions } from '../transition.ts'
import type { HeldSides } from './held-sides.ts'
import { pairOf, tooDeep, tooMany } from './match.ts'
import type { Next } from './two-sides.ts'

export interface JoinRuntimeParts {
  readonly recorder: Recorder
  readonly transitions: Transitions
  readonly held: HeldSides
}

export class JoinRuntime {
  readonly #parts: JoinRuntimeParts

  constructor(parts: JoinRuntimeParts) {
    this.#parts = parts
  }

  /** Lets the next row go, once the join has ended. */
  release(node: JoinNode, stack: Stack): void {
    const next = this.#parts.held.next(node.number)
    if (next?.side === 'left') this.#match(node, next, stack)
    else if (next?.side === 'right') this.#pass(node, 'right', next.row, stack)
  }

  #match(node: JoinNode, { row: left, fate, partners }: Extract<Next, { side: 'left' }>, stack: Stack): void {
    const { recorder, transitions } = this.#parts
    if (fate !== 'matches') {
      const before = standing(left.token)
      const error = fate === 'too_many' ? tooMany(node) : tooDeep()
      recorder.fail(left.token, node, error, { kind: 'error' }, left.started_us)
      return transitions.of(left.token, [before], [left.token], stack)
    }
    if (partners.length === 0) return this.#pass(node, 'left', left, stack)
    const pairs = partners.map(right => ({ right, row: pairOf(node.merge, left.token.row, right.row) }))
    const members = [left, ...partners.flatMap(right => right.held ?? [])]
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
}
