/**
 * What entries say of splits. A run with splits has a log for each, and one for its coordinator, whose number comes first: part 0. A
 * split's log is like that of a run, but for its first and its last entry; the coordinator's has no rows.
 */
import type { NodeNumber, ValueNumber } from '../model/ids.ts'
import type { TotalsFact } from './entry.ts'
import type { SubjectTrees } from './trees.ts'

/** What a split is to read of one source: whole records, one after another. */
export interface RangeFact {
  /** From 1. */
  readonly part: number
  /** Records of the source before it. */
  readonly before: number
  readonly records: number
  /** Line at which it begins, from 1; 0 where a source has no lines. */
  readonly line: number
  readonly bytes: number
  /** How many files end in it; absent where the source has no list of files. */
  readonly files?: number
}

export interface DealtFact {
  /** The field whose value says to which split a record goes. */
  readonly by: string
  /** Of the lease under which it was done. */
  readonly epoch: number
  /** That were read of the source. */
  readonly bytes: number
}

/** How far a split was: its log has so many entries, which give this root. */
export interface PartHead {
  readonly part: number
  readonly size: number
  readonly root: string
}

/** In the coordinator's log. */
export type CoordinatorEntry =
  /**
   * What each split is to read of a source, in order. Of a source that can't be cut, one split has all of it: a range of which nothing is
   * known yet isn't listed, and `whole` names that split.
   */
  | {
      readonly k: 'cut'
      readonly source: NodeNumber
      readonly ranges: readonly RangeFact[]
      readonly whole?: number
      /** Value: where each range begins and ends (`readonly CutPlace[]`); absent if there are none. */
      readonly positions?: ValueNumber
      /** Value: what each holds (`readonly CutContent[]`); absent if there are none. */
      readonly hashes?: ValueNumber
      /**
       * Its records were dealt to the splits, each by itself: ranges are those of the files that hold them, and `before` counts the records
       * that splits before have, whichever these are.
       */
      readonly dealt?: DealtFact
      /** Value: how far the source was read (`DealtInput`); there exactly if it was dealt. */
      readonly input?: ValueNumber
      readonly t: number
    }
  /** How far its splits are that have gone on since the last such entry. */
  | { readonly k: 'parts'; readonly heads: readonly PartHead[]; readonly t: number }

/** All that the end of a split states except the trees, which the ledger knows. */
export interface CloseFacts {
  readonly k: 'close'
  readonly totals: TotalsFact
  /** Value: the digest of what it came to (result-digest.ts); absent if the run was given up. */
  readonly digest?: ValueNumber
  readonly t: number
}

/** In the log of a split. */
export type SplitEntry =
  /** Its entry 0. What the run is stands in the coordinator's. */
  | {
      readonly k: 'part'
      readonly run: string
      readonly part: number
      /** Leaf hash of the coordinator's entry 0. */
      readonly opening: string
      readonly t: number
    }
  /** Its last entry. `size` and `root`: of the log before it. */
  | (CloseFacts & { readonly subjects: SubjectTrees; readonly size: number; readonly root: string })
