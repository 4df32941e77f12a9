/**
 * What one transaction makes durable of a log, as data: it can go to another thread, its blocks without being copied. Records are made
 * of it where they are stored.
 */
import { hexToBytes } from '../../format/hash.ts'
import type { Hash } from '../../model/sha256.ts'
import type { StoredEnding } from '../read-port.ts'
import type { Store } from '../store.ts'
import { type LeaseChange, type LogZeroBatch, NOTHING, type WriteBatch } from '../write-port.ts'
import { type Block, BlockEntries, BlockReader } from './block.ts'

export interface LogCommit extends Pick<WriteBatch, 'log' | 'closed_tokens' | 'open_tokens' | 'tiles' | 'head'> {
  readonly lease: LeaseChange | null
  /** With commitments filled in. */
  readonly blocks: readonly Block[]
  /** Number of the first entry in them. */
  readonly first: number
  /** Commitments to errors that stand in earlier entries than the endings that name them, by the number of the ending in the blocks, from 0. */
  readonly earlier_errors: ReadonlyMap<number, Hash>
}

/** For commits that only change a lease. */
export const NO_ENTRIES = {
  ...{ blocks: [], first: 0, earlier_errors: new Map<number, Hash>() },
  ...{ closed_tokens: NOTHING.closed_tokens, open_tokens: NOTHING.open_tokens, tiles: NOTHING.tiles, head: null },
} as const satisfies Partial<LogCommit>

/**
 * Makes a commit durable, or leaves everything as it was. Returns the last of its blocks, to be filled again; null, if it has none.
 * @throws as `Store.write`.
 */
export type WriteCommit = (commit: LogCommit, ledger: LogZeroBatch | null) => Promise<Block | null>

export function writesTo(store: Pick<Store, 'write'>): WriteCommit {
  return async (commit, ledger) => {
    await store.write(batchOf(commit, ledger))
    return commit.blocks.at(-1) ?? null
  }
}

export function batchOf(commit: LogCommit, ledger: LogZeroBatch | null): WriteBatch {
  const { log, lease, blocks, first, closed_tokens, open_tokens, tiles, head } = commit
  const entries = new BlockEntries(blocks, first)
  const payloads = { [Symbol.iterator]: () => entries.payloads() }
  return { log, lease, entries, payloads, endings: endingsIn(commit), closed_tokens, open_tokens, tiles, head, ledger }
}

type Endings = Pick<LogCommit, 'blocks' | 'first' | 'earlier_errors'>

function endingsIn(commit: Endings): Iterable<StoredEnding> {
  return { [Symbol.iterator]: () => eachEnding(commit) }
}

function* eachEnding({ blocks, first, earlier_errors }: Endings): Generator<StoredEnding> {
  let seq = first
  let number = 0
  for (const block of blocks) {
    const entry = new BlockReader(block)
    while (entry.next()) {
      for (let i = 0; i < entry.endings; i++) yield endingOf(entry, seq, earlier_errors.get(number++))
      entry.skip()
      seq++
    }
  }
}

function endingOf(entry: BlockReader, seq: number, earlier_error: Hash | undefined): StoredEnding {
  const { row, batch, first_value } = entry
  const { token, fate, node, sink, group, error, recorded_us } = entry.ending()
  const hash = error === null ? null : (earlier_error ?? entry.commitment(error.value - first_value))
  return {
    token,
    seq,
    row,
    batch,
    fate,
    node,
    sink: sink === 0 ? null : sink,
    grp: group === 0 ? null : group,
    error_code: error === null ? null : error.code,
    error_hash: hash === null ? null : hexToBytes(hash),
    recorded_us,
  }
}
