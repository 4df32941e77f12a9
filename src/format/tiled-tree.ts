/**
 * A stored tree, read by the roots of its full tiles: of n leaves n/256 hashes and at most 255 leaves are read for its root, and 256
 * leaves for the answer whether some leaf is in it.
 *
 * The roots need no trust of their own: whoever compares `root` with one that was signed has checked them all.
 */
import type { Hash } from '../model/sha256.ts'
import { HASH_BYTES } from './hash.ts'
import { Frontier, TILE_WIDTH, WholeTree } from './tree.ts'

/** Where the tree is stored. */
export interface TreeStore {
  /** Roots of the full tiles of level 0, in their order, up to the first that is missing. */
  tiles(): Promise<readonly Hash[]>
  /** At most `most` leaves from `from` on, in their order, up to the first that is missing. */
  leaves(from: number, most: number): Promise<readonly Hash[]>
}

/**
 * Number of tiles whose leaves are kept at hand: 32 MB at most, and all of a log with a million entries, so that whoever reads one here and
 * one there reads each tile once.
 */
const TILES_AT_HAND = 4096

export class TiledTree {
  readonly size: number
  readonly #store: TreeStore
  readonly #tiles: readonly Hash[]
  /** Behind the last full tile. */
  readonly #rest: readonly Hash[]
  readonly #at_hand = new Map<number, Buffer>()
  /** Over the roots of its tiles, the last of which may not be full. */
  readonly #above: WholeTree

  private constructor(store: TreeStore, tiles: readonly Hash[], rest: readonly Hash[]) {
    this.#store = store
    this.#tiles = tiles
    this.#rest = rest
    this.#above = new WholeTree(this.#roots())
    this.size = tiles.length * TILE_WIDTH + rest.length
  }

  get root(): Hash {
    return this.#above.root
  }

  /** All leaves behind the last full tile that is stored, however many, are read. */
  static async read(store: TreeStore, onProgress?: (leaves: number) => void): Promise<TiledTree> {
    const tiles = await store.tiles()
    const rest: Hash[] = []
    for (;;) {
      const leaves = await store.leaves(tiles.length * TILE_WIDTH + rest.length, PAGE)
      for (const leaf of leaves) rest.push(leaf)
      if (leaves.length < PAGE) return new TiledTree(store, tiles, rest)
      onProgress?.(tiles.length * TILE_WIDTH + rest.length)
    }
  }

