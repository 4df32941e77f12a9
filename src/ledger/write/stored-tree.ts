/** A log's tree as it is stored, by its tiles. */

import { TiledTree } from '../../format/tiled-tree.ts'
import { TREES } from '../../format/trees.ts'
import type { LedgerReader } from '../read-port.ts'

/** Nothing of it is to be believed before its root was compared with one that was signed. */
export function treeOf(reader: Pick<LedgerReader, 'size' | 'tileRoots' | 'leaves'>, log: number): Promise<TiledTree> {
  return TiledTree.read({
    size: () => reader.size(log),
    tiles: (level, from, most) => reader.tileRoots(log, TREES.log, { level, from, most }),
    leaves: (from, most) => reader.leaves(log, from, most),
  })
}
