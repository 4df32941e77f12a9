/**
 * What an entry says of its row, as terms that filters ask for: `source:1`, `node:3`, `edge:5`, `branch:left`, `ending:1:4` (fate and sink),
 * `error:NO_RATE:3` (code and node). Numbers are those of the topology.
 *
 * TERMS-1. What a row has is what its entries have, together: no later entry takes a term away.
 */
import { GROUP_KINDS, type SubjectEntry } from '../format/entry.ts'
import type { Topology } from '../format/topology.ts'

export const sourceTerm = (node: number) => `source:${node}`
export const nodeTerm = (node: number) => `node:${node}`
export const edgeTerm = (edge: number) => `edge:${edge}`
export const branchTerm = (branch: string) => `branch:${branch}`
export const endingTerm = (fate: number, sink: number) => `ending:${fate}:${sink}`
export const errorTerm = (code: string, node: number) => `error:${code}:${node}`

export class EntryTerms {
  readonly #topology: Topology
  /** Number of an edge, by its node and label. */
  readonly #edges: ReadonlyMap<string, number>

  constructor(topology: Topology) {
    this.#topology = topology
    this.#edges = new Map(topology.edges.map(([from, label], i) => [`${from} ${label}`, i + 1]))
  }

  /** Tells each term, some of them more than once. */
  each(entry: SubjectEntry, tell: (term: string) => void): void {
    if (entry.origin !== null) tell(sourceTerm(entry.origin.source))
    for (const { node, edge, error } of entry.visits) {
      tell(nodeTerm(node))
      if (edge > 0) tell(edgeTerm(edge))
      if (error !== null) tell(errorTerm(error.code, node))
    }
    for (const birth of entry.births) if (birth.group > 0) this.#born(entry, birth, tell)
    for (const { fate, sink, node, error } of entry.endings) {
      tell(endingTerm(fate, sink))
      if (error !== null) tell(errorTerm(error.code, node))
    }
  }

  /** A token is born onto an edge of the node that its group is at; what opened the group, or ended with it, is in the same entry. */
  #born(entry: SubjectEntry, { group, ordinal }: SubjectEntry['births'][number], tell: (term: string) => void): void {
    const opened = entry.groups_opened.find(each => each.group === group)
    const node = opened?.node ?? entry.endings.find(each => each.group === group)?.node ?? 0
    const at = this.#topology.nodes[node - 1]
    const branch = at?.kind === 'fork' ? (at.branches?.[ordinal] ?? `${ordinal}`) : null
    if (branch !== null) tell(branchTerm(branch))
    const label = branch ?? (opened !== undefined && GROUP_KINDS[opened.kind] === 'join' ? 'matched' : 'to')
    const edge = this.#edges.get(`${node} ${label}`)
    if (edge !== undefined) tell(edgeTerm(edge))
  }
}
