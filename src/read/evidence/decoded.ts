/**
 * Entries and payloads that several look at in turn, decoded once: by the very objects that a reader gave, which nobody changes, and for
 * as long as they are there.
 */
import type { SubjectEntry } from '../../format/entry.ts'
import type { StoredEntry, StoredPayload } from '../../ledger/read-port.ts'
import { decodeSubjectEntry } from '../decode.ts'
import { type DecodedPayload, decodePayload } from '../values.ts'

const ENTRIES = new WeakMap<StoredEntry, SubjectEntry>()
const PAYLOADS = new WeakMap<StoredPayload, DecodedPayload>()
const FITTING = new WeakSet<StoredPayload>()

/** @throws DecodeError */
export function decodedEntry(stored: StoredEntry): SubjectEntry {
  let entry = ENTRIES.get(stored)
  if (entry === undefined) {
    entry = decodeSubjectEntry(stored.seq, stored.body)
    ENTRIES.set(stored, entry)
  }
  return entry
}

/** @throws DecodeError */
export function decodedPayload(stored: StoredPayload): DecodedPayload {
  let payload = PAYLOADS.get(stored)
  if (payload === undefined) {
    payload = decodePayload(stored)
    PAYLOADS.set(stored, payload)
  }
  return payload
}

/** Its values that are stored in full were found to fit the commitments of its entry. */
export function noteFitting(stored: StoredPayload): void {
  FITTING.add(stored)
}

export function isNotedFitting(stored: StoredPayload): boolean {
  return FITTING.has(stored)
}
