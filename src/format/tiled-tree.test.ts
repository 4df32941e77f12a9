import { expect, test } from 'vitest'
import type { Hash } from '../model/sha256.ts'
import { leafHash } from './hash.ts'
import { TiledTree, tileRoot } from './tiled-tree.ts'
import { checkInclusion, inclusionProof, TILE_WIDTH } from './tree.ts'

const treeOf = (leaves: readonly Hash[], stored_tiles: number, changed: ReadonlyMap<number, Hash> = new Map()) =>
  TiledTree.read({
    tiles: async () =>
      Array.from({ length: stored_tiles }, (_, i) => tileRoot(leaves.slice(i * TILE_WIDTH, (i + 1) * TILE_WIDTH))),
    leaves: async (from, most) => leaves.slice(from, from + most).map((leaf, i) => changed.get(from + i) ?? leaf),
  })
const leavesTo = (size: number) => Array.from({ length: size }, (_, i) => leafHash(`entry ${i}`))

test.each([1, 2, 255, 256, 257, 511, 512, 513, 767, 1024, 1300])(
  'of %d leaves proofs are those of the plain tree, however many tiles are stored',
  async size => {
    const leaves = leavesTo(size)
    const full = Math.floor(size / TILE_WIDTH)
    for (const stored of new Set([0, Math.floor(full / 2), full])) {
      const tree = await treeOf(leaves, stored)
      const places = [0, 1, 255, 256, 300, 511, 512, 600, size - 2, size - 1].filter(each => each >= 0 && each < size)
      for (const index of places) {
        const proof = await tree.inclusion(index)
        expect(proof).toEqual(inclusionProof(index, size, i => leaves[i] as Hash))
        expect(checkInclusion(leaves[index] as Hash, index, size, proof ?? [], tree.root)).toBe(true)
      }
    }
  },
)

test('of a tile whose leaves were changed, and of a leaf that isn’t there, there is none', async () => {
  const leaves = leavesTo(600)
  const tree = await treeOf(leaves, 2, new Map([[3, leafHash('another')]]))
  expect(await tree.inclusion(4)).toBe(null)
  expect(await tree.inclusion(300)).not.toBe(null)
  expect(await tree.inclusion(600)).toBe(null)
})
