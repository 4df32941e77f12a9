/** The arithmetic of signatures.ts: OpenSSL's. */
import { createPublicKey, verify } from 'node:crypto'
import type { KeyType } from './signatures.ts'

/** What stands before the bytes of a public key in SPKI (RFC 8410, RFC 9881). */
export const PUBLIC_KEY_PREFIX: { readonly [type in KeyType]: Uint8Array } = {
  ed25519: Buffer.from('302a300506032b6570032100', 'hex'),
  'ml-dsa-44': Buffer.from('30820532300b06096086480165030403110382052100', 'hex'),
}

/** Key and signature have as many bytes as they must; an Ed25519 key is the canonical text of a number, and not of small order. */
export function isSignedBy(type: KeyType, public_key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const der = Buffer.concat([PUBLIC_KEY_PREFIX[type], public_key])
  return verify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature)
}
