/**
 * What comes of coalesce groups: carries out what arrivals, losses and timeouts do to them (`joins.ts`), in the record and in
 * the line.
 *
 * G1. (I7) What a group merges into stands before the last of those that decided it, or where the last branch was lost.
 * G2. A branch with forks inside is lost at once, and yet in one place whatever came first: behind all that comes of it. Members of a
 *     group that failed go on behind all that comes of the fork, in the order of its branches. Traces stand there from the fork on.
 *     What a batch decides comes after that: where the batch was closed.
 */
import type { CoalesceNode, ForkNode } from '../plan/plan.ts'
import { mayMerge } from './decide/coalesce.ts'
import { placeOfFailure } from './failures.ts'
import { isAwaited, isShared, type Join, type Stack, type Trace, tracesOfLost, whereItGoesOn } from './frames.ts'
import { detailOf, type JoinEffect, type Joins, type MembersFailed } from './joins.ts'
import type { Line, Place, Placed } from './line.ts'
import type { News } from './news.ts'
import type { Recorder } from './recorder.ts'
import type { RunClock } from './session-clock.ts'
import { type Standing, type Subject, standing, Token } from './token.ts'

/** What is under way when groups change. */
export interface Transition {
  /** Whose transition it is, or a mark behind what it has moved; null for a timeout, or if nobody left where he stood. */
  readonly event: Placed | null
  /** What has merged by it so far, and comes before what goes on from the event. */
  readonly merged: Stack
  readonly stack: Stack
}

export interface MergesParts {
  readonly joins: Joins
  readonly line: Line
  readonly recorder: Recorder
  readonly clock: RunClock
  readonly news: News
}

export class Merges {
  readonly #joins: Joins
  readonly #line: Line
  readonly #recorder: Recorder
  readonly #clock: RunClock
  readonly #news: News
  /** Who was moved by what was decided, in order. */
  readonly #follows: { readonly moved: Standing; readonly transition: Transition }[] = []
  /** What has ended in the transition that is under way, and is still in line. */
  readonly #ended: Token[] = []
  readonly #marks: Placed[] = []

  constructor({ joins, line, recorder, clock, news }: MergesParts) {
    this.#joins = joins
    this.#line = line
    this.#recorder = recorder
    this.#clock = clock
    this.#news = news
  }

  /** A subject of which tokens are under way: groups wait for some of them. */
  restore(subject: Subject): void {
    this.#joins.restore(subject)
  }

