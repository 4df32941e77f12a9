/**
 * Turns at the nodes where order matters: sinks, aggregates, joins, sorts and ordered transforms take a token when none before it in the
 * order list can still reach them (I7). Who comes too early waits in the order list. In a replay the record says whose turn it is, at coalesces too, where it
 * knows.
 */
import type { NodeNumber } from '../../model/ids.ts'
import type { PlanNode } from '../../plan/plan.ts'
import type { ReplayOrder } from '../replay/replay-order.ts'
import type { Token } from '../token/token.ts'
import type { OrderList } from './order-list.ts'

const IN_ORDER: ReadonlySet<PlanNode['kind']> = new Set(['aggregate', 'join', 'sort', 'sink'])

/** Whether a node takes tokens one by one, in order. Coalesces take whoever comes. */
export function takesInOrder(node: PlanNode): boolean {
  return IN_ORDER.has(node.kind) || (node.kind === 'transform' && node.plugin.spec.ordered === true)
}

export class TurnGate {
  readonly #order: OrderList
  readonly #replay_order: ReplayOrder | null
  /** By ordered node: how many tokens wait there. */
  readonly #waiting: Map<NodeNumber, number>
  #waiters = 0

  constructor(order: OrderList, ordered: Iterable<NodeNumber>, replay_order: ReplayOrder | null) {
    this.#order = order
    this.#replay_order = replay_order
    this.#waiting = new Map(Array.from(ordered, node => [node, 0]))
  }

  /** Whether the node at which the token stands can take it now. If not, `next` gives it back when it can. */
  has(token: Token): boolean {
    const on_record = this.#replay_order?.isTurn(token) ?? null
    if (on_record !== null) return on_record || this.#waits(token)
    // Coalesces take whoever comes.
    if (!this.#waiting.has(token.node) || this.#order.isTurn(token, token.node)) return true
    token.awaitTurn()
    this.#count(token.node, 1)
    return this.#waits(token)
  }

  /** A token that waited, and whose turn has come. */
  next(): Token | null {
    const on_record = this.#replay_order?.next() ?? null
    if (on_record !== null || this.#waiters === 0) return on_record
    for (const [node, waiting] of this.#waiting) {
      if (waiting === 0) continue
      const first = this.#order.firstFor(node)
      if (first?.state.kind !== 'awaits_turn' || first.node !== node) continue
      first.takeTurn()
      this.#count(node, -1)
      return first
    }
    return null
  }

  #waits(token: Token): false {
    if (token.place === null) this.#order.join(token)
    return false
  }

  #count(node: NodeNumber, by: 1 | -1): void {
    this.#waiting.set(node, (this.#waiting.get(node) ?? 0) + by)
    this.#waiters += by
  }
}
