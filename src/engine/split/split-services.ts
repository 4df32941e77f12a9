/**
 * The services and the budget of a run as the session of one split has them, while others of the same process have them, too: it begins a call when it has
 * been given a place (permits.ts), and money where the call may cost something.
 *
 * SPLIT-SERVICES-1. What it has been given and can't use now it gives back at once: a place when its services have looked, money when no call waits for it, or
 *     it isn't enough for the one that does. Splits that kept such parts would wait for each other.
 */
import type { Elsewhere, Spent } from '../calls/elsewhere.ts'
import type { SharedLimits } from '../calls/service.ts'
import type { Clock } from '../ports/ports.ts'
import type { PermitAsked, PermitSaid } from './permits.ts'

export interface SplitServicesParts {
  /** What the run may cost, in nano-dollars; null: there is no limit. */
  readonly budget_nusd: number | null
  readonly clock: Pick<Clock, 'monotonic_us'>
  /** What it says is answered at once, or later. */
  readonly ask: (asked: PermitAsked) => void
}

interface Wanted {
  /** A place that was given, and isn't taken yet. */
  has_place: boolean
  is_asked: boolean
  /** None before that. */
  until_us: number
  failure: { readonly thrown: unknown } | null
}

/** Whoever waits for a place hears of it: it needn't look more often. */
const LOOK_AGAIN_US = 1_000_000

export class SplitServices implements SharedLimits, Elsewhere {
  readonly #parts: SplitServicesParts
  readonly #wanted = new Map<string, Wanted>()
  readonly #listeners: Array<Parameters<Elsewhere['onMore']>[0]> = []
  /** What its split may have spent in all, whoever has worked on it. */
  #limit_nusd = 0
  #spent: Spent = { spent_nusd: 0, at_risk_nusd: 0, next_nusd: 0 }
  #may_pay = true
  /** It is asking: what it is answered meanwhile it sees by itself. */
  #asks = false

  constructor(parts: SplitServicesParts) {
    this.#parts = parts
  }

  /** All that others may spend. */
  get cost_nusd(): number {
    const { budget_nusd } = this.#parts
    return budget_nusd === null ? 0 : budget_nusd - this.#limit_nusd
  }

  get may_pay(): boolean {
    return this.#may_pay
  }

  onMore(look: (looked: () => void) => void): void {
    this.#listeners.push(look)
  }

  /** @throws what went wrong with limits that are kept with other runs */
  begin(service: string): number {
    const wanted = this.#of(service)
    if (!(wanted.is_asked || wanted.has_place)) {
      wanted.is_asked = true
      this.#ask({ kind: 'place', service })
    }
    const { failure, has_place } = wanted
    wanted.failure = null
    if (failure !== null) throw failure.thrown
    wanted.has_place = false
    return has_place ? 0 : Math.max(LOOK_AGAIN_US, wanted.until_us - this.#parts.clock.monotonic_us())
  }

  end(service: string): void {
    this.#ask({ kind: 'back', service, is_used: true })
  }

  spends(spent: Spent): void {
    this.#spent = spent
    if (this.#parts.budget_nusd !== null) this.#askMoney()
  }

  hear(said: PermitSaid): void {
    if (said.kind === 'money') {
      this.#limit_nusd += said.nusd
      this.#may_pay = !said.is_last
      // It was for a call that waits no more, or for less than waits now.
      if (!said.is_last && this.#limit_nusd !== this.#needs_nusd) this.#askMoney()
    } else {
      const wanted = this.#of(said.service)
      if (said.kind === 'wait') wanted.until_us = this.#parts.clock.monotonic_us() + said.us
      else wanted.is_asked = false
      wanted.has_place ||= said.kind === 'place'
      if (said.kind === 'failed') wanted.failure = { thrown: said.thrown }
    }
    if (!this.#asks) for (const look of this.#listeners) look(() => this.#giveBack())
  }

  get #used_nusd(): number {
    return this.#spent.spent_nusd + this.#spent.at_risk_nusd
  }

  get #needs_nusd(): number {
    return this.#used_nusd + this.#spent.next_nusd
  }

  /** What is left of its limit comes back, unless it is enough. */
  #askMoney(): void {
    const is_enough = this.#limit_nusd >= this.#needs_nusd
    const limit_nusd = is_enough ? this.#needs_nusd : this.#used_nusd
    const limit_by = limit_nusd - this.#limit_nusd
    this.#limit_nusd = limit_nusd
    this.#may_pay = true
    this.#ask({ kind: 'money', spent: this.#spent, limit_by })
  }

  #ask(asked: PermitAsked): void {
    const before = this.#asks
    this.#asks = true
    this.#parts.ask(asked)
    this.#asks = before
  }

  /** (SPLIT-SERVICES-1) */
  #giveBack(): void {
    for (const [service, wanted] of this.#wanted) {
      if (!wanted.has_place) continue
      wanted.has_place = false
      this.#ask({ kind: 'back', service, is_used: false })
    }
  }

  #of(service: string): Wanted {
    const none: Wanted = { has_place: false, is_asked: false, until_us: Number.NEGATIVE_INFINITY, failure: null }
    const known = this.#wanted.get(service) ?? none
    this.#wanted.set(service, known)
    return known
  }
}
