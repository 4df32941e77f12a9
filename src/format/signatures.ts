/**
 * Whether signatures hold: the rules; the arithmetic is the platform's (signed-by.ts, signed-by.browser.ts).
 *
 * SIGNATURES-1. Ed25519 (RFC 8032): a key is the canonical text of a point (y < 2^255 − 19) that isn't of small order; a signature is
 *     R ‖ S with S below the group's order; it holds if [S]B − [k]A has the encoding R, byte for byte (without cofactor). So no
 *     signature has another spelling, and no key signs every message.
 * SIGNATURES-2. ML-DSA-44 (FIPS 204): the pure form, with an empty context. Keys have 1,312 bytes, signatures 2,420, hints encoded
 *     as the standard has it.
 */
import { isSignedBy } from './signed-by.ts'

export const SIGNATURE_BYTES = { ed25519: 64, 'ml-dsa-44': 2420 } as const
export const PUBLIC_KEY_BYTES = { ed25519: 32, 'ml-dsa-44': 1312 } as const
export type KeyType = keyof typeof PUBLIC_KEY_BYTES

export function verifyEd25519(public_key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return isEd25519Key(public_key) && holds('ed25519', public_key, message, signature)
}

export function verifyMlDsa44(public_key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return holds('ml-dsa-44', public_key, message, signature)
}

/** Whether 32 bytes may be an Ed25519 key (SIGNATURES-1); whether they are those of a point shows with the first signature. */
export function isEd25519Key(public_key: Uint8Array): boolean {
  if (public_key.length !== PUBLIC_KEY_BYTES.ed25519) return false
  // The highest bit is the sign of x; the others, last byte first, are y.
  const y = BigInt.asUintN(
    255,
    public_key.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n),
  )
  return y < P && !SMALL_ORDER.has(y)
}

const P = 2n ** 255n - 19n
/** y of the points of order 1, 2, 4 and 8. */
const ORDER_8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n
const SMALL_ORDER: ReadonlySet<bigint> = new Set([1n, P - 1n, 0n, ORDER_8, P - ORDER_8])

function holds(type: KeyType, public_key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (public_key.length !== PUBLIC_KEY_BYTES[type] || signature.length !== SIGNATURE_BYTES[type]) return false
  return isSignedBy(type, public_key, message, signature)
}
