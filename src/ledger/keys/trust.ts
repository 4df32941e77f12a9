/**
 * What a user of this machine knows of ledgers: keys, and the head that each ledger had when they last wrote to it, like the hosts
 * that ssh knows. It is stored outside of all ledgers.
 */
import type { VerifierKey } from '../../format/note.ts'

export interface Remembered {
  /** Verifier key of the ledger's birth: it binds. */
  readonly key: string
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
