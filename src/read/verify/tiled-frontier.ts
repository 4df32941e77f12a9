/** A tree that is appended to leaf by leaf, or by whole tiles whose roots somebody else has made. */
import { Frontier, TILE_WIDTH, type Tile } from '../../format/tree.ts'
import type { Hash } from '../../model/sha256.ts'

export class TiledFrontier {
  /** Over the roots of full tiles of level 0. */
  readonly #above = new Frontier()
  /** Of the tile that isn't full. */
  #part = new Frontier()
  readonly #onTile: (tile: Tile) => void

  /** `onTile` is given each tile when it is full, the lowest first. */
  constructor(onTile: (tile: Tile) => void) {
    this.#onTile = onTile
  }

  /** Number of leaves. */
  get size(): number {
    return this.#above.size * TILE_WIDTH + this.#part.size
  }

  /** Whether a tile comes next. */
  get between_tiles(): boolean {
    return this.#part.size === 0
  }

  append(leaf: Hash): void {
    this.#part.append(leaf)
    if (this.#part.size < TILE_WIDTH) return
    const root = this.#part.root()
    this.#part = new Frontier()
    this.appendTile(root)
  }

  /** @throws TypeError within a tile. */
  appendTile(root: Hash): void {
    if (!this.between_tiles) throw new TypeError('a tile is appended within another one')
    this.#onTile({ level: 0, index: this.#above.size, root })
    this.#above.append(root, tile => this.#onTile({ ...tile, level: tile.level + 1 }))
  }

  root(): Hash {
    if (this.between_tiles) return this.#above.root()
    const nodes = [...this.#above.state().nodes, ...this.#part.state().nodes]
    return Frontier.from({ size: this.size, nodes }).root()
  }
}
