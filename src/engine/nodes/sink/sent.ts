/** What follows from the result of sending a row. Pure functions. */
import { IN_DOUBT } from '../../../model/outcome.ts'
import type { RetryConfig } from '../../../plan/plan.ts'
import type { RowError } from '../../../sdk/spec.ts'
import type { RowResult } from '../../calls/open-call.ts'
import { afterError } from '../retry.ts'

export type AfterSent =
  | { readonly kind: 'accepted' }
  | {
      readonly kind: 'again'
      readonly delay_us: number
      readonly error: RowError
      readonly in_doubt: boolean
      /** Attempts so far that aren't used up. */
      readonly uncounted: number
    }
  | { readonly kind: 'rejected'; readonly error: RowError }
  | { readonly kind: 'in_doubt'; readonly error: RowError }
  | { readonly kind: 'missed'; readonly message: string }

export interface SendState {
  /** The one that came to this result, from 1. */
  readonly attempt: number
  readonly retry: RetryConfig
  /** Whether it may be sent twice. */
  readonly idempotent: boolean
  /** Of an earlier request nobody knows whether it was taken. */
  readonly in_doubt: boolean
  /** Earlier attempts that aren't used up. */
  readonly uncounted: number
}

/**
 * Once in doubt, a row stays so until a request is accepted, with it or without it: that a later one was turned away doesn't say what became of
 * the earlier.
 */
export function afterSent(result: RowResult, state: SendState): AfterSent {
  if (result.kind === 'answer') return { kind: 'accepted' }
  if (result.kind === 'refused') return { kind: 'rejected', error: result.error }
  if (result.kind === 'missed') return result
  const { attempt, retry, idempotent } = state
  const unknown = result.code === IN_DOUBT
  const in_doubt = state.in_doubt || unknown || result.doubted === true
  const uncounted = state.uncounted + (result.uncounted === true ? 1 : 0)
  const used = Math.max(0, attempt - uncounted)
  const after = afterError(unknown ? idempotent : result.retryable, used, retry, result.retry_after_ms)
  if (after.kind === 'again') return { ...after, error: result, in_doubt, uncounted }
  if (!in_doubt) return { kind: 'rejected', error: result }
  return { kind: 'in_doubt', error: unknown ? result : stillInDoubt(result) }
}

/** Of a row whose request has no answer on record, and isn't to be sent again. */
export const UNANSWERED: RowError = {
  kind: 'error',
  code: IN_DOUBT,
  message: 'the run stopped before an answer came: the request may have been taken',
  retryable: false,
}

function stillInDoubt({ code, message }: RowError): RowError {
  return { ...UNANSWERED, message: `an earlier request may have been taken; this one failed with ${code}: ${message}` }
}
