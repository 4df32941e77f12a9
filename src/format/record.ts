/**
 * Completeness records as files, for whoever has neither the ledger nor Custody (docs/proof-format.md): all entries of a run, and the ledger's own
 * log whole, or that log alone.
 *
 * RECORD-1. A record is lines of canonical text, each ended by a newline: its header, the bodies of log 0, the values that are disclosed, the
 *     bodies of the run's log, and those of its splits' logs in their order. How many there are of each, the header says, so that nothing can be missing at its end.
 * RECORD-2. Bodies stand as they were recorded, byte for byte: they are leaves of trees. There is no value in it but those that are disclosed.
 */
import { canonicalize } from '../model/canonical.ts'
import type { Json } from '../model/row.ts'
import type { ShownValue } from './proof.ts'

export const RECORD_FORMAT = 'custody-record/1'

/** The first line. */
export interface RecordHeader {
  readonly format: typeof RECORD_FORMAT
  /** The ledger's id. */
  readonly ledger: string
  /** How many entries of log 0 there are: all that its head has. */
  readonly ledger_entries: number
  /** The signed head of log 0, verbatim. */
  readonly checkpoint: string
  /** Timestamps of it (RFC 3161 TimeStampToken), DER in base64; absent if there are none. */
  readonly timestamps?: readonly string[]
  /** Absent if it is the record of log 0 alone. */
  readonly run?: RecordedRun
  /** How many values are disclosed; absent if none is. */
  readonly values?: number
}

export interface RecordedRun {
  readonly run: string
  readonly log: number
  /** How many entries it has, the seal being the last. */
  readonly entries: number
  /** Of a run with splits: how many entries each of their logs has, in order; absent if it has none. */
  readonly splits?: readonly number[]
}

/** Without its newline. */
export function headerLine(header: RecordHeader): string {
  return canonicalize(header as unknown as Json)
}

/** A value of the run's own entries that is disclosed, by its number; without its newline. */
export function valueLine(value: ShownValue): string {
  return canonicalize(value as unknown as Json)
}
