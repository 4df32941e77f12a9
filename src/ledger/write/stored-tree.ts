/** A log's tree as it is stored, by its tiles. */

import { TiledTree } from '../../format/tiled-tree.ts'
import { TREES } from '../../format/trees.ts'
import type { LedgerReader } from '../read-port.ts'

/** Nothing of it is to be believed before its root was compared with one that was signed. */
export function treeOf(reader: Pick<LedgerReader, 'tileRoots' | 'leaves'>, log: number): Promise<TiledTree> {
  return TiledTree.read({
    tiles: () => reader.tileRoots(log, TREES.log),
    leaves: (from, most) => reader.leaves(log, from, most),
  })
}
