/** Ways through a plan, as far as its topology shows them. */
import type { Topology } from '../../format/topology.ts'

/** Names of the sources from which rows can come to a node, in the order of the plan, by errors and rejects, too. */
export function reachedFrom({ nodes, edges }: Topology, node: string): readonly string[] {
  const target = nodes.findIndex(({ name }) => name === node) + 1
  const before = new Set([target])
  for (const each of before) for (const [from, , to] of edges) if (to === each) before.add(from)
  return nodes.flatMap(({ name, kind }, i) => (kind === 'source' && before.has(i + 1) ? [name] : []))
}
