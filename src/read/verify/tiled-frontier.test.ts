import { expect, test } from 'vitest'
import { leafHash } from '../../format/hash.ts'
import { tileRoot } from '../../format/tiled-tree.ts'
import { Frontier, TILE_WIDTH, type Tile } from '../../format/tree.ts'
import { TiledFrontier } from './tiled-frontier.ts'

const SIZES = [0, 1, 255, 256, 257, 1000, 256 * 256 + 300]

test('is the tree of its leaves, however they come, and tells the same tiles', () => {
  const leaves = Array.from({ length: Math.max(...SIZES) }, (_, i) => leafHash(`${i}`))
  for (const size of SIZES) {
    const expected: Tile[] = []
    const whole = new Frontier()
    for (const leaf of leaves.slice(0, size)) whole.append(leaf, tile => expected.push(tile))
    for (const by_tiles of [false, true]) {
      const tiles: Tile[] = []
      const tree = new TiledFrontier(tile => tiles.push(tile))
      for (let at = 0; at < size; ) {
        const tile = leaves.slice(at, Math.min(size, at + TILE_WIDTH))
        if (by_tiles && tile.length === TILE_WIDTH) tree.appendTile(tileRoot(tile))
        else for (const leaf of tile) tree.append(leaf)
        at += tile.length
      }
      expect([tree.size, tree.root()]).toEqual([size, whole.root()])
      expect(tiles).toEqual(expected)
    }
  }
})

test('takes no tile within another', () => {
  const tree = new TiledFrontier(() => undefined)
  tree.append(leafHash('a'))
  expect(() => tree.appendTile(leafHash('b'))).toThrow(TypeError)
})
