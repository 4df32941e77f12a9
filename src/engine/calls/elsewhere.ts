/** What several sessions of one run spend together. Whoever keeps that keeps their limits of services, too (`SharedLimits`), and so counts the minute. */

export interface Elsewhere {
  /** What others have spent, and may spend, in nano-dollars. */
  readonly cost_nusd: number
  /** Whether that may still become less. */
  readonly may_pay: boolean
  /** Called with what this session's calls have cost, may cost, and with the most that one may cost which waits; in nano-dollars. */
  spends(spent: Spent): void
  /**
   * `look` is to be called when there may be more to ask, or to spend, than there was, or is known to be no more. It calls `looked` when what can
   * begin has begun.
   */
  onMore(look: (looked: () => void) => void): void
}

export interface Spent {
  /** What was lost, too: the most that calls may have cost of which nobody will ever know. None of it comes back. */
  readonly spent_nusd: number
  /** The most that calls under way may cost. */
  readonly at_risk_nusd: number
  readonly next_nusd: number
}
