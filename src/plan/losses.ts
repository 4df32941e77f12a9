/** How a branch can be lost on its way to a coalesce by what the pipeline says; errors, which can happen anywhere, aside. */
import type { Branches } from './branches.ts'
import type { Draft, DraftEdge, DraftNode } from './draft.ts'

/** The first way that is found, in words, or null. */
export function firstLoss(draft: Draft, coalesce: DraftNode, branch: string, branches: Branches): string | null {
  const fork = branches.forkOf(branch)
  const start = fork === undefined ? undefined : draft.edge(fork, branch)
  if (start === undefined) return null
  const reaching = nodesBefore(draft, coalesce)
  const seen = new Set<DraftNode>()
  const edges: DraftEdge[] = [start]
  for (const edge of edges) {
    const { to } = edge
    if (to === coalesce || (to !== null && seen.has(to))) continue
    if (to === null || !reaching.has(to)) return `${words(edge)} leads to ${to === null ? 'discard' : `\`${to.name}\``}`
    seen.add(to)
    const loss = lossAt(to, coalesce, fork, branches)
    if (loss !== null) return loss
    const next = draft.from(to).filter(each => each.kind !== 'on_error')
    // For an inner fork one branch that continues is enough.
    const onward = next.filter(each => each.to === coalesce || (each.to !== null && reaching.has(each.to)))
    edges.push(...(to.kind === 'fork' && onward.length > 0 ? onward : next))
  }
  return null
}

function lossAt(node: DraftNode, coalesce: DraftNode, fork: DraftNode | undefined, branches: Branches): string | null {
  const spec = branches.spec(node)
  if (spec?.kind === 'transform' && spec.filters) return `\`${node.name}\` may filter rows out`
  if (spec?.kind === 'transform' && spec.cardinality === 'many') return `\`${node.name}\` may expand rows`
  const { config } = node
  if (config.kind === 'aggregate') {
    return config.output === 'transform'
      ? `\`${node.name}\` makes new rows of batches`
      : `\`${node.name}\` may drop rows`
  }
  if (config.kind === 'join') return `\`${node.name}\` makes new rows of those that match`
  if (config.kind === 'coalesce' && node !== coalesce && branches.forkOfCoalesce(config) === fork) {
    return `\`${node.name}\` joins it first`
  }
  return null
}

function words(edge: DraftEdge): string {
  if (edge.kind === 'route') return `route \`${edge.label}\` of \`${edge.from.name}\``
  return edge.kind === 'branch' ? `branch \`${edge.label}\` of \`${edge.from.name}\`` : `\`${edge.from.name}\``
}

/** Nodes from which a node can be reached without an error. */
function nodesBefore(draft: Draft, node: DraftNode): ReadonlySet<DraftNode> {
  const before = new Set([node])
  for (const at of before) for (const edge of draft.into(at)) if (edge.kind !== 'on_error') before.add(edge.from)
  return before
}
