/**
 * The head of a ledger, checked: its own log is what that signs, with keys that are in force. Of a ledger that was seen before only what came
 * since is read, changes of keys, and the tree's tiles: a log 0 of a million entries takes no longer than one of a thousand.
 */
import { headIn } from '../../format/checkpoint.ts'
import type { SoundHead, TreeHead } from '../../format/standing.ts'
import type { TiledTree } from '../../format/tiled-tree.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { Check } from '../verify/check.ts'
import type { KeysInForce } from '../verify/keys.ts'
import type { KnownLedger, LedgerLog } from '../verify/ledger-log.ts'
import { readLedgerLog } from '../verify/read-ledger-log.ts'
import { partOfLedger } from './ledger-part.ts'
import { logTree } from './log-tree.ts'

export interface LedgerHead {
  readonly ledger: string
  /** Verifier keys of its birth, those that are in force now, and those that aren't any more. */
  readonly keys: readonly string[]
  readonly in_force: readonly string[]
  readonly taken: KeysInForce['taken']
  /** `t_us`: of the last entry. */
  readonly head: TreeHead & { readonly t_us: number }
  readonly sound: SoundHead
  /** Of all its entries. */
  readonly tree: TiledTree
}

/** To be called within a snapshot. Null: what is stored isn't what was signed, or isn't signed as it must be. */
export async function ledgerHead(reader: LedgerReader, before: KnownLedger | null): Promise<LedgerHead | null> {
  const signed = headIn((await reader.head(0)) ?? '')
  if (signed === null) return null
  const tree = await logTree(reader, 0, { signed: signed.root })
  if (tree.root !== signed.root || tree.size !== signed.size) return null
  const continued = before === null ? null : await partOfLedger(reader, tree, null, before)
  const log = continued ?? (await wholeLedger(reader))
  if (log === null || signed.origin !== log.origin(0)) return null
  const { size, root } = tree
  return {
    ...{ ledger: log.id, keys: log.born, in_force: log.in_force, taken: log.keys.taken },
    ...{ head: { size, root, t_us: log.last_us }, sound: log.sound, tree },
  }
}

async function wholeLedger(reader: LedgerReader): Promise<LedgerLog | null> {
  const check = new Check('ledger')
  const log = await readLedgerLog(reader, { keys: 'any', remembered: null }, check)
  return check.ok ? log : null
}
