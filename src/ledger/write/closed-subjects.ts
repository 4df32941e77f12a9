/**
 * The two trees that a seal commits to: leaf N−1 is the leaf hash of the last entry of row N in one, of batch N in the other
 * (docs/ledger-format.md). They are built by tiles during the run, so that neither memory nor the seal grows with the run.
 *
 * CLOSED-SUBJECTS-1. A leaf is known when nothing more can happen to its row or batch. The leaves of a full tile are forgotten: its root stays.
 * CLOSED-SUBJECTS-2. Only what is durable counts: what is added waits for `accept`.
 * CLOSED-SUBJECTS-3. What was there before this process, and what waits very long, isn't followed: its leaves are read at the seal.
 */

import { tileRoot } from '../../format/tiled-tree.ts'
import { TILE_WIDTH } from '../../format/tree.ts'
import { type SubjectTile, TREES } from '../../format/trees.ts'
import type { Hash } from '../../model/sha256.ts'

/** Leaves that are kept while their tiles aren't full. */
const MOST_LEAVES = 100_000

/** The state of one tree, as data. */
export interface ClosedLeavesState {
  /** Number of the last row or batch that has an entry. */
  readonly last: number
  /** Those up to here are known by full tiles only. */
  readonly before: number
  readonly tiles: ReadonlyMap<number, Hash>
  /** Leaves of tiles that aren't full, by their places. */
  readonly parts: ReadonlyMap<number, ReadonlyMap<number, Hash>>
  readonly unfollowed: readonly number[]
}

export interface ClosedSubjectsState {
  readonly rows: ClosedLeavesState
  readonly batches: ClosedLeavesState
}

interface Closing {
  readonly leaves: ClosedLeaves
  readonly number: number
  /** null: more can happen to it. */
  readonly leaf: Hash | null
}

export class ClosedSubjects {
  readonly rows: ClosedLeaves
  readonly batches: ClosedLeaves
  #waiting: Closing[] = []

  constructor({ rows, batches }: ClosedSubjectsState) {
    this.rows = new ClosedLeaves(rows)
    this.batches = new ClosedLeaves(batches)
  }

  state(): ClosedSubjectsState {
    return { rows: this.rows.state(), batches: this.batches.state() }
  }

  add(row: number | null, batch: number | null, leaf: Hash | null): void {
    if (row !== null) this.#waiting.push({ leaves: this.rows, number: row, leaf })
    else if (batch !== null) this.#waiting.push({ leaves: this.batches, number: batch, leaf })
  }

  drop(): void {
    this.#waiting = []
  }

  /** Whether all leaves are known here, so that none is read where it is stored. */
  get isFollowed(): boolean {
    return this.rows.isFollowed && this.batches.isFollowed
  }

  /** As it will be when all that was added is durable. */
  ahead(): ClosedSubjects {
    if (this.#waiting.length === 0) return this
    const ahead = new ClosedSubjects(this.state())
    for (const { leaves, number, leaf } of this.#waiting)
      (leaves === this.rows ? ahead.rows : ahead.batches).add(number, leaf)
    return ahead
  }

  /** What was added is durable. Returns the tiles that are full now. */
  accept(): readonly SubjectTile[] {
    const full: SubjectTile[] = []
    for (const { leaves, number, leaf } of this.#waiting) {
      const tile = leaves.add(number, leaf)
      if (tile !== null) full.push([leaves === this.rows ? TREES.rows : TREES.batches, tile.index, tile.root])
    }
    this.#waiting = []
    return full
  }
}

export class ClosedLeaves {
  #last: number
  readonly #before: number
  readonly #tiles: Map<number, Hash>
  readonly #parts: Map<number, Map<number, Hash>>
  readonly #unfollowed: Set<number>
  /** Number of leaves in parts. */
  #kept = 0

  constructor({ last, before, tiles, parts, unfollowed }: ClosedLeavesState) {
    this.#last = last
    this.#before = before
    this.#tiles = new Map(tiles)
    this.#parts = new Map([...parts].map(([index, leaves]) => [index, new Map(leaves)]))
    this.#unfollowed = new Set(unfollowed)
    for (const leaves of this.#parts.values()) this.#kept += leaves.size
  }

  state(): ClosedLeavesState {
    return {
      last: this.#last,
      before: this.#before,
      tiles: this.#tiles,
      parts: this.#parts,
      unfollowed: [...this.#unfollowed],
    }
  }

  /** How many rows or batches there are. */
  get size(): number {
    return this.#last
  }

  /** Nothing was there before, and nothing was given up. */
  get isFollowed(): boolean {
    return this.#before === 0 && this.#unfollowed.size === 0
  }

  /** Root of a full tile; null if its leaves weren't followed. */
  tile(index: number): Hash | null {
    return this.#tiles.get(index) ?? null
  }

  /** Leaves of the last tile, which isn't full; null if some of them weren't followed. */
  rest(): readonly Hash[] | null {
    const leaves = this.#parts.get(Math.floor(this.#last / TILE_WIDTH))
    const expected = this.#last % TILE_WIDTH
    return (leaves?.size ?? 0) === expected ? inOrder(leaves ?? new Map()) : null
  }

  /** Returns the tile that is full with it. */
  add(number: number, leaf: Hash | null): { readonly index: number; readonly root: Hash } | null {
    if (number > this.#last) this.#last = number
    const index = Math.floor((number - 1) / TILE_WIDTH)
    if (leaf === null || index * TILE_WIDTH < this.#before || this.#unfollowed.has(index)) return null
    const leaves = this.#parts.get(index) ?? this.#begin(index)
    leaves.set((number - 1) % TILE_WIDTH, leaf)
    this.#kept++
    if (leaves.size < TILE_WIDTH) {
      if (this.#kept > MOST_LEAVES) this.#giveUp(this.#parts.keys().next().value as number)
      return null
    }
    const root = tileRoot(inOrder(leaves))
    this.#forget(index)
    this.#tiles.set(index, root)
    return { index, root }
  }

  #begin(index: number): Map<number, Hash> {
    const leaves = new Map<number, Hash>()
    this.#parts.set(index, leaves)
    return leaves
  }

  #giveUp(index: number): void {
    this.#unfollowed.add(index)
    this.#forget(index)
  }

  #forget(index: number): void {
    this.#kept -= this.#parts.get(index)?.size ?? 0
    this.#parts.delete(index)
  }
}

function inOrder(leaves: ReadonlyMap<number, Hash>): Hash[] {
  return [...leaves].sort(([a], [b]) => a - b).map(([, leaf]) => leaf)
}

const NO_LEAVES: ClosedLeavesState = { last: 0, before: 0, tiles: new Map(), parts: new Map(), unfollowed: [] }
export const NOTHING_CLOSED: ClosedSubjectsState = { rows: NO_LEAVES, batches: NO_LEAVES }
