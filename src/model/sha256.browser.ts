/** sha256.ts where there is no Node: in a browser. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

export type Hash = string

const HASH = /^[0-9a-f]{64}$/

export function isHash(text: string): text is Hash {
  return HASH.test(text)
}

export function sha256Hex(data: string | Uint8Array): Hash {
  return bytesToHex(sha256(typeof data === 'string' ? utf8ToBytes(data) : data))
}
