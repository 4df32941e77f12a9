/** What those read a run from who show it. */
import type { LedgerReader } from '../../ledger/read-port.ts'
import type { Ingested, MaybeIngested } from './ingested.ts'
import type { CheckedLog } from './log-check.ts'

/** The entries of one of a run's logs, and its rows: numbers from the first on, without a gap. */
export interface RunSpan {
  /** Seq of its entry 0. */
  readonly from: number
  /** Behind its last entry. */
  readonly end: number
  readonly first_row: number
  /** How many rows it has. */
  readonly rows: number
}

/**
 * Gives nothing but what was signed. What belongs to a run is asked for by the number of its first log, and numbered as it is to the outside
 * (model/part-ids.ts): `size`, `head` and `lease` are those of this log, and ranges lie within one part.
 */
export interface RunReader extends LedgerReader {
  /** @throws UnsoundRecord if the log isn't what was signed. */
  check(log: number): Promise<CheckedLog>
  /** The data of rows whose first entries are among those from `from` up to but without `end`, in their order. */
  ingested(log: number, from: number, end: number): Promise<readonly Ingested[]>
  /** The data of the rows from `first` to `last`, in their order. @throws UnsoundRecord if one isn't there. */
  ingestedOfRows(log: number, first: number, last: number): Promise<readonly MaybeIngested[]>
  /** Those of all logs that a run has, in order of parts: one, unless it has splits. */
  spans(log: number): Promise<readonly RunSpan[]>
}
