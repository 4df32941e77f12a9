/**
 * A hash of a set that doesn't depend on the order of its elements, and is kept up as elements come and go: LtHash16 (Lewi, Kim,
 * Maykov, Weis: Securing Update Propagation with Homomorphic Hashing, 2019, section 2.2) with SHAKE128. Each element is stretched
 * to 1,024 numbers of 16 bits, and these are added up. Finding another set with the same sums takes 2^200 steps; sums of ordinary
 * hashes would take 2^32.
 */
import { type Hash, sha256Hex } from '../model/sha256.ts'
import { shake128 } from './shake128.ts'

const LANES = 1024
const LANE_BYTES = 2
/** How many elements are kept stretched: two kilobytes each. */
const MOST_STRETCHED = 512
/** Sets these hashes apart from leaves, nodes and commitments (hash.ts). */
const PREFIX = '\u0003'

export class SetHash {
  #count = 0
  readonly #sums = new Uint16Array(LANES)
  /**
   * Elements that came when there was room: many go soon, and would take the same work again. None gives way to those that come later: that
   * doubles the time of `add` where they stay.
   */
  readonly #stretched = new Map<string, Uint16Array>()

  /** Number of elements. */
  get count(): number {
    return this.#count
  }

  /** An element that isn't there yet. Takes some 10 µs. */
  add(element: string): void {
    const lanes = stretched(element)
    if (this.#stretched.size < MOST_STRETCHED) this.#stretched.set(element, lanes)
    const sums = this.#sums
    for (let i = 0; i < LANES; i++) sums[i]! += lanes[i]!
    this.#count++
  }

  /** One that is there. */
  remove(element: string): void {
    const lanes = this.#stretched.get(element) ?? stretched(element)
    this.#stretched.delete(element)
    const sums = this.#sums
    for (let i = 0; i < LANES; i++) sums[i]! -= lanes[i]!
    this.#count--
  }

  /** SHA-256 of the sums, each as two bytes, the lower one first. */
  digest(): Hash {
    const bytes = new Uint8Array(this.#sums.slice().buffer)
    if (!LITTLE_ENDIAN) swap(bytes)
    return sha256Hex(bytes)
  }

  copy(): SetHash {
    const copy = new SetHash()
    copy.#count = this.#count
    copy.#sums.set(this.#sums)
    return copy
  }
}

function stretched(element: string): Uint16Array {
  const bytes = shake128(PREFIX + element, LANES * LANE_BYTES)
  if (!LITTLE_ENDIAN) swap(bytes)
  return new Uint16Array(bytes.buffer, bytes.byteOffset, LANES)
}

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

function swap(bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i += LANE_BYTES) bytes.subarray(i, i + LANE_BYTES).reverse()
}
