/**
 * What comes of coalesce groups: carries out what arrivals, losses and timeouts do to them (`joins.ts`), in the record and in
 * the line.
 */
import type { CoalesceNode } from '../plan/plan.ts'
import { type Join, tracesOfLost } from './frames.ts'
import { detailOf, type JoinEffect, type Joins } from './joins.ts'
import type { Line } from './line.ts'
import type { News } from './news.ts'
import type { Clock } from './ports.ts'
import type { Recorder } from './recorder.ts'
import { type Standing, type Subject, standing, type Token } from './token.ts'

export interface MergesParts {
  readonly joins: Joins
  readonly line: Line
  readonly recorder: Recorder
  readonly clock: Clock
  readonly news: News
}

export class Merges {
  readonly #joins: Joins
  readonly #line: Line
  readonly #recorder: Recorder
  readonly #clock: Clock
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

  /** A token comes to a coalesce. What merges by that is put onto the stack. */
  arrive(token: Token, node: CoalesceNode, started_us: number, stack: Token[]): void {
    const merged: Token[] = []
    this.#apply(this.#joins.arrive(token, node, started_us), token, merged)
    for (const each of merged.reverse()) stack.push(each)
  }

  /**
   * A token has left where it stood, and may be lost for groups that wait. `event` is the token whose transition that is,
   * null for a timeout. What merges by that is added to `merged`.
   */
  lose(moved: Standing, event: Token | null, merged: Token[]): void {
    for (const effect of this.#joins.losses(moved.token, moved.frames, moved.node)) this.#apply(effect, event, merged)
  }

  startTimeout(join: Join, delay_us: number): void {
    join.callOffTimeout = this.#clock.wake(delay_us, () =>
      this.#news.fallDue(stack => {
        const effect = this.#joins.timeOut(join)
        if (effect === null) return
        const merged: Token[] = []
        this.#apply(effect, null, merged)
        for (const token of merged.reverse()) stack.push(token)
      }),
    )
  }

  #apply(effect: JoinEffect, event: Token | null, merged: Token[]): void {
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
        // Where a branch is lost is told by the last of its carriers.
        if (effect.left.some(other => merged.includes(other) || this.#line.isLater(other, event))) return
        // What the same transition has merged before comes before.
        for (const each of merged) this.#line.stay(each)
        return this.#line.trace(effect, event, merged)
      case 'close':
        return this.#forget(join)
      case 'merge':
      case 'fail':
        return this.#decided(effect, event, merged)
    }
  }

  #decided(effect: Extract<JoinEffect, { kind: 'merge' | 'fail' }>, event: Token | null, merged: Token[]): void {
    const { join } = effect
    const members = effect.members.map(({ token }) => token)
    const moved = members.map(standing)
    if (effect.kind === 'merge') {
      const born = this.#recorder.merge(join, effect.members, effect.merged.row, detailOf(effect))
      if (!born.ended) {
        this.#line.insertAtLast(event === null ? members : [event, ...members], tracesOfLost(join), born)
        merged.push(born)
      }
    } else {
      this.#recorder.failAtCoalesce(join, effect.members, effect.cause, effect.message, effect.closes)
    }
    if (effect.kind === 'merge' || effect.closes) this.#forget(join)
    // To groups outside, a branch is lost when the last of them is: one that came early would have come at its own place.
    const last = event === null ? null : this.#line.lastOf([event, ...members])
    for (const each of moved) this.lose(each, last, merged)
    for (const token of members) this.#line.leave(token)
  }

  /** The group has its verdict: nothing is due for it any more. */
  #forget(join: Join): void {
    join.callOffTimeout?.()
    for (const branch of join.traces?.keys() ?? []) this.#line.erase(join, branch)
  }

  #setTimeout(join: Join, arrived_us: number): void {
    const { policy } = join.node
    if (policy.kind === 'first' || policy.timeout_ms === null || join.arrived.length > 1) return
    this.startTimeout(join, arrived_us + policy.timeout_ms * 1000 - this.#clock.now_us())
  }
}
