/**
 * The Merkle tree of RFC 6962 / RFC 9162 section 2.1, over leaf hashes.
 *
 * TREE-1. A frontier of n leaves holds one hash for each bit that is set in n, largest subtree first: all that is needed to
 *     append and to give the root.
 * TREE-2. Checking a proof needs nothing but the proof, and gives false for whatever is malformed.
 */
import { type Hash, isHash, sha256Hex } from '../model/sha256.ts'
import { nodeHash } from './hash.ts'

/** The root of a tree without leaves: SHA-256 of nothing. */
export const EMPTY_ROOT: Hash = sha256Hex('')

/** As in C2SP tlog-tiles: a tile is a complete subtree of this height, over leaves or over the roots of tiles of the level below. */
const TILE_HEIGHT = 8
/** Leaves, or roots of the level below, in a full tile. */
export const TILE_WIDTH = 2 ** TILE_HEIGHT

/** A full tile: its level from 0, its place in its level from 0, and the root of its subtree. */
export interface Tile {
  readonly level: number
  readonly index: number
  readonly root: Hash
}

/** A frontier as data. */
export interface FrontierState {
  readonly size: number
  /** Roots of the complete subtrees, largest first. */
  readonly nodes: readonly Hash[]
}

/** A tree that is only appended to (compact range). */
export class Frontier {
  private count = 0
  private readonly nodes: Hash[] = []

  /** @throws TypeError if the state is none. */
  static from(state: FrontierState): Frontier {
    const { size, nodes } = state
    if (!Number.isSafeInteger(size) || size < 0 || nodes.length !== bitsSet(size) || !nodes.every(isHash)) {
      throw new TypeError('not the state of a frontier')
    }
    const frontier = new Frontier()
    frontier.count = size
    frontier.nodes.push(...nodes)
    return frontier
  }

  /** Number of leaves. */
  get size(): number {
    return this.count
  }

  /** `onTile` is called with each tile that is full with this leaf, the lowest first. */
  append(leaf: Hash, onTile?: (tile: Tile) => void): void {
    let hash = leaf
    let height = 0
    for (let rest = this.count; rest % 2 === 1; ) {
      hash = nodeHash(this.nodes.pop()!, hash)
      rest = (rest - 1) / 2
      height++
      if (onTile !== undefined && height % TILE_HEIGHT === 0)
        onTile({ level: height / TILE_HEIGHT - 1, index: rest, root: hash })
    }
    this.nodes.push(hash)
    this.count++
  }

  root(): Hash {
    let i = this.nodes.length - 1
    if (i < 0) return EMPTY_ROOT
    let hash = this.nodes[i]!
    while (--i >= 0) hash = nodeHash(this.nodes[i]!, hash)
    return hash
  }

  state(): FrontierState {
    return { size: this.count, nodes: [...this.nodes] }
  }
}

function bitsSet(size: number): number {
  let bits = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2
  return bits
}

/** Gives the leaf hash at an index from 0. */
export type LeafAt = (index: number) => Hash

/** Root of the leaves from `start` up to but without `end`. */
export function rangeRoot(leafAt: LeafAt, start: number, end: number): Hash {
  const range = new Frontier()
  for (let i = start; i < end; i++) range.append(leafAt(i))
  return range.root()
}

/** Leaves from `start` up to but without `end`: those below one node of a tree. */
export type Range = readonly [start: number, end: number]

/**
 * Proof that leaf `index` is in the tree of the first `size` leaves: PATH(m, D[n]), lowest sibling first.
 * Reads each other leaf once.
 * @throws RangeError if there is no such leaf.
 */
export function inclusionProof(index: number, size: number, leafAt: LeafAt): Hash[] {
  return inclusionRanges(index, size).map(([start, end]) => rangeRoot(leafAt, start, end))
}

/** Of what the hashes of such a proof are the roots. @throws RangeError if there is no such leaf. */
export function inclusionRanges(index: number, size: number): readonly Range[] {
  if (!isIndex(index) || !isIndex(size) || index >= size) throw new RangeError(`no leaf ${index} in a tree of ${size}`)
  const ranges: Range[] = []
  let start = 0
  let end = size
  while (end - start > 1) {
    const middle = start + largestPowerBelow(end - start)
    if (index < middle) {
      ranges.push([middle, end])
      end = middle
    } else {
      ranges.push([start, middle])
      start = middle
    }
  }
  return ranges.reverse()
}

/** The root of a tree, and which inclusion proofs lead to it; for many of them, where all leaves are at hand. */
export class WholeTree {
  /** From the leaves up to the root: neighbours make one of the level above, the last one without a neighbour stays as it is. */
  readonly #levels: ReadonlyArray<readonly Hash[]>

