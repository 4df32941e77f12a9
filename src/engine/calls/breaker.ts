/**
 * Whether a service is taken for down, by how calls come back. Pure.
 *
 * It is when so many calls in a row met an outage, whoever asked, or one met an outage that no row can have to do with. Then one at a time tries it, after waits that grow, until one comes
 * back with anything else: an answer, a row's own error, or the wish to be left alone.
 */

export interface BreakerLimits {
  /** Outages in a row that open it. */
  readonly failures: number
  readonly give_up_after_us: number
}

export type Breaker =
  | { readonly kind: 'closed'; readonly failures: number }
  | {
      readonly kind: 'open'
      readonly failures: number
      readonly since_us: number
      /** Calls that have tried it, and met an outage. */
      readonly tries: number
      readonly next_try_us: number
    }

export const CLOSED: Breaker = { kind: 'closed', failures: 0 }

const FIRST_TRY_US = 1_000_000
const LONGEST_WAIT_US = 60_000_000

export interface Outage {
  /** The call is the one that tried the service. */
  readonly tried: boolean
  /** No row can have to do with it. */
  readonly surely: boolean
}

/** A call met an outage. */
export function afterOutage(
  breaker: Breaker,
  limits: BreakerLimits,
  now_us: number,
  { tried, surely }: Outage,
): Breaker {
  const failures = breaker.failures + 1
  if (breaker.kind === 'closed') {
    if (failures < limits.failures && !surely) return { kind: 'closed', failures }
    return { kind: 'open', failures, since_us: now_us, tries: 0, next_try_us: now_us + waitBefore_us(0) }
  }
  // What was under way when it opened says nothing new.
  if (!tried) return { ...breaker, failures }
  const tries = breaker.tries + 1
  return { ...breaker, failures, tries, next_try_us: now_us + waitBefore_us(tries) }
}

function waitBefore_us(tries: number): number {
  return Math.min(LONGEST_WAIT_US, FIRST_TRY_US * 2 ** tries)
}
