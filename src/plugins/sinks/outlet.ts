/** Where a format's text goes: a durable file, or a stream. */
import type { Discarded, Receipt, SinkIntent } from '../../sdk/spec.ts'

/** What is durable. `sha256` is null where there is no file. */
export interface Extent {
  readonly bytes: number
  readonly sha256: string | null
}

export interface Outlet {
  /**
   * Opens fresh as intended, or wound back to what a receipt says; what was open is closed first. `finished`: all that follows is
   * that it is published, if it isn't yet.
   */
  open(intent: SinkIntent, receipt: Receipt | null, finished: boolean): Promise<Extent>
  /** Writes bytes and makes them durable. After a failure nothing more is written until it is opened again. */
  write(bytes: Buffer): Promise<Extent>
  /** Looks whether the file is still the one that was opened, and as long as was written. @throws CustodyError CUSTODY_OUTPUT_CHANGED. */
  check(): void
  /** Renames a staged file into place; its final path, or null for a stream. Can be repeated. */
  publish(): Promise<string | null>
  /** Takes back what the run has written, as far as nobody else touched it. */
  discard(): Promise<Discarded>
  /** What people should know of it, since it was opened. */
  warnings?(): readonly string[]
  /** Lets others have it. It can be opened again. */
  close(): Promise<void>
}
