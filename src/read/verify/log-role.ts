/** What a log is to its run: all of it, or (split-role.ts) its coordinator's, or that of one of its splits. */
import type { CursorFact, RunEntry } from '../../format/entry.ts'
import type { Topology } from '../../format/topology.ts'
import type { Place } from './check.ts'
import type { DealtRecords } from './dealt-records.ts'
import type { Recount } from './recount.ts'
import type { Ways } from './ways.ts'

/** A list of files as a split is to read it. */
export interface FilesOfSplit {
  /** How many are on the list, and how many of these end in splits before it. */
  readonly count: number
  readonly files_before: number
  /** Records of the source before it. */
  readonly records_before: number
  /** How many end in it. */
  readonly ends: number
}

/** The end of a run, or of a split. */
export type EndFacts = Extract<RunEntry, { k: 'seal' | 'close' }>

export interface LogRole {
  readonly first: 'open' | 'part'
  /** Which split it is of; 0: of none. */
  readonly part: number
  /** How many splits log 0 says that the run has. */
  readonly splits: number
  /** The plan, where its own entries don't say it. */
  readonly topology: Topology
  /** What others add up to, which it puts together; null: its own rows count. */
  readonly sum: Recount | null
  /** By source: how many records count as read before its first entry, and the number of the last record before. */
  readonly before: ReadonlyMap<number, { readonly records: number; readonly index: number }>
  /** By source that has a list of files, where its own entry 0 doesn't say that. */
  readonly files: ReadonlyMap<number, FilesOfSplit>
  /** By source whose records were dealt: those that splits have so far. Numbers of its rows go up, and leave others out. */
  readonly dealt: ReadonlyMap<number, DealtRecords>
  mayHave(kind: RunEntry['k'] | 'subject'): boolean
  /** What is wrong with how a split begins. */
  begins(seq: number, facts: Extract<RunEntry, { k: 'part' }>): Iterable<string>
  /** What is wrong with how it ends, besides what is wrong with the end of any run. */
  ends(where: Place, facts: EndFacts, cursors: Iterable<CursorFact>, ways: Ways): Iterable<string>
}

const OF_SPLITS: ReadonlySet<string> = new Set(['cut', 'parts', 'part', 'close'])

export const WHOLE_RUN: LogRole = {
  first: 'open',
  part: 0,
  splits: 0,
  topology: { nodes: [], edges: [] },
  sum: null,
  before: new Map(),
  files: new Map(),
  dealt: new Map(),
  mayHave: kind => !OF_SPLITS.has(kind),
  begins: () => [],
  ends: (where, facts) =>
    facts.k === 'seal' && facts.parts !== undefined ? [`${where} seals splits, and the run has none`] : [],
}
