/** An operation of an expression that can fail. */
export interface Risk {
  /** One sentence without a full stop at the end: what fails, and where. */
  readonly message: string
  /** Where in the source, in UTF-16 units. */
  readonly offset: number
  readonly length: number
}
