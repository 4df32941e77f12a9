/**
 * The tree of a log as it is stored, and whether an entry is in it. Of a long log, looking at all entries takes seconds: its stored
 * tiles answer for them, as long as they combine to the root that was signed. Where they don't, all entries are looked at.
 */

import { TiledTree } from '../../format/tiled-tree.ts'
import { TREES } from '../../format/trees.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import type { Hash } from '../../model/sha256.ts'

/** `signed`: the root that is expected. */
export async function logTree(
  reader: LedgerReader,
  log: number,
  { signed, onProgress }: { readonly signed: Hash; readonly onProgress?: (entries: number) => void },
): Promise<TiledTree> {
  const leaves = (from: number, most: number) => reader.leaves(log, from, most)
  const tree = await TiledTree.read({ tiles: () => reader.tileRoots(log, TREES.log), leaves })
  return tree.root === signed ? tree : TiledTree.read({ tiles: async () => [], leaves }, onProgress)
}
