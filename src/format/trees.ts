/** The trees that a run's log has: that of its entries, and those of the last entries of its rows and batches (docs/ledger-format.md). */

/** As tables and entries number them. */
export const TREES = { log: 0, rows: 1, batches: 2 } as const
export type TreeNumber = (typeof TREES)[keyof typeof TREES]

/** `[tree, index, root]`: a tile of 256 rows or batches that can't change any more; `root` as hex. */
export type SubjectTile = readonly [tree: number, index: number, root: string]

/** The heads of two trees: leaf N−1 is the leaf hash of the last entry of row N in one, of batch N in the other. */
export interface SubjectTrees {
  readonly rows: TreeHead
  readonly batches: TreeHead
}

export interface TreeHead {
  /** Number of leaves. */
  readonly size: number
  readonly root: string
}
