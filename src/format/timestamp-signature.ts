/** Signatures of timestamp authorities: all that checking them needs of a platform, so that a browser can have another one of it. */
import { createHash, createPublicKey, verify } from 'node:crypto'
import type { Digest, PublicKey } from './public-key.ts'

export function digestOf(digest: Digest, bytes: Uint8Array): Uint8Array {
  return createHash(digest).update(bytes).digest()
}

/** PKCS #1 v1.5, or ECDSA with r and s as DER. */
export function isSigned(key: PublicKey, digest: Digest, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    const read = createPublicKey({ key: Buffer.from(key.info), format: 'der', type: 'spki' })
    return verify(digest, message, read, signature)
  } catch (error) {
    // OpenSSL's, of points that aren't on their curve, and the like.
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}
