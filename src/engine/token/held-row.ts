/** Rows that joins and sorts hold. */
import type { TokenId } from '../../model/ids.ts'
import type { Row } from '../../model/row.ts'
import type { Token } from './token.ts'

/** A token that is held, since `started_us`. */
export interface HeldRow {
  readonly token: Token
  readonly started_us: number
}

/** A right row that a left one matches. */
export interface Partner {
  readonly id: TokenId
  readonly row: Row
  /** null: a group before has consumed it. */
  readonly held: HeldRow | null
}

/** What becomes of a left row and a right row that match. */
export interface Match {
  readonly right: Partner
  readonly row: Row
}