  /** Children of a fork, in order, each with what has its place behind all that comes of it. */
  withTraces(fork: ForkNode, children: readonly Token[]): readonly (Token | Trace)[] {
    if (!this.#joins.hasTraces(fork)) return children
    return children.flatMap((child, i) => [child, ...this.#joins.tracesBehind(child, i === children.length - 1)])
  }

  /** All is done that comes before a trace, or waits in the line. */
  pass(trace: Trace): void {
    if (isAwaited(trace) && trace.join.traces?.has(trace.branch) !== true) this.#line.trace(trace, null)
  }

  /** A token comes to a coalesce. What follows is put onto the stack. */
  arrive(token: Token, node: CoalesceNode, started_us: number, stack: Stack): void {
    const merged: Stack = []
    this.#apply(this.#joins.arrive(token, node, started_us), { event: token, merged, stack })
    this.reconsider({ event: null, merged, stack })
    for (const each of merged.reverse()) stack.push(each)
  }

  /**
   * A token has left where it stood, and may be lost for groups that wait. `event` is the token whose transition that is,
   * null for a timeout. What merges by that is added to `merged`, or put onto the stack where it comes later.
   */
  lose(moved: Standing, transition: Transition): void {
    this.#lose(moved, transition)
    this.#leave()
  }

  get undecided(): boolean {
    return this.#joins.undecided
  }

  /** All that a transition moves has moved: groups about which it is certain now where they fail. */
  reconsider(transition: Transition): void {
    this.#goOn()
    if (this.#joins.undecided) for (const effect of this.#joins.reconsider()) this.#apply(effect, transition)
    this.#goOn()
    this.#leave()
  }

  startTimeout(join: Join, delay_us: number): void {
    join.callOffTimeout = this.#clock.wake(delay_us, () =>
      this.#news.fallDue(stack => {
        const effect = this.#joins.timeOut(join)
        if (effect === null) return
        const merged: Stack = []
        this.#apply(effect, { event: null, merged, stack })
        this.reconsider({ event: null, merged, stack })
        for (const each of merged.reverse()) stack.push(each)
      }),
    )
  }

  /** From inside out: what is decided about a fork, and what comes of that, comes before the fork outside. */
  #lose({ token, frames, node }: Standing, transition: Transition): void {
    for (let frame = frames; frame !== null; frame = frame.outer) {
      for (const effect of this.#joins.losses(frame, token, node)) this.#apply(effect, transition)
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
    for (const token of this.#ended) this.#line.leave(token)
    for (const mark of this.#marks) this.#line.unmark(mark)
    this.#ended.length = 0
    this.#marks.length = 0
  }

  #apply(effect: JoinEffect, transition: Transition): void {
    const { join } = effect
    switch (effect.kind) {
      case 'hold': {
        const { token, started_us } = effect.arrival
        this.#recorder.holdAtCoalesce(token, join, started_us)
        this.#line.hold(token)
        this.#line.erase(join, effect.arrival.branch)
        return this.#setTimeout(join, started_us)
      }
      case 'lose':
        this.#traceLoss(effect, transition)
        return this.#eraseOver(join)
      case 'lose_late':
        return this.#eraseOver(join)
      case 'close':
        return this.#forget(join)
      case 'merge':
      case 'fail':
        return this.#decided(effect, transition)
    }
  }

  #traceLoss({ join, branch, has_trace }: Extract<JoinEffect, { kind: 'lose' }>, { event, merged }: Transition): void {
    const place = join.traces?.get(branch)
    if (has_trace && (place === undefined || event === null || !this.#line.isBehind(event, place))) return
    // What the same transition has merged before comes before.
    for (const each of merged) {
      if (each instanceof Token) this.#line.stay(each)
      else this.pass(each)
    }
    this.#line.trace({ join, branch }, event)
  }

  #decided(effect: Extract<JoinEffect, { kind: 'merge' | 'fail' }>, transition: Transition): void {
    const { join } = effect
    const { event } = transition
    const members = effect.members.map(({ token }) => token)
    const moved = members.map(standing)
    const was_lost = effect.kind === 'fail' && !mayMerge(join.node, join.lost)
    // To groups outside, a branch is lost when the last of them is: one that came early would have come at its own place.
    let last = event === null || was_lost ? event : this.#line.lastOf([event, ...members])
    if (effect.kind === 'merge') {
      const born = this.#recorder.merge(join, effect.members, effect.merged.row, detailOf(effect))
      if (!born.ended) this.#placeMerged(join, members, born, transition)
    } else {
      this.#recorder.failAtCoalesce(effect)
      const together = this.#placeFailed(effect, transition)
      // What follows comes behind all of them.
      if (together.some(each => each === last)) last = this.#mark(together)
    }
    const after = { ...transition, event: last }
    for (const each of moved) this.#follows.push({ moved: each, transition: after })
    if (effect.kind === 'merge' || effect.closes) this.#forget(join)
    else this.#eraseOver(join)
    // What follows has its place by theirs.
    this.#ended.push(...members.filter(({ ended }) => ended))
  }

  #mark(tokens: readonly (Token | Trace)[]): Placed {
    const mark = this.#line.mark(tokens.findLast(each => each instanceof Token) as Token)
    this.#marks.push(mark)
    return mark
  }

  #placeMerged(join: Join, members: readonly Token[], born: Token, { event, merged, stack }: Transition): void {
    const behind = this.#joins.lostWithTraces(join)
    const to_come = behind.filter(branch => join.traces?.has(branch) !== true)
    const at = lowest(stack, join, to_come)
    if (at !== -1) {
      stack.splice(at, 0, born)
      return
    }
    this.#line.insertAtLast(event === null ? members : [event, ...members], tracesOfLost(join), born)
    if (behind.length === 0 || born.place === null) merged.push(born)
    else {
      let after = stack.length
      while (after > 0 && isBefore(stack[after - 1] as Token | Trace, born.place)) after--
      stack.splice(after, 0, born)
    }
  }

  /** Members that go on, by the edge for errors. Returns those that go on where the group failed. */
  #placeFailed({ join, members, closes }: MembersFailed, { merged, stack }: Transition): readonly (Token | Trace)[] {
    const shared = join.verdict !== null && isShared(join.verdict)
    const there = closes && shared ? this.#moveToFailure(join, merged) : []
    for (const branch of this.#joins.inOrder(join.node)) {
      const token = members.find(each => each.branch === branch)?.token
      if (token === undefined || token.ended || there.includes(token)) continue
      const trace = whereItGoesOn(join, branch)
      const place = join.traces?.get(trace.branch)
      const at = shared && place === undefined ? indexOf(stack, trace) : -1
      if (at !== -1) {
        this.#line.leave(token)
        stack.splice(at, 0, token)
        continue
      }
      if (!shared || place === undefined || this.#line.isBehind(token, place)) this.#line.release(token)
      else this.#line.move([token], place)
      merged.push(token)
    }
    return there
  }

  /**
   * A group has failed: members that stand before that place, and were to go on before it, go on there; so will branches that
   * are still to come. Returns what goes on there.
   */
  #moveToFailure(join: Join, merged: Stack): readonly (Token | Trace)[] {
    const { arrived, lost, node, traces } = join
    const last = placeOfFailure(join, this.#line)
    if (last === undefined) return []
    const moving: (Token | Trace)[] = []
    for (const branch of this.#joins.inOrder(node)) {
      const trace = whereItGoesOn(join, branch)
      const place = traces?.get(trace.branch)
      if (place === undefined || lost.includes(branch) || (last !== null && last.label < place.label)) continue
      const token = arrived.find(each => each.branch === branch)?.token
      if (token === undefined) moving.push(trace)
      else if (!token.ended && (last === null || token.place === last || !this.#line.isBehind(token, last)))
        moving.push(token)
    }
    if (last !== null) this.#line.move(moving, last)
    else this.#line.remove(moving)
    for (const each of moving) if (each instanceof Token || last === null) merged.push(each)
    return moving
  }

  /** The group has its verdict: nothing is due for it any more. */
  #forget(join: Join): void {
    join.callOffTimeout?.()
    this.#eraseOver(join)
  }

  /** Takes out traces to whose places nothing can come any more. */
  #eraseOver(join: Join): void {
    for (const branch of join.traces?.keys() ?? []) if (!isAwaited({ join, branch })) this.#line.erase(join, branch)
  }

  #setTimeout(join: Join, arrived_us: number): void {
    const { policy } = join.node
    if (policy.kind === 'first' || policy.timeout_ms === null || join.arrived.length > 1) return
    this.startTimeout(join, policy.timeout_ms * 1000 - this.#clock.ran_us(arrived_us, this.#clock.now_us()))
  }
}

/** Where on the stack the last trace of the group stands that is of one of `branches`; −1 if none does. */
function lowest(stack: Stack, join: Join, branches: readonly number[]): number {
  let left = branches.length
  for (let at = stack.length - 1; at >= 0 && left > 0; at--) {
    const each = stack[at] as Token | Trace
    if (each instanceof Token || each.join !== join || !branches.includes(each.branch)) continue
    if (--left === 0) return at
  }
  return -1
}

function isBefore(each: Token | Trace, { label }: Place): boolean {
  return each instanceof Token && each.place !== null && each.place.label < label
}

function indexOf(stack: Stack, { join, branch }: Trace): number {
  return stack.findIndex(each => !(each instanceof Token) && each.join === join && each.branch === branch)
}
