import { expect, test } from 'vitest'
import type { Hash } from '../model/sha256.ts'
import { leafHash } from './hash.ts'
import { TiledTree, type TreeStore, tileRoot } from './tiled-tree.ts'
import { checkInclusion, consistencyProof, Frontier, inclusionProof, rangeRoot, TILE_WIDTH, type Tile } from './tree.ts'

const leavesTo = (size: number) => Array.from({ length: size }, (_, i) => leafHash(`entry ${i}`))
/** So large that tiles have three levels. */
const SIZE = TILE_WIDTH ** 2 + 3 * TILE_WIDTH + 77
const LEAVES = leavesTo(SIZE)
const leafAt = (index: number) => LEAVES[index] as Hash

/** All full tiles of the first `size` leaves, by level and place. */
function tilesOf(size: number): Map<string, Hash> {
  const tiles = new Map<string, Hash>()
  const tree = new Frontier()
  const onTile = ({ level, index, root }: Tile) => tiles.set(`${level} ${index}`, root)
  for (const leaf of LEAVES.slice(0, size)) tree.append(leaf, onTile)
  return tiles
}

interface Counted extends TreeStore {
  /** How many hashes were read. */
  readonly read: () => number
}

function storeOf(size: number, tiles: ReadonlyMap<string, Hash>, leaves: readonly Hash[] = LEAVES): Counted {
  let read = 0
  const counted = (hashes: readonly Hash[]) => {
    read += hashes.length
    return hashes
  }
  return {
    size: async () => size,
    leaves: async (from, most) => counted(leaves.slice(from, Math.min(from + most, size))),
    tiles: async (level, from, most) => {
      const found: Hash[] = []
      for (let at = from; at < from + most; at++) {
        const root = tiles.get(`${level} ${at}`)
        if (root === undefined) break
        found.push(root)
      }
      return counted(found)
    },
    read: () => read,
  }
}

test.each([1, 2, 255, 256, 257, 511, 512, 513, 767, 1024, 1300])(
  'of %d leaves proofs are those of the plain tree, whichever tiles are stored',
  async size => {
    const all = tilesOf(size)
    for (const kept of [() => true, (at: number) => at % 2 === 0, () => false]) {
      const tree = await TiledTree.read(storeOf(size, new Map([...all].filter((_, at) => kept(at)))))
      expect(tree).toMatchObject({ size, root: rangeRoot(leafAt, 0, size) })
      const places = [0, 1, 255, 256, 300, 511, 512, 600, size - 2, size - 1].filter(each => each >= 0 && each < size)
      for (const index of places) {
        const proof = await tree.inclusion(index)
        expect(proof).toEqual(inclusionProof(index, size, leafAt))
        expect(checkInclusion(leafAt(index), index, size, proof ?? [], tree.root)).toBe(true)
        expect(await tree.inclusion(index, index + 1)).toEqual(inclusionProof(index, index + 1, leafAt))
        expect(await tree.rootOf(index)).toBe(rangeRoot(leafAt, 0, index))
        expect(await tree.consistency(index)).toEqual(consistencyProof(index, size, leafAt))
        expect(await tree.has(index, leafAt(index))).toBe(true)
        expect(await tree.has(index, leafHash('another'))).toBe(false)
      }
    }
  },
)

const whole = tilesOf(SIZE)
const signed = rangeRoot(leafAt, 0, SIZE)

test('of a long tree a tile of each level is read', async () => {
  for (const index of [0, 65_535, 65_536, 66_100, SIZE - 1]) {
    const store = storeOf(SIZE, whole)
    const tree = await TiledTree.read(store, { signed })
    const proof = await tree.inclusion(index)
    expect(checkInclusion(leafAt(index), index, SIZE, proof ?? [], tree.root)).toBe(true)
    expect(await tree.has(index, leafAt(index))).toBe(true)
    expect(store.read()).toBeLessThan(4 * TILE_WIDTH)
  }
  const tree = await TiledTree.read(storeOf(SIZE, whole))
  const appended = Frontier.from(tree.frontier())
  appended.append(leafHash('next'))
  expect(appended.root()).toBe(rangeRoot(index => LEAVES[index] ?? leafHash('next'), 0, SIZE + 1))
  expect(await tree.consistency(65_700)).toEqual(consistencyProof(65_700, SIZE, leafAt))
})

test('a tile that is stored wrong, or not at all, changes no answer', { tags: ['proof'] }, async () => {
  const another = leafHash('another')
  for (const [key, stored] of [
    ['0 3', another],
    ['0 3', null],
    ['0 257', another],
    ['1 0', null],
  ] as const) {
    const tiles = new Map(whole)
    if (stored === null) tiles.delete(key)
    else tiles.set(key, stored)
    const tree = await TiledTree.read(storeOf(SIZE, tiles), { signed })
    expect(tree.root).toBe(signed)
    for (const index of [800, 65_800]) {
      expect(await tree.inclusion(index), key).toEqual(inclusionProof(index, SIZE, leafAt))
      expect(await tree.has(index, another), key).toBe(false)
    }
  }
})

test('of a tile whose leaves were changed, and of a leaf that isn’t there, there is none', async () => {
  const changed = LEAVES.with(3, leafHash('another'))
  const tree = await TiledTree.read(storeOf(600, tilesOf(600), changed))
  expect(await tree.inclusion(4)).toBe(null)
  expect(await tree.has(3, leafHash('another'))).toBe(false)
  expect(await tree.has(4, leafAt(4))).toBe(false)
  expect(await tree.inclusion(300)).not.toBe(null)
  expect(await tree.inclusion(600)).toBe(null)
  expect(await tree.rootOf(601)).toBe(null)
  expect(await tree.consistency(601)).toBe(null)
  expect(await tree.hasTiles(0, LEAVES.slice(0, 2 * TILE_WIDTH))).toBe(true)
  expect(await tree.hasTiles(0, changed.slice(0, TILE_WIDTH))).toBe(false)
  expect(await tree.hasTiles(2 * TILE_WIDTH, LEAVES.slice(0, TILE_WIDTH))).toBe(false)
})

test('of leaves that aren’t there any more the tree isn’t that which was signed', async () => {
  const store = storeOf(600, tilesOf(600), LEAVES.slice(0, 590))
  const cut = await TiledTree.read(store, { signed: rangeRoot(leafAt, 0, 600) })
  expect(cut).toMatchObject({ size: 590, root: rangeRoot(leafAt, 0, 590) })
  expect(tileRoot(LEAVES.slice(0, TILE_WIDTH))).toBe(tilesOf(600).get('0 0'))
})
