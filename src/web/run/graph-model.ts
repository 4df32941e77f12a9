/** The graph of a run: its plan, with how many took each way. Pure. */
import type { NodeCounts, Plan } from '../../api/runs.ts'

export type Kind = Plan['nodes'][number]['kind'] | 'discard'

export interface GraphNode {
  readonly name: string
  readonly kind: Kind
  /** What it does, in a few words: its plugin, the expression of a gate, the policy of a coalesce. */
  readonly does: string
  readonly services: readonly string[]
}

export interface GraphEdge {
  /** `node:label`, as rows are asked for by it. */
  readonly id: string
  readonly from: string
  readonly label: string
  readonly to: string
  /** Taken by what met an error, or was rejected. */
  readonly error: boolean
}

export interface Graph {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
}

/** How much smaller it is drawn at most: smaller still, names and numbers couldn't be read. */
export const READABLE = 0.8

/** The target of edges that lead to no node. */
const DISCARD = 'discard'
const ERROR_LABELS: ReadonlySet<string> = new Set(['on_error', 'on_invalid'])

export function graphOf(plan: Plan): Graph {
  const edges = plan.edges.map(({ from, label, to }) => ({
    id: `${from}:${label}`,
    from,
    label,
    to,
    error: ERROR_LABELS.has(label),
  }))
  const nodes: GraphNode[] = plan.nodes.map(({ name, kind, services = [], ...of }) => ({
    name,
    kind,
    services,
    does: of.expression ?? of.plugin ?? of.policy ?? of.branches?.join(' · ') ?? '',
  }))
  if (edges.some(each => each.to === DISCARD)) nodes.push({ name: DISCARD, kind: 'discard', does: '', services: [] })
  return { nodes, edges }
}

/** What is to be seen of it: without ways for errors that nobody took, and nodes that only these lead to. */
export function shownGraph({ nodes, edges }: Graph, counts: Counts, all: boolean): Graph {
  if (all) return { nodes, edges }
  const kept = edges.filter(each => !each.error || (counts.edges.get(each.id) ?? 0) > 0)
  const reached = new Set(kept.flatMap(each => [each.from, each.to]))
  return { nodes: nodes.filter(each => reached.has(each.name)), edges: kept }
}

export interface Counts {
  readonly nodes: ReadonlyMap<string, NodeCounts>
  readonly edges: ReadonlyMap<string, number>
  /** Of all edges. */
  readonly most: number
}

export function countsOf(nodes: readonly NodeCounts[]): Counts {
  const edges = new Map<string, number>()
  for (const { node, out } of nodes)
    for (const [label, count] of Object.entries(out)) edges.set(`${node}:${label}`, count)
  return { nodes: new Map(nodes.map(each => [each.node, each])), edges, most: Math.max(1, ...edges.values()) }
}

/** How many came to the end of edges that lead to `discard`. */
export function discardedIn({ edges }: Graph, counts: Counts): number {
  return edges.reduce((sum, each) => (each.to === DISCARD ? sum + (counts.edges.get(each.id) ?? 0) : sum), 0)
}

/** By whether all rows that ended at a sink failed, or none. */
export function sinkClass(
  endings: ReadonlyArray<{ readonly sink: string | null; readonly class: string; readonly count: number }>,
  sink: string,
): 'success' | 'failure' | null {
  const classes = new Set(endings.filter(each => each.sink === sink && each.count > 0).map(each => each.class))
  if (classes.size !== 1) return null
  return classes.has('failure') ? 'failure' : 'success'
}
