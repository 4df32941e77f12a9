/**
 * The tree of a log as it is stored, and whether an entry is in it. Of a long log, looking at all entries takes seconds: its stored
 * tiles answer for them, as long as they combine to the root that was signed. Where they don't, all entries are looked at.
 */

import { leafHash } from '../../format/hash.ts'
import { TiledTree } from '../../format/tiled-tree.ts'
import { TILE_WIDTH } from '../../format/tree.ts'
import { TREES } from '../../format/trees.ts'
import type { LedgerReader, StoredEntry } from '../../ledger/read-port.ts'
import type { Hash } from '../../model/sha256.ts'

/** `signed`: the root that is expected. */
export function logTree(
  reader: Pick<LedgerReader, 'size' | 'leaves' | 'tileRoots'>,
  log: number,
  options: { readonly signed: Hash; readonly onProgress?: (entries: number) => void },
): Promise<TiledTree> {
  const store = {
    size: () => reader.size(log),
    tiles: (level: number, from: number, most: number) => reader.tileRoots(log, TREES.log, { level, from, most }),
    leaves: (from: number, most: number) => reader.leaves(log, from, most),
  }
  return TiledTree.read(store, options)
}

type ReadLeaves = (from: number, most: number) => Promise<readonly Hash[]>

/** Leaves by seq. */
type Leaves = Map<number, Hash>

/** The seq of one of these entries that isn’t in the tree; null if all are. `readLeaves` reads others of their tiles. */
export async function strayOf(
  entries: readonly StoredEntry[],
  tree: TiledTree,
  readLeaves: ReadLeaves,
): Promise<number | null> {
  const tiles = new Map<number, Leaves>()
  for (const { seq, body } of entries) {
    const tile = Math.floor(seq / TILE_WIDTH)
    const leaves: Leaves = tiles.get(tile) ?? new Map()
    const leaf = leafHash(body)
    // Of two entries with one number one isn't.
    if ((leaves.get(seq) ?? leaf) !== leaf) return seq
    tiles.set(tile, leaves.set(seq, leaf))
  }
  for (const [tile, leaves] of tiles) {
    const all = leaves.size < MANY ? [] : await filled(tile, leaves, readLeaves)
    if (all.length === TILE_WIDTH && (await tree.hasTiles(tile * TILE_WIDTH, all))) continue
    for (const [seq, leaf] of leaves) if (!(await tree.has(seq, leaf))) return seq
  }
  return null
}

/** Of a tile's leaves: if so many are at hand it takes less to read the others than to read all. */
const MANY = TILE_WIDTH / 2

/** The leaves of a tile: those at hand, and what is stored of the others, up to the first that is missing. */
async function filled(tile: number, at_hand: Leaves, readLeaves: ReadLeaves): Promise<readonly Hash[]> {
  const leaves: Hash[] = []
  const [from, end] = [tile * TILE_WIDTH, (tile + 1) * TILE_WIDTH]
  for (let seq = from; seq < end; seq = from + leaves.length) {
    const leaf = at_hand.get(seq)
    if (leaf !== undefined) {
      leaves.push(leaf)
      continue
    }
    let next = seq + 1
    while (next < end && !at_hand.has(next)) next++
    const read = await readLeaves(seq, next - seq)
    if (read.length < next - seq) break
    leaves.push(...read)
  }
  return leaves
}
