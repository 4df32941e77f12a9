/** Entries of the ledger's own log with the proofs that they are in it, all under one checkpoint. */
import { headIn } from '../../format/checkpoint.ts'
import { leafHash } from '../../format/hash.ts'
import type { LedgerEntry } from '../../format/ledger-entry.ts'
import type { LoggedEntry } from '../../format/proof.ts'
import type { TiledTree } from '../../format/tiled-tree.ts'
import { tlogProofText } from '../../format/tlog-proof.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { decodeLedgerEntry } from '../decode.ts'
import { logTree } from '../evidence/log-tree.ts'
import { UnsoundRecord } from '../evidence/unsound.ts'
import { readable } from '../runs/damaged.ts'
import { entryName } from '../verify/check.ts'
import { KeysInForce } from '../verify/keys.ts'
import { type EvidenceHead, type Wanted, withWords, witnessedHead } from './witnessed-head.ts'

/**
 * Which head: the latest as it is signed; the same with what others said of it; or, of those that have all entries that are wanted, the first or the
 * last that others have signed, and the latest if there is none.
 */
export type WhichHead = 'bare' | 'latest' | 'first_witnessed' | 'last_witnessed'

export interface Logged {
  /** The ledger's id. */
  readonly ledger: string
  /** To which all proofs lead. */
  readonly head: EvidenceHead
  /** Entries of the latest head. */
  readonly latest: number
  /** By ascending index, the birth first. */
  readonly entries: ReadonlyArray<{ readonly seq: number; readonly entry: LedgerEntry; readonly logged: LoggedEntry }>
}

type Reader = Pick<LedgerReader, 'size' | 'entry' | 'head' | 'leaves' | 'tileRoots' | 'witnessed' | 'timestamps'>
type Found = { readonly seq: number; readonly body: string; readonly entry: LedgerEntry }

/** seqs of the birth, of changes of keys, and of entries that `isWanted`: reads all of log 0. */
export async function wantedEntries(
  reader: Pick<LedgerReader, 'entries'>,
  isWanted: (entry: LedgerEntry, seq: number) => boolean,
): Promise<readonly number[]> {
  const seqs: number[] = []
  for await (const { seq, body } of reader.entries(0)) {
    const entry = readable(0, () => decodeLedgerEntry(seq, body))
    if (isOfKeys(entry) || isWanted(entry, seq)) seqs.push(seq)
  }
  return seqs
}

/** Entries of log 0 by their seqs in ascending order, the birth and all changes of keys among them, as far as the head has them. Within one snapshot. @throws UnsoundRecord */
export async function loggedEntries(reader: Reader, seqs: readonly number[], which: WhichHead): Promise<Logged> {
  const note = (await reader.head(0)) ?? ''
  const latest = headIn(note)
  if (latest === null) throw new UnsoundRecord(['the ledger’s own log has no checkpoint'])
  const tree = await logTree(reader, 0, { signed: latest.root })
  if (tree.root !== latest.root || tree.size !== latest.size)
    throw new UnsoundRecord(['the ledger’s own log isn’t what its checkpoint is of'])
  const found: Found[] = []
  let [ledger, covers] = ['', 1]
  for (const seq of seqs) {
    const body = (await reader.entry(0, seq))?.body ?? ''
    const entry = readable(0, () => decodeLedgerEntry(seq, body))
    if (!(await tree.has(seq, leafHash(body)))) throw notInTree(seq)
    if (entry.k === 'birth') ledger = entry.ledger
    if (!isOfKeys(entry)) covers = seq + 1
    found.push({ seq, body, entry })
  }
  const head = await headOf(reader, { ledger, note, tree, found, covers }, which)
  const entries: Array<Logged['entries'][number]> = []
  for (const { seq, body, entry } of found.filter(each => each.seq < head.size)) {
    const path = await tree.inclusion(seq, head.size)
    if (path === null) throw notInTree(seq)
    entries.push({ seq, entry, logged: { body, proof: tlogProofText({ index: seq, path, checkpoint: head.note }) } })
  }
  return { ledger, head, latest: latest.size, entries }
}

function isOfKeys({ k }: LedgerEntry): boolean {
  return k === 'birth' || k === 'key'
}

function notInTree(seq: number): UnsoundRecord {
  return new UnsoundRecord([`${entryName(seq)} of log 0 isn’t in its tree`])
}

interface LogZero {
  readonly ledger: string
  /** Of the latest head. */
  readonly note: string
  readonly tree: TiledTree
  readonly found: readonly Found[]
  /** So many entries the head must have. */
  readonly covers: number
}

async function headOf(reader: Reader, log: LogZero, which: WhichHead): Promise<EvidenceHead> {
  const { ledger, note, tree, covers, found } = log
  if (which === 'bare') return { size: tree.size, note, cosigners: 0, timestamps: [] }
  const keys = await keysOf(log)
  const known = {
    origin: `custody/${ledger}/0`,
    keys: (size: number) => keys.ofLogZero(size),
    rootOf: (size: number) => tree.rootOf(size),
  }
  const changes = found.flatMap(({ seq, entry }) => (entry.k === 'key' ? [{ seq, change: entry.change }] : []))
  const revoked_at = changes.findLast(each => each.change === 'revoke')?.seq ?? -1
  const wanted: Wanted = {
    // Who knows that a key was revoked hands over nothing that lacks that.
    from: Math.max(covers, revoked_at + 1),
    keys_from: (changes.at(-1)?.seq ?? -1) + 1,
    prefers: which === 'first_witnessed' ? 'first' : 'last',
  }
  const witnessed = which === 'latest' ? null : await witnessedHead(reader, known, wanted)
  return witnessed ?? withWords(reader, note, tree.size, keys.ofLogZero(tree.size).good)
}

async function keysOf({ ledger, tree, found }: LogZero): Promise<KeysInForce> {
  const keys = new KeysInForce('any')
  for (const { seq, entry } of found) {
    const root = entry.k === 'key' ? ((await tree.rootOf(seq)) ?? '') : ''
    const problem =
      entry.k === 'birth' ? keys.birth(entry) : entry.k === 'key' ? keys.change(ledger, seq, root, entry) : null
    if (problem !== null) throw new UnsoundRecord([`${entryName(seq)} of log 0: ${problem}`])
  }
  return keys
}
