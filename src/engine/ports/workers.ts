/** Who works on the splits of a run. */
import type { CustodyError } from '../../model/error.ts'

/** What became of splits that were worked on. */
export type SplitsEnd =
  /** All of them are closed. */
  | { readonly kind: 'closed' }
  /** Some are not: somebody stopped the run, or something did. */
  | { readonly kind: 'stopped'; readonly error: CustodyError | null; readonly budget: SpentBudget | null }

/** Nothing can go on without more of it. */
export interface SpentBudget {
  /** What the next call can cost at most; null if that isn't known. */
  readonly next_call_usd: number | null
  /** The most that calls may have cost that were under way when a process was gone. */
  readonly lost_usd: number
}

export interface Workers {
  /** Works on splits, in any order, until all are closed or the run is to stop. @throws CustodyError if a split can't be taken up. */
  run(parts: readonly number[], onRows: OnSplits): Promise<SplitsEnd>
}

/** Called as they get on. */
export type OnSplits = (progress: SplitsProgress, at_work: SplitsAtWork) => void

/** Of the splits that were to be worked on. */
export interface SplitsAtWork {
  readonly closed: number
  /** That somebody works on just now. */
  readonly under_way: number
  /** How many do: threads, or processes on any machine. */
  readonly workers: number
}

/** Of all of these splits together, since they were taken up. */
export interface SplitsProgress {
  readonly rows_read: number
  readonly rows_done: number
  readonly tokens_ended: number
  /** 0 where that isn't known. */
  readonly bytes_read: number
}
