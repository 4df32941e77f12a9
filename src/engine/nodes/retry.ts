/** What follows an error at a node: another attempt, or the way that `on_error` names. A pure function. */
import type { RetryConfig } from '../../plan/plan.ts'

export type AfterError =
  | { readonly kind: 'again'; readonly delay_us: number }
  | { readonly kind: 'give_up'; readonly cause: 'error' | 'retries_exhausted' }

/**
 * `attempt` is the one that failed, from 1. The delay before attempt n + 1 is backoff · factor^(n − 1), at most max_backoff,
 * and no less than what the error asks for.
 */
export function afterError(retryable: boolean, attempt: number, retry: RetryConfig, retry_after_ms = 0): AfterError {
  if (!retryable) return { kind: 'give_up', cause: 'error' }
  if (attempt >= retry.attempts) return { kind: 'give_up', cause: 'retries_exhausted' }
  const delay_ms = Math.min(retry.max_backoff_ms, retry.backoff_ms * retry.factor ** (attempt - 1))
  return { kind: 'again', delay_us: Math.round(Math.max(delay_ms, retry_after_ms) * 1000) }
}
