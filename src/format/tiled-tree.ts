/**
 * A stored tree, read by its tiles: of n leaves at most 255 leaves and 255 roots of each level of tiles are read for its root, and for the
 * answer whether some leaf is in it, or a proof, one tile of each level more: O(log n) in all.
 *
 * TILED-TREE-1. What is stored needs no trust of its own: whoever compares `root` with one that was signed has checked the right edge, and
 *     each tile that is read later must give the root that the level above has of it.
 */
import type { Hash } from '../model/sha256.ts'
import { HASH_BYTES, nodeHash } from './hash.ts'
import {
  consistencyRanges,
  EMPTY_ROOT,
  Frontier,
  type FrontierState,
  inclusionRanges,
  largestPowerBelow,
  type Range,
  TILE_WIDTH,
  WholeTree,
} from './tree.ts'

/** Where the tree is stored. */
export interface TreeStore {
  /** Number of leaves. */
  size(): Promise<number>
  /** Roots of the full tiles of a level, from 0, at most `most` from place `from` on, up to the first that is missing. */
  tiles(level: number, from: number, most: number): Promise<readonly Hash[]>
  /** At most `most` leaves from `from` on, in their order, up to the first that is missing. */
  leaves(from: number, most: number): Promise<readonly Hash[]>
}

export interface ReadOptions {
  /** The root that is expected: where the tiles don't give it, all leaves are read. */
  readonly signed?: Hash
  /** Called now and then while all leaves are read. */
  readonly onProgress?: (leaves: number) => void
}

/**
 * Number of tiles whose hashes are kept at hand: 32 MB at most, and all of a log with a million entries, so that whoever reads one here and
 * one there reads each tile once.
 */
const TILES_AT_HAND = 4096

/** Rows of hashes, from the leaves up: row n + 1 has the roots of the full tiles over row n, which are those of level n. */
export class TiledTree {
  readonly size: number
  readonly root: Hash
  readonly #store: TreeStore
  /** Of each row what stands behind its last full tile. */
  readonly #edge: ReadonlyArray<readonly Hash[]>
  readonly #at_hand = new Map<number, Buffer>()

  private constructor(store: TreeStore, size: number, edge: ReadonlyArray<readonly Hash[]>) {
    this.#store = store
    this.#edge = edge
    this.size = size
    this.root = Frontier.from(this.frontier()).root()
  }

  static async read(store: TreeStore, { signed, onProgress }: ReadOptions = {}): Promise<TiledTree> {
    const size = await store.size()
    const edge = await edgeOf(store, size)
    const tree = edge === null ? null : new TiledTree(store, size, edge)
    if (tree !== null && (signed === undefined || tree.root === signed)) return tree
    const rows = rowsOver(await allLeaves(store, onProgress))
    const counts = rows.map(row => row.length)
    const edges = rows.map((row, i) => row.slice((counts[i + 1] ?? 0) * TILE_WIDTH))
    return new TiledTree(storeOf(rows), counts[0] ?? 0, edges)
  }

