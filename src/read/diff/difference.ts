/** How two runs differ: what `diff` finds, as data. Its JSON has this very shape. */
import type { FileChange } from '../../format/files-read.ts'
import type { CodeChange } from '../../format/plugin-code.ts'
import type { Json, Row } from '../../model/row.ts'

/** Something of the old run, and what stands in its place in the new one. */
export interface Both<T> {
  readonly old: T
  readonly new: T
}

/**
 * The first step at which two stories differ.
 *
 * - `way`: another way out of a node. `old` and `new` are labels; the same where only `to` differs.
 * - `error`: another error, or one where there was none. `error CODE`, or the label of the way it left by.
 * - `value`: other data left the node, in `fields`. `old` and `new` are null.
 * - `rows`: the node made more tokens, or fewer. `old` and `new` are their numbers.
 * - `members`: a batch has other members, or in another order. `old` and `new` are null.
 * - `outcome`: another ending. `old` and `new` are in words.
 */
export interface Parting {
  readonly node: string
  readonly kind: 'way' | 'error' | 'value' | 'rows' | 'members' | 'outcome'
  readonly old: string | null
  readonly new: string | null
  /** Where it went on; null if it didn't. */
  readonly to: Both<string | null>
  /** Sorted; empty but for `value`. */
  readonly fields: readonly string[]
  /** Of calls made there: the same was asked and answered otherwise, or something else was asked. null: neither, or not known. */
  readonly because: 'answer' | 'request' | null
}

/** Fields that aren't there are left out. */
export type Changed = { readonly [field: string]: { readonly old?: Json; readonly new?: Json } }

export interface EndingSummary {
  readonly outcome: string
  readonly cause: string
  readonly sink: string | null
  readonly error_code: string | null
}

/** What of a row or a batch differs, and since when. */
export interface Divergence {
  readonly parted_at: Parting
  /** Of the values that differ there; empty but for `value`. */
  readonly changed: Changed
  /** The token that parted; null where there is none. */
  readonly token: Both<number | null>
  /** Its ending; null if it is open, or not there. */
  readonly outcome: Both<EndingSummary | null>
  /** Of all tokens: which of the three differ. */
  readonly differs: { readonly path: boolean; readonly outcome: boolean; readonly output: boolean }
}

export interface RowDifference extends Divergence {
  readonly row: Both<number>
  readonly source: string
  /** Number of the record within its source, from 1; of the old run. */
  readonly index: number
  /** Fields of the key that it was matched by; absent where rows are matched by number. */
  readonly key?: Row
}

export interface BatchDifference extends Divergence {
  readonly batch: Both<number>
  readonly node: string
  /** Its place among the batches of the node, from 1. */
  readonly index: number
}

export interface DiffCounts {
  /** Those that are in both runs. */
  readonly compared: number
  readonly same: number
  /** The same as far as it can be known: of some output the values are erased. */
  readonly unknown: number
  readonly different: number
  readonly only_old: number
  readonly only_new: number
}

/** Stretches of rows that are listed of those that only one run has. */
export const MOST_ONLY = 1000

/** Records of a source that only one of the runs has. */
export interface OnlyRows {
  readonly in: 'old' | 'new'
  readonly source: string
  readonly index: { readonly from: number; readonly to: number }
  /** Their row numbers. */
  readonly row: { readonly from: number; readonly to: number }
}

/** A key that several rows of one source have. */
export interface RepeatedKey {
  readonly source: string
  readonly key: Row
  /** How many rows have it. */
  readonly times: number
  /** The first of their numbers. */
  readonly rows: readonly number[]
}

/** How many rows there are, and the first of their numbers. */
export interface CountedRows {
  readonly rows: number
  readonly examples: readonly number[]
}

/** What there is to say of the keys of one run's rows. The last three take no part in the comparison. */
export interface KeyedRows {
  readonly with_key: number
  /** Keys that are there more than once, rows that have one of them, and the first of the keys. */
  readonly repeated: { readonly keys: number; readonly rows: number; readonly examples: readonly RepeatedKey[] }
  /** Records that didn't fit their schema. */
  readonly rejected: CountedRows
  /** Rows that lack a field of the key, or have null there. */
  readonly without_key: CountedRows
  readonly erased: CountedRows
}

export interface RunDiff {
  /** Ids of the runs. */
  readonly old: string
  readonly new: string
  /** `repeats`: one ran rows of the other again, or both those of a third, if need be by way of further re-runs. */
  readonly matched_by: 'number' | 'key' | 'repeats'
  /** Plugins that both used, and whose code differs. */
  readonly code: readonly CodeChange[]
  /** Files that a node of both read beside its rows, and that aren't the same. */
  readonly reads: readonly FileChange[]
  /** Of what each of them came to; null: erased, or unreadable. Absent if one of them has none. */
  readonly result_digest?: Both<string | null>
  /** How rows were matched, if that was by a key. */
  readonly key?: Both<KeyedRows> & { readonly fields: readonly string[] }
  readonly rows: DiffCounts
  /** Of rows, the biggest first; `examples` are numbers of rows in the old run. */
  readonly groups: ReadonlyArray<Parting & { readonly rows: number; readonly examples: readonly number[] }>
  /** The first of the rows that differ, in the order of the old run. */
  readonly differences: readonly RowDifference[]
  /** By key, the first `MOST_ONLY` of each run and source. */
  readonly only: readonly OnlyRows[]
  readonly batches: DiffCounts & {
    readonly groups: ReadonlyArray<Parting & { readonly batches: number; readonly examples: readonly number[] }>
    readonly differences: readonly BatchDifference[]
  }
}
