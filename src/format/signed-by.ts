/** The arithmetic of signatures.ts: OpenSSL's. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { KeyType } from './signatures.ts'

/** What stands before the bytes of a public key in SPKI (RFC 8410, RFC 9881). */
export const PUBLIC_KEY_PREFIX: { readonly [type in KeyType]: Uint8Array } = {
  ed25519: Buffer.from('302a300506032b6570032100', 'hex'),
  'ml-dsa-44': Buffer.from('30820532300b06096086480165030403110382052100', 'hex'),
}

/** Keys that were asked for, by their types and bytes: of many heads few keys have signed. */
const AT_HAND = new Map<string, KeyObject>()
const MOST_AT_HAND = 64

/** Key and signature have as many bytes as they must; an Ed25519 key is the canonical text of a number, and not of small order. */
export function isSignedBy(type: KeyType, public_key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return verify(null, message, keyOf(type, public_key), signature)
}

function keyOf(type: KeyType, public_key: Uint8Array): KeyObject {
  const der = Buffer.concat([PUBLIC_KEY_PREFIX[type], public_key])
  const name = der.toString('latin1')
  let key = AT_HAND.get(name)
  if (key === undefined) {
    key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    if (AT_HAND.size >= MOST_AT_HAND) AT_HAND.clear()
    AT_HAND.set(name, key)
  }
  return key
}
