/**
 * What follows from coalesce groups: carries out what arrivals, losses and timeouts do to them (`groups.ts`), in the record and in
 * the order list.
 *
 * APPLY-1. (I7) What a group merges into stands before the last of those that decided it, or where the last branch was lost.
 * APPLY-2. A branch with forks inside is lost at once, and yet in one place whatever came first: behind all that comes from it. Members of a
 *     group that failed go on behind all that comes from the fork, in the order of its branches. Traces stand there from the fork on.
 *     What a batch decides comes after that (late-losses.ts): where the batch was closed.
 */
import type { CoalesceNode, ForkNode } from '../../../plan/plan.ts'
import type { EventQueue } from '../../order/event-queue.ts'
import type { OrderList } from '../../order/order-list.ts'
import type { RunClock } from '../../ports/run-clock.ts'
import type { Recorder } from '../../record/recorder.ts'
import { type CoalesceGroup, isShared, type MembersFailed, type Stack } from '../../token/fork-frames.ts'
import { mayMerge } from '../../token/group-verdict.ts'
import type { Place, Placed } from '../../token/place.ts'
import { type Standing, type Subject, standing, Token } from '../../token/token.ts'
import { endsOfLost, isAwaited, placeOf, type Trace, traceOf } from '../../token/traces.ts'
import { type CanReach, type CoalesceGroups, detailOf, type GroupEffect } from './groups.ts'
import { LateLosses, placeOfFailure } from './late-losses.ts'

/** What is under way when groups change. */
export interface Transition {
  /** Whose transition it is, or a mark behind what it has moved; null for a timeout, or if nobody left where he stood. */
  readonly event: Placed | null
  /** What has merged by it so far, and comes before what continues from the event. */
  readonly merged: Stack
  readonly stack: Stack
}

/** A token that has left, and where it stood; or, without one, a late loss that counts now. */
type Gone = Omit<Standing, 'token'> & { readonly token: Token | null }

export interface CoalesceRuntimeParts {
  readonly groups: CoalesceGroups
  readonly canReach: CanReach
  readonly order: OrderList
  readonly recorder: Recorder
  readonly clock: RunClock
  readonly events: EventQueue
}

export class CoalesceRuntime {
  readonly #groups: CoalesceGroups
  readonly #order: OrderList
  readonly #recorder: Recorder
  readonly #clock: RunClock
  readonly #events: EventQueue
  /** Who was moved by what was decided, in order. */
  readonly #follows: { readonly moved: Standing; readonly transition: Transition }[] = []
  /** What has ended in the transition that is under way, and is still in the order list. */
  readonly #ended: Token[] = []
  readonly #marks: Placed[] = []
  readonly #late: LateLosses

  constructor({ groups, canReach, order, recorder, clock, events }: CoalesceRuntimeParts) {
    this.#groups = groups
    this.#order = order
    this.#recorder = recorder
    this.#clock = clock
    this.#events = events
    this.#late = new LateLosses(order, groups, canReach)
  }

  /** A subject of which tokens are under way: groups wait for some of them. */
  restore(subject: Subject): void {
    this.#groups.restore([...subject.open, ...this.#late.of(subject)])
  }

  /** Children of a fork, in order, each with what has its place behind all that comes from it. */
  withTraces(fork: ForkNode, children: readonly Token[]): readonly (Token | Trace)[] {
    if (!this.#groups.hasTraces(fork)) return children
    return children.flatMap((child, i) => [child, ...this.#groups.tracesBehind(child, i === children.length - 1)])
  }

  /** All is done that comes before a trace, or waits in the order list. */
  pass(trace: Trace): void {
    if (isAwaited(trace) && placeOf(trace) === null) this.#order.trace(trace, null)
  }

  /** A token comes to a coalesce. What follows is put onto the stack. */
  arrive(token: Token, node: CoalesceNode, started_us: number, stack: Stack): void {
    this.#follow(this.#groups.arrive(token, node, started_us), token, stack)
  }

  /**
   * A token has left where it stood, and may be lost for groups that wait. `event` is the token whose transition that is,
   * null for a timeout. What merges by that is added to `merged`, or put onto the stack where it comes later.
   */
  lose(moved: Standing, transition: Transition): void {
    this.#lose(moved, transition)
    this.#leave()
  }

  /** Whether losses wait for what comes before. */
  get waiting(): boolean {
    return this.#late.any
  }

  /** A trace that a process before has left. All that comes before is in the order list. */
  restoreTrace(trace: Trace): void {
    this.#order.trace(trace, null)
    if (trace.kind === 'late') this.#late.add(trace)
  }

  /** Something has moved: late losses before which all is done now, in order. */
  reconsider(stack: Stack): void {
    for (let loss = this.#late.take(); loss !== null; loss = this.#late.take()) {
      const event = this.#markBehind({ place: placeOf(loss) })
      this.#order.erase(loss)
      const merged: Stack = []
      this.#lose({ ...loss, token: null }, { event, merged, stack })
      this.#leave()
      for (const each of merged.reverse()) stack.push(each)
    }
  }

  startTimeout(group: CoalesceGroup, delay_us: number): void {
    group.callOffTimeout = this.#clock.wake(delay_us, () =>
      this.#events.fallDue(stack => {
        const effect = this.#groups.timeOut(group)
        if (effect !== null) this.#follow(effect, null, stack)
      }),
    )
  }

