/** How long is waited. */
export interface Timeouts {
  /** For a connection that can be asked something. */
  readonly connect_ms: number
  /** For the answer to one statement, which the server gives up then; null: as long as it takes. */
  readonly statement_ms: number | null
  /** For anything the server says to what it is asked; then the connection counts as cut. */
  readonly silence_ms: number
}
