/** What log 0 says of erasures, for those who erase, and for those who want it proven. */
import { ERASURE_FORMAT, erasureText } from '../../format/erasure.ts'
import type { LedgerEntry } from '../../format/ledger-entry.ts'
import { readNote } from '../../format/note.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { UnsoundRecord } from '../evidence/unsound.ts'
import { loggedEntries, wantedEntries } from '../prove/logged.ts'

export type EraseEntry = Extract<LedgerEntry, { readonly k: 'erase' }>

/** What a certificate is of. */
export interface Certified {
  /** As it is written to a file: canonical, and a line. */
  readonly text: string
  readonly erasures: ReadonlyArray<{ readonly seq: number; readonly entry: EraseEntry }>
  /** `name+hash` of the keys that signed the head. */
  readonly signed_by: readonly string[]
}

/** Of the erasures that are `wanted`; null if there are none. To be called within a snapshot. @throws UnsoundRecord */
export async function certify(
  reader: LedgerReader,
  wanted: (entry: EraseEntry, seq: number) => boolean,
): Promise<Certified | null> {
  const isShown = (entry: LedgerEntry, seq: number) => entry.k === 'erase' && wanted(entry, seq)
  const { ledger, head, entries } = await loggedEntries(reader, await wantedEntries(reader, isShown), 'bare')
  const erasures = entries.flatMap(({ seq, entry }) => (entry.k === 'erase' ? [{ seq, entry }] : []))
  if (erasures.length === 0) return null
  const log = entries.map(each => each.logged)
  const text = erasureText({ format: ERASURE_FORMAT, ledger, log })
  return { text, erasures, signed_by: signersOf(head.note) }
}

function signersOf(note: string): readonly string[] {
  const read = readNote(note)
  if (!read.ok) throw new UnsoundRecord([`the head of log 0: ${read.message}`])
  return read.signatures.map(({ name, hash }) => `${name}+${hash}`)
}
