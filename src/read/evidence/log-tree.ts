/**
 * The tree of a log as its stored entries give it, and whether an entry is in it.
 *
 * Of a long log, looking at all entries takes seconds. So the roots of its blocks of 256 entries are kept outside the ledger, by
 * whoever reads it. They need no trust: they are used only if they combine to the root that was signed, and then an entry is in
 * the tree if the entries of its block give the block's root.
 */
import { bytesToHex, hexToBytes, leafHash } from '../../format/hash.ts'
import { Frontier } from '../../format/tree.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import type { Hash } from '../../model/sha256.ts'

export const BLOCK = 256
/** Of shorter logs nothing is kept: to look at all of it is as quick. */
const KEPT_FROM = 20_000
const PAGE = 16 * BLOCK

/** Where roots of blocks are kept, by a name for the log; 32 bytes each. */
export interface TreeCache {
  read(name: string): Uint8Array | null
  write(name: string, roots: Uint8Array): void
}

export class LogTree {
  /** Entries that the tree is of: the first ones, without a gap. */
  readonly size: number
  readonly root: Hash
  readonly #reader: LedgerReader
  readonly #log: number
  /** Of blocks that were not looked at in full: their roots. null: all entries were looked at. */
  readonly #unseen: readonly Hash[] | null
  readonly #leaves = new Map<number, readonly Hash[]>()

  private constructor(reader: LedgerReader, log: number, tree: Frontier, unseen: readonly Hash[] | null) {
    this.#reader = reader
    this.#log = log
    this.size = tree.size
    this.root = tree.root()
    this.#unseen = unseen
  }

  /** `signed`: the root that is expected. Where what is kept doesn't give it, all entries are looked at. */
  static async of(
    reader: LedgerReader,
    log: number,
    name: string,
    { signed, cache, onProgress }: { signed: Hash; cache: TreeCache | null; onProgress?: (entries: number) => void },
  ): Promise<LogTree> {
    const kept = cache === null ? [] : rootsIn(cache.read(name))
    if (kept.length > 0) {
      const tree = await read(reader, log, kept, null, onProgress)
      if (tree.root() === signed) return new LogTree(reader, log, tree, kept)
    }
    const roots: Hash[] = []
    const tree = await read(reader, log, [], roots, onProgress)
    if (tree.root() === signed && tree.size >= KEPT_FROM)
      cache?.write(name, new Uint8Array(roots.flatMap(each => [...hexToBytes(each)])))
    return new LogTree(reader, log, tree, null)
  }

  /** Whether an entry with this text is in the tree, at its place. */
  async has(seq: number, body: string): Promise<boolean> {
    if (this.#unseen === null || seq >= this.#unseen.length * BLOCK) return seq < this.size
    const block = Math.floor(seq / BLOCK)
    let leaves = this.#leaves.get(block)
    if (leaves === undefined) {
      leaves = await this.#reader.leaves(this.#log, block * BLOCK, BLOCK)
      this.#leaves.set(block, leaves)
      if (this.#leaves.size > MOST_BLOCKS) this.#leaves.delete(this.#leaves.keys().next().value as number)
    }
    return leaves.length === BLOCK && rootOf(leaves) === this.#unseen[block] && leaves[seq % BLOCK] === leafHash(body)
  }
}

/** Blocks of which the leaves are kept at hand. */
const MOST_BLOCKS = 64

/** The tree of the blocks whose roots are known and of all entries behind them; adds the roots of blocks to `roots`. */
async function read(
  reader: LedgerReader,
  log: number,
  known: readonly Hash[],
  roots: Hash[] | null,
  onProgress?: (entries: number) => void,
): Promise<Frontier> {
  const blocks = new Frontier()
  for (const root of known) blocks.append(root)
  const tree = Frontier.from({ size: blocks.size * BLOCK, nodes: blocks.state().nodes })
  for (;;) {
    const leaves = await reader.leaves(log, tree.size, PAGE)
    for (const leaf of leaves) tree.append(leaf)
    for (let at = 0; roots !== null && at + BLOCK <= leaves.length; at += BLOCK)
      roots.push(rootOf(leaves.slice(at, at + BLOCK)))
    if (leaves.length < PAGE) return tree
    onProgress?.(tree.size)
  }
}

function rootOf(leaves: readonly Hash[]): Hash {
  const tree = new Frontier()
  for (const leaf of leaves) tree.append(leaf)
  return tree.root()
}

function rootsIn(bytes: Uint8Array | null): Hash[] {
  const roots: Hash[] = []
  for (let at = 0; bytes !== null && at + 32 <= bytes.length; at += 32)
    roots.push(bytesToHex(bytes.subarray(at, at + 32)))
  return roots
}
