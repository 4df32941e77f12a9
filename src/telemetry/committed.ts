/** What is reported of a run: plain data, made only when the ledger has what it is about. */
import type { CallFact, SealedStatus, StoppedStatus, TotalsFact } from '../format/entry.ts'
import type { Topology } from '../format/topology.ts'

export interface ObservedRun {
  readonly run: string
  readonly pipeline: string
  readonly topology: Topology
  /** By node's name: what is asked of which model; nodes that ask none are left out. */
  readonly models: ReadonlyMap<string, AskedModel>
  /** Another process had begun it. */
  readonly is_resumed: boolean
  /** The time, by the clock that entries have theirs from. */
  now_us(): number
}

export interface AskedModel {
  readonly provider: string
  readonly model: string
}

/** Visits of a node within one commit. Times in microseconds since the Unix epoch. */
export interface NodeWork {
  readonly visits: number
  readonly errors: number
  /** Sum of their durations. */
  readonly busy_us: number
  readonly first_us: number
  readonly last_us: number
}

/** Visits that met one error. */
export interface ErrorCount {
  readonly node: number
  readonly code: string
  readonly count: number
}

export interface CommittedCall extends CallFact {
  /** Of the row; 0: it was made for a batch, or by a source. */
  readonly row: number
  readonly began_us: number
}

export interface Committed {
  /** Of the run so far. */
  readonly totals: TotalsFact
  /** Those of the commit before; null: there was none. */
  readonly before: TotalsFact | null
  /** By the node's number. */
  readonly nodes: ReadonlyMap<number, NodeWork>
  readonly errors: readonly ErrorCount[]
  readonly calls: readonly CommittedCall[]
  readonly entries: number
  /** Until it was durable. */
  readonly commit_us: number
}

/** `released`: the process gave the run up without a word. */
export type RunEnd = SealedStatus | StoppedStatus | 'released'

/** What it throws ends the reporting, and nothing else. */
export interface RunListener {
  onRun(run: ObservedRun): void
  onCommit(committed: Committed): void
  onEnd(end: RunEnd): void
}
