/** A pipeline file as typed values. Names are unique and well formed; targets and plugins are not yet resolved. */
import type { JsonSchema } from '../model/schema.ts'

/** The name of a node or sink, or `discard`. */
export type TargetName = string

export interface RetryConfig {
  /** The first included. */
  readonly attempts: number
  readonly backoff_ms: number
  readonly max_backoff_ms: number
  readonly factor: number
}

export interface PluginUse {
  readonly plugin: string
  /** As written, variables expanded, secrets still `{secret: NAME}`. */
  readonly options: { readonly [key: string]: unknown }
}

export interface SchemaConfig {
  readonly mode: 'fixed' | 'flexible' | 'observed'
  /** In order. `optional` from the shorthand's `?`, or a JSON Schema whose type admits null. */
  readonly fields: ReadonlyArray<{ readonly name: string; readonly schema: JsonSchema; readonly optional: boolean }>
}

export type Threshold =
  | { readonly kind: 'count'; readonly most: number }
  /** Of 100. */
  | { readonly kind: 'share'; readonly percent: number }
  | { readonly kind: 'off' }

/** What must hold before anything is published; null: nothing was said. */
export interface GuardsConfig {
  readonly rejected: Threshold | null
  readonly failed: Threshold | null
  /** `most` of a count is the least here. */
  readonly min_rows: Threshold | null
}

export interface SourceConfig extends PluginUse {
  readonly kind: 'source'
  readonly name: string
  readonly schema: SchemaConfig
  /** What becomes of columns and fields that a `fixed` schema doesn't know. */
  readonly extra_columns: 'error' | 'drop'
  readonly guards: GuardsConfig
  readonly on_invalid: TargetName | null
  readonly to: TargetName
}

interface NodeCommon {
  readonly name: string
  /** null: neither here nor in defaults. */
  readonly on_error: TargetName | null
  readonly retry: Partial<RetryConfig>
}

export interface TransformConfig extends NodeCommon, PluginUse {
  readonly kind: 'transform'
  readonly to: TargetName
}
export interface GateConfig extends NodeCommon {
  readonly kind: 'gate'
  /** How it decides. */
  readonly by:
    | { readonly kind: 'expression'; readonly source: string }
    | ({ readonly kind: 'plugin' } & PluginUse)
    /** In order; `when` null is the `else`. Labels are the number from 1 or as written, `else` for the last. */
    | {
        readonly kind: 'cases'
        readonly cases: ReadonlyArray<{ readonly when: string | null; readonly label: string }>
      }
  /** In order. `cases` included. */
  readonly routes: ReadonlyArray<{ readonly label: string; readonly to: TargetName }>
}
export interface ForkConfig extends NodeCommon {
  readonly kind: 'fork'
  readonly branches: ReadonlyArray<{ readonly branch: string; readonly to: TargetName }>
}
export interface CoalesceConfig extends NodeCommon {
  readonly kind: 'coalesce'
  readonly branches: readonly string[]
  readonly policy:
    | { readonly kind: 'require_all'; readonly timeout_ms: number | null }
    | {
        readonly kind: 'quorum'
        readonly quorum: number
        readonly timeout_ms: number | null
        /** `complete`: not before every branch has arrived or is lost. */
        readonly decide: 'early' | 'complete'
      }
    | { readonly kind: 'best_effort'; readonly timeout_ms: number }
    | { readonly kind: 'first' }
  readonly merge:
    | { readonly kind: 'union'; readonly on_conflict: 'last_wins' | 'first_wins' | 'fail' }
    | { readonly kind: 'nested' }
    | { readonly kind: 'select'; readonly branch: string }
  readonly to: TargetName
}
export interface AggregateConfig extends NodeCommon, PluginUse {
  readonly kind: 'aggregate'
  readonly trigger: { readonly count: number | null; readonly max_age_ms: number | null; readonly when: string | null }
  readonly output: 'transform' | 'passthrough'
  readonly output_rows: number | null
  readonly to: TargetName
}
export type NodeConfig = TransformConfig | GateConfig | ForkConfig | CoalesceConfig | AggregateConfig

export interface SinkConfig extends PluginUse {
  readonly kind: 'sink'
  readonly name: string
  readonly on_error: TargetName | null
}

/** null: not said. */
export interface ServiceLimit {
  readonly per_minute: number | null
  readonly concurrency: number | null
  /** `off`: calls that meet an outage are errors of their rows, however many there are. */
  readonly breaker: 'off' | { readonly failures: number | null; readonly give_up_after_ms: number | null } | null
  readonly max_wait_ms: number | null
}

export interface PipelineConfig {
  readonly name: string
  readonly description: string | null
  readonly sources: readonly SourceConfig[]
  readonly nodes: readonly NodeConfig[]
  readonly sinks: readonly SinkConfig[]
  readonly retry: RetryConfig
  readonly guards: GuardsConfig
  readonly ledger_url: string | null
  readonly limits: {
    readonly services: ReadonlyMap<string, ServiceLimit>
    readonly spend_usd: number | null
    /** As written. */
    readonly file: string | null
    /** Longest that a plugin may take for a visit, its calls aside. */
    readonly visit_ms: number
  }
  readonly plugins: readonly string[]
  /** Names of nodes whose kind can't be told, which has been reported; they are not among `nodes`. Absent: none. */
  readonly unreadable?: readonly string[]
}

/** A path into the file: keys and list positions; in a list of texts a text is the first item that is it. */
export type ConfigPath = readonly (string | number)[]

export interface Span {
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units. */
  readonly column: number
  /** At least 1, within the line. */
  readonly length: number
  /** Absent: the pipeline's file. `--set`: argument number `line` of those. */
  readonly file?: string
}

/** A file that was read: its text, its typed content, and where each part of it stands. */
export interface PipelineFile {
  /** As named by the user. */
  readonly file: string
  /** Absolute. */
  readonly folder: string
  readonly text: string
  /** Arguments of `--set` that `config` includes, in order. */
  readonly overrides?: readonly string[]
  readonly config: PipelineConfig
  /**
   * True: problems were reported; it may be compiled for further diagnostics and its graph, never run. Then `''` stands
   * for a target, plugin or expression that is missing or wrong.
   */
  readonly faulty?: boolean
  /** Whether something stands at a path. */
  has(path: ConfigPath): boolean
  /** False: what stands at a path, or in it, was reported as wrong, and its value isn't known. */
  known(path: ConfigPath): boolean
  /**
   * What YAML would make of an unquoted text at a path after variables were expanded in it (`${N}` may bring a number);
   * undefined for any other value.
   */
  typed(path: ConfigPath): string | number | boolean | null | undefined
  /**
   * Where the key or the value at a path stands; the nearest parent that is there if the path isn't.
   * `within` is an offset into a text value (for a place inside an expression), in UTF-16 units.
   */
  locate(path: ConfigPath, part?: 'key' | 'value', within?: { readonly offset: number; readonly length: number }): Span
}
