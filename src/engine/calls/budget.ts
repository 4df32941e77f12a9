/** What calls may cost. Nothing is begun that could exceed the cap: what is under way counts with the most that it can cost. */

/** In nano-dollars; Infinity for null, which is no cap. */
export function capOf(spend_usd: number | null): number {
  return spend_usd === null ? Number.POSITIVE_INFINITY : Math.floor(spend_usd * 1e9 + 1e-6)
}

export class Budget {
  readonly #cap_nusd: number
  #spent_nusd: number
  readonly #lost_nusd: number
  #reserved_nusd = 0

  /** In nano-dollars; Infinity for no cap. `lost`: the most that calls have cost that were under way when a process was gone. */
  constructor(cap_nusd: number, spent_nusd: number, lost_nusd: number) {
    this.#cap_nusd = cap_nusd
    this.#spent_nusd = spent_nusd
    this.#lost_nusd = lost_nusd
  }

  /** The most that calls may cost of which nothing is on record. */
  get at_risk_nusd(): number {
    return this.#lost_nusd + this.#reserved_nusd
  }

  /** Whether a call that costs so much at most may begin. What costs nothing always may. */
  allows(most_nusd: number): boolean {
    return most_nusd === 0 || this.#spent_nusd + this.at_risk_nusd + most_nusd <= this.#cap_nusd
  }

  begin(most_nusd: number): void {
    this.#reserved_nusd += most_nusd
  }

  end(most_nusd: number, cost_nusd: number): void {
    this.#reserved_nusd -= most_nusd
    this.#spent_nusd += cost_nusd
  }
}
