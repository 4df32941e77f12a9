/** The shape of a plan as evidence keeps it: names, kinds and ways, no content. Part of entry 0 of each run. */

export type NodeKind = 'source' | 'transform' | 'gate' | 'fork' | 'coalesce' | 'aggregate' | 'join' | 'sort' | 'sink'

export interface TopologyNode {
  readonly name: string
  readonly kind: NodeKind
  /** Absent for gates with an expression, forks and coalesces. */
  readonly plugin?: string
  /** For a fork: its branches in order. For a coalesce: the branches it expects, in order. */
  readonly branches?: readonly string[]
  /** For a coalesce. */
  readonly policy?: string
  /** For a join: the fields of its key on each side, in order, which are compared pairwise. */
  readonly keys?: { readonly [side in JoinSide]: readonly string[] }
  /** For an aggregate with a batch for each key: the fields of the key, in order. */
  readonly per?: readonly string[]
  /**
   * Places in `per`, or in `keys`, from 0 and ascending, where the plan knows decimals with any number of digits behind their points: these are
   * compared by value, so that 1.5 and 1.50 are the same key. Absent if there are none.
   */
  readonly by_value?: readonly number[]
  /** For a sort: its keys, the first one first. */
  readonly sort?: readonly SortKey[]
  /** Services that its plugin calls; absent if there are none. */
  readonly services?: readonly string[]
  /** For a transform, gate or aggregate whose plugin may give something else for the same rows; absent if it doesn't. */
  readonly determinism?: 'external' | 'random'
  /** For a transform that takes its tokens in order, as sinks do, so that what it gives depends on their positions; else absent. */
  readonly ordered?: true
}

/** Kinds of nodes where the order shows in which tokens are taken. */
const ORDERED: ReadonlySet<NodeKind> = new Set<NodeKind>(['coalesce', 'aggregate', 'join', 'sort', 'sink'])

/** Whether what becomes of tokens there, or of what they become, depends on who comes first. */
export function isOrderShown({ kind, ordered }: Pick<TopologyNode, 'kind' | 'ordered'>): boolean {
  return ORDERED.has(kind) || ordered === true
}

/** By what a sort puts rows in order. */
export interface SortKey {
  readonly field: string
  readonly order: 'asc' | 'desc'
  /** Where rows stand in which the field is null or missing. */
  readonly nulls: 'first' | 'last'
  /** Present where the plan knows that the field's texts are numbers, decimals or big integers: they stand by value. */
  readonly as?: 'number'
}

/** By which side rows come to a join. */
export type JoinSide = 'left' | 'right'

/** `discard` as the target of an edge. */
export const DISCARD = 0

/**
 * Nodes count from 1 in the order sources, nodes, sinks of the file; edges from 1.
 * An edge is `[from, label, to]`; `to` is a node's number or DISCARD; one that leads to a join says to which side. The label of an ordinary edge is `to`, of a gate's
 * edge its route (a join has `matched`, `left` and `right`), of a fork's edge its branch, of an error edge `on_error`, of a source's reject edge `on_invalid`.
 */
export interface Topology {
  readonly nodes: readonly TopologyNode[]
  readonly edges: ReadonlyArray<readonly [from: number, label: string, to: number, side?: JoinSide]>
}
