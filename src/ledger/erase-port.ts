/**
 * Erasing values of sealed runs. Evidence stays: entries, and with them all commitments, are never touched.
 *
 * ERASE-PORT-1. Values are gone exactly if log 0 says so: its `erase` entries and what they name are one transaction.
 * ERASE-PORT-2. That transaction follows from log 0 as it was when it was decided what is erased: no run was opened or sealed meanwhile,
 *     or it is decided anew.
 * ERASE-PORT-3. What a value was is gone from the file when `scrub` says so, and not before.
 */
import type { Erased } from '../format/ledger-entry.ts'
import type { LedgerReader, ReadablePayload } from './read-port.ts'

/** What is erased of one run. */
export interface Erasure {
  readonly log: number
  readonly run: string
  /** Ranges of whole entries, and places of others; not empty. */
  readonly values: Erased
  /** Of each entry of which `values` has places, and of those whose other values stood on what is erased: the payload as it is from now on. */
  readonly payloads: readonly ReadablePayload[]
}

/** Whether `scrub` is done: somebody who reads the ledger may still need what was there before. */
export type Scrubbed = { readonly done: true } | { readonly done: false; readonly why: string }

/** The moments around what becomes durable, by name: tests end the process at each of them. */
export const ERASE_POINTS = [
  'before_erase',
  /** Log 0 says it, and the values are there; nothing is durable. */
  'mid_erase',
  /** The entry is durable; the file has still what the values were. */
  'after_erase',
  /** The file is written anew, and its write-ahead log has what it was before. */
  'after_rewrite',
  'after_scrub',
] as const
export type ErasePoint = (typeof ERASE_POINTS)[number]

/** Called at each point; does nothing outside of tests. */
export type AtErasePoint = (point: ErasePoint) => void

export interface ErasingLedger {
  readonly url: string
  /**
   * `decide` says what is erased, in the snapshot of `reader`, and is called again if another process came first. If it names nothing, nothing is
   * written. Gives what it found at last.
   * @throws CustodyError CUSTODY_LEDGER_WRITE, CUSTODY_LEDGER_BUSY, CUSTODY_KEY_UNKNOWN, and whatever `decide` throws.
   */
  erase<Found extends { readonly erasures: readonly Erasure[] }>(
    decide: (reader: LedgerReader) => Promise<Found>,
    atPoint: AtErasePoint,
  ): Promise<Found>
  /**
   * Writes the file anew without what is erased, and empties its write-ahead log. Waits `wait_ms` for others who read or write.
   * @throws CustodyError CUSTODY_LEDGER_WRITE, as where the disk is full.
   */
  scrub(wait_ms: number, atPoint: AtErasePoint): Promise<Scrubbed>
  /** All of the ledger, as it was last written. */
  readonly reader: LedgerReader
  close(): Promise<void>
}
