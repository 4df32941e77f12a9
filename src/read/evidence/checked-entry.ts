/** An entry as the checked reader gives it, with what had to be decoded for that, so that whoever gets it needn’t do so once more. */
import type { SubjectEntry } from '../../format/entry.ts'
import type { FullEntry, StoredPayload } from '../../ledger/read-port.ts'
import { decodeSubjectEntry } from '../decode.ts'
import { type DecodedPayload, decodePayload } from '../values.ts'

/** Its values that are stored in full fit their commitments. */
export interface Decoded {
  /** null: it is of the run, or was not decoded. */
  readonly entry: SubjectEntry | null
  readonly payload: DecodedPayload | null
}

export class CheckedEntry implements FullEntry {
  readonly seq: number
  readonly row: number | null
  readonly batch: number | null
  readonly body: string
  readonly payload: StoredPayload | null
  readonly decoded: Decoded

  constructor({ seq, row, batch, body, payload }: FullEntry, decoded: Decoded) {
    this.seq = seq
    this.row = row
    this.batch = batch
    this.body = body
    this.payload = payload
    this.decoded = decoded
  }
}

/** @throws DecodeError */
export function decodedEntry(stored: FullEntry): SubjectEntry {
  const known = stored instanceof CheckedEntry ? stored.decoded.entry : null
  return known ?? decodeSubjectEntry(stored.seq, stored.body)
}

/** null if it has none. @throws DecodeError */
export function decodedPayload(stored: FullEntry): DecodedPayload | null {
  if (stored instanceof CheckedEntry) return stored.decoded.payload
  return stored.payload === null ? null : decodePayload(stored.payload)
}
