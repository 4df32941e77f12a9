/**
 * What the splits of a run may spend together, in nano-dollars. Each that is worked on has a limit, which grows by what it is given and shrinks by what it
 * gives back. Pure, but for what it keeps.
 *
 * RUN-MONEY-1. What splits have spent, and those under way may spend, is never more than the budget, unless more was spent than a call was said to cost.
 * RUN-MONEY-2. A call that waits for money keeps later ones of all splits waiting. What it waits for is out of reach when there wouldn't be enough if all
 *     calls under way cost nothing.
 */
import type { Spent } from '../calls/elsewhere.ts'

/** Of a split, in nano-dollars. */
export interface Cost {
  readonly on_record: number
  /** The most that calls have cost that were under way when a process was gone. */
  readonly lost: number
}

interface Purse {
  /** What may have been spent of it in all. */
  limit: number
  spent: number
  at_risk: number
  /** The most that the next call may cost. */
  next: number
}

/** `is_last`: it is less than was asked for, and there is no more. */
export interface Given {
  readonly part: number
  readonly nusd: number
  readonly is_last: boolean
}

const missing = ({ spent, at_risk, next, limit }: Purse) => spent + at_risk + next - limit

export class RunMoney {
  readonly #budget_nusd: number
  /** By split that nobody works on. */
  readonly #settled: Map<number, number>
  readonly #purses = new Map<number, Purse>()
  /** Splits that wait for money; who has waited longest comes first. */
  readonly #waiting = new Set<number>()
  /** Of all splits: what can't be spent any more, and what of that can't come back. */
  #taken: number
  #gone: number

  /** `costs`: by split, what is on record. */
  constructor(budget_nusd: number, costs: ReadonlyMap<number, Cost>) {
    this.#budget_nusd = budget_nusd
    this.#settled = new Map(Array.from(costs, ([part, { on_record, lost }]) => [part, on_record + lost]))
    this.#taken = [...this.#settled.values()].reduce((sum, each) => sum + each, 0)
    this.#gone = this.#taken
  }

  /** Of whoever works on a split. `limit_by`: its limit has changed by so much. @returns what is given to whom. */
  change(part: number, { spent_nusd, at_risk_nusd, next_nusd }: Spent, limit_by: number): readonly Given[] {
    const purse = this.#purses.get(part) ?? this.#begin(part)
    this.#taken += limit_by
    this.#gone += spent_nusd - purse.spent
    Object.assign(purse, { limit: purse.limit + limit_by, spent: spent_nusd, at_risk: at_risk_nusd, next: next_nusd })
    if (next_nusd > 0 && missing(purse) > 0) this.#waiting.add(part)
    else this.#waiting.delete(part)
    return this.#give()
  }

  /** Nobody works on it any more: what isn't known counts as spent. */
  leave(part: number): readonly Given[] {
    const purse = this.#purses.get(part)
    if (purse === undefined) return []
    this.#purses.delete(part)
    this.#waiting.delete(part)
    this.#taken -= purse.limit
    this.#gone -= purse.spent
    this.#settle(part, purse.spent + purse.at_risk)
    return this.#give()
  }

  /** By what is on record of a split that somebody else has worked on. */
  settle(part: number, { on_record, lost }: Cost): void {
    this.#unsettle(part)
    this.#settle(part, on_record + lost)
  }

  #begin(part: number): Purse {
    this.#unsettle(part)
    const purse: Purse = { limit: 0, spent: 0, at_risk: 0, next: 0 }
    this.#purses.set(part, purse)
    return purse
  }

  #settle(part: number, nusd: number): void {
    if (nusd > 0) this.#settled.set(part, nusd)
    this.#taken += nusd
    this.#gone += nusd
  }

  #unsettle(part: number): void {
    const before = this.#settled.get(part) ?? 0
    this.#settled.delete(part)
    this.#taken -= before
    this.#gone -= before
  }

  #give(): readonly Given[] {
    const given: Given[] = []
    let is_blocked = false
    for (const part of this.#waiting) {
      const purse = this.#purses.get(part)
      if (purse === undefined) continue
      const free = is_blocked ? 0 : Math.max(0, this.#budget_nusd - this.#taken)
      const short = missing(purse)
      const is_last = purse.next > this.#budget_nusd - this.#gone
      if (free >= short || is_last) {
        const nusd = Math.min(free, short)
        this.#waiting.delete(part)
        this.#taken += nusd
        purse.limit += nusd
        given.push({ part, nusd, is_last })
      } else is_blocked = true
    }
    return given
  }
}
