/**
 * How many calls a service may have under way, by how it answers. Pure.
 *
 * As DCTCP does for packets (RFC 8257): the reaction is as strong as the share of calls that were throttled lately. A service
 * that throttles now and then is hardly slowed down; one that throttles everything is halved each round trip.
 */

export interface Throttle {
  /** Calls that may be under way: at least 1. */
  readonly allowance: number
  /** Share of the latest calls that were throttled, smoothed: 0 to 1. */
  readonly share: number
}

/** How much each answer counts in the share. */
const WEIGHT = 1 / 16

export function unthrottled(concurrency: number): Throttle {
  return { allowance: concurrency, share: 0 }
}

/** The service answered. The allowance grows by a sixteenth of `concurrency` in a round trip, at least by one call. */
export function afterAnswer({ allowance, share }: Throttle, concurrency: number): Throttle {
  return {
    allowance: Math.min(concurrency, allowance + Math.max(1, concurrency / 16) / allowance),
    share: share * (1 - WEIGHT),
  }
}

/** The service asked to be left alone. `news`: the call was begun after the allowance was last cut. */
export function afterThrottled({ allowance, share }: Throttle, events: boolean): Throttle {
  const risen = share * (1 - WEIGHT) + WEIGHT
  return { allowance: events ? Math.max(1, allowance * (1 - risen / 2)) : allowance, share: risen }
}

/** Whether more calls have been throttled than answered: then nobody asks before the time that the service named. */
export function isShut({ share }: Throttle): boolean {
  return share > 0.5
}

/**
 * How long a call waits that was throttled, for the `times`-th time in a row: what the service asked for, or a backoff like
 * that of attempts. `chance` from 0 to 1 spreads calls that were throttled together.
 */
export function throttledDelay_ms(
  times: number,
  retry_after_ms: number | null,
  retry: { readonly backoff_ms: number; readonly max_backoff_ms: number; readonly factor: number },
  chance: number,
): number {
  const backoff_ms = Math.min(retry.max_backoff_ms, retry.backoff_ms * retry.factor ** (times - 1))
  return Math.max(retry_after_ms ?? 0, backoff_ms * (0.5 + chance / 2))
}
