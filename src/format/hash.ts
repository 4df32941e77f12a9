/**
 * SHA-256 as the ledger uses it, with a different first byte for each purpose (RFC 6962, 2.1):
 * 00 for leaves, 01 for nodes of the tree, 02 for commitments to values.
 *
 * A hash is kept as 64 lower-case hex digits throughout: that is what `node:crypto` gives at a third of the cost of a
 * Buffer, what entries hold, and a text is compared by its content.
 *
 * Files that end in `.browser.ts` stand in the places of those beside them where there is no Node (scripts/page.js).
 */
import { hash } from 'node:crypto'
import type { Hash } from '../model/sha256.ts'

export const SALT_BYTES = 16
export const HASH_BYTES = 32

/** SHA-256(00 ‖ UTF-8 of `body`). */
export function leafHash(body: string): Hash {
  return hash('sha256', `\u0000${body}`, 'hex')
}

/** The same, of bytes that begin with that 00. */
export function leafHashOf(prefixed: Uint8Array): Hash {
  return hash('sha256', prefixed, 'hex')
}

const pair = Buffer.alloc(65, 1)

/** SHA-256(01 ‖ left ‖ right), over the 32 bytes of each. */
export function nodeHash(left: Hash, right: Hash): Hash {
  if (pair.write(left, 1, 32, 'hex') !== 32 || pair.write(right, 33, 32, 'hex') !== 32) {
    throw new TypeError('nodeHash takes two hashes of 64 hex digits')
  }
  return hash('sha256', pair, 'hex')
}

let scratch = Buffer.alloc(16 * 1024, 2)
const TEXT_AT = 1 + SALT_BYTES

/** SHA-256(02 ‖ salt ‖ UTF-8 of `text`), as hex. `salt` has 16 bytes; `text` is a value's canonical text. */
export function commitment(salt: Uint8Array, text: string): Hash {
  // A UTF-16 unit takes at most three bytes.
  const buffer = salted(salt, text.length * 3)
  const length = buffer.write(text, TEXT_AT, 'utf8')
  return hash('sha256', buffer.subarray(0, TEXT_AT + length), 'hex')
}

/** The same, of the text's bytes. */
export function commitmentOf(salt: Uint8Array, text: Uint8Array): Hash {
  const buffer = salted(salt, text.length)
  buffer.set(text, TEXT_AT)
  return hash('sha256', buffer.subarray(0, TEXT_AT + text.length), 'hex')
}

function salted(salt: Uint8Array, text_bytes: number): Buffer {
  if (salt.length !== SALT_BYTES) throw new TypeError(`a salt has ${SALT_BYTES} bytes, not ${salt.length}`)
  const needed = TEXT_AT + text_bytes
  const buffer = needed <= scratch.length ? scratch : grow(needed)
  buffer.set(salt, 1)
  return buffer
}

/** Texts beyond this get a buffer of their own, so that one large value doesn't hold memory for good. */
const MAX_SCRATCH = 4 * 1024 * 1024

function grow(needed: number): Buffer {
  const larger = Buffer.alloc(needed > MAX_SCRATCH ? needed : Math.min(MAX_SCRATCH, needed * 2), 2)
  if (larger.length <= MAX_SCRATCH) scratch = larger
  return larger
}

/** Hashes one behind the other, as bytes: a fifth of what they take as texts. None is there before it is set. */
export class HashArray {
  readonly #bytes: Buffer

  constructor(length: number) {
    this.#bytes = Buffer.alloc(length * HASH_BYTES)
  }

  set(place: number, hash: Hash): void {
    this.#bytes.write(hash, place * HASH_BYTES, 'hex')
  }

  at(place: number): Hash {
    return this.#bytes.toString('hex', place * HASH_BYTES, (place + 1) * HASH_BYTES)
  }
}

export function hexToBytes(hex: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/.test(hex)) throw new TypeError('not lower-case hex')
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

export function bytesToHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
