/** How long is waited. */
export interface Timeouts {
  /** For a connection. */
  readonly connect_ms: number
  /** For the answer to one statement; null: as long as it takes. */
  readonly statement_ms: number | null
}
