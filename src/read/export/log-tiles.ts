/**
 * A log as files of C2SP tlog-tiles: its checkpoint, the tiles of its tree, and bundles of its entries.
 *
 * LOG-TILES-1. The tree is built from the entries that are given out, and its root is held against the signed head: what is given isn't good
 *     before the end is reached without an error.
 * LOG-TILES-2. Bundles are given as long as every entry fits into one; from the first that doesn't on there are none, and `unbundled` says
 *     which it is. A log with some of its bundles is no log to a client: whoever keeps the files takes away those there were.
 */
import { checkpointIn } from '../../format/checkpoint.ts'
import { hexToBytes, leafHash } from '../../format/hash.ts'
import { tileRoot } from '../../format/tiled-tree.ts'
import { bundled, tilePath } from '../../format/tlog-tiles.ts'
import { Frontier, TILE_WIDTH } from '../../format/tree.ts'
import { utf8 } from '../../format/verifier-key.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import type { Hash } from '../../model/sha256.ts'
import type { CheckedReader } from '../evidence/checked-reader.ts'
import { UnsoundRecord } from '../evidence/unsound.ts'

export interface LogFile {
  /** Below the log's prefix, with `/`. */
  readonly path: string
  readonly bytes: Uint8Array
}

/** What is known at the end. */
export interface LogTilesEnd {
  readonly size: number
  readonly root: Hash
  /** seq of the first entry that fits into no bundle; null if all do. */
  readonly unbundled: number | null
}

/** Within one snapshot. @throws UnsoundRecord if the log isn't what was signed. */
export async function* logTiles(
  checked: Pick<CheckedReader, 'check'>,
  reader: Pick<LedgerReader, 'entries' | 'head'>,
  log: number,
): AsyncGenerator<LogFile, LogTilesEnd> {
  await checked.check(log)
  const note = (await reader.head(log)) ?? ''
  yield { path: 'checkpoint', bytes: utf8(note) }
  const levels = new Levels()
  const bundles = new Bundles()
  for await (const { seq, body } of reader.entries(log)) {
    yield* levels.add(leafHash(body))
    yield* bundles.add(seq, body)
  }
  yield* levels.rest()
  yield* bundles.rest()
  const { size, root } = checkpointIn(note)
  if (levels.size !== size || levels.root() !== root)
    throw new UnsoundRecord([`the entries of log ${log} don’t give the root that was signed`])
  return { size, root, unbundled: bundles.unbundled }
}

/** The hashes of each level that aren't in a full tile yet. */
class Levels {
  readonly #pending: Hash[][] = []
  readonly #full: number[] = []
  readonly #tree = new Frontier()

  get size(): number {
    return this.#tree.size
  }

  root(): Hash {
    return this.#tree.root()
  }

  *add(leaf: Hash): Iterable<LogFile> {
    this.#tree.append(leaf)
    yield* this.#push(0, leaf)
  }

  *#push(level: number, hash: Hash): Iterable<LogFile> {
    const pending = this.#pending[level] ?? []
    pending.push(hash)
    this.#pending[level] = pending
    if (pending.length < TILE_WIDTH) return
    const index = this.#full[level] ?? 0
    yield tile(tilePath(level, index, null), pending)
    this.#full[level] = index + 1
    this.#pending[level] = []
    yield* this.#push(level + 1, tileRoot(pending))
  }

  /** The partial tiles. */
  *rest(): Iterable<LogFile> {
    for (const [level, pending] of this.#pending.entries())
      if (pending.length > 0) yield tile(tilePath(level, this.#full[level] ?? 0, pending.length), pending)
  }
}

function tile(path: string, hashes: readonly Hash[]): LogFile {
  return { path, bytes: hexToBytes(hashes.join('')) }
}

class Bundles {
  unbundled: number | null = null
  #pending: Uint8Array[] = []
  #full = 0

  #bundle(width: number | null): LogFile {
    return { path: tilePath('entries', this.#full, width), bytes: Buffer.concat(this.#pending) }
  }

  *add(seq: number, body: string): Iterable<LogFile> {
    if (this.unbundled !== null) return
    const entry = bundled(body)
    if (entry === null) {
      this.unbundled = seq
      this.#pending = []
      return
    }
    this.#pending.push(entry)
    if (this.#pending.length < TILE_WIDTH) return
    yield this.#bundle(null)
    this.#full++
    this.#pending = []
  }

  *rest(): Iterable<LogFile> {
    if (this.#pending.length > 0) yield this.#bundle(this.#pending.length)
  }
}
