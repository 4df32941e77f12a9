/** What a sink sends that can't take back what it does, and how that can come out. */
import type { Json } from '../model/row.ts'
import type { CallFailure, CallTry } from './call.ts'

/** The result of sending one request. */
export type Sent = Accepted | Rejected | InDoubt

export interface Accepted {
  readonly kind: 'accepted'
  /** What came back, as it is recorded: no secrets. */
  readonly response: Json
  /**
   * Rows of the request that the far side refused, though it took the others: by their places in the request, from 0. That is for good:
   * they aren't sent again, and no request before, made with the same key, has had them taken.
   */
  readonly refused?: ReadonlyMap<number, Refused>
}
/** A row that the far side surely didn't take, and won't. */
export interface Refused {
  /** One of the spec's error codes. */
  readonly code: string
  /** For people; stored as content. No secrets. */
  readonly message: string
  /** What came back of it, if anything did. */
  readonly response?: Json
}
/** The far side surely didn't take it. */
export interface Rejected extends Omit<CallFailure, 'kind' | 'usage'> {
  readonly kind: 'rejected'
}
/** Nobody can say whether the far side took it: the connection broke, or no answer came in time. */
export interface InDoubt {
  readonly kind: 'in_doubt'
  /** For people; stored as content. No secrets. */
  readonly message: string
  /** What came back, if anything did. */
  readonly response?: Json
  /** As of a call: the service is down, whoever asks. An idempotent sink sends again when it is back. */
  readonly outage?: boolean | 'surely'
}

/** What a sink may use when it sends a request. */
export interface SendTry extends CallTry {
  /**
   * Grows each time that another process takes the run over. A far side that keeps the highest that it has seen can refuse one that was
   * taken for dead, and wakes up late.
   */
  readonly epoch: number
}

/** What is about to be sent for a row; may hold more, for `send`. */
export interface Outgoing {
  readonly kind: 'outgoing'
  /** One of the spec's `services`. */
  readonly service: string
  /** All that is sent of the row, as it is recorded before it is: no secrets, no times, no random ids, and not the key. */
  readonly request: Json
}

export interface Keyed<O extends Outgoing> {
  readonly outgoing: O
  /** The same for all attempts to send this token, and for no other of any run. */
  readonly key: string
}

/** How many rows a request has at most, and how long the first of them waits for others. */
export interface SendBatch {
  readonly rows: number
  readonly wait_ms: number
}
