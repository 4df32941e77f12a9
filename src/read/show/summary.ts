/** What a run came to, as `show --json` tells it. */
import type { CallSummary } from '../../format/call-summary.ts'
import type { RowCounts, RunStatus, TokenCounts } from '../../format/entry.ts'
import type { FileRead } from '../../format/files-read.ts'
import type { PluginCode } from '../../format/plugin-code.ts'
import type { NodeKind } from '../../format/topology.ts'
import type { StagedOutput } from '../runs/staged.ts'

export interface NodeCounts {
  readonly node: string
  readonly kind: NodeKind
  /** Tokens that came in, counted once each; of a source, records. */
  readonly in: number
  /** Visits, each attempt one. */
  readonly ok: number
  readonly error: number
  readonly held: number
  /** How often each way out was taken. */
  readonly out: { readonly [label: string]: number }
}

export interface SinkCounts {
  readonly rows: number
  readonly path?: string
  readonly sha256?: string
  /** Of the file as it was published. */
  readonly bytes?: number
  /** How many, where rows say which file they go to, once they are known; `path` has `*` for each value then. */
  readonly files?: number
}

/** A file of a source that has a list of them, as far as it was read. */
export interface FileCounts {
  readonly source: string
  /** null if it is erased. */
  readonly name: string | null
  readonly records: number
  /** Unpacked. */
  readonly bytes: number
  /** Of these bytes; null if it is erased, or several splits read of it. */
  readonly sha256: string | null
  /** Whether it was read to its end. */
  readonly done: boolean
}

/** One ending that occurred: outcome, cause, and how many to which sink. */
export interface EndingCounts {
  readonly outcome: string
  readonly cause: string
  readonly class: string
  readonly words: string
  /** null: to none. */
  readonly sink: string | null
  readonly count: number
}

/** How many tokens ended by one error. */
export interface AbandonedGroups {
  readonly node: string
  readonly kind: 'merge' | 'batch'
  readonly count: number
}

export interface ErrorCounts {
  /** That met the error. */
  readonly node: string
  readonly code: string
  readonly count: number
}

export interface InDoubt {
  /** null for one that was born of a batch. */
  readonly row: number | null
  readonly token: number
  /** That sent it. */
  readonly sink: string
  /** ISO 8601. */
  readonly recorded_at: string
}

export interface ShownRun {
  readonly run: string
  readonly name: string
  readonly status: RunStatus
  /** With an ending in failure, rejected ones among them. */
  readonly failed_rows: number
  readonly rows: RowCounts
  readonly tokens: TokenCounts
  readonly outcomes: { readonly [outcome: string]: number }
  readonly causes: { readonly [cause: string]: number }
  readonly sinks: { readonly [sink: string]: SinkCounts }
  /** Root of the run's log at its latest checkpoint, lower-case hex. */
  readonly checkpoint: string
  /** `name+hash` of the key that signed it; null if there is no checkpoint. */
  readonly signed_by: string | null
  /** Of what a run with splits came to, lower-case hex; null if it can't be read, or is erased; absent if there is none. */
  readonly result_digest?: string | null
  readonly duration_ms: number
  /** Absent if there were none. */
  readonly calls?: CallSummary
  readonly nodes: readonly NodeCounts[]
  readonly endings: readonly EndingCounts[]
  /** The most frequent first. */
  readonly errors: readonly ErrorCounts[]
  /** Of a run that was given up: groups and batches that waited for more. */
  readonly abandoned: readonly AbandonedGroups[]
  /** ISO 8601; `ended_at` is null while the run isn't over. */
  readonly started_at: string
  readonly ended_at: string | null
  /** Number of entries in the run's log. */
  readonly entries: number
  /** Pipeline file as it was named; null if the plan's text is erased. */
  readonly file: string | null
  /** Code of the plugins that it began with. */
  readonly plugins: readonly PluginCode[]
  /** Files that nodes read beside their rows, when the run began; absent if there were none. */
  readonly reads?: ReadonlyArray<FileRead & { readonly node: string }>
  /** In the order in which they were read; absent where no source has a list of files. */
  readonly files?: readonly FileCounts[]
  /** What is to come into its place at the end, and is there under a hidden name. */
  readonly staged: readonly StagedOutput[]
  /** Tokens of which nobody knows whether a sink's far side took them, in their order. */
  readonly in_doubt: readonly InDoubt[]
  /** Of a run that stopped: why. */
  readonly stopped: { readonly reason: string; readonly code: string | null; readonly message: string | null } | null
}
