/** What log 0 says of erasures, for those who erase, and for those who want it proven. */
import { parseCheckpoint } from '../../format/checkpoint.ts'
import { leafHash } from '../../format/hash.ts'
import type { LedgerEntry } from '../../format/ledger-entry.ts'
import { parseSignature } from '../../format/note.ts'
import { tlogProofText } from '../../format/tlog-proof.ts'
import { inclusionProof } from '../../format/tree.ts'
import { NoteError } from '../../format/verifier-key.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { canonicalize } from '../../model/canonical.ts'
import { CustodyError } from '../../model/error.ts'
import type { Json } from '../../model/row.ts'
import { decodeLedgerEntry } from '../decode.ts'
import { readable } from '../runs/damaged.ts'

export const CERTIFICATE_FORMAT = 'custody-erasure/1'

/** An entry of log 0 and that it is in it: a C2SP tlog-proof. */
export interface ProvenEntry {
  readonly body: string
  readonly proof: string
}

/**
 * That erasures are on record, for others: entries of log 0 by ascending index, the birth of the ledger and its changes of keys first of all
 * that say so. All proofs end in the same checkpoint.
 */
export interface ErasureCertificate {
  readonly format: typeof CERTIFICATE_FORMAT
  readonly ledger: string
  readonly log: readonly ProvenEntry[]
}

export type EraseEntry = Extract<LedgerEntry, { readonly k: 'erase' }>

/** What a certificate is of. */
export interface Certified {
  /** As it is written to a file: canonical, and a line. */
  readonly text: string
  readonly erasures: ReadonlyArray<{ readonly seq: number; readonly entry: EraseEntry }>
  /** `name+hash` of the keys that signed the head. */
  readonly signed_by: readonly string[]
}

/** Of the erasures that are `wanted`; null if there are none. To be called within a snapshot. */
export async function certify(
  reader: LedgerReader,
  wanted: (entry: EraseEntry, seq: number) => boolean,
): Promise<Certified | null> {
  const leaves: string[] = []
  const shown: { readonly seq: number; readonly body: string }[] = []
  const erasures: { readonly seq: number; readonly entry: EraseEntry }[] = []
  let ledger = ''
  for await (const { seq, body } of reader.entries(0)) {
    leaves.push(leafHash(body))
    const entry = readable(0, () => decodeLedgerEntry(seq, body))
    if (entry.k === 'birth') ({ ledger } = entry)
    const is_wanted = entry.k === 'erase' && wanted(entry, seq)
    if (is_wanted) erasures.push({ seq, entry })
    if (is_wanted || entry.k === 'birth' || entry.k === 'key') shown.push({ seq, body })
  }
  if (erasures.length === 0) return null
  const checkpoint = (await reader.head(0)) ?? ''
  const log = shown.map(({ seq, body }): ProvenEntry => {
    const path = inclusionProof(seq, leaves.length, at => leaves[at] as string)
    return { body, proof: tlogProofText({ index: seq, path, checkpoint }) }
  })
  const certificate: ErasureCertificate = { format: CERTIFICATE_FORMAT, ledger, log }
  const text = `${canonicalize(certificate as unknown as Json)}\n`
  return { text, erasures, signed_by: signersOf(checkpoint, leaves.length) }
}

/** @throws CustodyError CUSTODY_VERIFY_FAILED if it isn't the head of so many entries. */
function signersOf(note: string, size: number): readonly string[] {
  const split = note.lastIndexOf('\n\n')
  const lines = note.slice(split + 2, -1).split('\n')
  const signatures = lines.flatMap(line => parseSignature(line.slice(2)) ?? [])
  if (sizeIn(note.slice(0, split + 1)) !== size || signatures.length < lines.length)
    throw new CustodyError('CUSTODY_VERIFY_FAILED', 'the head of log 0 isn’t that of its entries')
  return signatures.map(({ name, hash }) => `${name}+${hash}`)
}

function sizeIn(text: string): number | null {
  try {
    return parseCheckpoint(text).size
  } catch (error) {
    if (error instanceof NoteError) return null
    throw error
  }
}
