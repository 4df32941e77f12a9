/**
 * Stored tiles against the entries: each full tile of a tree is there once with its root, and nothing else is. Tiles of rows and batches
 * are those of their last entries; they are in the table once the run is sealed, and before it in its commits.
 */

import { bytesToHex, HashArray } from '../../format/hash.ts'
import { tileRoot } from '../../format/tiled-tree.ts'
import { TILE_WIDTH, type Tile } from '../../format/tree.ts'
import { type SubjectTile, type SubjectTrees, TREES, type TreeHead } from '../../format/trees.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { grouped } from '../../model/number-text.ts'
import type { Hash } from '../../model/sha256.ts'
import type { Report } from './check.ts'
import { short } from './log.ts'
import { TiledFrontier } from './tiled-frontier.ts'

const TREE_NAMES = ['entries', 'rows', 'batches'] as const

/** Tiles of one tree as they are recomputed. */
export type Tiles = readonly Tile[]

/** Last entries of rows, or of batches. Of those that are closed only what a tile needs is kept. */
export class LastLeaves {
  readonly #full = new Map<number, Hash>()
  readonly #parts = new Map<number, PartOfTile>()
  #size = 0

  /** `closed`: it is the last entry of its row or batch, by all that its entries say. */
  take(number: number, leaf: Hash, closed: boolean): void {
    const index = Math.floor((number - 1) / TILE_WIDTH)
    // An entry behind the last one: reported where stories are looked at.
    if (this.#full.has(index)) return
    if (number > this.#size) this.#size = number
    const part = this.#parts.get(index) ?? new PartOfTile()
    this.#parts.set(index, part)
    part.set((number - 1) % TILE_WIDTH, leaf, closed)
    if (part.closed < TILE_WIDTH) return
    this.#parts.delete(index)
    this.#full.set(index, tileRoot(part.first(TILE_WIDTH) ?? []))
  }

  /** Last entries of rows, or batches, that follow one another from `first` on; `tiles`: roots of tiles among them, by index. */
  takeAll(first: number, leaves: readonly Hash[], tiles: ReadonlyMap<number, Hash>): void {
    for (let i = 0; i < leaves.length; i++) {
      const before = first - 1 + i
      const root = before % TILE_WIDTH === 0 ? tiles.get(before / TILE_WIDTH) : undefined
      if (root !== undefined && this.#takeTile(before / TILE_WIDTH, root)) i += TILE_WIDTH - 1
      else this.take(before + 1, leaves[i] ?? '', true)
    }
  }

  /** False if some of it has been taken before. */
  #takeTile(index: number, root: Hash): boolean {
    if (this.#full.has(index) || this.#parts.has(index)) return false
    this.#size = Math.max(this.#size, (index + 1) * TILE_WIDTH)
    this.#full.set(index, root)
    return true
  }

  /** Root of a tile of which nothing is open; null if there is no such tile. */
  tile(index: number): Hash | null {
    return this.#full.get(index) ?? null
  }

  /** The whole tree; null if of some row or batch in it nothing is known. */
  tree(): { readonly head: TreeHead; readonly tiles: Tiles } | null {
    const tiles: Tile[] = []
    const tree = new TiledFrontier(tile => tiles.push(tile))
    const whole = Math.floor(this.#size / TILE_WIDTH)
    for (let index = 0; index < whole; index++) {
      const root = this.#full.get(index) ?? this.#partRoot(index)
      if (root === null) return null
      tree.appendTile(root)
    }
    const rest = this.#firstOf(whole, this.#size % TILE_WIDTH)
    if (rest === null) return null
    for (const leaf of rest) tree.append(leaf)
    return { head: { size: this.#size, root: tree.root() }, tiles }
  }

  #partRoot(index: number): Hash | null {
    const leaves = this.#firstOf(index, TILE_WIDTH)
    return leaves === null ? null : tileRoot(leaves)
  }

  #firstOf(index: number, count: number): readonly Hash[] | null {
    return (this.#parts.get(index) ?? new PartOfTile()).first(count)
  }
}

const UNKNOWN = 0
const OPEN = 1
const CLOSED = 2

/** The leaves of a tile as bytes: there are as many as rows that are held. */
class PartOfTile {
  closed = 0
  readonly #leaves = new HashArray(TILE_WIDTH)
  readonly #states = new Uint8Array(TILE_WIDTH)

  set(place: number, leaf: Hash, closed: boolean): void {
    this.#leaves.set(place, leaf)
    const before = this.#states[place]
    if (closed && before !== CLOSED) this.closed++
    if (before !== CLOSED) this.#states[place] = closed ? CLOSED : OPEN
  }

  /** null if one of them isn't known. */
  first(count: number): readonly Hash[] | null {
    if (this.#states.subarray(0, count).includes(UNKNOWN)) return null
    return Array.from({ length: count }, (_, place) => this.#leaves.at(place))
  }
}

/** What commits say of tiles that are full is true, and each is recorded once. */
export class CommitTiles {
  readonly #seen = new Map<string, { readonly tile: SubjectTile; readonly seq: number }>()

  take(seq: number, tiles: readonly SubjectTile[], check: Report): void {
    for (const tile of tiles) {
      const key = `${tile[0]} ${tile[1]}`
      if (this.#seen.has(key)) check.add(`entry ${grouped(seq)}: ${nameOf(tile[0], 0, tile[1])} was recorded before`)
      this.#seen.set(key, { tile, seq })
    }
  }

  compare(rows: LastLeaves, batches: LastLeaves, check: Report): void {
    for (const { tile, seq } of this.#seen.values()) {
      const [tree, index, root] = tile
      const leaves = tree === TREES.rows ? rows : tree === TREES.batches ? batches : null
      const found = leaves?.tile(index) ?? null
      const what = `entry ${grouped(seq)}: ${nameOf(tree, 0, index)}`
      if (found === null) check.add(`${what} is recorded as full, and isn’t`)
      else if (found !== root) check.add(`${what} is recorded with root ${short(root)}, and has ${short(found)}`)
    }
  }
}

/** By tree, in order of level and place. */
export type TilesOfTrees = readonly [entries: Tiles, rows: Tiles, batches: Tiles]

export async function compareTiles(
  reader: LedgerReader,
  log: number,
  tiles: TilesOfTrees,
  check: Report,
): Promise<void> {
  const expected = new Map<string, Hash>()
  for (const [tree, of_tree] of tiles.entries())
    for (const { level, index, root } of of_tree) expected.set(`${tree} ${level} ${index}`, root)
  for await (const { tree, level, idx, hash } of reader.tiles(log)) {
    const key = `${tree} ${level} ${idx}`
    const [root, stored] = [expected.get(key), bytesToHex(hash)]
    const what = `the table of tiles: ${nameOf(tree, level, idx)}`
    if (root === undefined) check.add(`${what} is there, and isn’t full`)
    else if (root !== stored) check.add(`${what} has root ${short(stored)}, and entries give ${short(root)}`)
    expected.delete(key)
  }
  const [missing] = expected.keys()
  if (missing === undefined) return
  const [tree, level, index] = missing.split(' ').map(Number) as [number, number, number]
  const others = expected.size === 1 ? '' : `, and ${grouped(expected.size - 1)} others`
  check.add(`the table of tiles: ${nameOf(tree, level, index)} is missing${others}`)
}

/** The seal's trees are those of the last entries. */
export function compareTrees(seal: SubjectTrees, rows: TreeHead, batches: TreeHead, check: Report): void {
  for (const [what, said, found] of [['rows', seal.rows, rows] as const, ['batches', seal.batches, batches] as const])
    if (said.size !== found.size)
      check.add(`the seal covers ${grouped(said.size)} ${what}, and there are ${grouped(found.size)}`)
    else if (said.root !== found.root)
      check.add(`the last entries of ${what} give root ${short(found.root)}, and the seal has ${short(said.root)}`)
}

function nameOf(tree: number, level: number, index: number): string {
  return `tile ${grouped(index)} of level ${level} of ${TREE_NAMES[tree] ?? `tree ${tree}`}`
}
