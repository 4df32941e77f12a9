/** A pipeline file as typed values. Names are unique and well formed; targets and plugins are not yet resolved. */
import type { buildConfig } from './build.ts'
import type { Span } from './source-text.ts'
import type { ConfigPath } from './tree.ts'

export type { Threshold } from './threshold.ts'
export type { ConfigPath, Span }

export type PipelineConfig = ReturnType<typeof buildConfig>
export type SourceConfig = PipelineConfig['sources'][number]
export type NodeConfig = PipelineConfig['nodes'][number]
export type SinkConfig = PipelineConfig['sinks'][number]
export type RetryConfig = PipelineConfig['retry']
export type GuardsConfig = PipelineConfig['guards']
export type ServiceLimit = PipelineConfig['limits']['services'] extends Map<string, infer Limit> ? Limit : never
export type PluginUse = Pick<SinkConfig, 'plugin' | 'options'>

type NodeOf<Kind extends NodeConfig['kind']> = Extract<NodeConfig, { readonly kind: Kind }>
export type GateConfig = NodeOf<'gate'>
export type CoalesceConfig = NodeOf<'coalesce'>
export type AggregateConfig = NodeOf<'aggregate'>
export type SortConfig = NodeOf<'sort'>
export type JoinConfig = NodeOf<'join'>

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
  /** Whether the map there has a key that was most likely meant to be this one: it is reported as unknown. */
  misspells(path: ConfigPath, key: string): boolean
  /** False: what stands at a path, or in it, was reported as wrong, and its value isn't known. */
  known(path: ConfigPath): boolean
  /**
   * How YAML would read an unquoted text at a path after variables were expanded in it (`${N}` may bring a number);
   * undefined for any other value.
   */
  typed(path: ConfigPath): string | number | boolean | null | undefined
  /**
   * Where the key or the value at a path stands; the nearest parent that is there if the path isn't.
   * `within` is an offset into a text value (for a place inside an expression), in UTF-16 units.
   */
  locate(path: ConfigPath, part?: 'key' | 'value', within?: { readonly offset: number; readonly length: number }): Span
}