  #follow(effect: GroupEffect, event: Token | null, stack: Stack): void {
    const merged: Stack = []
    this.#apply(effect, { event, merged, stack })
    this.#goOn()
    this.#leave()
    for (const each of merged.reverse()) stack.push(each)
    this.reconsider(stack)
  }

  /** From inside out: what is decided about a fork, and what follows from that, comes before the fork outside. */
  #lose({ token, frames, node }: Gone, transition: Transition): void {
    const { event } = transition
    for (let frame = frames; frame !== null; frame = frame.outer) {
      if (!this.#groups.mayLose(frame, token, node)) continue
      const waits = (group: CoalesceGroup, branch: number) =>
        event !== null && this.#late.waits({ group, branch }, event)
      for (const effect of this.#groups.losses(frame, token, node, waits)) this.#apply(effect, transition)
      this.#goOn()
    }
  }

  #goOn(): void {
    for (let next = this.#follows.shift(); next !== undefined; next = this.#follows.shift())
      this.#lose(next.moved, next.transition)
  }

  #leave(): void {
    // Mostly nothing has ended, and setting a length is dear.
    if (this.#ended.length === 0 && this.#marks.length === 0) return
    for (const token of this.#ended) this.#order.leave(token)
    for (const mark of this.#marks) this.#order.unmark(mark)
    this.#ended.length = 0
    this.#marks.length = 0
  }

  #apply(effect: GroupEffect, transition: Transition): void {
    const { group } = effect
    switch (effect.kind) {
      case 'hold': {
        const { token, started_us } = effect.arrival
        this.#recorder.holdAtCoalesce(token, group, started_us)
        this.#order.hold(token)
        this.#order.erase({ group, branch: effect.arrival.branch, kind: 'end' })
        return this.#setTimeout(group, started_us)
      }
      case 'wait':
        return this.#wait(effect, transition)
      case 'lose':
        this.#traceLoss(effect, transition)
        return this.#eraseOver(group)
      case 'lose_after_verdict':
        return this.#eraseOver(group)
      case 'close':
        return this.#forget(group)
      case 'merge':
      case 'fail':
        return this.#decided(effect, transition)
    }
  }

  #wait({ group, branch }: Extract<GroupEffect, { kind: 'wait' }>, { event, merged }: Transition): void {
    const trace: Trace = { group, branch, kind: 'late' }
    this.#settle(merged)
    this.#order.trace(trace, event)
    this.#late.add(trace)
  }

  /** What the same transition has merged before comes before. */
  #settle(merged: Stack): void {
    for (const each of merged) {
      if (each instanceof Token) this.#order.stay(each)
      else this.pass(each)
    }
  }

  #traceLoss(
    { group, branch, has_trace }: Extract<GroupEffect, { kind: 'lose' }>,
    { event, merged }: Transition,
  ): void {
    const end: Trace = { group, branch, kind: 'end' }
    const place = placeOf(end)
    if (has_trace && (place === null || event === null || !this.#order.isBehind(event, place))) return
    this.#settle(merged)
    this.#order.trace(end, event)
  }

  #decided(effect: Extract<GroupEffect, { kind: 'merge' | 'fail' }>, transition: Transition): void {
    const { group } = effect
    const { event } = transition
    const members = effect.members.map(({ token }) => token)
    const was_lost = effect.kind === 'fail' && !mayMerge(group.node, group.lost)
    // To groups outside, a branch is lost when the last of them is: one that came early would have come at its own place.
    const moved = members.map(standing)
    let last = event === null || was_lost ? event : this.#order.lastOf([event, ...members])
    if (effect.kind === 'merge') {
      const born = this.#recorder.merge(group, effect.members, effect.merged.row, detailOf(effect))
      if (!born.ended) this.#placeMerged(group, members, born, transition)
    } else {
      this.#recorder.failAtCoalesce(effect)
      const together = this.#placeFailed(effect, transition)
      // What follows comes behind all of them.
      const behind = together.at(-1)
      if (behind !== undefined && together.some(each => each === last)) last = this.#markBehind(behind)
    }
    const after = { ...transition, event: last }
    for (const each of moved) this.#follows.push({ moved: each, transition: after })
    if (effect.kind === 'merge' || effect.closes) this.#forget(group)
    else this.#eraseOver(group)
    // What follows has its place by theirs.
    this.#ended.push(...members.filter(({ ended }) => ended))
  }

  #markBehind(placed: Placed): Placed {
    const mark = this.#order.mark(placed)
    this.#marks.push(mark)
    return mark
  }

  #placeMerged(
    group: CoalesceGroup,
    members: readonly Token[],
    born: Token,
    { event, merged, stack }: Transition,
  ): void {
    const behind = this.#groups.lostWithTraces(group)
    const to_come = behind.filter(branch => placeOf({ group, branch, kind: 'end' }) === null)
    const at = lowest(stack, group, to_come)
    if (at !== -1) {
      stack.splice(at, 0, born)
      return
    }
    this.#order.insertAtLast(event === null ? members : [event, ...members], endsOfLost(group), born)
    if (behind.length === 0 || born.place === null) merged.push(born)
    else {
      const { place } = born
      stack.splice(stack.findLastIndex(each => !isBefore(each, place)) + 1, 0, born)
    }
  }

  /** Members that go on, by the edge for errors. Returns those that go on where the group failed, long after all else of its fork. */
  #placeFailed({ group, members, closes }: MembersFailed, { event, merged, stack }: Transition): readonly Token[] {
    const shared = group.verdict !== null && isShared(group.verdict)
    const failed = closes && shared && event !== null ? { place: placeOfFailure(group, event, this.#order) } : null
    const together: Token[] = []
    for (const branch of this.#groups.inOrder(group.node)) {
      const token = members.find(each => each.branch === branch)?.token
      if (token === undefined || token.ended) continue
      const after: Trace = { group, branch, kind: 'after' }
      const place = placeOf(after)
      const at = shared && place === null ? indexOf(stack, after) : -1
      if (at !== -1) {
        this.#order.leave(token)
        stack.splice(at, 0, token)
        continue
      }
      merged.push(token)
      if (!shared || place === null) this.#order.release(token)
      else if (failed !== null && this.#order.isBehind(failed, place) && !this.#isPast(token, failed))
        together.push(token)
      else if (this.#order.isBehind(token, place)) this.#order.release(token)
      else this.#order.move([token], place)
    }
    if (failed?.place != null) this.#order.move(together, failed.place)
    else for (const token of together) this.#order.leave(token)
    return together
  }

  #isPast(token: Token, { place }: Placed): boolean {
    return place !== null && token.place !== place && this.#order.isBehind(token, place)
  }

  /** The group has its verdict: nothing is due for it any more. */
  #forget(group: CoalesceGroup): void {
    group.callOffTimeout?.()
    this.#eraseOver(group)
  }

  /** Takes out traces to whose places nothing can come any more. */
  #eraseOver(group: CoalesceGroup): void {
    for (const number of group.traces?.keys() ?? []) {
      const trace = traceOf(group, number)
      if (!isAwaited(trace)) this.#order.erase(trace)
    }
  }

  #setTimeout(group: CoalesceGroup, arrived_us: number): void {
    const { policy } = group.node
    if (policy.kind === 'first' || policy.timeout_ms === null || group.arrived.length > 1) return
    this.startTimeout(group, policy.timeout_ms * 1000 - this.#clock.ran_us(arrived_us, this.#clock.now_us()))
  }
}

/** Where on the stack the last trace of the group stands that is of one of `branches`; −1 if none does. */
function lowest(stack: Stack, group: CoalesceGroup, branches: readonly number[]): number {
  let left = branches.length
  return stack.findLastIndex(each => {
    if (each instanceof Token || each.group !== group || each.kind !== 'end') return false
    if (!branches.includes(each.branch)) return false
    left--
    return left === 0
  })
}

function isBefore(each: Token | Trace, { label }: Place): boolean {
  return each instanceof Token && each.place !== null && each.place.label < label
}

function indexOf(stack: Stack, { group, branch, kind }: Trace): number {
  return stack.findIndex(
    each => !(each instanceof Token) && each.group === group && each.branch === branch && each.kind === kind,
  )
}
