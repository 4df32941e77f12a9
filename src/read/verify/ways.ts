/** The topology of a run as the verifier asks it: what is a node, where does an edge lead, and of what nature is it. */
import {
  DISCARD,
  type JoinSide,
  type NodeKind,
  type SortKey,
  type Topology,
  type TopologyNode,
} from '../../format/topology.ts'

const ON_ERROR = 'on_error'
const ON_INVALID = 'on_invalid'

export class Ways {
  readonly topology: Topology
  readonly #nodes: readonly TopologyNode[]
  readonly #edges: Topology['edges']

  constructor(topology: Topology) {
    this.topology = topology
    this.#nodes = topology.nodes
    this.#edges = topology.edges
  }

  /** undefined if there is no such node. */
  kind(node: number): NodeKind | undefined {
    return this.#nodes[node - 1]?.kind
  }

  /** For problems: a node's name, or its number if there is no such node. */
  name(node: number): string {
    if (node === DISCARD) return 'discard'
    return this.#nodes[node - 1]?.name ?? `node ${node}`
  }

  /** Of the node; undefined if it has none. */
  plugin(node: number): string | undefined {
    return this.#nodes[node - 1]?.plugin
  }

  /** Of an edge; empty if there is no such edge. */
  label(edge: number): string {
    return this.#edges[edge - 1]?.[1] ?? ''
  }

  /** Of the edges by which a node can be left without an error. */
  labels(node: number): readonly string[] {
    return this.#edges.flatMap(([from, label], i) => (from === node && this.isForFlow(i + 1) ? [label] : []))
  }

  hasEdge(edge: number): boolean {
    return this.#edges[edge - 1] !== undefined
  }

  /** Node that an edge leaves; 0 if there is no such edge. */
  from(edge: number): number {
    return this.#edges[edge - 1]?.[0] ?? 0
  }

  /** Node that an edge leads to, or DISCARD. */
  to(edge: number): number {
    return this.#edges[edge - 1]?.[2] ?? DISCARD
  }

  /** Whether an edge is one that errors take. */
  isForErrors(edge: number): boolean {
    const found = this.#edges[edge - 1]
    if (found === undefined) return false
    return found[1] === (this.kind(found[0]) === 'source' ? ON_INVALID : ON_ERROR)
  }

  /** Whether an edge can be taken without an error: a gate may have a route that is named `on_error`. */
  isForFlow(edge: number): boolean {
    const found = this.#edges[edge - 1]
    if (found === undefined) return false
    return !this.isForErrors(edge) || this.#edges.some(other => other !== found && sameWay(other, found))
  }

  /** The edge by which what met an error leaves a node; 0 if there is none. */
  errorEdge(node: number): number {
    return this.#edges.findIndex(([from, label]) => from === node && label === ON_ERROR) + 1
  }

  /** The edge by which what is born at a node leaves it; 0 if there is none. */
  birthEdge(node: number, ordinal: number): number {
    const kind = this.kind(node)
    const label = kind === 'fork' ? this.branches(node)[ordinal] : kind === 'join' ? 'matched' : 'to'
    return this.#edges.findIndex(([from, each]) => from === node && each === label) + 1
  }

  /** Of a fork or coalesce. */
  branches(node: number): readonly string[] {
    return this.#nodes[node - 1]?.branches ?? []
  }

  /** Of an aggregate with a batch for each key: the fields of the key. */
  per(node: number): readonly string[] | undefined {
    return this.#nodes[node - 1]?.per
  }

  /** Of a sort: its keys. */
  sort(node: number): readonly SortKey[] | undefined {
    return this.#nodes[node - 1]?.sort
  }

  /** Places of decimals in `per` or `keys`. */
  byValue(node: number): readonly number[] {
    return this.#nodes[node - 1]?.by_value ?? []
  }

  /** Of a join: the fields of its key, by side. */
  keys(node: number): TopologyNode['keys'] {
    return this.#nodes[node - 1]?.keys
  }

  /** To which side of a join an edge leads; undefined if it leads to none. */
  side(edge: number): JoinSide | undefined {
    return this.#edges[edge - 1]?.[3]
  }

  /** How many services a node calls. */
  services(node: number): number {
    return this.#nodes[node - 1]?.services?.length ?? 0
  }

  /** Of a coalesce. */
  policy(node: number): string | undefined {
    return this.#nodes[node - 1]?.policy
  }

  get nodes(): readonly TopologyNode[] {
    return this.#nodes
  }

  /** What is wrong with the topology itself. */
  *problems(): Iterable<string> {
    const names = new Set<string>()
    for (const [i, { name, kind, branches, keys, per, sort, ordered, by_value }] of this.#nodes.entries()) {
      if (names.has(name)) yield `two nodes have the name ${JSON.stringify(name)}`
      names.add(name)
      const joins = kind === 'fork' || kind === 'coalesce'
      if (joins !== (branches !== undefined)) yield `node ${i + 1} is a ${kind} ${joins ? 'without' : 'with'} branches`
      if ((kind === 'sort') !== (sort !== undefined))
        yield `node ${i + 1} is a ${kind} ${kind === 'sort' ? 'without' : 'with'} keys to sort by`
      if ((kind === 'join') !== (keys !== undefined))
        yield `node ${i + 1} is a ${kind} ${keys === undefined ? 'without' : 'with'} the keys of a join`
      const places = (per ?? keys?.left ?? []).length
      if (by_value?.some((place, at) => place >= places || place <= (by_value[at - 1] ?? -1)) === true)
        yield `node ${i + 1} is a ${kind} whose key has no such places as are compared by value`
      if (ordered === true && kind !== 'transform')
        yield `node ${i + 1} is a ${kind}, and said to be an ordered transform`
    }
    for (const [i, [from, , to, side]] of this.#edges.entries()) {
      if (this.kind(from) === undefined) yield `edge ${i + 1} leaves node ${from}, which isn't there`
      if (to !== DISCARD && this.kind(to) === undefined) yield `edge ${i + 1} leads to node ${to}, which isn't there`
      if (this.kind(to) === 'source') yield `edge ${i + 1} leads to a source`
      if ((this.kind(to) === 'join') !== (side !== undefined))
        yield `edge ${i + 1} leads to ${this.name(to)} ${side === undefined ? 'without' : 'with'} the side of a join`
    }
  }
}

function sameWay(a: Topology['edges'][number], b: Topology['edges'][number]): boolean {
  return a[0] === b[0] && a[1] === b[1]
}
