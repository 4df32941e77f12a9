/** What all joins hold. */
import type { JoinNode, Plan } from '../../../plan/plan.ts'
import type { Spill } from '../../ports/spill.ts'
import type { HeldRow } from '../../token/held-row.ts'
import type { Away } from '../spill/away.ts'
import { sideOf } from './side.ts'
import { type Next, TwoSides } from './two-sides.ts'

interface Holding {
  readonly node: JoinNode
  readonly sides: TwoSides
}

export class HeldSides {
  readonly #plan: Pick<Plan, 'edges'>
  readonly #joins = new Map<number, Holding>()

  constructor(plan: Pick<Plan, 'nodes' | 'edges'>, spill: Spill, away: Away) {
    this.#plan = plan
    for (const node of plan.nodes)
      if (node.kind === 'join') this.#joins.set(node.number, { node, sides: new TwoSides(node, spill, away) })
  }

  /** How many tokens all joins hold. */
  get size(): number {
    let size = 0
    for (const { sides } of this.#joins.values()) size += sides.size
    return size
  }

  countAt(node: number): number {
    return this.#at(node).size
  }

  /** A token that stands at a join is held from now on. `ordinal`: its place among those that came there, from 0. */
  hold(token: HeldRow['token'], started_us: number, ordinal: number): void {
    this.#at(token.node).add(sideOf(this.#plan, token), { token, started_us }, ordinal)
  }

  /** A right token that a group has consumed in a process before. @throws CustodyError CUSTODY_SPILL. */
  holdConsumed(token: HeldRow['token'], ordinal: number): void {
    this.#at(token.node).addConsumed({ token, started_us: 0 }, ordinal)
  }

  /** All facts there are were handed over: what is held leaves memory. @throws CustodyError CUSTODY_SPILL. */
  leave(): void {
    for (const { sides } of this.#joins.values()) sides.leave()
  }

  /** Nothing more comes to the join. False: it isn't ready yet, and is to be asked again. @throws CustodyError CUSTODY_SPILL. */
  end(node: number): boolean {
    return this.#at(node).prepare()
  }

  /** What the join lets go next, once it has ended; null when nothing is left. @throws CustodyError CUSTODY_SPILL. */
  next(node: number): Next | null {
    return this.#at(node).next()
  }

  /** All that joins hold, if none of them has ended. @throws CustodyError CUSTODY_SPILL. */
  *all(): Iterable<readonly [node: JoinNode, held: HeldRow]> {
    for (const { node, sides } of this.#joins.values()) for (const held of sides.all()) yield [node, held]
  }

  /** May be asked for more than once. */
  async close(): Promise<void> {
    for (const { sides } of this.#joins.values()) sides.close()
  }

  #at(node: number): TwoSides {
    const holding = this.#joins.get(node)
    if (holding === undefined) throw new TypeError(`node ${node} is no join`)
    return holding.sides
  }
}
