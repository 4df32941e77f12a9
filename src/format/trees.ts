/** The trees that a run's log has: that of its entries, and those of the last entries of its rows and batches (docs/ledger-format.md). */

/** Trees of a log, as tables and entries number them: that of all its entries, and those of the last entries of rows and of batches. */
export const TREES = { log: 0, rows: 1, batches: 2 } as const
export type TreeNumber = (typeof TREES)[keyof typeof TREES]

/** `[tree, index, root]`: a tile of 256 rows or batches that can't change any more; `root` as hex. */
export type SubjectTile = readonly [tree: number, index: number, root: string]

/** Of two trees: leaf N−1 of the one is the leaf hash of the last entry of row N, of the other that of batch N. */
export interface SubjectTrees {
  readonly rows: TreeHead
  readonly batches: TreeHead
}

export interface TreeHead {
  /** Number of leaves. */
  readonly size: number
  readonly root: string
}