  /** All that appending to it takes. */
  frontier(): ReturnType<Frontier['state']> {
    const above = new Frontier()
    for (const tile of this.#tiles) above.append(tile)
    const frontier = Frontier.from({ size: this.#tiles.length * TILE_WIDTH, nodes: above.state().nodes })
    for (const leaf of this.#rest) frontier.append(leaf)
    return frontier.state()
  }

  /** Root of its first `size` leaves; null if it hasn't as many, or what is stored of them isn't its. */
  async rootOf(size: number): Promise<Hash | null> {
    if (!Number.isSafeInteger(size) || size < 0 || size > this.size) return null
    if (size === this.size) return this.root
    const tiles = Math.floor(size / TILE_WIDTH)
    const above = new Frontier()
    for (const tile of this.#tiles.slice(0, tiles)) above.append(tile)
    const whole = Math.min(tiles, this.#tiles.length)
    const part = Frontier.from({ size: whole * TILE_WIDTH, nodes: above.state().nodes })
    const in_rest = tiles >= this.#tiles.length
    const leaves = in_rest ? this.#rest : await this.#leavesOf(tiles)
    if (leaves.length < size - whole * TILE_WIDTH) return null
    for (const leaf of leaves.slice(0, size - whole * TILE_WIDTH)) part.append(leaf)
    return part.root()
  }

  /** Of a full tile; none if they don't give its root. */
  async #leavesOf(tile: number): Promise<readonly Hash[]> {
    return hashesIn(this.#at_hand.get(tile) ?? (await this.#read(tile)))
  }

  async has(index: number, leaf: Hash): Promise<boolean> {
    const tile = Math.floor(index / TILE_WIDTH)
    if (tile >= this.#tiles.length) return this.#rest[index - this.#tiles.length * TILE_WIDTH] === leaf
    const leaves = this.#at_hand.get(tile) ?? (await this.#read(tile))
    const at = (index % TILE_WIDTH) * HASH_BYTES
    return leaves.toString('hex', at, at + HASH_BYTES) === leaf
  }

  /** Whether leaves that fill tiles, from the beginning of one on, are in it: nothing else is read for that. */
  hasTiles(from: number, leaves: readonly Hash[]): boolean {
    if (from % TILE_WIDTH !== 0 || leaves.length % TILE_WIDTH !== 0) return false
    for (let at = 0; at < leaves.length; at += TILE_WIDTH)
      if (tileRoot(leaves.slice(at, at + TILE_WIDTH)) !== this.#tiles[(from + at) / TILE_WIDTH]) return false
    return true
  }

  /**
   * That leaf `index` is among its first `size` ones, as `inclusionProof` gives it; null if it isn't, or if what is stored of a tile isn't what
   * the tile's root says.
   */
  async inclusion(index: number, size = this.size): Promise<readonly Hash[] | null> {
    if (!Number.isSafeInteger(size) || index >= size || size > this.size) return null
    const tile = Math.floor(index / TILE_WIDTH)
    const end = Math.floor(size / TILE_WIDTH)
    const last = (await this.#tile(end)).slice(0, size % TILE_WIDTH)
    const leaves = tile === end ? last : await this.#tile(tile)
    if (leaves.length <= index % TILE_WIDTH || last.length < size % TILE_WIDTH) return null
    const above = size === this.size ? this.#above : new WholeTree([...this.#roots().slice(0, end), ...restRoots(last)])
    return [...new WholeTree(leaves).inclusion(index % TILE_WIDTH), ...above.inclusion(tile)]
  }

  /** The leaves of a tile, full or not; none if they don't give its root. */
  async #tile(tile: number): Promise<readonly Hash[]> {
    const behind = (tile - this.#tiles.length) * TILE_WIDTH
    return behind < 0 ? this.#leavesOf(tile) : this.#rest.slice(behind, behind + TILE_WIDTH)
  }

  #roots(): readonly Hash[] {
    return [...this.#tiles, ...restRoots(this.#rest)]
  }

  /** The bytes of a full tile's leaves; none if they don't give its root. */
  async #read(tile: number): Promise<Buffer> {
    const stored = await this.#store.leaves(tile * TILE_WIDTH, TILE_WIDTH)
    const is_whole = stored.length === TILE_WIDTH && tileRoot(stored) === this.#tiles[tile]
    const leaves = Buffer.from(is_whole ? stored.join('') : '', 'hex')
    this.#at_hand.set(tile, leaves)
    if (this.#at_hand.size > TILES_AT_HAND) this.#at_hand.delete(this.#at_hand.keys().next().value as number)
    return leaves
  }
}

const PAGE = 16 * TILE_WIDTH

function hashesIn(bytes: Buffer): readonly Hash[] {
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, i) =>
    bytes.toString('hex', i * HASH_BYTES, (i + 1) * HASH_BYTES),
  )
}

/** Roots of tiles that aren't stored. */
function restRoots(leaves: readonly Hash[]): readonly Hash[] {
  const roots: Hash[] = []
  for (let at = 0; at < leaves.length; at += TILE_WIDTH) roots.push(tileRoot(leaves.slice(at, at + TILE_WIDTH)))
  return roots
}

/** Root of the leaves of one tile, full or not. */
export function tileRoot(leaves: readonly Hash[]): Hash {
  const tree = new Frontier()
  for (const leaf of leaves) tree.append(leaf)
  return tree.root()
}
