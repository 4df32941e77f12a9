/** What was asked of a chaos peer, and what it did: kept for tests that count. */
import type { IncomingHttpHeaders } from 'node:http'
import { SlidingWindow } from './admission.ts'
import type { FaultKind } from './faults.ts'

/** What a request met: a fault of its own or of a burst, or the limit. */
export type Met = FaultKind | 'over_limit'

export interface ChaosRequest {
  /** In the order of arrival, from 1. */
  readonly number: number
  /** Milliseconds since 1970 with a fraction, from a clock that never goes back. */
  readonly arrived_ms: number
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** As text; empty until it has arrived. */
  readonly body: string
  /** How often, this time included, this very request was let through; null if it wasn't. */
  readonly attempt: number | null
  /** Null: none. What doesn't apply to a request isn't met: a page can't be refused by a model. */
  readonly fault: Met | null
  /** Null if nothing was sent. */
  readonly status: number | null
  /** When all that was to be sent had been handed over, or the connection was gone or about to be broken; null before. */
  readonly ended_ms: number | null
  /** Whether the client was sent all of the answer. */
  readonly sent_whole: boolean
}

/** The same, while it is filled in. */
export type OpenRequest = { -readonly [key in keyof ChaosRequest]: ChaosRequest[key] }

export interface ChaosTotals {
  readonly requests: number
  /** Answers that were sent whole, errors included. */
  readonly sent_whole: number
  /** Counts by what was met; kinds that never were met are missing. */
  readonly faults: { readonly [met in Met]?: number }
  /** Counts by status. */
  readonly statuses: { readonly [status: string]: number }
  readonly in_flight: number
  /** The most requests that were in flight at the same time. */
  readonly peak_in_flight: number
  /** The most requests that arrived in any 60 seconds, refused ones included. */
  readonly peak_per_minute: number
}

export class RequestLog {
  readonly #keep: number
  #kept: OpenRequest[] = []
  readonly #arrivals = new SlidingWindow()
  #requests = 0
  #sent_whole = 0
  readonly #faults: { [met in Met]?: number } = {}
  readonly #statuses: { [status: string]: number } = {}
  #in_flight = 0
  #peak_in_flight = 0
  #idle: Array<() => void> = []

  constructor(keep: number) {
    this.#keep = keep
  }

  open(arrived_ms: number, method: string, path: string, headers: IncomingHttpHeaders): OpenRequest {
    this.#requests += 1
    this.#arrivals.add(arrived_ms)
    this.#in_flight += 1
    this.#peak_in_flight = Math.max(this.#peak_in_flight, this.#in_flight)
    const request: OpenRequest = {
      number: this.#requests,
      arrived_ms,
      method,
      path,
      headers,
      body: '',
      attempt: null,
      fault: null,
      status: null,
      ended_ms: null,
      sent_whole: false,
    }
    if (this.#keep > 0) this.#kept.push(request)
    // Now and then, or each request would cost a copy of the list.
    if (this.#kept.length > this.#keep * 2) this.#kept = this.#kept.slice(-this.#keep)
    return request
  }

  /** What has ended stays as it ended. */
  close(request: OpenRequest, ended_ms: number, sent_whole: boolean): void {
    if (request.ended_ms !== null) return
    request.ended_ms = ended_ms
    request.sent_whole = sent_whole
    if (sent_whole) this.#sent_whole += 1
    if (request.fault !== null) this.#faults[request.fault] = (this.#faults[request.fault] ?? 0) + 1
    if (request.status !== null) this.#statuses[request.status] = (this.#statuses[request.status] ?? 0) + 1
    this.#in_flight -= 1
    if (this.#in_flight > 0) return
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** In the order of arrival. */
  get requests(): readonly ChaosRequest[] {
    return this.#keep === 0 ? [] : this.#kept.slice(-this.#keep)
  }

  get totals(): ChaosTotals {
    return {
      requests: this.#requests,
      sent_whole: this.#sent_whole,
      faults: { ...this.#faults },
      statuses: { ...this.#statuses },
      in_flight: this.#in_flight,
      peak_in_flight: this.#peak_in_flight,
      peak_per_minute: this.#arrivals.peak,
    }
  }

  /** Resolves when no request is in flight. */
  idle(): Promise<void> {
    return this.#in_flight === 0 ? Promise.resolve() : new Promise(resolve => this.#idle.push(resolve))
  }
}
