/** What the page asks its worker, and what that answers. */
import type { CheckedProof } from '../../read/check/check-proof.ts'

export interface ProofQuestion {
  readonly id: number
  readonly proof: string
  /** As the reader keeps it: keys, a policy, certificates. */
  readonly trust: string
}

export type ProofResult =
  | { readonly ok: true; readonly checked: CheckedProof }
  /** It is no proof that can be read. */
  | { readonly ok: false; readonly message: string }

export type ProofAnswer = ProofResult & { readonly id: number }
