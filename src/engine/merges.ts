/**
 * What comes of coalesce groups: carries out what arrivals, losses and timeouts do to them (`joins.ts`), in the record and in
 * the line.
 *
 * G1. (I7) What a group merges into stands before the last of those that decided it, or where the last branch was lost.
 * G2. A branch with forks inside is lost at once, and yet in one place whatever came first: behind all that comes of it. Members of a
 *     group that failed go on behind all that comes of the fork, in the order of its branches. Traces stand there from the fork on.
 */

import type { CoalesceNode } from '../plan/plan.ts'
import { frameOf, isAwaited, isShared, type Join, type Stack, type Trace, tracesOfLost } from './frames.ts'
import { detailOf, type JoinEffect, type Joins } from './joins.ts'
import type { Line, Place } from './line.ts'
import type { News } from './news.ts'
import type { Recorder } from './recorder.ts'
import type { RunClock } from './session-clock.ts'
import { type Standing, type Subject, standing, Token } from './token.ts'

/** What is under way when groups change. */
export interface Transition {
  /** The token whose transition it is; null for a timeout. */
  readonly event: Token | null
  /** What has merged by it so far, and comes before what goes on from the event. */
  readonly merged: Token[]
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

  /** What has its place behind all that comes of a child of a fork; `last`: of its children. */
  tracesBehind(child: Token, last: boolean): Trace[] {
    return child.frames === null ? [] : [...this.#joins.tracesBehind(child, last)]
  }

  /** All is done that comes before a trace, or waits in the line. */
  pass(trace: Trace): void {
    if (isAwaited(trace) && trace.join.traces?.has(trace.branch) !== true) this.#line.trace(trace, null)
  }

  /** A token comes to a coalesce. What follows is put onto the stack. */
  arrive(token: Token, node: CoalesceNode, started_us: number, stack: Stack): void {
    const merged: Token[] = []
    this.#apply(this.#joins.arrive(token, node, started_us), { event: token, merged, stack })
    for (const each of merged.reverse()) stack.push(each)
  }

  /**
   * A token has left where it stood, and may be lost for groups that wait. `event` is the token whose transition that is,
   * null for a timeout. What merges by that is added to `merged`, or put onto the stack where it comes later.
   */
  lose(moved: Standing, transition: Transition): void {
    for (const effect of this.#joins.losses(moved.token, moved.frames, moved.node)) this.#apply(effect, transition)
  }

  startTimeout(join: Join, delay_us: number): void {
    join.callOffTimeout = this.#clock.wake(delay_us, () =>
      this.#news.fallDue(stack => {
        const effect = this.#joins.timeOut(join)
        if (effect === null) return
        const merged: Token[] = []
        this.#apply(effect, { event: null, merged, stack })
        for (const token of merged.reverse()) stack.push(token)
      }),
    )
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
      case 'lose': {
        const { event, merged } = transition
        if (!effect.has_trace) {
          // What the same transition has merged before comes before.
          for (const each of merged) this.#line.stay(each)
          this.#line.trace(effect, event)
        }
        return
      }
      case 'complete':
        return this.#eraseOver(join)
      case 'close':
        return this.#forget(join)
      case 'merge':
      case 'fail':
        return this.#decided(effect, transition)
    }
  }

  #decided(effect: Extract<JoinEffect, { kind: 'merge' | 'fail' }>, transition: Transition): void {
    const { join } = effect
    const { event } = transition
    const members = effect.members.map(({ token }) => token)
    const moved = members.map(standing)
    // To groups outside, a branch is lost when the last of them is: one that came early would have come at its own place.
    const last = event === null ? null : this.#line.lastOf([event, ...members])
    if (effect.kind === 'merge') {
      const born = this.#recorder.merge(join, effect.members, effect.merged.row, detailOf(effect))
      if (!born.ended) this.#placeMerged(join, members, born, transition)
    } else {
      this.#recorder.failAtCoalesce(effect)
      this.#placeFailed(join, members, transition)
    }
    const after = { ...transition, event: last }
    for (const each of moved) this.lose(each, after)
    if (effect.kind === 'merge' || effect.closes) this.#forget(join)
    else this.#eraseOver(join)
    for (const token of members) if (token.ended) this.#line.leave(token)
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

  /** Members that go on, by the edge for errors. */
  #placeFailed(join: Join, members: readonly Token[], { event, merged, stack }: Transition): void {
    const going = members.filter(({ ended }) => !ended).sort((a, b) => ordinalOf(join, a) - ordinalOf(join, b))
    const all = join.node.branches.length
    const trace = join.traces?.get(all)
    const at = trace === undefined ? lowest(stack, join, [all]) : -1
    if (going.length === 0) return
    if (join.verdict !== null && isShared(join.verdict) && at !== -1) {
      for (const token of going) {
        this.#line.leave(token)
        let next = at
        while (next > 0 && isMemberBefore(stack[next - 1] as Token | Trace, join, token)) next--
        stack.splice(next, 0, token)
      }
      return
    }
    if (join.verdict !== null && isShared(join.verdict) && trace !== undefined)
      this.#line.putBehind(going, trace, event, (other, token) => isMemberBefore(other, join, token))
    else for (const token of going) this.#line.release(token)
    merged.push(...going)
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

/** Whether it is a member of the same group that failed, of an earlier branch. */
function isMemberBefore(each: Token | Trace, join: Join, token: Token): boolean {
  if (!(each instanceof Token) || each.passage.kind !== 'error') return false
  const { cause } = each.passage
  return 'group' in cause && cause.group === join.group && ordinalOf(join, each) < ordinalOf(join, token)
}

function ordinalOf({ node }: Join, { frames }: Token): number {
  return frameOf(frames, node.fork)?.branch ?? 0
}
