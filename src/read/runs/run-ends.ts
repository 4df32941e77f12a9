/**
 * Whether the beginning and the end of a run's log, by which it is listed, are those that log 0 names: some hundred hashes for each run, and
 * next to none where nothing has changed since it was looked at before. Log 0 itself, and all between the two, is for `verify`.
 *
 * RUN-ENDS-1. Entry 0 is the one that the run was opened with: its leaf is the root of a log of one entry.
 * RUN-ENDS-2. The last entry of a sealed run stands at the end of the tree that was sealed.
 */
import { leafHash } from '../../format/hash.ts'
import type { LedgerEntry } from '../../format/ledger-entry.ts'
import { TiledTree } from '../../format/tiled-tree.ts'
import { TREES } from '../../format/trees.ts'
import type { LedgerReader, StoredEntry } from '../../ledger/read-port.ts'
import { decodeLedgerEntry } from '../decode.ts'
import { damaged, readable } from './damaged.ts'

type Reader = Pick<LedgerReader, 'entriesAbout' | 'entry' | 'size' | 'tileRoots' | 'leaves'>

interface Named {
  readonly opened: Extract<LedgerEntry, { k: 'opened' }>
  /** null: it isn't sealed. */
  readonly sealed: Extract<LedgerEntry, { k: 'sealed' }> | null
}

/** Remembers those that hold. */
export class RunEnds {
  /** By log: what was looked at. */
  readonly #held = new Map<number, string>()

  /** @throws CustodyError CUSTODY_VERIFY_FAILED if they aren't. */
  async refuseChanged(reader: Reader, log: number, run: string): Promise<void> {
    const { opened, sealed } = await namedBy(reader, log, run)
    const first = await reader.entry(log, 0)
    if (first === null || leafHash(first.body) !== opened.root)
      throw damaged(log, 'entry 0 isn’t the one that the run was opened with')
    if (sealed !== null) await this.#refuseOtherEnd(reader, log, sealed)
  }

  async #refuseOtherEnd(reader: Reader, log: number, { size, root }: NonNullable<Named['sealed']>): Promise<void> {
    const now = await reader.size(log)
    if (now !== size) throw damaged(log, `it was sealed with ${size} entries, and has ${now}`)
    const last = await reader.entry(log, size - 1)
    const leaf = last === null ? '' : leafHash(last.body)
    const key = `${size} ${root} ${leaf}`
    if (this.#held.get(log) === key) return
    if (!(await isLast(reader, log, { root, leaf, size })))
      throw damaged(log, `entry ${size - 1}, its last one, isn’t what was sealed, or one before it was changed`)
    this.#held.set(log, key)
  }
}

async function namedBy(reader: Reader, log: number, run: string): Promise<Named> {
  const entries = (await reader.entriesAbout(log)).map(decoded)
  const opened = entries.find(each => each.k === 'opened')
  if (opened?.run !== run) throw damaged(log, 'log 0 doesn’t say that this run was opened as it')
  return { opened, sealed: entries.findLast(each => each.k === 'sealed') ?? null }
}

function decoded({ seq, body }: Pick<StoredEntry, 'seq' | 'body'>): LedgerEntry {
  return readable(0, () => decodeLedgerEntry(seq, body))
}

async function isLast(
  reader: Reader,
  log: number,
  { root, leaf, size }: { readonly root: string; readonly leaf: string; readonly size: number },
): Promise<boolean> {
  const tree = await TiledTree.read({
    size: async () => size,
    tiles: (level, from, most) => reader.tileRoots(log, TREES.log, { level, from, most }),
    leaves: (from, most) => reader.leaves(log, from, most),
  })
  return tree.root === root && (await tree.has(size - 1, leaf))
}
