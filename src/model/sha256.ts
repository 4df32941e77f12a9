/** SHA-256 as everything here has it: as 64 lower-case hex digits, which are compared by their content. */
import { hash } from 'node:crypto'

export type Hash = string

const HASH = /^[0-9a-f]{64}$/

export function isHash(text: string): text is Hash {
  return HASH.test(text)
}

/** Plain SHA-256 of bytes, or of a text's UTF-8. */
export function sha256Hex(data: string | Uint8Array): Hash {
  return hash('sha256', data, 'hex')
}
