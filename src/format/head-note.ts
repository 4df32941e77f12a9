/**
 * The note of a log's head with the log's own signatures alone, in a fixed order: what witnesses and timestamp authorities are given, and
 * what is kept of it. Whoever has the note and the keys makes the same bytes of it, whatever lines others have put beside.
 */
import { toBase64 } from './base64.ts'
import { hexToBytes } from './hash.ts'
import { type NoteSignature, noteOf, readNote } from './note.ts'
import { joined, KEY_TYPES, type VerifierKey } from './verifier-key.ts'

/**
 * Ed25519 lines before those of ML-DSA-44; those of a type by the key's text. A key's second line is left out.
 * @returns null if it is no note, or none of the keys has a line.
 */
export function headNote(note: string, keys: readonly VerifierKey[]): string | null {
  const read = readNote(note)
  if (!read.ok) return null
  const lines = [...keys].sort(inOrder).flatMap(key => {
    const own = read.signatures.find(({ name, hash }) => name === key.name && hash === key.hash)
    return own === undefined ? [] : [signatureLine(own)]
  })
  return lines.length === 0 ? null : noteOf(read.text, lines)
}

/** As `noteOf` takes it. */
export function signatureLine({ name, hash, bytes }: NoteSignature): string {
  return `${name} ${toBase64(joined(hexToBytes(hash), bytes))}`
}

function inOrder(a: VerifierKey, b: VerifierKey): number {
  const by_type = KEY_TYPES.indexOf(a.type) - KEY_TYPES.indexOf(b.type)
  if (by_type !== 0) return by_type
  return a.text < b.text ? -1 : Number(a.text > b.text)
}
