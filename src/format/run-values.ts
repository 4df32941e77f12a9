/**
 * The values of the run's own entries: what is disclosed, or erased, apart from the rest is a value apart. Entries name them by their
 * numbers (entry.ts); docs/ledger-format.md has a table of them.
 */
import type { ValueNumber } from '../model/ids.ts'
import type { Json } from '../model/row.ts'

/** Which values of entry 0 are what. */
export interface OpeningValues {
  /** Value: a `PlanText`. */
  readonly plan: ValueNumber
  /** Value: the folder of a `PlanValue`. */
  readonly folder: ValueNumber
  /** Value: `RunArguments`; absent if there are none. */
  readonly arguments?: ValueNumber
  /** For each node of the topology, in its order. */
  readonly nodes: readonly NodeValues[]
}

/** Values of a node. Each is absent where it has none. */
export interface NodeValues {
  /** `readonly DeclaredField[]`, of a source */
  readonly fields?: ValueNumber
  /** `readonly ExpressionText[]` */
  readonly expressions?: ValueNumber
  /** Of its plugin. */
  readonly options?: ValueNumber
  /** `readonly FileRead[]` (files-read.ts): what its plugin reads beside its rows. */
  readonly reads?: ValueNumber
  /** The policy of a coalesce, the triggers of an aggregate. */
  readonly closes?: ValueNumber
  /** Of a source: names of the files on its list, in the order in which they are read. */
  readonly files?: ValueNumber
  /** Of a sink that writes files: an `IntendedPath`. */
  readonly path?: ValueNumber
  /** Of a sink: an `Intent`. */
  readonly intent?: ValueNumber
}

export interface PlanText {
  /** The pipeline file's text, as read. */
  readonly text: string
  readonly file: string
}

/** What a run was given beside its pipeline file; each absent if it wasn't. */
export interface RunArguments {
  /** Arguments of `--set` that were applied to it, in order, those for `ledger` aside. */
  readonly set?: readonly string[]
  /** Records to read at most. */
  readonly limit?: number
  /** Which rows of the other run are repeated, and how; present exactly in a re-run. */
  readonly rerun?: RerunValue
}

/** What is on record of a plan: all that explain needs to show decisions without the pipeline file. */
export interface PlanValue extends PlanText, RunArguments {
  /** Absolute folder of that file: where `resume` looks for it. */
  readonly folder: string
  /** By source: the fields that its schema declares, in their order; only of those that declare some. */
  readonly fields: { readonly [source: string]: readonly DeclaredField[] }
  /** By node name: what a gate or a plugin with expressions evaluates. */
  readonly expressions: { readonly [node: string]: readonly ExpressionText[] }
  /** By node name: the plugin's options after validation, secrets replaced. */
  readonly options: { readonly [node: string]: Json }
  /** By name: the policy of a coalesce, the triggers of an aggregate; absent if there are none. */
  readonly closes?: { readonly [node: string]: Json }
}
export interface RerunValue {
  /** A CEL expression over rows as they were read; null: those that failed. */
  readonly where: string | null
  /** Whether rows are repeated that have a token in a sink already. */
  readonly include_written: boolean
  /** Whether services are asked again for what they have answered. */
  readonly fresh: boolean
}
export interface ExpressionText {
  /** What it decides: `gate`, a case's label, an option's path. */
  readonly for: string
  readonly source: string
  /** Fields of the row that it reads, as paths. */
  readonly reads: readonly (readonly string[])[]
  /**
   * For a gate: what was known of the fields that it reads, as JSON Schema, and of all others (`rest`); absent if nothing was. What
   * is an integer and what a number depends on it.
   */
  readonly sees?: { readonly fields: { readonly [field: string]: SeenField }; readonly rest?: SeenField }
}
export interface SeenField {
  /** JSON Schema. */
  readonly schema: { readonly [keyword: string]: unknown }
  readonly optional: boolean
}
/** A field of a source's schema, as JSON. */
export type DeclaredField = {
  readonly name: string
  /** JSON Schema. */
  readonly schema: { readonly [keyword: string]: Json }
  readonly optional: boolean
}

/** Where a sink will write; both null where it writes no file. */
export interface IntendedPath {
  readonly path: string | null
  /** What is renamed to `path` at the end. */
  readonly staged: string | null
}
/** What else it intends. */
export interface Intent {
  readonly mode: string
  readonly prior_bytes: number
  readonly prior_sha256: string | null
  readonly replaced: { readonly bytes: number; readonly sha256: string } | null
  /** Rows say which file they go to: `path` has `*` for each value. */
  readonly by_value?: true
}

/** By sink name. */
export type SinkIntents = { readonly [sink: string]: IntendedPath & Intent }

/** By source, where it has a list: names of its files, in the order in which they are read. */
export type FileNames = { readonly [source: string]: readonly string[] }

/** Where a range of a source begins and ends, as the source has it. */
export type CutPlace = { readonly from: Json; readonly to: Json }
/** The SHA-256 of a range's bytes; with several files, of those in the last one, and what it has of those that end in it. */
export type CutContent = {
  readonly sha256: string
  readonly files?: ReadonlyArray<{ readonly records: number; readonly bytes: number; readonly sha256: string }>
}

/** What a source was when its records had been dealt. */
export type DealtInput = {
  /** Where reading it ended; null if nothing was read. */
  readonly position: Json
  /** Of what was read; null if it has no hash. */
  readonly sha256: string | null
  /** Names that fields have in the input, where they have others. */
  readonly names: { readonly [field: string]: string }
}

/** What a file that a sink wrote holds; `rows` and `bytes` of this one. */
export interface FileContent {
  readonly rows: number
  readonly bytes: number
  readonly sha256: string
}
/** A file that a sink wrote. */
export interface Artifact extends FileContent {
  readonly path: string
}
