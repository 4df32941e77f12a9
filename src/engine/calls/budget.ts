/** What calls may cost. Nothing is begun that could exceed the cap: what is under way counts with the most that it can cost. */
import type { Elsewhere } from './elsewhere.ts'

/** In nano-dollars; Infinity for null, which is no cap. */
export function capOf(spend_usd: number | null): number {
  return spend_usd === null ? Number.POSITIVE_INFINITY : Math.floor(spend_usd * 1e9 + 1e-6)
}

export class Budget {
  readonly #cap_nusd: number
  #spent_nusd: number
  readonly #lost_nusd: number
  readonly #elsewhere: Omit<Elsewhere, 'onMore'> | null
  #reserved_nusd = 0
  /** The most that a call may cost which waits: of those that were looked at since one began. */
  #next_nusd = 0

  /**
   * In nano-dollars; Infinity for no cap. `lost`: the most that calls have cost that were under way when a process was gone. `elsewhere`: what other
   * sessions of the run spend.
   */
  constructor(
    cap_nusd: number,
    spent_nusd: number,
    lost_nusd: number,
    elsewhere: Omit<Elsewhere, 'onMore'> | null = null,
  ) {
    this.#cap_nusd = cap_nusd
    this.#spent_nusd = spent_nusd
    this.#lost_nusd = lost_nusd
    this.#elsewhere = elsewhere
    this.#say()
  }

  /** The most that calls may cost of which nothing is on record. */
  get at_risk_nusd(): number {
    return this.#lost_nusd + this.#reserved_nusd
  }

  /** Whether others may give back what a call waits for. */
  get mayGrow(): boolean {
    return this.#elsewhere?.may_pay === true
  }

  /** Whether a call that costs so much at most may begin. What costs nothing always may. */
  allows(most_nusd: number): boolean {
    if (most_nusd === 0) return true
    if (most_nusd > this.#next_nusd) {
      this.#next_nusd = most_nusd
      this.#say()
    }
    const elsewhere_nusd = this.#elsewhere?.cost_nusd ?? 0
    return this.#spent_nusd + this.at_risk_nusd + most_nusd <= this.#cap_nusd - elsewhere_nusd
  }

  begin(most_nusd: number): void {
    this.#reserved_nusd += most_nusd
    this.#next_nusd = 0
    this.#say()
  }

  end(most_nusd: number, cost_nusd: number): void {
    this.#reserved_nusd -= most_nusd
    this.#spent_nusd += cost_nusd
    this.#say()
  }

  #say(): void {
    this.#elsewhere?.spends({
      spent_nusd: this.#spent_nusd + this.#lost_nusd,
      at_risk_nusd: this.#reserved_nusd,
      next_nusd: this.#next_nusd,
    })
  }
}
