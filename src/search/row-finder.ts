/** Which rows of a run fit: the questions, and what is found. */
import type { IndexState, RowFilter } from '../api/rows.ts'
import type { FullEntry } from '../ledger/read-port.ts'

/** Which part of the rows that fit. */
export interface PageAsked {
  /** `next` of what was found before; null: from the first one on. */
  readonly after: string | null
  /** In its place: how many of the rows that fit are skipped. */
  readonly at: number | null
  readonly limit: number
  /** False: once the page is full nothing more is looked at, so that `matches` is what was met until then. */
  readonly counts: boolean
}

/** By row, what a reader that checks gave of it. */
export type RowEntries = ReadonlyMap<number, readonly FullEntry[]>

export interface FoundRows {
  /** Numbers, ascending. Each was looked at in the ledger, as it was signed, and fits. */
  readonly rows: readonly number[]
  /** Of these rows what was read of them, in the same order. */
  readonly entries: RowEntries
  /** null: there are no more. */
  readonly next: string | null
  /** Not exact: at least so many. */
  readonly matches: { readonly count: number; readonly exact: boolean }
  /** How many rows were looked at one by one, of how many that there are. */
  readonly looked_at: { readonly rows: number; readonly of: number }
  readonly index: IndexState
}

export interface RowFinder {
  /**
   * Works for a limited time: then it gives what it has, and `next` says where another question begins.
   * @throws CustodyError CUSTODY_ARGUMENT if the filter or the cursor can't be meant; DiagnosticsError if the expression is wrong;
   * UnsoundRecord if what is found isn't what was signed; what the signal was given up with.
   */
  find(log: number, filter: RowFilter, page: PageAsked, signal: AbortSignal): Promise<FoundRows>
  state(log: number): Promise<IndexState>
}
