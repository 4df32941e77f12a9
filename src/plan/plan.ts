/**
 * A plan: what a pipeline file means, compiled and frozen. Every later stage is a `switch` on `kind`.
 *
 * PLAN-1. Nodes are numbered from 1 in the order sources, nodes, sinks of the file; `nodes[n - 1].number === n`.
 * PLAN-2. Edges are numbered from 1; each leaves one node under one label; `edges[e - 1].number === e`.
 * PLAN-3. The graph has no cycle, and each node and sink can be reached.
 */

import type {
  AggregateConfig,
  CoalesceConfig,
  GuardsConfig,
  JoinConfig,
  RetryConfig,
  ServiceLimit,
  Threshold,
} from '../config/pipeline.ts'
import type { EdgeNumber, NodeNumber } from '../model/ids.ts'

export type { GuardsConfig, RetryConfig, Threshold }

import type { Expression } from '../expression/expression.ts'
import type { PlanValue } from '../format/run-values.ts'
import type { JoinSide, SortKey, Topology } from '../format/topology.ts'
import type { FieldSchema, RowSchema } from '../model/schema.ts'
import type { AggregateSpec, GateSpec, SecretOption, SinkSpec, SourceSpec, TransformSpec } from '../sdk/spec.ts'

export interface PlanEdge {
  readonly number: EdgeNumber
  readonly from: NodeNumber
  readonly label: string
  /** A node's number, or 0 for `discard`. */
  readonly to: NodeNumber
  /** To which side of a join it leads. */
  readonly side?: JoinSide
}

interface NodeCommon {
  readonly number: NodeNumber
  readonly name: string
  /** What is known of rows that enter (of a source: that leave). */
  readonly input: RowSchema
}

/** A plugin with its options as its zod type gave them; secrets are read when it is created. */
export interface PluginOf<S> {
  readonly spec: S
  readonly options: unknown
  /** Which of the options are secrets. */
  readonly secrets: readonly SecretOption[]
}

export interface SourceNode extends NodeCommon {
  readonly kind: 'source'
  readonly plugin: PluginOf<SourceSpec>
  readonly schema: RowSchema
  /** What becomes of columns and fields that a closed schema doesn't know. */
  readonly extra_columns: 'error' | 'drop'
  /** The file that it reads, as the options name it; null if there is none, or not one only. */
  readonly file: string | null
  readonly to: PlanEdge
  readonly on_invalid: PlanEdge
  readonly guards: GuardsConfig
  /** Of what it asks of services. */
  readonly retry: RetryConfig
}

/** Fields that a source's plugin adds to what it reads. */
export function fieldsAdded({ plugin }: Pick<SourceNode, 'plugin'>): ReadonlyMap<string, FieldSchema> {
  return plugin.spec.adds?.(plugin.options) ?? NO_FIELDS
}

/** What is declared of the input: the schema without what the plugin adds. */
export function inputSchema(node: Pick<SourceNode, 'plugin' | 'schema'>): RowSchema {
  const added = fieldsAdded(node)
  if (added.size === 0) return node.schema
  return { ...node.schema, fields: new Map([...node.schema.fields].filter(([name]) => !added.has(name))) }
}

const NO_FIELDS: ReadonlyMap<string, FieldSchema> = new Map()

export interface SplitsConfig {
  readonly count: number
  /** The field by whose value records are dealt; absent: the input is cut. */
  readonly by?: string
  /** The folder for what splits write, as the file names it; absent: beside the ledger. */
  readonly pieces?: string
}

export interface TransformNode extends NodeCommon {
  readonly kind: 'transform'
  readonly plugin: PluginOf<TransformSpec>
  readonly retry: RetryConfig
  readonly to: PlanEdge
  readonly on_error: PlanEdge
}
export interface GateNode extends NodeCommon {
  readonly kind: 'gate'
  readonly by:
    | { readonly kind: 'boolean' | 'string'; readonly expression: Expression }
    | {
        readonly kind: 'cases'
        readonly cases: ReadonlyArray<{ readonly when: Expression | null; readonly label: string }>
      }
    | { readonly kind: 'plugin'; readonly plugin: PluginOf<GateSpec> }
  /** Edges by label. */
  readonly routes: ReadonlyMap<string, PlanEdge>
  /** Taken by labels that have no route of their own; null where all labels have one. */
  readonly otherwise: PlanEdge | null
  readonly retry: RetryConfig
  /** Null where the plan has shown that no row that fits its schemas meets an error here. */
  readonly on_error: PlanEdge | null
}
export interface ForkNode extends NodeCommon {
  readonly kind: 'fork'
  readonly branches: ReadonlyArray<{ readonly branch: string; readonly edge: PlanEdge }>
}
export interface CoalesceNode extends NodeCommon {
  readonly kind: 'coalesce'
  /** The fork whose branches it joins. */
  readonly fork: NodeNumber
  readonly branches: readonly string[]
  readonly policy: CoalesceConfig['policy']
  readonly merge: CoalesceConfig['merge']
  readonly to: PlanEdge
  /** To a sink or `discard`; null where members of groups that failed are written nowhere, and nobody says so. */
  readonly on_error: PlanEdge | null
}
/** Fields whose values tell batches apart. */
export interface KeyFields {
  readonly fields: readonly string[]
  /** Places of decimals that are compared by value. */
  readonly by_value: readonly number[]
  readonly max_open: number
}

