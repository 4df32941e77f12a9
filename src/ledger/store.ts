/**
 * What a database must do to hold a ledger. One implementation per database (sqlite/); the conformance kit
 * (test/conformance/ledger.ts) says what each must do, and holds each to it.
 */
import type { Erasure, Scrubbed } from './erase-port.ts'
import type { LedgerReader, StoredTimestamp, StoredWitnessed } from './read-port.ts'
import type { LogZeroBatch, WriteBatch } from './write-port.ts'

/** What others say of heads of log 0 is kept beside it: it comes later than they do, and no entry speaks of it. */
export interface WitnessingLedger {
  readonly reader: LedgerReader
  /** Durably. @throws CustodyError CUSTODY_LEDGER_WRITE, CUSTODY_LEDGER_BUSY. */
  keepWitnessed(head: StoredWitnessed): Promise<void>
  keepTimestamp(head: StoredTimestamp): Promise<void>
  close(): Promise<void>
}

export interface Store extends WitnessingLedger {
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
  /** As `ErasingLedger`; `onRewritten` is called when no page of the file has what is erased. */
  scrub(wait_ms: number, onRewritten: () => void): Promise<Scrubbed>
}

/** Another process has written to what several processes share: log 0, and the numbers of logs. */
export class StaleLog extends Error {
  override readonly name = 'StaleLog'
}
