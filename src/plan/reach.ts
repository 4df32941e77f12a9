/** Cycles, and what no row can reach (PLAN-3). Error edges count like all others. */
import type { Draft, DraftEdge, DraftNode } from './draft.ts'
import type { Report } from './report.ts'
import { SIDES } from './target.ts'
import type { Wiring } from './wiring.ts'

/** Problems: CUSTODY_DEAD_NODE, CUSTODY_UNREACHABLE_SINK. */
export function checkReachability(draft: Draft, { meant, uncertain }: Wiring, report: Report): void {
  const sources = draft.nodes.filter(node => node.kind === 'source')
  if (uncertain || sources.length === 0) return
  const reached = new Set<DraftNode>([...sources, ...meant])
  for (const node of reached) for (const edge of draft.from(node)) if (edge.to !== null) reached.add(edge.to)
  for (const node of draft.nodes) {
    if (reached.has(node)) continue
    const from = draft.into(node).find(edge => edge.from !== node)?.from
    const sink = node.kind === 'sink'
    const message = `no row can ever reach ${sink ? 'the sink' : 'the node'} \`${node.name}\``
    const hint =
      from === undefined
        ? 'point something at it, or remove it'
        : `only ${from.name} leads to it, and no row can reach that`
    report.error(sink ? 'CUSTODY_UNREACHABLE_SINK' : 'CUSTODY_DEAD_NODE', node.path, message, { part: 'key', hint })
  }
  for (const node of draft.nodes)
    if (node.kind === 'join' && reached.has(node) && !meant.has(node)) checkSides(draft, node, reached, report)
}

/** A join of one side would only hold its rows. */
function checkSides(draft: Draft, node: DraftNode, reached: ReadonlySet<DraftNode>, report: Report): void {
  for (const side of SIDES) {
    if (draft.into(node).some(edge => edge.side === side && reached.has(edge.from))) continue
    const message = `no row can ever reach the ${side} side of the join \`${node.name}\``
    report.error('CUSTODY_DEAD_NODE', node.path, message, {
      part: 'key',
      hint: `point something at ${node.name}.${side}`,
    })
  }
}

/**
 * Nodes in an order in which each stands behind all that lead to it; those on a cycle, or behind one, are left out.
 * Problems: CUSTODY_CYCLE, one for each knot of nodes that reach each other, naming a shortest cycle of it.
 */
export function orderNodes(draft: Draft, report: Report): readonly DraftNode[] {
  const waiting = new Map<DraftNode, number>(draft.nodes.map(node => [node, 0]))
  for (const { to } of draft.edges) if (to !== null) waiting.set(to, (waiting.get(to) ?? 0) + 1)
  const ordered = draft.nodes.filter(node => waiting.get(node) === 0)
  for (const node of ordered) {
    for (const { to } of draft.from(node)) {
      if (to === null) continue
      const left = (waiting.get(to) ?? 0) - 1
      waiting.set(to, left)
      if (left === 0) ordered.push(to)
    }
  }
  const rest = new Set(draft.nodes.filter(node => (waiting.get(node) ?? 0) > 0))
  for (const node of draft.nodes) {
    if (!rest.has(node)) continue
    const cycle = shortestCycle(draft, node)
    if (cycle === null) continue
    reportCycle(cycle, report)
    for (const each of knot(draft, node)) rest.delete(each)
  }
  return ordered
}

/** Edges of a shortest way from a node back to itself. */
function shortestCycle(draft: Draft, start: DraftNode): readonly DraftEdge[] | null {
  const came_by = new Map<DraftNode, DraftEdge>()
  const queue = [start]
  for (const node of queue) {
    for (const edge of draft.from(node)) {
      if (edge.to === null || came_by.has(edge.to)) continue
      came_by.set(edge.to, edge)
      if (edge.to === start) return wayBack(start, came_by)
      queue.push(edge.to)
    }
  }
  return null
}

function wayBack(start: DraftNode, came_by: ReadonlyMap<DraftNode, DraftEdge>): readonly DraftEdge[] {
  const edges: DraftEdge[] = []
  let edge = came_by.get(start)
  while (edge !== undefined) {
    edges.unshift(edge)
    edge = edge.from === start ? undefined : came_by.get(edge.from)
  }
  return edges
}

/** All nodes that `node` reaches and that reach it. */
function knot(draft: Draft, node: DraftNode): readonly DraftNode[] {
  const closure = (next: (at: DraftNode) => readonly (DraftNode | null)[]) => {
    const seen = new Set([node])
    for (const at of seen) for (const each of next(at)) if (each !== null) seen.add(each)
    return seen
  }
  const after = closure(at => draft.from(at).map(edge => edge.to))
  const before = closure(at => draft.into(at).map(edge => edge.from))
  return [...after].filter(each => before.has(each))
}

function reportCycle(cycle: readonly DraftEdge[], report: Report): void {
  const last = cycle.at(-1) as DraftEdge
  const way = cycle.map(edge => `${edge.from.name}${edge.label === 'to' ? '' : ` (${edge.label})`} → `).join('')
  const from_defaults = last.path[0] === 'defaults'
  const hint = from_defaults
    ? `give ${last.from.name} an ${last.kind} of its own, for example discard`
    : 'lead one of these edges elsewhere'
  report.error(
    'CUSTODY_CYCLE',
    from_defaults ? last.from.path : last.path,
    `rows would go in a circle: ${way}${last.to?.name}`,
    {
      hint,
      part: from_defaults ? 'key' : 'value',
    },
  )
}
