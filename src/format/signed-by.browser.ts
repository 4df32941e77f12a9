/**
 * signed-by.ts where there is no Node: in a browser. Ed25519's equation is computed here, by its parts: libraries' own `verify` takes another one,
 * with the cofactor, and so accepts signatures that Node refuses.
 */
import { edwards } from '@noble/curves/abstract/edwards.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js'
import { bytesToHex } from './hash.ts'
import type { KeyType } from './signatures.ts'

export function isSignedBy(type: KeyType, public_key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return type === 'ed25519'
    ? isEd25519(public_key, message, signature)
    : ml_dsa44.verify(signature, message, public_key)
}

/** Its parameters (RFC 8032, section 5.1): the library's own curve brings much that isn't needed here. */
const Point = edwards({
  p: 2n ** 255n - 19n,
  n: 2n ** 252n + 27742317777372353535851937790883648493n,
  h: 8n,
  a: 2n ** 255n - 20n,
  d: 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n,
  Gx: 0x216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51an,
  Gy: 0x6666666666666666666666666666666666666666666666666666666666666658n,
})
type CurvePoint = InstanceType<typeof Point>

/** SIGNATURES-1. */
function isEd25519(public_key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = pointOf(public_key)
  const s = littleEndian(signature.subarray(32))
  if (key === null || s >= Point.Fn.ORDER) return false
  const r = signature.subarray(0, 32)
  const hash = sha512.create().update(r).update(public_key).update(message).digest()
  const k = Point.Fn.create(littleEndian(hash))
  const found = Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(k))
  return found.toHex() === bytesToHex(r)
}

/** null: no point of the curve has this text. */
function pointOf(bytes: Uint8Array): CurvePoint | null {
  try {
    return Point.fromBytes(bytes)
  } catch (error) {
    if (error instanceof Error) return null
    throw error
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}
