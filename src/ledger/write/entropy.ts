/** The ledger's chance: salts and nonces, drawn in the order of entries. */
import { SALT_BYTES } from '../../format/hash.ts'

/** A salt for each value of an entry; for one without values, its nonce. */
export function saltsOf(values: number, entropy: Entropy): Uint8Array {
  return entropy.bytes(Math.max(1, values) * SALT_BYTES)
}

/** Random bytes, fetched in large blocks. */
export class Entropy {
  readonly #fetch: (size_bytes: number) => Uint8Array
  #block: Uint8Array = new Uint8Array(0)
  #used = 0

  constructor(fetch: (size_bytes: number) => Uint8Array) {
    this.#fetch = fetch
  }

  bytes(size: number): Uint8Array {
    if (this.#used + size > this.#block.length) {
      this.#block = this.#fetch(Math.max(size, BLOCK_BYTES))
      this.#used = 0
    }
    this.#used += size
    return this.#block.subarray(this.#used - size, this.#used)
  }
}

const BLOCK_BYTES = 16 * 1024
