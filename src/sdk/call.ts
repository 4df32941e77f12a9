/**
 * How plugins reach outside: a visit asks a service through `context.call`, and nothing else. The run takes care of the
 * service's limits and of the budget, records what was asked and what came back, and gives a recorded answer where there is
 * one already, so that nothing is paid for twice.
 */
import type { Json } from '../model/row.ts'
import type { RowError } from './spec.ts'

export interface CallRequest {
  /**
   * What is asked, as it is recorded and as recorded answers are found by it: all that the answer depends on, and no
   * secrets, no times, no random ids.
   */
  readonly request: Json
  /** The most that it can cost, in US dollars. Absent: nothing. */
  readonly at_most_usd?: number
}

/** As the service reports it. An impossible number counts as missing; a missing cost is `at_most_usd`. */
export interface CallUsage {
  readonly input_tokens?: number
  readonly output_tokens?: number
  readonly cost_usd?: number
}

export type CallAnswer = { readonly kind: 'answer'; readonly response: Json; readonly usage?: CallUsage } | CallFailure

/**
 * `auth`: the service refuses who asks (a key that is wrong, revoked or not allowed to do anything). `quota`: what was paid for, or
 * a day's share of it, is used up. `model`: what the pipeline file asks for by name isn't there, for no row. `status`: a status that
 * the file says to stop at.
 */
export type StopReason = 'auth' | 'quota' | 'model' | 'status'

/** The service gave no answer that can be used. By itself it is an error of the row that asked. */
export interface CallFailure {
  readonly kind: 'failure'
  /** One of the spec's error codes. */
  readonly code: string
  /** For people; stored as content. No secrets. */
  readonly message: string
  /** Whether another attempt of the visit could help. */
  readonly retryable: boolean
  /**
   * The service asked to be left alone (HTTP 429, or 503 and 529 with `Retry-After`): the call is made again in its time, more
   * calls are made more slowly, and no attempt of the visit is used up.
   */
  readonly throttled?: boolean
  /**
   * The service is down, whoever asks: no connection, no answer in time, HTTP 5xx; nothing that may depend on what was asked.
   * Many of these in a row pause the service, and use up no attempts then; of those that no row can have to do with (`surely`) one is
   * enough. `throttled` comes before it.
   */
  readonly outage?: boolean | 'surely'
  /**
   * No call of this service can succeed before somebody fixes something: the run stops at once, can be resumed, and the visit
   * stays open. Comes before all others.
   */
  readonly stops?: StopReason
  /** How long the service asked to wait (`Retry-After`). */
  readonly retry_after_ms?: number
  /** What came back, if anything did. */
  readonly response?: Json
  readonly usage?: CallUsage
  /**
   * It surely cost nothing: it never reached the service, or was turned away. Any other call that says nothing of its cost is taken
   * to have cost `at_most_usd`.
   */
  readonly unbilled?: boolean
}

export interface CallTry {
  /** Aborted when the run can't wait for the answer any longer: the request should be given up. */
  readonly signal: AbortSignal
}

export type CallResult = { readonly kind: 'answer'; readonly response: Json } | RowError

/**
 * Asks `service`, one of those that the spec's `services` names. `perform` makes the request; it isn't called where the
 * answer is on record, and may be called again after it was throttled. It must not throw for what a service or a network
 * does: that is a `failure`, which comes back as the error that the visit may return as it is.
 *
 * A visit that makes several calls must begin them in the same order each time.
 */
export type Call = (
  service: string,
  request: CallRequest,
  perform: (attempt: CallTry) => Promise<CallAnswer>,
) => Promise<CallResult>
