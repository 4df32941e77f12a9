/** Which nodes a token that stands at a node can still come to, error edges included. */

import { DISCARD } from '../../format/topology.ts'
import type { NodeNumber } from '../../model/ids.ts'
import type { Plan, PlanNode } from '../../plan/plan.ts'
import { type Carrier, deadFor } from '../token/fork-frames.ts'

const ON_ERROR = 'on_error'

export type Reaches = (node: NodeNumber, target: NodeNumber) => boolean
/** The same, if nothing continues from the coalesces `dead` but by their `on_error`. */
export type ReachesPast = (node: NodeNumber, target: NodeNumber, dead: readonly NodeNumber[]) => boolean

/** `reaches(a, b)`: b is a, or can be reached from a. */
export function reachability(plan: Pick<Plan, 'nodes' | 'edges'>): Reaches {
  return reachabilityPast(plan, [])
}

export function reachabilityPastAny(plan: Pick<Plan, 'nodes' | 'edges'>): ReachesPast {
  const past = new Map<string, Reaches>()
  return (node, target, dead) => {
    const key = dead.toSorted((a, b) => a - b).join()
    const known = past.get(key) ?? reachabilityPast(plan, dead)
    past.set(key, known)
    return known(node, target)
  }
}

function reachabilityPast(plan: Pick<Plan, 'nodes' | 'edges'>, dead: readonly NodeNumber[]): Reaches {
  const successors = new Map<NodeNumber, NodeNumber[]>()
  for (const edge of plan.edges) {
    if (edge.to === DISCARD || (dead.includes(edge.from) && edge.label !== ON_ERROR)) continue
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

/** Whether a token can still come to `node` (or stands there), where groups that it would have to pass may be dead. */
export function canStillReach(
  { node: at, frames }: Carrier,
  node: NodeNumber,
  reaches: Reaches,
  reachesPast: ReachesPast,
): boolean {
  if (!reaches(at, node)) return false
  const dead = deadFor(frames)
  return dead.length === 0 || reachesPast(at, node, dead)
}

/** Upstream ones first, else in order of their numbers. */
export function upstreamFirst<Node extends PlanNode>(
  nodes: readonly Node[],
  reaches: (node: NodeNumber, target: NodeNumber) => boolean,
): Node[] {
  const ordered: Node[] = []
  const left = [...nodes]
  while (left.length > 0) {
    const next = left.findIndex(node => left.every(other => other === node || !reaches(other.number, node.number)))
    ordered.push(...left.splice(next, 1))
  }
  return ordered
}
