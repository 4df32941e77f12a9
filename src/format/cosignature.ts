/**
 * Cosignatures (C2SP tlog-cosignature): a witness's word, in a line of the note, that a log's head extends all heads of the log that it
 * has seen, and when it said so.
 *
 * COSIGNATURE-1. Keys have types of their own, 04 (Ed25519) and 06 (ML-DSA-44), so that no key of a log's (01) is taken for a witness's.
 * COSIGNATURE-2. Ed25519 signs `cosignature/v1`, the time and the note's whole text; ML-DSA-44 signs `subtree/v1`: its own name, the
 *     time, the log's origin, size and root. Either stands behind its timestamp.
 * COSIGNATURE-3. Lines of other keys are passed over. A line of a known key that isn't its signature spoils the note.
 */

import { sha256Hex } from '../model/sha256.ts'
import { fromBase64, toBase64 } from './base64.ts'
import { hasCosigned, type NoteSignature, readNote, timestamped } from './note.ts'
import { isEd25519Key, type KeyType, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, verifyEd25519 } from './signatures.ts'
import { isKeyName, joined, NoteError, utf8 } from './verifier-key.ts'

/** A key that cosignatures are checked with. */
export interface CosignerKey {
  readonly cosigns: KeyType
  /** As in its lines. */
  readonly name: string
  /** 8 lower-case hex digits. */
  readonly hash: string
  /** As it was given: `name+hash+base64`. */
  readonly text: string
  readonly public_key: Uint8Array
}

export const COSIGNER_TYPE_BYTES: { readonly [type in KeyType]: number } = { ed25519: 4, 'ml-dsa-44': 6 }
const TYPES: readonly KeyType[] = ['ed25519', 'ml-dsa-44']

/** @throws NoteError if the text is no key of these types. */
export function parseCosignerKey(text: string): CosignerKey {
  const [, name = '', hash, base64 = ''] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? []
  const bytes = fromBase64(base64)
  if (bytes === null || !isKeyName(name)) throw new NoteError('not a verifier key (name+hash+base64)')
  const cosigns = TYPES.find(each => COSIGNER_TYPE_BYTES[each] === bytes[0])
  if (cosigns === undefined)
    throw new NoteError(
      bytes[0] === 1
        ? 'the key is one that signs notes (type 01); a witness’s has type 04 (Ed25519) or 06 (ML-DSA-44)'
        : 'the key is neither one of Ed25519 cosignatures (type 04) nor of ML-DSA-44 (06)',
    )
  const key = cosignerKey(cosigns, name, bytes.subarray(1))
  if (key.hash !== hash) throw new NoteError('the key does not fit its hash')
  return key
}

/** @throws NoteError if the name or the bytes can't be those of a key. */
export function cosignerKey(cosigns: KeyType, name: string, public_key: Uint8Array): CosignerKey {
  if (!isKeyName(name)) throw new NoteError(`not a name for a key: ${JSON.stringify(name)}`)
  const is_key = cosigns === 'ed25519' ? isEd25519Key(public_key) : public_key.length === PUBLIC_KEY_BYTES[cosigns]
  if (!is_key) throw new NoteError('not a public key of its type')
  const typed = Uint8Array.of(COSIGNER_TYPE_BYTES[cosigns], ...public_key)
  const hash = sha256Hex(joined(utf8(`${name}\n`), typed)).slice(0, 8)
  return { cosigns, name, hash, text: `${name}+${hash}+${toBase64(typed)}`, public_key }
}

/** A witness's word. */
export interface Cosignature {
  readonly key: CosignerKey
  /** Seconds since the Unix epoch; 0: its signer says nothing of when the head was the largest. */
  readonly timestamp: number
}

/** What of a note's signatures are cosignatures by some keys, in the order of its lines; a key can have several, of several times. */
export type ReadCosignatures =
  | { readonly ok: true; readonly cosignatures: readonly Cosignature[] }
  | { readonly ok: false; readonly message: string }

export function cosignaturesOf(note: string, keys: readonly CosignerKey[]): ReadCosignatures {
  const read = readNote(note)
  if (!read.ok) return read
  const cosignatures: Cosignature[] = []
  for (const signature of read.signatures) {
    const key = keys.find(each => each.name === signature.name && each.hash === signature.hash)
    if (key === undefined) continue
    const timestamp = cosignedAt(key, read.text, signature)
    if (timestamp === null)
      return { ok: false, message: `the cosignature of ${key.name}+${key.hash} is not one of this checkpoint` }
    cosignatures.push({ key, timestamp })
  }
  return { ok: true, cosignatures }
}

/** null if it isn't this key's signature. */
function cosignedAt(key: CosignerKey, text: string, { bytes }: NoteSignature): number | null {
  const signed = timestamped(bytes, SIGNATURE_BYTES[key.cosigns])
  if (signed === null || signed.timestamp > MAX_SECONDS) return null
  const holds =
    key.cosigns === 'ed25519'
      ? verifyEd25519(key.public_key, cosignatureMessage(signed.timestamp, text), signed.signature)
      : hasCosigned(key, text, signed)
  return holds ? Number(signed.timestamp) : null
}

/** Some 285 million years: later ones aren't exact as numbers. */
const MAX_SECONDS = BigInt(Number.MAX_SAFE_INTEGER)

/** What Ed25519 signs. @param timestamp seconds since the Unix epoch. @param text of the note, with its last newline. */
export function cosignatureMessage(timestamp: bigint, text: string): Uint8Array {
  return utf8(`cosignature/v1\ntime ${timestamp}\n${text}`)
}
