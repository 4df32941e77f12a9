/**
 * An entry as the checked reader gives it. That it was signed has been looked at; its values are decoded, and compared with their
 * commitments, when they are asked for.
 */
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
  /** As it is stored, whatever it may be. */
  readonly payload: StoredPayload | null
  readonly #decode: (entry: FullEntry) => Decoded
  #decoded: Decoded | null = null

  constructor({ seq, row, batch, body, payload }: FullEntry, decode: (entry: FullEntry) => Decoded) {
    this.seq = seq
    this.row = row
    this.batch = batch
    this.body = body
    this.payload = payload
    this.#decode = decode
  }

  /** @throws UnsoundRecord if its values aren't what was committed to. */
  decode(): Decoded {
    this.#decoded ??= this.#decode(this)
    return this.#decoded
  }
}

/** `payload` is null if it has none. @throws DecodeError; UnsoundRecord */
export function decoded(stored: FullEntry): { readonly entry: SubjectEntry; readonly payload: DecodedPayload | null } {
  const known = stored instanceof CheckedEntry ? stored.decode() : null
  const entry = known?.entry ?? decodeSubjectEntry(stored.seq, stored.body)
  if (known !== null) return { entry, payload: known.payload }
  return { entry, payload: stored.payload === null ? null : decodePayload(stored.payload) }
}
