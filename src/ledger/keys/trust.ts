/**
 * What a user of this machine knows of ledgers: keys, and the heads of each ledger's own log that they saw, like the hosts that ssh knows.
 * It is stored outside of all ledgers.
 *
 * TRUST-1. Keys of one name are those of one signer. A ledger is the word of a signer whom the user trusts, if of each type that they
 *     have of this signer a key has signed it: who trusts an ML-DSA-44 key isn't content with the Ed25519 key beside it.
 * TRUST-2. What is remembered is replaced only by what continues it, whoever else remembers something at the same time.
 * TRUST-3. Whoever only reads a ledger trusts nobody for that.
 */
import { type SoundHead, type Standing, standingOf, type TreeHead } from '../../format/standing.ts'
import type { VerifierKey } from '../../format/verifier-key.ts'
import type { Hash } from '../../model/sha256.ts'

/** A head of log 0 that was seen. */
export interface SeenHead extends TreeHead {
  /** Time of its last entry. */
  readonly t_us: number
}

/** A key that is in force no more. */
export interface TakenKey {
  /** Verifier key. */
  readonly key: string
  /** seq of the entry of log 0 that took it away. */
  readonly index: number
  readonly revoked: boolean
}

export interface Remembered {
  /** Verifier keys of the ledger's birth. */
  readonly keys: readonly string[]
  /** Those that were in force at the newest head. */
  readonly in_force: readonly string[]
  /** Those that had been, until then. */
  readonly taken: readonly TakenKey[]
  /** The user has written to it: the keys of its birth are trusted in it. */
  readonly written: boolean
  /** With ascending sizes: the newest last, at least one. */
  readonly heads: readonly SeenHead[]
  /** The newest of them that all entries of were looked at, and hold; absent if none. */
  readonly sound?: SoundHead | undefined
  /** The file that it is kept in, for people. */
  readonly kept_in?: string
}

/** A ledger as it was found just now. */
export interface Seen extends Omit<Remembered, 'heads' | 'kept_in'> {
  readonly head: SeenHead
}

export interface Trust {
  /** Keys that are trusted in any ledger: the user's own, and those that they accepted. */
  readonly keys: readonly VerifierKey[]
  /** By a ledger's id; null if the user never saw it. @throws CustodyError CUSTODY_KEY if that can't be known. */
  recall(ledger: string): Remembered | null
  /** Puts `after` in the place of `before`; false, and nothing is changed, if something else is remembered by now. */
  replace(ledger: string, before: Remembered | null, after: Remembered): boolean
}

/** Trust in some keys, that remembers nothing: for ledgers that live no longer than their process. */
export function trustIn(keys: readonly VerifierKey[]): Trust {
  return { keys, recall: () => null, replace: () => true }
}

/** @throws TypeError if there is none. */
export function newestOf({ heads }: Pick<Remembered, 'heads'>): SeenHead {
  const newest = heads.at(-1)
  if (newest === undefined) throw new TypeError('what is remembered of a ledger has a head')
  return newest
}

/**
 * So many heads are remembered. Each is one that a copy of the ledger may stand at; a copy that was continued from one of them is
 * recognised while it is still shorter than the ledger was.
 */
const MOST_HEADS = 100

/** Remembers what was seen, if that continues what is remembered (TRUST-2). `rootOf` as for `standingOf`. */
export async function rememberSeen(
  trust: Pick<Trust, 'recall' | 'replace'>,
  ledger: string,
  seen: Seen,
  rootOf: (size: number) => Hash | null | Promise<Hash | null>,
): Promise<Standing | 'first'> {
  for (;;) {
    const before = trust.recall(ledger)
    const standing = before === null ? 'first' : await standingOf(before.heads, seen.head, rootOf)
    if (standing === 'forked' || standing === 'older') return standing
    const { head, keys, in_force, taken, written, sound = before?.sound } = seen
    const is_known = before?.written === true || !written
    if (standing === 'same' && is_known && sound?.size === before?.sound?.size) return standing
    const earlier = (before?.heads ?? []).filter(each => each.size < head.size)
    const heads = [...earlier, head].slice(-MOST_HEADS)
    const after = { keys, in_force, taken, written: written || before?.written === true, heads, sound }
    if (trust.replace(ledger, before, after)) return standing
  }
}

/** Whether one who trusts `trusted` may believe what `signers` have signed (TRUST-1). */
export function isTrusted(trusted: readonly VerifierKey[], signers: readonly VerifierKey[]): boolean {
  const found = trusted.filter(({ text }) => signers.some(each => each.text === text))
  return found.some(({ name }) => {
    const types = new Set(trusted.filter(each => each.name === name).map(each => each.type))
    return [...types].every(type => found.some(each => each.name === name && each.type === type))
  })
}
