/** What other sessions of the same run have asked of services, which counts for this one, too. */
import type { RateWindow } from './rate-window.ts'

export interface Elsewhere {
  /** What their calls have cost, and may cost that are on no record, in nano-dollars. */
  readonly cost_nusd: number
  /** When calls of a service may begin, theirs included. */
  paceOf(service: string, per_minute: number): RateWindow
  /** Absent: others ask nothing while this session is under way. */
  readonly meanwhile?: Meanwhile | undefined
}

/** What sessions that are under way at once say to each other. */
export interface Meanwhile {
  /** Whether `cost_nusd` may still become less. */
  readonly may_pay: boolean
  /** Called with what this session's calls have cost, may cost, and with the most that one may cost which waits; in nano-dollars. */
  spends(spent: Spent): void
  /** `look` is to be called when there may be more to ask, or to spend, than there was, or is known to be no more. */
  onMore(look: () => void): void
}

export interface Spent {
  readonly spent_nusd: number
  readonly at_risk_nusd: number
  readonly next_nusd: number
}
