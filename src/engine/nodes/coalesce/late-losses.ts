/**
 * What comes late: a batch may keep a token until long after all else of its forks, and what becomes of it then may be known
 * before what comes before it in the order is done.
 *
 * LATE-LOSSES-1. What is lost before the end of all that comes from its fork has its place there, whatever was noticed first.
 * LATE-LOSSES-2. (I7) What is lost later counts as carried as long as something that may come to the same group comes before it in the order list.
 *     So losses that come late are taken in order, and what follows from the last of them has its place by that.
 */
import type { OrderList } from '../../order/order-list.ts'
import { type CoalesceGroup, carry, drop } from '../../token/fork-frames.ts'
import type { Place, Placed } from '../../token/place.ts'
import { type Subject, Token } from '../../token/token.ts'
import { endsOfLost, type LateLoss, placeOf, type Trace } from '../../token/traces.ts'
import type { CanReach, CoalesceGroups } from './groups.ts'

export class LateLosses {
  readonly #order: OrderList
  readonly #groups: CoalesceGroups
  readonly #canReach: CanReach
  readonly #losses = new Set<LateLoss>()

  constructor(order: OrderList, groups: CoalesceGroups, canReach: CanReach) {
    this.#order = order
    this.#groups = groups
    this.#canReach = canReach
  }

  get any(): boolean {
    return this.#losses.size > 0
  }

  of(subject: Subject): readonly LateLoss[] {
    return [...this.#losses].filter(({ group }) => group.fork.subject === subject)
  }

  /** A branch is lost late, and its trace is in the order list. */
  add({ group, branch }: Trace): void {
    const loss: LateLoss = {
      group,
      branch,
      kind: 'late',
      frames: this.#groups.frameOf(group, branch),
      node: group.node.number,
    }
    carry(loss)
    this.#losses.add(loss)
  }

  /** The first before which all is done: it counts from now on. */
  take(): LateLoss | null {
    let first: LateLoss | null = null
    for (const each of this.#losses)
      if (!this.waits(each, { place: placeOf(each) }) && (first === null || isBefore(each, first))) first = each
    if (first === null) return null
    drop(first)
    this.#losses.delete(first)
    return first
  }

  /** Whether what is lost by `event` is lost late, and something comes before it that may come to the group. */
  waits({ group, branch }: Omit<Trace, 'kind'>, event: Placed): boolean {
    const { fork, node } = group
    const is_late = this.#groups.endsOf(group, branch).some(end => this.#order.isBehind(event, end))
    return (
      is_late &&
      fork.carriers.some(each => {
        const place = this.#comesFrom(each)
        return place !== null && this.#order.isBehind(event, place) && this.#canReach(each, node.number)
      })
    )
  }

  /** Where the next thing that becomes of it may have its place, at the earliest; null if that comes after all that is in the order list. */
  #comesFrom(each: Token | LateLoss): Place | null {
    if (!(each instanceof Token)) return placeOf(each)
    const { state, place } = each
    if (place?.passive === true) return null
    switch (state.kind) {
      case 'ended':
      case 'in_group':
      case 'kept':
        return null
      case 'in_batch':
        // It waits for others to come there.
        return this.#order.firstFor(each.node)?.place ?? null
      case 'in_work':
        return state.keeper.place
      case 'free':
      case 'awaits_turn':
      case 'sending':
        return place
    }
  }
}

function isBefore(one: LateLoss, other: LateLoss): boolean {
  return (placeOf(one)?.label ?? 0) < (placeOf(other)?.label ?? 0)
}

/** Where a group fails that `event` decides; null: after all that is in the order list. */
export function placeOfFailure(group: CoalesceGroup, event: Placed, order: OrderList): Place | null {
  if (isDecidedByLoss(group)) return event.place
  return order.lastPlace([event, ...group.arrived.map(({ token }) => token)], endsOfLost(group))
}

/** Whether a loss made the group fail, though branches may still be to come. */
function isDecidedByLoss({ node: { policy }, verdict }: CoalesceGroup): boolean {
  if (verdict === 'branch_lost') return true
  return verdict === 'quorum_not_met' && policy.kind === 'quorum' && policy.decide === 'early'
}
