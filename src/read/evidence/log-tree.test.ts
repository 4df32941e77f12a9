import fc from 'fast-check'
import { expect, test } from 'vitest'
import { leafHash } from '../../format/hash.ts'
import { TiledTree, type TreeStore, tileRoot } from '../../format/tiled-tree.ts'
import { TILE_WIDTH } from '../../format/tree.ts'
import type { StoredEntry } from '../../ledger/read-port.ts'
import { strayOf } from './log-tree.ts'

const SIZE = 3 * TILE_WIDTH + 40
const BODIES = Array.from({ length: SIZE }, (_, seq) => `entry ${seq}`)
const LEAVES = BODIES.map(leafHash)
const TILES = [0, 1, 2].map(at => tileRoot(LEAVES.slice(at * TILE_WIDTH, (at + 1) * TILE_WIDTH)))
const signed = () => TiledTree.read(storeOf(LEAVES))

function storeOf(leaves: readonly string[]): TreeStore {
  return {
    size: async () => SIZE,
    tiles: async (level, from, most) => (level === 0 ? TILES.slice(from, from + most) : []),
    leaves: leavesOf(leaves),
  }
}

const ROOT = tileRoot(LEAVES)

/** Up to the first that is missing. */
function leavesOf(leaves: readonly string[]) {
  return async (from: number, most: number) => {
    const found = leaves.slice(from, from + most)
    return found.includes('') ? found.slice(0, found.indexOf('')) : found
  }
}

const entryAt = (seq: number, body = BODIES[seq] as string): StoredEntry => ({ seq, row: seq, batch: null, body })
/** Some of the entries, close together or far apart, in any order. */
const some = fc
  .tuple(fc.nat(SIZE - 1), fc.integer({ min: 1, max: 400 }), fc.nat(3))
  .map(([from, count, gap]) => Array.from({ length: count }, (_, i) => from + i * (gap + 1)).filter(seq => seq < SIZE))
  .chain(seqs => fc.shuffledSubarray(seqs, { minLength: Math.ceil(seqs.length / 2) }))

/** Often where a tile begins. */
const missing = fc.option(fc.oneof(fc.nat(SIZE - 1), fc.constantFrom(0, TILE_WIDTH, 2 * TILE_WIDTH)))

test('entries that were signed are in the tree', async () => {
  const tree = await signed()
  await fc.assert(
    fc.asyncProperty(some, async seqs => {
      expect(
        await strayOf(
          seqs.map(seq => entryAt(seq)),
          tree,
          leavesOf(LEAVES),
        ),
      ).toBeNull()
    }),
  )
})

test('one that wasn’t is found, whatever is stored beside it', async () => {
  await fc.assert(
    fc.asyncProperty(some, fc.nat(), missing, async (seqs, pick, missing) => {
      const wrong = seqs[pick % seqs.length] as number
      const stored = LEAVES.with(wrong, leafHash('another'))
      if (missing !== null) stored[missing] = ''
      const tree = await TiledTree.read(storeOf(stored))
      const entries = seqs.map(seq => entryAt(seq, seq === wrong ? 'another' : BODIES[seq]))
      // Else the tree isn't the one that was signed.
      if (tree.root === ROOT) expect(await strayOf(entries, tree, leavesOf(stored))).not.toBeNull()
    }),
  )
})

test('of two entries with one number one isn’t', async () => {
  const tree = await signed()
  const all = BODIES.slice(0, TILE_WIDTH).map((_, seq) => entryAt(seq))
  expect(await strayOf([entryAt(5, 'another'), ...all], tree, leavesOf(LEAVES))).toBe(5)
})
