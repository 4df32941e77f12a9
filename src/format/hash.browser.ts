/** hash.ts where there is no Node: in a browser. */
import { sha256 } from '@noble/hashes/sha2.js'
import { type Hash, sha256Hex } from '../model/sha256.ts'

export const SALT_BYTES = 16
export const HASH_BYTES = 32

export function leafHash(body: string): Hash {
  return sha256Hex(`\u0000${body}`)
}

export function leafHashOf(prefixed: Uint8Array): Hash {
  return sha256Hex(prefixed)
}

const pair = new Uint8Array(1 + 2 * HASH_BYTES).fill(1)

export function nodeHash(left: Hash, right: Hash): Hash {
  if (!writeHash(pair, 1, left) || !writeHash(pair, 1 + HASH_BYTES, right)) {
    throw new TypeError('nodeHash takes two hashes of 64 hex digits')
  }
  return sha256Hex(pair)
}

export function commitment(salt: Uint8Array, text: string): Hash {
  return commitmentOf(salt, new TextEncoder().encode(text))
}

export function commitmentOf(salt: Uint8Array, text: Uint8Array): Hash {
  if (salt.length !== SALT_BYTES) throw new TypeError(`a salt has ${SALT_BYTES} bytes, not ${salt.length}`)
  return bytesToHex(sha256.create().update(Uint8Array.of(2)).update(salt).update(text).digest())
}

export class HashArray {
  readonly #bytes: Uint8Array

  constructor(length: number) {
    this.#bytes = new Uint8Array(length * HASH_BYTES)
  }

  set(place: number, hash: Hash): void {
    writeHash(this.#bytes, place * HASH_BYTES, hash)
  }

  at(place: number): Hash {
    return bytesToHex(this.#bytes.subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES))
  }
}

/** Whether it begins with one. */
function writeHash(bytes: Uint8Array, at: number, hash: Hash): boolean {
  if (hash.length < 2 * HASH_BYTES) return false
  let wrong = 0
  for (let i = 0; i < HASH_BYTES; i++) {
    const high = DIGITS[hash.charCodeAt(2 * i)] ?? NONE
    const low = DIGITS[hash.charCodeAt(2 * i + 1)] ?? NONE
    wrong |= high | low
    bytes[at + i] = high * 16 + low
  }
  return wrong < NONE
}

const NONE = 16
/** Of each UTF-16 unit that is a hex digit, of either case, what it stands for. */
const DIGITS = Uint8Array.from({ length: 128 }, (_, unit) => {
  const value = Number.parseInt(String.fromCharCode(unit), 16)
  return Number.isNaN(value) ? NONE : value
})

export function hexToBytes(hex: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/.test(hex)) throw new TypeError('not lower-case hex')
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function bytesToHex(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += HEX[byte]
  return hex
}
