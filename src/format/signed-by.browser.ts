/**
 * signed-by.ts where there is no Node: in a browser. Ed25519's equation is computed here, by its parts: libraries' own `verify` takes another one,
 * with the cofactor, and so accepts signatures that Node refuses.
 */
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js'
import { bytesToHex } from './hash.ts'
import type { KeyType } from './signatures.ts'

export function isSignedBy(type: KeyType, public_key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return type === 'ed25519'
    ? isEd25519(public_key, message, signature)
    : ml_dsa44.verify(signature, message, public_key)
}

const { Point } = ed25519
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
