/**
 * Signed notes (C2SP signed-note): a text, and signatures of it by keys of several types.
 *
 * NOTE-1. A note is its text, an empty line, and signature lines `— name base64(key hash ‖ signature)`. The text ends in a
 *     newline and holds no other control characters.
 * NOTE-2. Whoever opens a note names the keys they trust; signatures of other keys are passed over, and count for nothing.
 *     A bad signature of a trusted key makes the whole note bad.
 * NOTE-3. Ed25519 signs the text. ML-DSA-44 signs the checkpoint that the text is, with the signer's name and a timestamp, which
 *     stands before the signature; of a text that is no checkpoint it has no good signature.
 */
import { fromBase64 } from './base64.ts'
import { type Checkpoint, cosignedMessage, parseCheckpoint } from './checkpoint.ts'
import { bytesToHex } from './hash.ts'
import { SIGNATURE_BYTES, verifyEd25519, verifyMlDsa44 } from './signatures.ts'
import { isKeyName, isNoteText, NoteError, utf8, type VerifierKey } from './verifier-key.ts'

export type NoteProblem = 'malformed' | 'unknown_key' | 'bad_signature'

export type OpenedNote =
  /** `signed_by`: those of the keys that have signed it, in the order of their signatures; at least one. */
  | { readonly ok: true; readonly text: string; readonly signed_by: readonly VerifierKey[] }
  | { readonly ok: false; readonly problem: NoteProblem; readonly message: string }

/** As in Go's reader of notes. */
const MAX_NOTE_UNITS = 1_000_000
const MAX_SIGNATURES = 100

/** A signature line: who signed, by name and key hash, and the bytes behind the hash. */
export interface NoteSignature {
  readonly name: string
  readonly hash: string
  readonly bytes: Uint8Array
}

/** A note taken apart; nothing of it is believed yet. */
export type ReadNote =
  | { readonly ok: true; readonly text: string; readonly signatures: readonly NoteSignature[] }
  | { readonly ok: false; readonly message: string }

export function readNote(note: string): ReadNote {
  const split = note.lastIndexOf('\n\n')
  const text = note.slice(0, split + 1)
  if (note.length > MAX_NOTE_UNITS || split < 0 || !isNoteText(text) || !note.endsWith('\n'))
    return { ok: false, message: 'it is not a signed note' }
  const lines = note.slice(split + 2, -1).split('\n')
  if (lines.length > MAX_SIGNATURES) return { ok: false, message: `it has more than ${MAX_SIGNATURES} signatures` }
  const signatures: NoteSignature[] = []
  for (const line of lines) {
    const signature = line.startsWith('— ') ? parseSignature(line.slice(2)) : null
    if (signature === null) return { ok: false, message: `a signature line is malformed: ${JSON.stringify(line)}` }
    signatures.push(signature)
  }
  return { ok: true, text, signatures }
}

/** Opens a note with the keys that are trusted. */
export function openNote(note: string, keys: readonly VerifierKey[]): OpenedNote {
  const read = readNote(note)
  if (!read.ok) return problem('malformed', read.message)
  const { text, signatures } = read
  const signed_by: VerifierKey[] = []
  for (const signature of signatures) {
    const key = keys.find(each => each.name === signature.name && each.hash === signature.hash)
    if (key === undefined) continue
    if (!hasSigned(key, text, signature.bytes))
      return problem('bad_signature', `the signature of ${key.name}+${key.hash} is not one of this text`)
    signed_by.push(key)
  }
  if (signed_by.length > 0) return { ok: true, text, signed_by }
  const signers = signatures.map(each => `${each.name}+${each.hash}`)
  return problem('unknown_key', `it is signed by ${signers.join(', ')}, and that is none of the trusted keys`)
}

function problem(kind: NoteProblem, message: string): OpenedNote {
  return { ok: false, problem: kind, message }
}

/** Of a signature line behind its dash; null if it is malformed. */
export function parseSignature(line: string): NoteSignature | null {
  const [, name = '', base64 = ''] = /^(\S+) (\S+)$/u.exec(line) ?? []
  const bytes = fromBase64(base64)
  if (bytes === null || bytes.length < 5 || !isKeyName(name)) return null
  return { name, hash: bytesToHex(bytes.subarray(0, 4)), bytes: bytes.subarray(4) }
}

const TIMESTAMP_BYTES = 8
const MAX_TIMESTAMP = 2n ** 63n - 1n

/** A `timestamped_signature` of C2SP tlog-cosignature, taken apart; null if it is none. */
export function timestamped(
  bytes: Uint8Array,
  signature_bytes: number,
): { readonly timestamp: bigint; readonly signature: Uint8Array } | null {
  if (bytes.length !== TIMESTAMP_BYTES + signature_bytes) return null
  const timestamp = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0)
  return timestamp > MAX_TIMESTAMP ? null : { timestamp, signature: bytes.subarray(TIMESTAMP_BYTES) }
}

function hasSigned(key: VerifierKey, text: string, bytes: Uint8Array): boolean {
  if (key.type === 'ed25519') return verifyEd25519(key.public_key, utf8(text), bytes)
  const signed = timestamped(bytes, SIGNATURE_BYTES[key.type])
  return signed !== null && hasCosigned(key, text, signed)
}

/** Whether an ML-DSA-44 key has signed the checkpoint that a text is. */
export function hasCosigned(
  key: { readonly name: string; readonly public_key: Uint8Array },
  text: string,
  { timestamp, signature }: { readonly timestamp: bigint; readonly signature: Uint8Array },
): boolean {
  let head: Checkpoint
  try {
    head = parseCheckpoint(text)
  } catch (error) {
    if (error instanceof NoteError) return false
    throw error
  }
  return verifyMlDsa44(key.public_key, cosignedMessage(key.name, timestamp, head), signature)
}

/** A note of a text and its signatures, each `name base64(key hash ‖ signature)`. */
export function noteOf(text: string, signatures: readonly string[]): string {
  return `${text}\n${signatures.map(each => `— ${each}\n`).join('')}`
}
