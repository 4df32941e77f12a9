/**
 * Proofs of one row as files, for whoever has neither the ledger nor Custody (docs/proof-format.md).
 *
 * PROOF-1. A file is the canonical text of a proof and one newline: one proof has one file.
 * PROOF-2. Values are whole, never changes of others, so that each can be left out without the next one.
 * PROOF-3. It holds no key and no verdict: whom to trust is for whoever checks it.
 */
import { canonicalize } from '../model/canonical.ts'
import type { RowId, Seq, TokenId, ValueNumber } from '../model/ids.ts'
import type { Json } from '../model/row.ts'
import type { Hash } from '../model/sha256.ts'

export const PROOF_FORMAT = 'custody-proof/1'

/** An entry of log 0. */
export interface LoggedEntry {
  readonly body: string
  /** That it is in the log (C2SP tlog-proof), verbatim; all entries of a proof have the same checkpoint. */
  readonly proof: string
}

export interface ShownValue {
  /** Within its subject. */
  readonly number: ValueNumber
  /** 32 hex digits. */
  readonly salt: string
  readonly value: Json
}

/** An entry of the run's log, or of that of one of its splits. */
export interface ProvenEntry {
  readonly seq: Seq
  readonly body: string
  /** That it is in the tree that `sealed` names, or of a split its `close`: the leaf's sibling first. */
  readonly path: readonly Hash[]
  /** By ascending number; absent if none of its values is shown. */
  readonly values?: readonly ShownValue[]
}

/** A row or a batch with all of its entries. */
export interface ProvenSubject {
  readonly kind: 'row' | 'batch'
  /** Outside of the log (model/part-ids.ts), as those of `members`. */
  readonly number: number
  /** From its first to its last. */
  readonly entries: readonly ProvenEntry[]
  /** That the last of them stands at its place in the tree of rows, or of batches, that the seal, or `close`, names. */
  readonly path: readonly Hash[]
  /** Of which row each member is, as the ledger has it; absent where no row is known of one. */
  readonly members?: ReadonlyArray<readonly [token: TokenId, row: RowId]>
}

/** A split of a run, as the run's seal has it. */
export interface ProvenSplit {
  readonly part: number
  /** Its last entry, which names the tree of all before it. */
  readonly close: string
  /** That this stands at its place in the tree of the splits' last entries, which the seal names. */
  readonly path: readonly Hash[]
}

export interface RowProof {
  readonly format: typeof PROOF_FORMAT
  /** The ledger's id. */
  readonly ledger: string
  /** Birth, changes of keys, and what log 0 says of the run, by ascending index. */
  readonly log: readonly LoggedEntry[]
  readonly run: {
    readonly run: string
    readonly log: number
    /** Its opening, what it published, and its seal. */
    readonly entries: readonly ProvenEntry[]
    /** In which of its splits the subjects are; absent if it has none. */
    readonly split?: ProvenSplit
  }
  /** First the row that the proof is of. */
  readonly subjects: readonly ProvenSubject[]
  /** Timestamps of the checkpoint (RFC 3161 TimeStampToken), DER in base64; absent if there are none. */
  readonly timestamps?: readonly string[]
}

/** The text of its file. */
export function proofText(proof: RowProof): string {
  // cast: a type with names for its keys isn't seen to be JSON.
  return `${canonicalize(proof as unknown as Json)}\n`
}
