/**
 * Verifier keys (C2SP signed-note): `name+hash+base64(type ‖ public key)`, and the characters that names and texts may have.
 * Types: 01 Ed25519, over a note's text; 06 ML-DSA-44, over the checkpoint in it (C2SP tlog-cosignature).
 */
import { sha256Hex } from '../model/sha256.ts'
import { fromBase64, toBase64 } from './base64.ts'
import { isEd25519Key, type KeyType, PUBLIC_KEY_BYTES } from './signatures.ts'

/** A key that signatures are checked with. */
export interface VerifierKey {
  readonly type: KeyType
  readonly name: string
  /** 8 lower-case hex digits: the first four bytes of SHA-256(name ‖ 0A ‖ type ‖ public key). */
  readonly hash: string
  /** As it was given: `name+hash+base64`. */
  readonly text: string
  readonly public_key: Uint8Array
}

/** A note, key or checkpoint is not what it should be. */
export class NoteError extends Error {
  override readonly name = 'NoteError'
}

/** For people. */
export const KEY_TYPE_NAMES: { readonly [type in KeyType]: string } = { ed25519: 'Ed25519', 'ml-dsa-44': 'ML-DSA-44' }

/** The byte before a key that says of which type it is. */
export const KEY_TYPE_BYTES: { readonly [type in KeyType]: number } = { ed25519: 1, 'ml-dsa-44': 6 }
export const KEY_TYPES: readonly KeyType[] = ['ed25519', 'ml-dsa-44']

/** `name+hash` of a verifier key, for people. */
export function keyLabel(verifier_key: string): string {
  return verifier_key.split('+').slice(0, 2).join('+')
}

/** @throws NoteError if the text is no verifier key of these types. */
export function parseVerifierKey(text: string): VerifierKey {
  const [, name = '', hash, base64 = ''] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? []
  const bytes = fromBase64(base64)
  if (bytes === null || !isKeyName(name)) throw new NoteError('not a verifier key (name+hash+base64)')
  const type = KEY_TYPES.find(each => KEY_TYPE_BYTES[each] === bytes[0])
  if (type === undefined) throw new NoteError('the verifier key is neither Ed25519 nor ML-DSA-44')
  const key = verifierKey(type, name, bytes.subarray(1))
  if (key.hash !== hash) throw new NoteError('the verifier key does not fit its hash')
  return key
}

export type ReadKeys =
  | { readonly ok: true; readonly keys: readonly VerifierKey[] }
  /** Of the first line that is none. Neither it nor what is wrong with it is said further: it may be a signing key, which is secret. */
  | { readonly ok: false; readonly line: number; readonly what: string }

/** Verifier keys, one a line; empty lines, and those that begin with `#`, are passed over. */
export function readVerifierKeys(text: string): ReadKeys {
  const keys: VerifierKey[] = []
  for (const [i, line] of text.split('\n').entries()) {
    const key = line.trim()
    if (key === '' || key.startsWith('#')) continue
    try {
      keys.push(parseVerifierKey(key))
    } catch (error) {
      if (!(error instanceof NoteError)) throw error
      const what = /PRIVATE/i.test(key) ? 'a signing key, which is nobody else’s business' : 'no verifier key'
      return { ok: false, line: i + 1, what }
    }
  }
  return { ok: true, keys }
}

/** @throws NoteError if the name or the bytes can't be those of a key. */
export function verifierKey(type: KeyType, name: string, public_key: Uint8Array): VerifierKey {
  if (!isKeyName(name)) throw new NoteError(`not a name for a key: ${JSON.stringify(name)}`)
  const is_key = type === 'ed25519' ? isEd25519Key(public_key) : public_key.length === PUBLIC_KEY_BYTES[type]
  if (!is_key) throw new NoteError(`not a public key of ${KEY_TYPE_NAMES[type]}`)
  const typed = Uint8Array.of(KEY_TYPE_BYTES[type], ...public_key)
  const hash = sha256Hex(joined(utf8(`${name}\n`), typed)).slice(0, 8)
  return { type, name, hash, text: `${name}+${hash}+${toBase64(typed)}`, public_key }
}

/** Any character that Unicode counts as a space, or a plus sign. */
const NOT_IN_NAMES = /[\s+\u0085]/u
// biome-ignore lint/suspicious/noControlCharactersInRegex: notes must not hold control characters
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/

export function isKeyName(name: string): boolean {
  return name.length > 0 && name.isWellFormed() && !NOT_IN_NAMES.test(name) && !CONTROL.test(name)
}

/** Whether it may be signed as a note: it ends in a newline, and holds no other control characters. */
export function isNoteText(text: string): boolean {
  return text.endsWith('\n') && text.isWellFormed() && !CONTROL.test(text)
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, each) => sum + each.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
