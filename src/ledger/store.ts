/**
 * What a database must do to hold a ledger. One implementation per database (sqlite/, postgres/); the conformance kit
 * (test/conformance/ledger.ts) says what each must do, and holds each to it.
 */
import type { LedgerKey } from './encryption/ledger-key.ts'
import type { Erasure, Scrubbed } from './erase-port.ts'
import type { LedgerReader, StoredTimestamp, StoredWitnessed } from './read-port.ts'
import type { LogZeroBatch, WriteBatch } from './write-port.ts'

/** Whether a ledger outlives its process, and a loss of power; a temporary one is removed, whatever happens. */
export type Lasting = 'durable' | 'temporary'

/** How a store is opened for writing. */
export interface StoreOptions {
  /** Makes what a new ledger begins with, where none is; null: none is made. `clock`: the store's, null if it has none. */
  readonly birth: ((clock: Pick<StoreClock, 'now_us'> | null) => WriteBatch) | null
  readonly lasting: Lasting
  /** What values are encrypted with that it is given; absent or null: they aren't. */
  readonly encryption?: LedgerKey | null | undefined
  /** A run is under way, so that a server which can't be reached just now is waited for, as long as a lease lasts. */
  readonly waits?: true
  /** `shared` of the clock of another thread's store, of the same ledger; null or absent: there is none. */
  readonly clock?: SharedArrayBuffer | null
}

/** A clock that all machines have that write to a store, and by which they record and judge: that of the database, as this process has it. */
export interface StoreClock {
  /** Microseconds since 1970. It may jump, forward and back. */
  now_us(): number
  /** Asks the database once more. @throws CustodyError CUSTODY_LEDGER_WRITE, CUSTODY_LEDGER_BUSY. */
  compare(): Promise<void>
  /** What other threads of this process need to have it, too. */
  readonly shared: SharedArrayBuffer
}

/** What others say of heads of log 0 is kept beside it: it comes later than they do, and no entry speaks of it. */
export interface WitnessingLedger {
  readonly reader: LedgerReader
  /** Durably; what is there already isn't kept twice. @throws CustodyError CUSTODY_LEDGER_WRITE, CUSTODY_LEDGER_BUSY, CUSTODY_LEDGER_IN_DOUBT. */
  keepWitnessed(head: StoredWitnessed): Promise<void>
  keepTimestamp(head: StoredTimestamp): Promise<void>
  close(): Promise<void>
}

export interface Store extends WitnessingLedger {
  /** Whether values are encrypted that it is given. */
  readonly encrypts: boolean
  /** Null: it has none, and this machine's counts. */
  readonly clock: StoreClock | null
  /** Sees what was written through this store. */
  readonly reader: LedgerReader
  /**
   * Applies a batch in one transaction, durably, or leaves everything as it was.
   * @throws StaleLog if log 0, the number of a new log, or a log that is taken over is no longer as the batch assumes: build it again.
   * @throws CustodyError CUSTODY_RUN_LOST (WRITE-PORT-4), CUSTODY_LEDGER_WRITE, CUSTODY_LEDGER_BUSY; CUSTODY_ENGINE_DEFECT for what
   * can't be: a second ending, a seq out of order.
   */
  write(batch: WriteBatch): Promise<void>
  /**
   * Appends to log 0 and takes values away, in one transaction. `midway` is called between the two.
   * @throws as `write`; CUSTODY_ENGINE_DEFECT for values that aren't there.
   */
  erase(ledger: LogZeroBatch, erasures: readonly Erasure[], midway: () => void): Promise<void>
  /**
   * Encrypts the data keys of at most `most` chunks of values behind `after` with another ledger key, in one transaction. Nothing else of
   * the ledger changes.
   * @throws as `write`; CUSTODY_VERIFY_FAILED for a data key that isn't what was stored.
   */
  rewrap(to: LedgerKey, after: SealedPlace, most: number): Promise<Rewrapped>
  /** Of a copy that was begun with `createCopy`: all is there, and it can be used. */
  finishCopy(): Promise<void>
  /** As `ErasingLedger`; `onRewritten` is called when no page of the file has what is erased. */
  scrub(wait_ms: number, onRewritten: () => void): Promise<Scrubbed>
}

/** The first entry of a chunk of encrypted values; log −1 comes before all. */
export interface SealedPlace {
  readonly log: number
  readonly first: number
}

export interface Rewrapped {
  /** How many chunks there were whose data keys are under the new key now, and weren't before. */
  readonly wrapped: number
  /** Ids of keys that others are under, and that aren't at hand. */
  readonly lacking: readonly string[]
  /** Where to go on; null: there are no more. */
  readonly next: SealedPlace | null
}

/** Another process has written to what several processes share: log 0, and the numbers of logs. */
export class StaleLog extends Error {
  override readonly name = 'StaleLog'
}
