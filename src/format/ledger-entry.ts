/** Entries of log 0, the ledger's own (docs/ledger-format.md, section 7). */
import type { LEDGER_FORMAT } from './entry.ts'

/** Entries of log 0, the ledger's own. They carry a nonce, no values. `t` never goes back. */
export type LedgerEntry =
  | {
      readonly k: 'birth'
      readonly format: typeof LEDGER_FORMAT
      readonly ledger: string
      readonly key: string
      readonly t: number
    }
  | { readonly k: 'opened'; readonly log: number; readonly run: string; readonly root: string; readonly t: number }
  | {
      readonly k: 'sealed'
      readonly log: number
      readonly run: string
      readonly size: number
      readonly root: string
      readonly t: number
    }
  | { readonly k: 'taken_over'; readonly log: number; readonly run: string; readonly epoch: number; readonly t: number }
  | { readonly k: 'erase'; readonly log: number; readonly run: string; readonly values: Erased; readonly t: number }
  /** Which keys are in force changes: from the next entry on. */
  | ({ readonly k: 'key'; readonly t: number } & KeyChange)

/** Values of a sealed run: of entries `[first, last]`, or of one entry `[seq, seq, place, …]`; places from 1. In order. */
export type Erased = ReadonlyArray<readonly number[]>

/**
 * `add`: heads may be signed with `keys`, too. `retire`: no longer. `revoke`: no longer, and heads of runs that aren't sealed yet
 * count no more, because somebody else may have the keys.
 */
export interface KeyChange {
  readonly change: 'add' | 'retire' | 'revoke'
  /** Verifier keys. */
  readonly keys: readonly string[]
  /**
   * `name base64(key hash ‖ signature)`, over `keyChangeText`: of one that is in force before and after the change, and of each
   * key that it adds.
   */
  readonly signatures: readonly string[]
}
