/**
 * Which logs a witness knows: `ORIGIN VKEY`, or `VKEY` alone.
 *
 * LOGS-1. A line with an origin pins that log's key. Several lines of one origin are several keys, any of which counts.
 * LOGS-2. A key alone pins the log whose origin is the key's name; one of Custody (`custody/…`) pins the log of each ledger
 *     (`custody/<ledger>/0`) whose first head that comes it has signed. From then on the ledger is its signer's: no other key that stands
 *     alone speaks for it, so that nobody takes another one's ledger. A new key of it is registered with its origin.
 */
import { NoteError, parseVerifierKey, type VerifierKey } from '../format/verifier-key.ts'

/** A key, and the log that it is pinned for; `origin` null: it stands alone. */
export interface KnownKey {
  readonly origin: string | null
  readonly key: VerifierKey
}

/** @throws NoteError if it is none. */
export function parseKnownKey(text: string): KnownKey {
  const at = text.lastIndexOf(' ')
  const origin = text.slice(0, Math.max(0, at)).trim()
  if (origin.includes('\n')) throw new NoteError('not a log: an origin and a verifier key, or the key alone')
  return { origin: origin === '' ? null : origin, key: parseVerifierKey(text.slice(at + 1)) }
}

const LEDGER = /^custody\/[^/\s]+\/0$/
const CUSTODY_KEY = /^custody\/[^/\s]+$/

/**
 * Keys whose signature counts for a log.
 * @param signed_first keys that signed the head of it that is remembered; null if none is.
 */
export function keysFor(
  origin: string,
  known: readonly KnownKey[],
  signed_first: ((keys: readonly VerifierKey[]) => readonly VerifierKey[]) | null,
): readonly VerifierKey[] {
  const pinned = known.filter(each => each.origin === origin || (each.origin === null && each.key.name === origin))
  const alone = known.filter(each => each.origin === null && CUSTODY_KEY.test(each.key.name)).map(each => each.key)
  const of_ledger = !LEDGER.test(origin) ? [] : signed_first === null ? alone : signers(signed_first(alone), alone)
  return [...new Set([...pinned.map(each => each.key), ...of_ledger])]
}

/** All keys of those signers: keys of one name are one signer's. */
function signers(signed: readonly VerifierKey[], keys: readonly VerifierKey[]): readonly VerifierKey[] {
  return keys.filter(({ name }) => signed.some(each => each.name === name))
}