  constructor(leaves: readonly Hash[]) {
    const levels = [leaves]
    for (let level = leaves; level.length > 1; levels.push(level)) {
      const above: Hash[] = []
      for (let i = 0; i < level.length; i += 2) {
        const [left = '', right] = [level[i], level[i + 1]]
        above.push(right === undefined ? left : nodeHash(left, right))
      }
      level = above
    }
    this.#levels = levels
  }

  get root(): Hash {
    return this.#levels.at(-1)?.[0] ?? EMPTY_ROOT
  }

  /** As `inclusionProof` gives it. */
  inclusion(index: number): readonly Hash[] {
    return this.#levels.flatMap((level, i) => level[Math.floor(index / 2 ** i) ^ 1] ?? [])
  }
}

/**
 * Proof that the tree of the first `old_size` leaves is the beginning of that of the first `size`: PROOF(m, D[n]).
 * Empty if the sizes are equal, or the old tree is empty.
 * @throws RangeError if `old_size` is larger than `size`.
 */
export function consistencyProof(old_size: number, size: number, leafAt: LeafAt): Hash[] {
  return consistencyRanges(old_size, size).map(([start, end]) => rangeRoot(leafAt, start, end))
}

/** Of what the hashes of such a proof are the roots. @throws RangeError if `old_size` is larger than `size`. */
export function consistencyRanges(old_size: number, size: number): readonly Range[] {
  if (!isIndex(old_size) || !isIndex(size) || old_size > size) {
    throw new RangeError(`a tree of ${size} does not begin with one of ${old_size}`)
  }
  if (old_size === 0) return []
  const ranges: Range[] = []
  let start = 0
  let end = size
  // True as long as the old tree begins where the range does: its root is then known to who checks.
  let whole = true
  while (old_size !== end) {
    const middle = start + largestPowerBelow(end - start)
    if (old_size <= middle) {
      ranges.push([middle, end])
      end = middle
    } else {
      ranges.push([start, middle])
      start = middle
      whole = false
    }
  }
  if (!whole) ranges.push([start, end])
  return ranges.reverse()
}

/** RFC 9162, 2.1.3.2. `leaf` is the leaf's hash. */
export function checkInclusion(leaf: Hash, index: number, size: number, proof: readonly Hash[], root: Hash): boolean {
  if (!isIndex(index) || !isIndex(size) || index >= size || !isHash(leaf) || !proof.every(isHash)) return false
  let at = index
  let last = size - 1
  let hash = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash)
      while (at % 2 === 0 && at !== 0) {
        at = half(at)
        last = half(last)
      }
    } else {
      hash = nodeHash(hash, sibling)
    }
    at = half(at)
    last = half(last)
  }
  return last === 0 && hash === root
}

/**
 * The tree of the leaves before `index`: what stands to the left on the way of a leaf to the root are the complete subtrees of all leaves
 * before it. `proof` is one that `checkInclusion` accepts.
 */
export function treeBefore(index: number, size: number, proof: readonly Hash[]): FrontierState {
  let at = index
  let last = size - 1
  const nodes: Hash[] = []
  for (const sibling of proof) {
    if (at % 2 === 1 || at === last) {
      nodes.unshift(sibling)
      while (at % 2 === 0 && at !== 0) {
        at = half(at)
        last = half(last)
      }
    }
    at = half(at)
    last = half(last)
  }
  return { size: index, nodes }
}

/** RFC 9162, 2.1.4.2; a tree is consistent with itself and with the empty one, by an empty proof. */
export function checkConsistency(
  old_size: number,
  old_root: Hash,
  size: number,
  root: Hash,
  proof: readonly Hash[],
): boolean {
  if (!isIndex(old_size) || !isIndex(size) || old_size > size || !proof.every(isHash)) return false
  if (old_size === size) return proof.length === 0 && old_root === root
  if (old_size === 0) return proof.length === 0 && old_root === EMPTY_ROOT
  // If the old tree is a complete one, its root is not repeated in the proof.
  const path = bitsSet(old_size) === 1 ? [old_root, ...proof] : proof
  if (path.length === 0) return false
  let at = old_size - 1
  let last = size - 1
  while (at % 2 === 1) {
    at = half(at)
    last = half(last)
  }
  let old_hash = path[0]!
  let hash = path[0]!
  for (let i = 1; i < path.length; i++) {
    const sibling = path[i]!
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      old_hash = nodeHash(sibling, old_hash)
      hash = nodeHash(sibling, hash)
      while (at % 2 === 0 && at !== 0) {
        at = half(at)
        last = half(last)
      }
    } else {
      hash = nodeHash(hash, sibling)
    }
    at = half(at)
    last = half(last)
  }
  return last === 0 && old_hash === old_root && hash === root
}

const half = (n: number): number => Math.floor(n / 2)
const isIndex = (n: number): boolean => Number.isSafeInteger(n) && n >= 0

/** The largest power of two smaller than `n`, which is at least 2. */
export function largestPowerBelow(n: number): number {
  let power = 1
  while (power * 2 < n) power *= 2
  return power
}
