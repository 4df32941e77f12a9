/** Entries of log 0, the ledger's own (docs/ledger-format.md, section 7). */
import type { LEDGER_FORMAT } from './entry.ts'

/** Entries of log 0, the ledger's own. They carry a nonce, no values. `t` never goes back. */
export type LedgerEntry =
  | {
      readonly k: 'birth'
      readonly format: typeof LEDGER_FORMAT
      readonly ledger: string
      /** Verifier keys that are in force from the beginning: one of Ed25519 at least. */
      readonly keys: readonly string[]
      /** Verifier keys of an offline key, which signs no heads: it can change which keys are in force by itself. */
      readonly recovery?: readonly string[]
      /** A ledger in whose place it was made, whose keys were lost, and the last head of its log 0 that was known. */
      readonly succeeds?: Succeeded
      /** Over `birthText`, of each of `keys`. */
      readonly signatures: readonly string[]
      readonly t: number
    }
  /** With `splits`, as many logs behind this one are the run's, too: a part of it each. */
  | {
      readonly k: 'opened'
      readonly log: number
      readonly run: string
      readonly root: string
      readonly splits?: number
      readonly t: number
    }
  | {
      readonly k: 'sealed'
      readonly log: number
      readonly run: string
      readonly size: number
      readonly root: string
      readonly t: number
    }
  /** How far a run is that isn't sealed: its log began so, whatever it has become since. */
  | {
      readonly k: 'progress'
      readonly log: number
      readonly run: string
      readonly size: number
      readonly root: string
      readonly t: number
    }
  | { readonly k: 'taken_over'; readonly log: number; readonly run: string; readonly epoch: number; readonly t: number }
  | { readonly k: 'erase'; readonly log: number; readonly run: string; readonly values: Erased; readonly t: number }
  /** From here on it is written where its home has this id, and nowhere else: it was copied there. */
  | { readonly k: 'moved'; readonly home: string; readonly t: number }
  /** Which keys are in force changes: from the next entry on. */
  | ({ readonly k: 'key'; readonly t: number } & KeyChange)

export interface Succeeded {
  /** Its id. */
  readonly ledger: string
  readonly size: number
  readonly root: string
}

/** Values of one log of a sealed run: of entries `[first, last]`, or of one entry `[seq, seq, place, …]`; places from 1. In order. */
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
   * `name base64(key hash ‖ signature)`, over `keyChangeText`: of each type that is in force, that of a key which is so before and
   * after the change, or else of a recovery key; and of each key that it adds.
   */
  readonly signatures: readonly string[]
}
