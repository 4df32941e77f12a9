/** What `verify` is given of a run's log, and what it finds in it. */
import type { Hash } from '../../model/sha256.ts'
import type { Check } from './check.ts'
import type { Decisions } from './decisions.ts'
import type { EndFacts, LogRole } from './log-role.ts'
import type { PageSource } from './page.ts'
import type { ProgressCheck } from './progress.ts'
import type { Recount } from './recount.ts'
import type { RunFacts } from './run-facts.ts'
import type { Shelf } from './shelf.ts'
import type { HashesOnRecord } from './split-hashes.ts'

export interface RunLog {
  readonly log: number
  readonly run: string
  /** The log's name in its checkpoints. */
  readonly origin: string
  /** Whether log 0 says that a value was erased; `place`: from 1, among the values of the entry. */
  readonly isErased: (seq: number, place: number) => boolean
  /** Whether any was. */
  readonly has_erased: boolean
  /** Absent: it is all of the run. */
  readonly role?: LogRole | undefined
  /** Against what log 0 said of it. */
  readonly progress: ProgressCheck
  /** Of how many open rows more than a text is kept; absent: stories.ts says it. */
  readonly kept_whole?: number | undefined
  /** Where those texts go; absent: they stay in memory. */
  readonly newShelf?: (() => Shelf) | undefined
}

/** What was found in a run's log, for the checks against log 0. */
export interface WalkedRun {
  readonly run: string
  readonly log: number
  readonly entries: number
  /** Those of its splits, too; absent if it has none. */
  readonly all_entries?: number
  /** How many entries of its splits are bound where so many of its own are; absent if it has none. */
  readonly boundWith?: (entries: number) => number
  readonly tokens: number
  /** What its rows and batches add up to. */
  readonly recount: Recount
  /** By source: records that were read. */
  readonly records: ReadonlyMap<number, number>
  /** Values that were there to be checked. */
  readonly values: number
  /** Those that an erasure on record has taken away. */
  readonly erased: number
  /** Those that are encrypted with a key that isn't at hand. */
  readonly unread: number
  readonly root: string
  /** Root after entry 0. */
  readonly first_root: string
  /** Of its last entry. */
  readonly last_leaf: Hash
  /** Its seal, or of a split what closes it; null without one. */
  readonly end: EndFacts | null
  readonly sealed: boolean
  /** Whether the log was read to its end. */
  readonly complete: boolean
  /** Whether each entry could be read. */
  readonly readable: boolean
  readonly resumed: RunFacts['resumed']
  /** The entry with the earliest time; null if none could be read. */
  readonly earliest: { readonly seq: number; readonly t: number } | null
  /** Time of the seal; 0 without one. */
  readonly sealed_us: number
  /** Of what it read, and of what splits were to read. */
  readonly hashes: HashesOnRecord
  readonly checks: readonly Check[]
  /** Of what the run has in common with log 0; more is added there. */
  readonly registered: Check
}

/** How a run is looked at. */
export interface RunLooks {
  readonly pages: PageSource
  readonly onProgress: (entries: number) => void
  /** null: decisions aren't evaluated again. */
  readonly decisions: Decisions | null
}
