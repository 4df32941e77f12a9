/** Which grams the entries of a segment have, while it is made. */
import { ByteWriter } from './bytes.ts'
import { eachGram, GRAM_SPACE } from './grams.ts'
import { writePostings } from './postings.ts'
import { MOST_COARSE, type SegmentContent } from './segment-file.ts'

/** Its key and where its entries end. */
const BYTES_A_GRAM = 8

export class EntryGrams {
  /** By gram: its place among those that were met, from 1; 0 for others. The rest is small beside it, and quickly at hand. */
  readonly #places: Int32Array
  /** By place: the gram, how many entries have it, and the last of them, from 1. */
  readonly #grams: number[] = []
  #counts = new Int32Array(1 << 12)
  #latest = new Int32Array(1 << 12)
  /** Places, one entry's behind the other's. */
  #log = new Uint32Array(1 << 16)
  #length = 0
  /** Where those of each entry end. */
  readonly #ends: number[] = []

  private constructor(places: Int32Array) {
    this.#places = places
  }

  static begin(): EntryGrams {
    return new EntryGrams(new Int32Array(GRAM_SPACE))
  }

  /** For the next segment: the large table is used again. */
  next(): EntryGrams {
    for (const gram of this.#grams) this.#places[gram] = 0
    return new EntryGrams(this.#places)
  }

  /** Of all entries together. */
  get length(): number {
    return this.#length
  }

  /** A folded text of the entry that is the next to end. */
  add(text: string): void {
    const entry = this.#ends.length + 1
    if (this.#length + text.length + 1 > this.#log.length) this.#makeRoom(text.length + 1)
    eachGram(text, gram => {
      const place = this.#placeOf(gram)
      if (this.#latest[place] === entry) return
      this.#latest[place] = entry
      this.#counts[place] = (this.#counts[place] ?? 0) + 1
      this.#log[this.#length++] = place
    })
  }

  endEntry(): void {
    this.#ends.push(this.#length)
  }

  #placeOf(gram: number): number {
    const known = this.#places[gram] ?? 0
    if (known > 0) return known
    const place = this.#grams.push(gram)
    this.#places[gram] = place
    if (place >= this.#counts.length) {
      this.#counts = doubled(this.#counts)
      this.#latest = doubled(this.#latest)
    }
    return place
  }

  #makeRoom(more: number): void {
    const log = new Uint32Array(Math.max(this.#log.length * 2, this.#length + more))
    log.set(this.#log)
    this.#log = log
  }

  /** In `room` bytes, if that can be. */
  written(room: number): Pick<SegmentContent, 'grams' | 'coarse'> {
    const keys = Uint32Array.from(this.#grams).sort()
    const numbers = this.#entriesByGram(keys)
    for (let coarse = 0; ; coarse++) {
      const grams = this.#dictionaryOf(keys, numbers, coarse)
      if (grams.bytes.length + BYTES_A_GRAM * keys.length <= room || coarse === MOST_COARSE) return { grams, coarse }
    }
  }

  /** The entries of each gram, one gram behind the other. */
  #entriesByGram(keys: Uint32Array): Uint16Array {
    const next = new Int32Array(this.#counts.length)
    let start = 0
    for (const gram of keys) {
      const place = this.#places[gram] ?? 0
      next[place] = start
      start += this.#counts[place] ?? 0
    }
    const numbers = new Uint16Array(start)
    let at = 0
    for (const [entry, end] of this.#ends.entries())
      for (; at < end; at++) {
        const place = this.#log[at] ?? 0
        const to = next[place] ?? 0
        numbers[to] = entry
        next[place] = to + 1
      }
    return numbers
  }

  #dictionaryOf(keys: Uint32Array, numbers: Uint16Array, coarse: number): SegmentContent['grams'] {
    const most = ((Math.max(this.#ends.length, 1) - 1) >>> coarse) + 1
    const bytes = new ByteWriter(1 << 16)
    const ends: number[] = []
    let start = 0
    for (const gram of keys) {
      const own = numbers.subarray(start, start + (this.#counts[this.#places[gram] ?? 0] ?? 0))
      writePostings(bytes, coarse === 0 ? own : coarser(own, coarse), most)
      ends.push(bytes.length)
      start += own.length
    }
    return { keys, ends: Uint32Array.from(ends), bytes: bytes.view() }
  }
}

function doubled(numbers: Int32Array): Int32Array<ArrayBuffer> {
  const more = new Int32Array(numbers.length * 2)
  more.set(numbers)
  return more
}

function coarser(numbers: Uint16Array, coarse: number): Uint16Array {
  const blocks = new Uint16Array(numbers.length)
  let length = 0
  for (const number of numbers)
    if (length === 0 || blocks[length - 1] !== number >>> coarse) blocks[length++] = number >>> coarse
  return blocks.subarray(0, length)
}
