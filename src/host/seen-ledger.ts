/** How a ledger that is read stands to what this user saw of it before, and remembering what they see now. */
import { standingOf } from '../format/standing.ts'
import { parseVerifierKey } from '../format/verifier-key.ts'
import type { Environment } from '../ledger/keys/config-folder.ts'
import { forked } from '../ledger/keys/forked.ts'
import { type ReportForgetful, recall, trustedKeys, userMemory } from '../ledger/keys/known-ledgers.ts'
import { newestOf, type Remembered, rememberSeen, type SeenHead } from '../ledger/keys/trust.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { isCustodyError } from '../model/error.ts'
import { DecodeError } from '../read/decode.ts'
import { type LedgerHead, ledgerHead } from '../read/evidence/ledger-head.ts'
import { type RevokedKey, restingOn } from '../read/verify/keys.ts'

export type Sight =
  /** It holds no more than what was seen, or continues it. */
  | ({ readonly kind: 'known' } & Looked)
  | ({ readonly kind: 'first' } & Looked)
  | ({ readonly kind: 'older'; readonly seen: SeenHead } & Looked)
  /** Its own log isn't what was signed; nothing can be said, and nothing is remembered. */
  | { readonly kind: 'unsound' }

interface Looked {
  readonly now: SeenHead
  /** Revoked keys on which alone rests that the user trusts it. */
  readonly rests_on: readonly RevokedKey[]
}

/** `rolled_back` of answers in JSON. */
export function rolledBack(sight: Sight): { readonly rolled_back?: { readonly seen: number; readonly now: number } } {
  return sight.kind === 'older' ? { rolled_back: { seen: sight.seen.size, now: sight.now.size } } : {}
}

/**
 * To be called within a snapshot. `before` was remembered before that began: others may write, and remember that, at any time.
 * @throws CustodyError CUSTODY_LEDGER_FORKED; CUSTODY_KEY if what is remembered can't be read.
 */
export async function seeLedger(
  reader: LedgerReader,
  before: Remembered | null,
  env: Environment,
  onForgetful: ReportForgetful,
): Promise<Sight> {
  const found = await headOf(reader, before)
  if (found === null) return { kind: 'unsound' }
  const { head: now, ledger, keys, in_force, taken, sound } = found
  const rootOf = (size: number) => found.tree.rootOf(size)
  const rests_on = restingOf(found, before, env)
  const standing = before === null ? 'first' : await standingOf(before.heads, now, rootOf)
  if (before !== null && standing === 'forked') throw forked(reader.url, newestOf(before).size, before)
  if (before !== null && standing === 'older') return { kind: 'older', now, seen: newestOf(before), rests_on }
  const memory = userMemory(env, onForgetful)
  const seen = { keys, in_force, taken, sound, written: false, head: now }
  const meanwhile = await rememberSeen(memory, ledger, seen, rootOf)
  const remembered = memory.recall(ledger)
  if (meanwhile === 'forked' && remembered !== null) throw forked(reader.url, newestOf(remembered).size, remembered)
  return { kind: standing === 'first' ? 'first' : 'known', now, rests_on }
}

function restingOf(
  { keys, in_force, taken }: LedgerHead,
  before: Remembered | null,
  env: Environment,
): readonly RevokedKey[] {
  const revoked = revokedOf([...taken, ...(before?.taken ?? [])])
  if (revoked.length === 0) return []
  const own = before?.written === true ? keys.map(parseVerifierKey) : []
  return restingOn([...trustedKeys(null, env), ...own], [...in_force, ...taken.map(each => each.key)], revoked)
}

async function headOf(reader: LedgerReader, before: Remembered | null): Promise<LedgerHead | null> {
  try {
    return await ledgerHead(reader, before)
  } catch (error) {
    if (error instanceof DecodeError || isCustodyError(error)) return null
    throw error
  }
}

/** Keys of a ledger that were revoked, as far as this user has seen it. @throws CustodyError CUSTODY_KEY if what is remembered can't be read. */
export function revokedIn(env: Environment, ledger: string): readonly RevokedKey[] {
  return revokedOf(recall(env, ledger)?.taken ?? [])
}

function revokedOf(taken: LedgerHead['taken']): readonly RevokedKey[] {
  return taken.filter(each => each.revoked).map(({ key, index }) => ({ key: parseVerifierKey(key), index }))
}
