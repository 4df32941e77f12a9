/** The trees of a sealed run, or of a split that is closed, as they are stored: that an entry is in its log, and that one is the last of its row or batch. */
import { TiledTree } from '../../format/tiled-tree.ts'
import { type SubjectTrees, TREES } from '../../format/trees.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import type { Hash } from '../../model/sha256.ts'
import { UnsoundRecord } from '../evidence/unsound.ts'
import { entryName } from '../verify/check.ts'

type TreeReader = Pick<LedgerReader, 'tileRoots' | 'lastLeaves'>

export class RunTrees {
  readonly #reader: TreeReader
  readonly #log: number
  readonly #tree: TiledTree
  readonly #heads: SubjectTrees
  readonly #size: number
  readonly #subjects = new Map<'row' | 'batch', TiledTree>()

  /** `tree`: of all entries; `heads`: those of the seal; `size`: of how many entries the tree is in which one is shown to be. */
  constructor(reader: TreeReader, log: number, tree: TiledTree, heads: SubjectTrees, size = tree.size) {
    this.#reader = reader
    this.#log = log
    this.#tree = tree
    this.#heads = heads
    this.#size = size
  }

  /** Of an entry. @throws UnsoundRecord */
  async ofEntry(seq: number): Promise<readonly Hash[]> {
    const path = await this.#tree.inclusion(seq, this.#size)
    if (path === null) throw new UnsoundRecord([`${entryName(seq)} isn’t in the tree that was signed`])
    return path
  }

  /** Of the last entry of a row or batch, in the tree of these. @throws UnsoundRecord */
  async ofLast(kind: 'row' | 'batch', number: number): Promise<readonly Hash[]> {
    const tree = this.#subjects.get(kind) ?? (await this.#read(kind))
    this.#subjects.set(kind, tree)
    const path = await tree.inclusion(number - 1)
    if (path === null) throw new UnsoundRecord([`${kind} ${number} isn’t in the tree that the seal names`])
    return path
  }

  async #read(kind: 'row' | 'batch'): Promise<TiledTree> {
    const [tree, { size, root }] =
      kind === 'row' ? [TREES.rows, this.#heads.rows] : [TREES.batches, this.#heads.batches]
    const store = {
      size: async () => size,
      tiles: (level: number, from: number, most: number) =>
        this.#reader.tileRoots(this.#log, tree, { level, from, most }),
      leaves: (from: number, most: number) =>
        this.#reader.lastLeaves(this.#log, { kind, first: from + 1, last: Math.min(from + most, size) }),
    }
    const read = await TiledTree.read(store, { signed: root })
    if (read.root !== root)
      throw new UnsoundRecord([
        `the last entries of all ${kind === 'row' ? 'rows' : 'batches'} don’t give the root that the seal names`,
      ])
    return read
  }
}
