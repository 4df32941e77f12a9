/**
 * The result digest of a run with splits: what became of each row, and what was written, in one hash that is the same however many
 * workers there were and whatever happened to them (docs/ledger-format.md has it byte for byte). It says nothing of numbers that a run gives
 * out, of times, attempts or messages. It is a hash of content: it is recorded as a value, never in an entry.
 *
 * A line is a row, or a batch, with the endings of its tokens. Lines go into blocks, blocks into a tree, and trees into the digest of a split.
 */
import { canonicalize } from '../model/canonical.ts'
import { type Hash, sha256Hex } from '../model/sha256.ts'
import { leafHash } from './hash.ts'
import { Frontier } from './tree.ts'

/** Lines of a block. Where one of them isn’t known when the first entry of its row is made, so many rows are read again. */
export const BLOCK_LINES = 32

/** In UTF-16 units. So a block is never large, whatever its rows are. */
const LONGEST_LINE = 8_192

/** A line as it stands in its block. */
export function lineText(line: string): string {
  return `${line.length > LONGEST_LINE ? sha256Hex(line) : line}\n`
}

/** `lines`: line by line, each as `lineText` has it. */
export function blockHash(lines: string): Hash {
  return leafHash(lines)
}

/** Lines of one kind: how many, and the root of the tree of their blocks. */
export type LinesDigest = readonly [count: number, root: Hash]

export function treeRoot(leaves: Iterable<Hash>): Hash {
  const tree = new Frontier()
  for (const each of leaves) tree.append(each)
  return tree.root()
}

/** `batches`: by the name of the aggregate; of those that had some. */
export function splitDigest(rows: LinesDigest, batches: ReadonlyMap<string, LinesDigest>): Hash {
  const named = [...batches].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, of]) => [name, ...of])
  return leafHash(canonicalize({ batches: named, rows: [...rows] }))
}

/** The files of a sink, in order: rows, bytes, SHA-256. */
export type FileDigest = readonly [rows: number, bytes: number, sha256: Hash]

/** `splits`: digests of all of them, in order. `files`: by the name of the sink; of those that wrote some. */
export function resultDigest(splits: Iterable<Hash>, files: ReadonlyMap<string, readonly FileDigest[]>): Hash {
  const named = [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, of]) => [name, of.map(each => [...each])])
  return treeRoot([...splits, leafHash(canonicalize(named))])
}
