/** Which nodes a token that stands at a node can still come to, error edges included. */
import { DISCARD } from '../model/topology.ts'
import type { AggregateNode, Plan } from '../plan/plan.ts'

/** `reaches(a, b)`: b is a, or can be reached from a. */
export function reachability(plan: Pick<Plan, 'nodes' | 'edges'>): (node: number, target: number) => boolean {
  const successors = new Map<number, number[]>()
  for (const edge of plan.edges) {
    if (edge.to === DISCARD) continue
    const list = successors.get(edge.from)
    if (list === undefined) successors.set(edge.from, [edge.to])
    else list.push(edge.to)
  }
  const reached = plan.nodes.map(node => {
    const seen = new Set([node.number])
    for (const at of seen) for (const next of successors.get(at) ?? []) seen.add(next)
    return seen
  })
  return (node, target) => reached[node - 1]?.has(target) ?? false
}

/** Upstream ones first, else in order of their numbers. */
export function upstreamFirst(
  nodes: readonly AggregateNode[],
  reaches: (node: number, target: number) => boolean,
): AggregateNode[] {
  const ordered: AggregateNode[] = []
  const left = [...nodes]
  while (left.length > 0) {
    const next = left.findIndex(node => left.every(other => other === node || !reaches(other.number, node.number)))
    ordered.push(...left.splice(next, 1))
  }
  return ordered
}
