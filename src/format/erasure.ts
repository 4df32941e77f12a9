/** Certificates of erasure as files: that a ledger has erasures on record, for whoever has neither the ledger nor Custody (docs/erasing.md). */
import { canonicalize } from '../model/canonical.ts'
import type { Json } from '../model/row.ts'
import type { LoggedEntry } from './proof.ts'

export const ERASURE_FORMAT = 'custody-erasure/1'

export interface ErasureCertificate {
  readonly format: typeof ERASURE_FORMAT
  /** The ledger's id. */
  readonly ledger: string
  /** The birth, changes of keys, and erasures, by ascending index; all proofs lead to the same checkpoint. */
  readonly log: readonly LoggedEntry[]
}

/** The text of its file. */
export function erasureText(certificate: ErasureCertificate): string {
  // cast: a type with names for its keys isn't seen to be JSON.
  return `${canonicalize(certificate as unknown as Json)}\n`
}

/** Whether a file says that it is one. */
export function isErasure(file: string): boolean {
  return file.startsWith('{"format":"custody-erasure/')
}
