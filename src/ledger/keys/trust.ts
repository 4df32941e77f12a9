/**
 * What a user of this machine knows of ledgers: keys, and the head that each ledger had when they last wrote to it, like the hosts
 * that ssh knows. It is stored outside of all ledgers.
 *
 * TRUST-1. Keys of one name are those of one signer. A ledger is the word of a signer whom the user trusts, if of each type that they
 *     have of this signer a key has signed it: who trusts an ML-DSA-44 key isn't content with the Ed25519 key beside it.
 */
import type { VerifierKey } from '../../format/verifier-key.ts'

export interface Remembered {
  /** Verifier keys of the ledger's birth: they bind. */
  readonly keys: readonly string[]
  /** Head of log 0 when this user last wrote to it. */
  readonly size: number
  readonly root: string
  /** The file that it is kept in, for people. */
  readonly kept_in?: string
}

export interface Trust {
  /** Keys that are trusted in any ledger: the user's own, and those that they accepted. */
  readonly keys: readonly VerifierKey[]
  /** By a ledger's id; null if the user never wrote to it. @throws CustodyError CUSTODY_KEY if that can't be known. */
  recall(ledger: string): Remembered | null
  remember(ledger: string, head: Remembered): void
}

/** Trust in some keys, that remembers nothing: for ledgers that live no longer than their process. */
export function trustIn(keys: readonly VerifierKey[]): Trust {
  return { keys, recall: () => null, remember: () => undefined }
}

/** Whether one who trusts `trusted` may believe what `signers` have signed (TRUST-1). */
export function isTrusted(trusted: readonly VerifierKey[], signers: readonly VerifierKey[]): boolean {
  const found = trusted.filter(({ text }) => signers.some(each => each.text === text))
  return found.some(({ name }) => {
    const types = new Set(trusted.filter(each => each.name === name).map(each => each.type))
    return [...types].every(type => found.some(each => each.name === name && each.type === type))
  })
}
