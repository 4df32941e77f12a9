/**
 * Heads and keys that were revoked: somebody else may have these (docs/evidence.md).
 *
 * REVOKED-1. A head with the entry that revoked a key isn't good under it. That follows from the keys in force, and isn't asked here.
 * REVOKED-2. Where only revoked keys lead from the reader to the head, it is said that it rests on them: whoever had stolen them could have written
 *     another history below the revocation, with keys of their own.
 * REVOKED-3. Who knows from elsewhere that an entry revoked a key takes no longer head of the ledger that lacks this entry.
 */
import { checkpointIn } from '../../format/checkpoint.ts'
import { isPinned } from '../../format/policy.ts'
import type { VerifierKey } from '../../format/verifier-key.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { type RevokedKey, revokedJson } from '../verify/keys.ts'
import { type AsOf, type SignedHead, type Trusting, timeText } from './trusting.ts'

/** Why a head is none of the ledger that the reader knows, as a sentence; null if it may be. */
export function otherHistory({ note, keys }: SignedHead, { revokedIn }: Trusting): string | null {
  const { size } = checkpointIn(note)
  const isOnRecord = ({ key, index }: RevokedKey) =>
    keys.revoked.some(each => each.index === index && each.key.text === key.text)
  const lacking = knownOf(note, revokedIn).find(each => each.index < size && !isOnRecord(each))
  if (lacking === undefined) return null
  const { key, entry } = revokedJson(lacking)
  return `as you saw this ledger, entry ${grouped(entry)} of its own log revoked ${key}; here it has ${counted(size, 'entry', 'entries')}, and that isn’t among them: it is another history`
}

/** `signers`: of those that are in force those that have signed the head. */
export function restingKeys(
  { note, keys }: SignedHead,
  signers: readonly VerifierKey[],
  { trusted, policy = null, revokedIn }: Trusting,
): readonly RevokedKey[] {
  const { size } = checkpointIn(note)
  const later = knownOf(note, revokedIn).filter(each => each.index >= size)
  const all = revokedOf(signers, later)
  if (all.length === signers.length) return all
  if (trusted !== null) return keys.restsOn(trusted, later)
  const pinned = policy === null ? [] : signers.filter(each => isPinned(policy, each))
  const found = revokedOf(pinned, later)
  return found.length === pinned.length ? found : []
}

export function restingText(rests_on: readonly RevokedKey[], as_of: AsOf | null): string {
  const entries = [...new Set(rests_on.map(each => grouped(each.index)))].join(' and ')
  const [are, have] = rests_on.length === 1 ? ['was', 'has it'] : ['were', 'have them']
  const names = rests_on.map(each => revokedJson(each).key).join(' and ')
  const what = `that nobody has written it who had stolen a key: whose word it is rests on ${names} alone, which ${are} revoked in ${entries.includes(' ') ? 'entries' : 'entry'} ${entries} of the ledger’s own log; others may ${have}, and could have written another history below that entry`
  return as_of === null
    ? `${what}, which only a later head, or a cosignature or a timestamp from before the theft, excludes`
    : `${what}; that all of it existed by ${timeText(as_of.at_ms)} excludes that, if the theft was later`
}

function revokedOf(keys: readonly VerifierKey[], revoked: readonly RevokedKey[]): readonly RevokedKey[] {
  return keys.flatMap(({ text }) => revoked.find(each => each.key.text === text) ?? [])
}

function knownOf(note: string, revokedIn: Trusting['revokedIn']): readonly RevokedKey[] {
  const [, ledger = ''] = /^custody\/(.*)\/0$/.exec(checkpointIn(note).origin) ?? []
  return revokedIn?.(ledger) ?? []
}
