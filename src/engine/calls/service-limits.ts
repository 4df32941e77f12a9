/** What holds for a service: what `limits` says of it, and what holds where that says nothing. */
import type { Plan } from '../../plan/plan.ts'
import type { BreakerLimits } from './breaker.ts'

export interface ServiceLimits {
  /** Calls that may be under way. */
  readonly concurrency: number
  /** Calls in any minute. */
  readonly per_minute: number | null
  /** null: outages are errors of the rows that meet them. */
  readonly breaker: BreakerLimits | null
  /** How long the service may ask to be left alone. */
  readonly max_wait_us: number
}

const CONCURRENCY = 16
/** Outages in a row: few enough that little is lost, and more than bad luck brings. */
const LEAST_FAILURES = 25
const GIVE_UP_AFTER_MS = 600_000
const MAX_WAIT_MS = 900_000

export function serviceLimits(limits: Plan['limits'], service: string): ServiceLimits {
  const said = limits.services.get(service)
  const concurrency = said?.concurrency ?? CONCURRENCY
  const breaker = said?.breaker ?? { failures: null, give_up_after_ms: null }
  return {
    concurrency,
    per_minute: said?.per_minute ?? null,
    breaker:
      breaker === 'off'
        ? null
        : {
            failures: breaker.failures ?? Math.max(LEAST_FAILURES, 3 * concurrency),
            give_up_after_us: (breaker.give_up_after_ms ?? GIVE_UP_AFTER_MS) * 1000,
          },
    max_wait_us: (said?.max_wait_ms ?? MAX_WAIT_MS) * 1000,
  }
}
