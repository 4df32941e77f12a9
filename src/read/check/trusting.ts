/** What a reader has from elsewhere, and the head that they are to trust by it. */
import type { Certificate } from '../../format/certificate.ts'
import type { Policy } from '../../format/policy.ts'
import type { VerifierKey } from '../../format/verifier-key.ts'
import type { KeysInForce, RevokedKey } from '../verify/keys.ts'

/** Whom the reader trusts. */
export interface Trusting {
  /** The reader's keys; null: the log lines of `policy` say whose log it must be. */
  readonly trusted: readonly VerifierKey[] | null
  /** Must be met. */
  readonly policy?: Policy | null
  /** Where no policy must be met: says which witnesses are known. */
  readonly known?: Policy | null
  /** Of timestamp authorities, or of those who certify them. */
  readonly authorities?: readonly Certificate[]
  /** Keys of a ledger, by its id, that the reader knows from elsewhere to have been revoked. Absent: of none. */
  readonly revokedIn?: (ledger: string) => readonly RevokedKey[]
}

/** A head of the ledger's own log, of which is known that the entries at hand are in it. */
export interface SignedHead {
  /** With all its lines. */
  readonly note: string
  /** In force for its size. */
  readonly good: readonly VerifierKey[]
  /** Those that are on record. */
  readonly keys: Pick<KeysInForce, 'all' | 'isTrustedBy' | 'restsOn' | 'revoked'>
}

/** By when the head existed. */
export interface AsOf {
  /** Milliseconds since the Unix epoch. */
  readonly at_ms: number
  readonly by: readonly string[]
}

export function timeText(at_ms: number): string {
  return new Date(at_ms).toISOString()
}
