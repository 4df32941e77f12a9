/**
 * Sets of numbers, and numbers by numbers, where most of those that are there follow one another: a bit for each, or eight bytes. Tokens that
 * are held are such, and there may be millions.
 */

const WORD_BITS = 32
const CHUNK_WORDS = 32
const CHUNK_BITS = CHUNK_WORDS * WORD_BITS

interface Bits {
  readonly words: Uint32Array
  count: number
}

export class NumberSet {
  readonly #chunks = new Map<number, Bits>()

  has(number: number): boolean {
    const bits = this.#chunks.get(Math.floor(number / CHUNK_BITS))
    return bits !== undefined && ((bits.words[wordOf(number)] ?? 0) & bitOf(number)) !== 0
  }

  add(number: number): void {
    if (this.has(number)) return
    const index = Math.floor(number / CHUNK_BITS)
    const bits = this.#chunks.get(index) ?? { words: new Uint32Array(CHUNK_WORDS), count: 0 }
    this.#chunks.set(index, bits)
    bits.words[wordOf(number)]! |= bitOf(number)
    bits.count++
  }

  /** False if it isn't there. */
  delete(number: number): boolean {
    const index = Math.floor(number / CHUNK_BITS)
    const bits = this.#chunks.get(index)
    if (bits === undefined || !this.has(number)) return false
    bits.words[wordOf(number)]! &= ~bitOf(number)
    if (--bits.count === 0) this.#chunks.delete(index)
    return true
  }

  get size(): number {
    let size = 0
    for (const { count } of this.#chunks.values()) size += count
    return size
  }
}

function wordOf(number: number): number {
  return Math.floor((number % CHUNK_BITS) / WORD_BITS)
}

function bitOf(number: number): number {
  return 1 << (number % WORD_BITS)
}

const CHUNK_NUMBERS = 256

export class NumberMap {
  /** NaN where nothing is. */
  readonly #chunks = new Map<number, Float64Array>()

  get(number: number): number | undefined {
    const found = this.#chunks.get(Math.floor(number / CHUNK_NUMBERS))?.[number % CHUNK_NUMBERS]
    return found === undefined || Number.isNaN(found) ? undefined : found
  }

  set(number: number, value: number): void {
    const index = Math.floor(number / CHUNK_NUMBERS)
    const chunk = this.#chunks.get(index) ?? new Float64Array(CHUNK_NUMBERS).fill(Number.NaN)
    this.#chunks.set(index, chunk)
    chunk[number % CHUNK_NUMBERS] = value
  }
}