  /** All that appending to it takes. */
  frontier(): FrontierState {
    const nodes = this.#edge.toReversed().flatMap(row => {
      const part = new Frontier()
      for (const hash of row) part.append(hash)
      return part.state().nodes
    })
    return { size: this.size, nodes }
  }

  /** Root of its first `size` leaves; null if it hasn't as many, or what is stored of them isn't its. */
  async rootOf(size: number): Promise<Hash | null> {
    if (!Number.isSafeInteger(size) || size < 0 || size > this.size) return null
    if (size === this.size) return this.root
    return size === 0 ? EMPTY_ROOT : this.#rangeRoot([0, size])
  }

  async has(index: number, leaf: Hash): Promise<boolean> {
    return (await this.#hash(0, index)) === leaf
  }

  /** Whether leaves that fill tiles, from the beginning of one on, are in it: no leaf is read for that. */
  async hasTiles(from: number, leaves: readonly Hash[]): Promise<boolean> {
    if (from % TILE_WIDTH !== 0 || leaves.length % TILE_WIDTH !== 0) return false
    for (let at = 0; at < leaves.length; at += TILE_WIDTH)
      if (tileRoot(leaves.slice(at, at + TILE_WIDTH)) !== (await this.#hash(1, (from + at) / TILE_WIDTH))) return false
    return true
  }

  /**
   * That leaf `index` is among its first `size` ones, as `inclusionProof` gives it; null if there is no such leaf, or if what is stored of a
   * tile isn't what the tile's root says.
   */
  async inclusion(index: number, size = this.size): Promise<readonly Hash[] | null> {
    const has_leaf = Number.isSafeInteger(size) && index < size && size <= this.size
    return has_leaf ? this.#rangeRoots(inclusionRanges(index, size)) : null
  }

  /** That it begins with its first `old_size` leaves, as `consistencyProof` gives it; null as for `inclusion`. */
  async consistency(old_size: number): Promise<readonly Hash[] | null> {
    const begins = Number.isSafeInteger(old_size) && old_size >= 0 && old_size <= this.size
    return begins ? this.#rangeRoots(consistencyRanges(old_size, this.size)) : null
  }

  async #rangeRoots(ranges: readonly Range[]): Promise<readonly Hash[] | null> {
    const roots: Hash[] = []
    for (const range of ranges) {
      const root = await this.#rangeRoot(range)
      if (root === null) return null
      roots.push(root)
    }
    return roots
  }

  /** Of a range of the tree of some of its first leaves. */
  async #rangeRoot([start, end]: Range): Promise<Hash | null> {
    const count = end - start
    if (!isPowerOfTwo(count)) {
      const middle = start + largestPowerBelow(count)
      const left = await this.#rangeRoot([start, middle])
      const right = await this.#rangeRoot([middle, end])
      return left === null || right === null ? null : nodeHash(left, right)
    }
    let [row, width] = [0, 1]
    for (; width * TILE_WIDTH <= count; width *= TILE_WIDTH) row++
    const hashes: Hash[] = []
    for (let at = start / width; at < end / width; at++) {
      const hash = await this.#hash(row, at)
      if (hash === null) return null
      hashes.push(hash)
    }
    return new WholeTree(hashes).root
  }

  /** Null if there is none, or what is stored isn't it. */
  async #hash(row: number, index: number): Promise<Hash | null> {
    const tile = Math.floor(index / TILE_WIDTH)
    const full = this.#count(row + 1)
    const place = index - tile * TILE_WIDTH
    if (tile >= full) return (tile === full ? this.#edge[row]?.[place] : null) ?? null
    const hashes = this.#at_hand.get(keyOf(row, tile)) ?? (await this.#read(row, tile))
    return hashes.length === 0 ? null : hashes.toString('hex', place * HASH_BYTES, (place + 1) * HASH_BYTES)
  }

  #count(row: number): number {
    return Math.floor(this.size / TILE_WIDTH ** row)
  }

  /** The bytes of a full tile's hashes; none if they don't give its root. */
  async #read(row: number, tile: number): Promise<Buffer> {
    const root = await this.#hash(row + 1, tile)
    const isIt = (hashes: readonly Hash[]) => hashes.length === TILE_WIDTH && tileRoot(hashes) === root
    const stored = await storedTile(this.#store, row, tile)
    const found = isIt(stored) || row === 0 ? stored : await recomputed(this.#store, row, tile)
    const hashes = Buffer.from(isIt(found) ? found.join('') : '', 'hex')
    this.#at_hand.set(keyOf(row, tile), hashes)
    if (this.#at_hand.size > TILES_AT_HAND) this.#at_hand.delete(this.#at_hand.keys().next().value as number)
    return hashes
  }
}

/** There are seven rows at most: a whole number has 53 bits. */
function keyOf(row: number, tile: number): number {
  return tile * 8 + row
}

/** null if something of it is missing. */
async function edgeOf(store: TreeStore, size: number): Promise<ReadonlyArray<readonly Hash[]> | null> {
  const edge: Array<readonly Hash[]> = []
  for (let [row, count] = [0, size]; count > 0; row++) {
    const full = Math.floor(count / TILE_WIDTH)
    const rest = count - full * TILE_WIDTH
    const hashes = rest === 0 ? [] : await hashesOf(store, row, full * TILE_WIDTH, rest)
    if (hashes.length < rest) return null
    edge.push(hashes)
    count = full
  }
  return edge
}

function hashesOf(store: TreeStore, row: number, from: number, most: number): Promise<readonly Hash[]> {
  return row === 0 ? store.leaves(from, most) : store.tiles(row - 1, from, most)
}

function storedTile(store: TreeStore, row: number, tile: number): Promise<readonly Hash[]> {
  return hashesOf(store, row, tile * TILE_WIDTH, TILE_WIDTH)
}

/** The hashes of a tile from the leaves below it, where what is stored of it isn't so. */
async function recomputed(store: TreeStore, row: number, tile: number): Promise<readonly Hash[]> {
  const hashes: Hash[] = []
  for (let at = tile * TILE_WIDTH; at < (tile + 1) * TILE_WIDTH; at++) {
    const below = row === 1 ? await storedTile(store, 0, at) : await recomputed(store, row - 1, at)
    if (below.length < TILE_WIDTH) break
    hashes.push(tileRoot(below))
  }
  return hashes
}

const PAGE = 16 * TILE_WIDTH

async function allLeaves(store: TreeStore, onProgress?: (leaves: number) => void): Promise<readonly Hash[]> {
  const all: Hash[] = []
  for (;;) {
    const leaves = await store.leaves(all.length, PAGE)
    for (const leaf of leaves) all.push(leaf)
    if (leaves.length < PAGE) return all
    onProgress?.(all.length)
  }
}

/** At least the row of the leaves. */
function rowsOver(leaves: readonly Hash[]): ReadonlyArray<readonly Hash[]> {
  const rows = [leaves]
  for (let row = leaves; row.length >= TILE_WIDTH; rows.push(row)) {
    const above: Hash[] = []
    for (let at = 0; at + TILE_WIDTH <= row.length; at += TILE_WIDTH)
      above.push(tileRoot(row.slice(at, at + TILE_WIDTH)))
    row = above
  }
  return rows
}

function storeOf(rows: ReadonlyArray<readonly Hash[]>): TreeStore {
  const part = (row: number, from: number, most: number) => (rows[row] ?? []).slice(from, from + most)
  return {
    size: async () => rows[0]?.length ?? 0,
    tiles: async (level, from, most) => part(level + 1, from, most),
    leaves: async (from, most) => part(0, from, most),
  }
}

function isPowerOfTwo(count: number): boolean {
  let rest = count
  while (rest > 1 && rest % 2 === 0) rest /= 2
  return rest === 1
}

/** Root of the leaves of one tile, full or not. */
export function tileRoot(leaves: readonly Hash[]): Hash {
  const tree = new Frontier()
  for (const leaf of leaves) tree.append(leaf)
  return tree.root()
}
