/** What a log is to its run: all of it, its coordinator's, or that of one of its splits. */
import type { RangeFact } from '../../format/split-entry.ts'
import type { Topology } from '../../format/topology.ts'
import type { Hash } from '../../model/sha256.ts'
import type { Recount } from './recount.ts'

export type LogRole = WholeRun | CoordinatorRole | SplitRole

export interface WholeRun {
  readonly kind: 'run'
}

export interface CoordinatorRole {
  readonly kind: 'coordinator'
  readonly splits: number
  /** What all of its splits add up to. */
  readonly sum: Recount
  /** Records that they have read, by source. */
  readonly records: ReadonlyMap<number, number>
  /** The tree of their last entries; null as long as one of them isn't closed. */
  readonly root: Hash | null
}

export interface SplitRole {
  readonly kind: 'split'
  readonly part: number
  /** Leaf hash and topology of the coordinator's entry 0. */
  readonly opening: Hash
  readonly topology: Topology
  /** By source: what it is to read; absent: nothing, or all of it (`whole`). */
  readonly ranges: ReadonlyMap<number, RangeFact>
  /** Sources that it reads whole. */
  readonly whole: ReadonlySet<number>
}

export const WHOLE_RUN: WholeRun = { kind: 'run' }
