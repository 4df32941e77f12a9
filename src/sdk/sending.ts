/** What a sink sends that can't take back what it does, and how that can come out. */
import type { Json } from '../model/row.ts'
import type { CallFailure } from './call.ts'

/** The result of sending one request. */
export type Sent = Accepted | Rejected | InDoubt

export interface Accepted {
  readonly kind: 'accepted'
  /** What came back, as it is recorded: no secrets. */
  readonly response: Json
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
  /** As of a call: the service is down, whoever asks. */
  readonly outage?: boolean
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
