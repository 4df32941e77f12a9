/**
 * What one join holds, and in which order it is let go: left rows first, each with the right rows that match it, then right rows that
 * none of them matched.
 *
 * TWO-SIDES-1. Both sides keep the order in which their rows came.
 * TWO-SIDES-2. A right row that has matched is kept until the last left row is gone: others may match it, too.
 */
import type { JoinSide } from '../../../format/topology.ts'
import type { JoinNode } from '../../../plan/plan.ts'
import type { HeldRow } from '../../token/held-row.ts'
import { keyOf } from './match.ts'

/** What comes next. `matches` are one more than `max_matches` at most. */
export type Next =
  | { readonly side: 'left'; readonly row: HeldRow; readonly matches: readonly HeldRow[] }
  | { readonly side: 'right'; readonly row: HeldRow }

export class TwoSides {
  readonly #node: JoinNode
  #left: HeldRow[] = []
  #right: HeldRow[] = []
  /** How many of each have gone. */
  #left_gone = 0
  #right_gone = 0
  /** By key. */
  readonly #partners = new Map<string, HeldRow[]>()

  constructor(node: JoinNode) {
    this.#node = node
  }

  /** A row came, behind all that came before. A right one may have matched before, in another process. */
  add(side: JoinSide, held: HeldRow): void {
    if (side === 'left') {
      this.#left.push(held)
      return
    }
    this.#right.push(held)
    const key = keyOf(this.#node.keys.right, held.token.row)
    if (key === null) return
    const partners = this.#partners.get(key)
    if (partners === undefined) this.#partners.set(key, [held])
    else partners.push(held)
  }

  /** All that are held. */
  *[Symbol.iterator](): Iterator<HeldRow> {
    yield* this.#left.slice(this.#left_gone)
    for (const each of this.#right.slice(this.#right_gone)) if (!each.token.ended) yield each
  }

  /** Whether any are. */
  get any(): boolean {
    this.#skipMatched()
    return this.#left_gone < this.#left.length || this.#right_gone < this.#right.length
  }

  /** Takes out what comes next; null if nothing is left. */
  next(): Next | null {
    const left = this.#left[this.#left_gone]
    if (left !== undefined) {
      this.#left_gone++
      return { side: 'left', row: left, matches: this.#matchesOf(left) }
    }
    this.#skipMatched()
    const right = this.#right[this.#right_gone]
    if (right === undefined) return null
    this.#right_gone++
    return { side: 'right', row: right }
  }

  #matchesOf({ token }: HeldRow): readonly HeldRow[] {
    const { keys, max_matches } = this.#node
    const key = keyOf(keys.left, token.row)
    const partners = key === null ? undefined : this.#partners.get(key)
    return partners?.slice(0, max_matches + 1) ?? []
  }

  /** Right rows that matched have gone with a left one. */
  #skipMatched(): void {
    if (this.#left_gone < this.#left.length) return
    while (this.#right[this.#right_gone]?.token.ended === true) this.#right_gone++
  }
}
