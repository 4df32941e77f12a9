/**
 * The trees that a seal commits to, from the tiles that were followed during the run (closed-subjects.ts). Where they weren't,
 * the last entries of their rows or batches are read again, and each must be one that the log's tree has (I13).
 */

import { leafHash } from '../../format/hash.ts'
import { tileRoot } from '../../format/tiled-tree.ts'
import { Frontier, TILE_WIDTH } from '../../format/tree.ts'
import { type SubjectTrees, TREES, type TreeHead, type TreeNumber } from '../../format/trees.ts'
import { CustodyError } from '../../model/error.ts'
import { parseJson } from '../../model/json.ts'
import type { Hash } from '../../model/sha256.ts'
import type { LedgerReader } from '../read-port.ts'
import type { TileDraft } from '../write-port.ts'
import type { ClosedLeaves, ClosedSubjects } from './closed-subjects.ts'
import { treeOf } from './stored-tree.ts'

export interface BuiltTrees {
  readonly heads: SubjectTrees
  /** All full tiles of both. */
  readonly tiles: readonly TileDraft[]
}

/** `root`: of all entries of the log, which are durable. @throws CustodyError CUSTODY_LEDGER_ALTERED. */
export async function subjectTrees(
  reader: LedgerReader,
  log: number,
  closed: ClosedSubjects,
  root: Hash,
): Promise<BuiltTrees> {
  const tiles: TileDraft[] = []
  const stored = new LastLeaves(reader, log, root)
  const rows = await build(closed.rows, TREES.rows, tiles, index => stored.ofTile('row', index, closed.rows.size))
  const batches = await build(closed.batches, TREES.batches, tiles, index =>
    stored.ofTile('batch', index, closed.batches.size),
  )
  return { heads: { rows, batches }, tiles }
}

async function build(
  leaves: ClosedLeaves,
  tree: TreeNumber,
  tiles: TileDraft[],
  read: (tile: number) => Promise<readonly Hash[]>,
): Promise<TreeHead> {
  const { size } = leaves
  const full = Math.floor(size / TILE_WIDTH)
  const above = new Frontier()
  for (let index = 0; index < full; index++) {
    const root = leaves.tile(index) ?? tileRoot(await read(index))
    tiles.push({ tree, level: 0, index, root })
    above.append(root, tile => tiles.push({ ...tile, tree, level: tile.level + 1 }))
  }
  const whole = Frontier.from({ size: full * TILE_WIDTH, nodes: above.state().nodes })
  for (const leaf of leaves.rest() ?? (await read(full))) whole.append(leaf)
  return { size, root: whole.root() }
}

/** Leaves of last entries as they are stored. */
class LastLeaves {
  readonly #reader: LedgerReader
  readonly #log: number
  readonly #root: Hash
  #tree: ReturnType<typeof treeOf> | null = null

  constructor(reader: LedgerReader, log: number, root: Hash) {
    this.#reader = reader
    this.#log = log
    this.#root = root
  }

  /** Leaves of the rows or batches of one tile; there are `size` in all. */
  async ofTile(kind: 'row' | 'batch', tile: number, size: number): Promise<readonly Hash[]> {
    this.#tree ??= treeOf(this.#reader, this.#log)
    const tree = await this.#tree
    if (tree.root !== this.#root) throw this.#altered('tiles or entries that aren’t those of its tree')
    const range = { kind, first: tile * TILE_WIDTH + 1, last: Math.min(size, (tile + 1) * TILE_WIDTH) }
    const leaves: Hash[] = []
    for await (const { seq, body } of this.#reader.lastEntries(this.#log, range)) {
      const leaf = leafHash(body)
      const number = range.first + leaves.length
      if (!isLastOf(body, kind, number) || !(await tree.has(seq, leaf)))
        throw this.#altered(`an entry ${seq} that isn’t the last one of ${kind} ${number}`)
      leaves.push(leaf)
    }
    if (leaves.length !== range.last - range.first + 1) throw this.#altered(`lost entries of a ${kind}`)
    return leaves
  }

  #altered(what: string): CustodyError {
    return new CustodyError('CUSTODY_LEDGER_ALTERED', `log ${this.#log} of ${this.#reader.url} has ${what}`, {
      where: { path: `${this.#reader.url}, log ${this.#log}` },
    })
  }
}

/** Whether a text is an entry of that row or batch, behind which none of its tokens is open. */
function isLastOf(body: string, kind: 'row' | 'batch', number: number): boolean {
  const { r, b, o } = parseJson(body) as { readonly r?: number; readonly b?: number; readonly o?: number }
  return o === 0 && (kind === 'row' ? r : b) === number
}
