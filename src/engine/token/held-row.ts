/** Rows that a join holds. */
import type { Row } from '../../model/row.ts'
import type { Token } from './token.ts'

export interface HeldRow {
  /** Of a right row it may have ended: a left row before matches it, too. */
  readonly token: Token
  readonly started_us: number
}

/** A right row that matches, and what becomes of it and the left row. */
export interface Match {
  readonly right: HeldRow
  readonly row: Row
}
