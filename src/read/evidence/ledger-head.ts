/**
 * The head of a ledger, checked: its own log is what that signs, with keys that are in force. Of a ledger that was seen before only what came
 * since is read, and the tree's tiles: a log 0 of a million entries takes no longer than one of a thousand.
 */
import { headIn } from '../../format/checkpoint.ts'
import { leafHash } from '../../format/hash.ts'
import { openNote } from '../../format/note.ts'
import type { TreeHead } from '../../format/standing.ts'
import type { TiledTree } from '../../format/tiled-tree.ts'
import { NoteError, parseVerifierKey } from '../../format/verifier-key.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { decodeLedgerEntry } from '../decode.ts'
import { Check } from '../verify/check.ts'
import { type KeysInForce, missing } from '../verify/keys.ts'
import { LedgerLog } from '../verify/ledger-log.ts'
import { logTree } from './log-tree.ts'

/** What is known of the ledger from before. */
export interface HeadBefore {
  /** Verifier keys of its birth. */
  readonly keys: readonly string[]
  /** Verifier keys that were in force at the newest of `heads`, and those that had been. */
  readonly in_force: readonly string[]
  readonly taken: LedgerHead['taken']
  /** With ascending sizes, at least one. */
  readonly heads: readonly TreeHead[]
}

export interface LedgerHead {
  readonly ledger: string
  /** Verifier keys of its birth, those that are in force now, and those that aren't any more. */
  readonly keys: readonly string[]
  readonly in_force: readonly string[]
  readonly taken: KeysInForce['taken']
  /** `t_us`: of the last entry. */
  readonly head: TreeHead & { readonly t_us: number }
  /** Root of its first entries; null if that can't be known. */
  rootOf(size: number): Promise<string | null>
}

/** To be called within a snapshot. Null: what is stored isn't what was signed, or isn't signed as it must be. */
export async function ledgerHead(reader: LedgerReader, before: HeadBefore | null): Promise<LedgerHead | null> {
  const signed = headIn((await reader.head(0)) ?? '')
  if (signed === null) return null
  const tree = await logTree(reader, 0, { signed: signed.root })
  if (tree.root !== signed.root || tree.size !== signed.size) return null
  const continued = before === null ? null : await continuedHead(reader, tree, before)
  const found = continued ?? (await wholeHead(reader))
  if (found === null || signed.origin !== `custody/${found.ledger}/0`) return null
  const { size, root } = tree
  return { ...found, head: { size, root, t_us: found.t_us }, rootOf: of => tree.rootOf(of) }
}

type Found = Pick<LedgerHead, 'ledger' | 'keys' | 'in_force' | 'taken'> & { readonly t_us: number }

/** Null: it doesn't continue what was seen, or keys have changed since: all of it must be looked at. */
async function continuedHead(reader: LedgerReader, tree: TiledTree, before: HeadBefore): Promise<Found | null> {
  const from = before.heads.at(-1)?.size ?? 0
  if ((await tree.rootOf(from)) !== before.heads.at(-1)?.root) return null
  const born = await reader.entry(0, 0)
  const last = await reader.entry(0, tree.size - 1)
  if (born === null || last === null) return null
  for (const each of [born, last]) if (!(await tree.has(each.seq, leafHash(each.body)))) return null
  for await (const { seq, body } of reader.entries(0, from))
    if (body.includes('"k":"key"') || !(await tree.has(seq, leafHash(body)))) return null
  try {
    const keys = before.in_force.map(parseVerifierKey)
    const opened = openNote((await reader.head(0)) ?? '', keys)
    if (!opened.ok || missing(keys, opened.signed_by).length > 0) return null
  } catch (error) {
    if (error instanceof NoteError) return null
    throw error
  }
  const birth = decodeLedgerEntry(0, born.body)
  if (birth.k !== 'birth') return null
  const { t } = decodeLedgerEntry(last.seq, last.body)
  const { in_force, taken } = before
  return { ledger: birth.ledger, keys: birth.keys, in_force, taken, t_us: t }
}

async function wholeHead(reader: LedgerReader): Promise<Found | null> {
  const check = new Check('ledger')
  const log = await LedgerLog.read(reader, { keys: 'any', remembered: null }, check)
  if (!check.ok) return null
  return { ledger: log.id, keys: log.born, in_force: log.in_force, taken: log.keys.taken, t_us: log.last_us }
}
