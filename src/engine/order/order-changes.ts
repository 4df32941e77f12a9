/** What each commit has of the order list: all of it, or what changed, whichever is less to write. */
import type { CommitLine, LineMember, LineRun } from '../../format/commit-line.ts'
import { Token } from '../token/token.ts'
import { numberOf, type Trace } from '../token/traces.ts'
import type { OrderList } from './order-list.ts'

export class OrderChanges {
  readonly #order: OrderList
  /**
   * Changes recorded since the whole list was, and commits that have them: never more than it is long, so that a reader has little
   * to put together.
   */
  #changes = Number.POSITIVE_INFINITY

  constructor(order: OrderList) {
    this.#order = order
  }

  /** To be asked once for each commit. */
  next(): CommitLine {
    const order = this.#order
    const { out, runs, size } = order.changes()
    if (order.length === 0) {
      this.#changes = 0
      return {}
    }
    this.#changes += size + 1
    if (this.#changes > order.length) {
      this.#changes = 0
      return { line: Array.from(order.order(), memberOf) }
    }
    const moved_in = runs.map(
      ({ behind, members }): LineRun => [behind === null ? 0 : memberOf(behind), ...members.map(memberOf)],
    )
    return { moved: { out: out.map(memberOf), in: moved_in } }
  }
}

function memberOf(each: Token | Trace): LineMember {
  return each instanceof Token ? each.id : [each.group.fork.group, each.group.node.number, numberOf(each)]
}
