/** What a plugin can say of the place that it reads from, asks or writes to, before any run. */

/** What was found there, for people. */
export interface Probed {
  /** `warn`: it answers, and only a run shows whether it does what the run needs. `fail`: a run would fail there. */
  readonly state: 'ok' | 'warn' | 'fail'
  /** In a few words, without a secret. */
  readonly message: string
  /** Of what a run, or a row, would meet. */
  readonly code?: string
  readonly hint?: string
}

export interface Probing {
  /**
   * Asks the place whether it would do what a run needs, for `custody doctor FILE`: once, with no row, and leaving nothing there. Of a sink
   * after `prepare`. `signal`: aborted when nobody waits for the answer any more.
   * @throws CustodyError as a run would.
   */
  probe?(signal: AbortSignal): Promise<Probed>
}