export interface AggregateNode extends NodeCommon {
  readonly kind: 'aggregate'
  readonly plugin: PluginOf<AggregateSpec>
  readonly trigger: Omit<AggregateConfig['trigger'], 'when'> & { readonly when: Expression | null }
  /** One open batch for each value of the fields, so many at most; null: one for all rows. */
  readonly per: KeyFields | null
  /** Batches are those of a key by which records are dealt, in whichever split that is. */
  readonly of_key: boolean
  readonly output: 'transform' | 'passthrough'
  readonly output_rows: number | null
  readonly retry: RetryConfig
  readonly to: PlanEdge
  readonly on_error: PlanEdge
}
export interface SortNode extends NodeCommon {
  readonly kind: 'sort'
  /** The first one first. */
  readonly keys: readonly SortKey[]
  readonly to: PlanEdge
}
export interface JoinNode extends NodeCommon {
  readonly kind: 'join'
  /** Fields that are compared one by one. */
  readonly keys: { readonly [side in JoinSide]: readonly string[] }
  /** Places in these of decimals that are compared by value. */
  readonly by_value: readonly number[]
  /** A left row that more right rows match is an error. */
  readonly max_matches: number
  readonly merge: JoinConfig['merge']
  readonly routes: { readonly [route in 'matched' | JoinSide]: PlanEdge }
  readonly on_error: PlanEdge
}
export interface SinkNode extends NodeCommon {
  readonly kind: 'sink'
  readonly plugin: PluginOf<SinkSpec>
  /** How sending is tried again; a sink that writes takes a row or refuses it. */
  readonly retry: RetryConfig
  readonly on_error: PlanEdge
}

export type PlanNode =
  | SourceNode
  | TransformNode
  | GateNode
  | ForkNode
  | CoalesceNode
  | AggregateNode
  | SortNode
  | JoinNode
  | SinkNode

export interface Plan {
  readonly name: string
  /** As named by the user. */
  readonly file: string
  /** Absolute. */
  readonly folder: string
  readonly nodes: readonly PlanNode[]
  readonly edges: readonly PlanEdge[]
  readonly topology: Topology
  /** Files whose content is in options, by their paths from the folder, with the node that names them. */
  readonly files: ReadonlyMap<string, string>
  /** Lower-case hex SHA-256 over topology, options (files that they name included) and schemas; not over `limits`, `retry`, `guards`, `retention` and `ledger`. */
  readonly hash: string
  /** What the ledger keeps of the plan as content. */
  readonly value: PlanValue
  readonly ledger_url: string | null
  /** Where the key is that the ledger's values are encrypted with, an absolute path or the name of a secret; null: they aren't. */
  readonly ledger_key: { readonly file: string } | { readonly secret: string } | null
  /** Absolute path of the policy of the ledger's witnesses; null: it names none. */
  readonly witnesses: string | null
  /** URL of the authority that dates the ledger's heads. */
  readonly timestamps: string | null
  /** Guards of the whole run; sources have their own. */
  readonly guards: GuardsConfig
  /** How long values of its runs are to be kept; null: nothing is said. */
  readonly retention_us: number | null
  /** Into how many parts its input is cut, each processed by itself; null: it isn't cut. */
  readonly splits: SplitsConfig | null
  /** Files and packages that bring plugins, as the file names them. */
  readonly plugins: readonly string[]
  readonly limits: {
    readonly services: ReadonlyMap<string, ServiceLimit>
    readonly spend_usd: number | null
    /** Absolute path of the file in which runs of this machine keep these limits together; null for this run alone. */
    readonly file: string | null
    /** Longest that a plugin may take for a visit, its calls aside. */
    readonly visit_ms: number
  }
}
