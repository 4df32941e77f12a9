/** All that sorts and joins hold until their input has ended. */
import type { Plan } from '../../plan/plan.ts'
import type { Spill } from '../ports/spill.ts'
import type { Token } from '../token/token.ts'
import { HeldSides } from './join/held-sides.ts'
import { HeldRows } from './sort/held-rows.ts'
import { Away } from './spill/away.ts'

/** What all sorts hold, or all joins. Each is known by the number of its node. */
export interface HeldToEnd {
  /** How many tokens. */
  readonly size: number
  countAt(node: number): number
  /** A token that stands there is held from now on. `ordinal`: its place among those that came there, from 0. */
  hold(token: Token, started_us: number, ordinal: number): void
  /** All facts there are were handed over: what is held leaves memory. @throws CustodyError CUSTODY_SPILL. */
  leave(): void
  /** Nothing more comes to the node. False: it isn't ready yet, and is to be asked again. @throws CustodyError CUSTODY_SPILL. */
  end(node: number): boolean
  /** May be asked for more than once. */
  close(): Promise<void>
}

export class Holdings {
  readonly sorts: HeldRows
  readonly joins: HeldSides
  readonly #by_node: ReadonlyMap<number, HeldToEnd>

  /** `stays`: nothing may leave memory, since whoever follows a record knows rows under way by their objects. */
  constructor(plan: Pick<Plan, 'nodes' | 'edges'>, spill: Spill, stays = false) {
    // A subject may have tokens at several of them.
    const away = new Away(plan, stays)
    this.sorts = new HeldRows(plan, spill, away)
    this.joins = new HeldSides(plan, spill, away)
    const of = { sort: this.sorts, join: this.joins }
    this.#by_node = new Map(
      plan.nodes.flatMap(({ kind, number }) => (kind === 'sort' || kind === 'join' ? [[number, of[kind]]] : [])),
    )
  }

  /** What is held there, and at others of its kind. */
  at(node: number): HeldToEnd {
    const held = this.#by_node.get(node)
    if (held === undefined) throw new TypeError(`node ${node} is no join and no sort`)
    return held
  }

  /** How many tokens they hold. */
  get size(): number {
    return this.sorts.size + this.joins.size
  }

  /** All facts there are were handed over: what is held leaves memory. @throws CustodyError CUSTODY_SPILL. */
  leave(): void {
    this.sorts.leave()
    this.joins.leave()
  }

  /** May be asked for more than once. */
  async close(): Promise<void> {
    await this.sorts.close()
    await this.joins.close()
  }
}
