/**
 * The graph while it is being compiled: nodes and edges as the file has them, before anything is known to be right.
 * Numbers are those of the plan: nodes in the order sources, nodes, sinks; edges in the order of their nodes.
 */
import type { ConfigPath, NodeConfig, PipelineConfig, SinkConfig, SourceConfig } from '../config/pipeline.ts'
import type { JoinSide, NodeKind } from '../format/topology.ts'

export type PartConfig = SourceConfig | NodeConfig | SinkConfig

export interface DraftNode {
  readonly number: number
  readonly name: string
  readonly kind: NodeKind
  readonly config: PartConfig
  /** Where it stands in the file. */
  readonly path: ConfigPath
}

/** `to`, `on_error` and `on_invalid` are also their labels. */
export type EdgeKind = 'to' | 'route' | 'branch' | 'on_error' | 'on_invalid'

export interface DraftEdge {
  readonly number: number
  readonly kind: EdgeKind
  readonly from: DraftNode
  readonly label: string
  /** Null: `discard`. */
  readonly to: DraftNode | null
  /** To which side of a join it leads; null if its target is none. */
  readonly side: JoinSide | null
  /** Where its target is written. */
  readonly path: ConfigPath
}

export class Draft {
  readonly config: PipelineConfig
  readonly nodes: readonly DraftNode[]
  readonly by_name: ReadonlyMap<string, DraftNode>
  readonly edges: DraftEdge[] = []
  readonly #out = new Map<DraftNode, DraftEdge[]>()
  readonly #in = new Map<DraftNode, DraftEdge[]>()

  constructor(config: PipelineConfig) {
    this.config = config
    const sections = [
      ['sources', config.sources],
      ['nodes', config.nodes],
      ['sinks', config.sinks],
    ] as const
    this.nodes = sections
      .flatMap(([section, parts]) => parts.map((part: PartConfig) => ({ part, path: [section, part.name] })))
      .map(({ part, path }, index) => ({ number: index + 1, name: part.name, kind: part.kind, config: part, path }))
    const by_name = new Map<string, DraftNode>()
    // If two parts share a name, which has been reported, the first one has it.
    for (const node of this.nodes) if (!by_name.has(node.name)) by_name.set(node.name, node)
    this.by_name = by_name
  }

  addEdge(edge: Omit<DraftEdge, 'number'>): void {
    const numbered = { number: this.edges.length + 1, ...edge }
    this.edges.push(numbered)
    append(this.#out, edge.from, numbered)
    if (edge.to !== null) append(this.#in, edge.to, numbered)
  }

  from(node: DraftNode): readonly DraftEdge[] {
    return this.#out.get(node) ?? []
  }

  into(node: DraftNode): readonly DraftEdge[] {
    return this.#in.get(node) ?? []
  }

  edge(node: DraftNode, label: string): DraftEdge | undefined {
    return this.from(node).find(edge => edge.label === label)
  }
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}
