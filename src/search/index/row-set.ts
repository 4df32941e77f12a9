/** A set of rows of a run, as bits: a million take 125 kB. */

import { addTo } from './postings.ts'

const WORD_BITS = 32

export class RowSet {
  /** Rows from 1 to this one may be in it. */
  readonly last: number
  readonly #words: Uint32Array

  constructor(last: number) {
    this.last = last
    this.#words = new Uint32Array(Math.ceil((last + 1) / WORD_BITS))
  }

  static all(last: number): RowSet {
    const set = new RowSet(last)
    for (let row = 1; row <= Math.min(last, WORD_BITS - 1); row++) set.add(row)
    set.#words.fill(0xffffffff, 1)
    for (let row = last + 1; row < set.#words.length * WORD_BITS; row++) set.delete(row)
    return set
  }

  /** One that it can't have is left out. */
  add(row: number): void {
    if (row >= 1 && row <= this.last) addTo(this.#words, row)
  }

  delete(row: number): void {
    const at = row >>> 5
    if (at < this.#words.length) this.#words[at] = (this.#words[at] ?? 0) & ~(1 << (row & 31))
  }

  has(row: number): boolean {
    return (((this.#words[row >>> 5] ?? 0) >>> (row & 31)) & 1) === 1
  }

  /** Keeps what is in the other one, too. */
  intersect({ words }: { readonly words: Uint32Array }): void {
    for (let i = 0; i < this.#words.length; i++) this.#words[i] = (this.#words[i] ?? 0) & (words[i] ?? 0)
  }

  get words(): Uint32Array {
    return this.#words
  }

  /** How many of its rows are at most `row`. */
  countThrough(row: number): number {
    const whole = Math.min(this.#words.length, (row + 1) >>> 5)
    let count = 0
    for (let i = 0; i < whole; i++) count += bitsIn(this.#words[i] ?? 0)
    const rest = (row + 1) & 31
    if (whole < this.#words.length && rest > 0) count += bitsIn((this.#words[whole] ?? 0) & ((1 << rest) - 1))
    return count
  }

  get count(): number {
    return this.countThrough(this.last)
  }

  /** The next one behind `row`; null if there is none. */
  next(row: number): number | null {
    let at = (row + 1) >>> 5
    if (at >= this.#words.length) return null
    let word = (this.#words[at] ?? 0) & (-1 << ((row + 1) & 31))
    while (word === 0) {
      if (++at >= this.#words.length) return null
      word = this.#words[at] ?? 0
    }
    return at * WORD_BITS + (31 - Math.clz32(word & -word))
  }

  /** The one behind `row` of which `skip` others stand before it; null if there is none. */
  nextAfter(row: number, skip: number): number | null {
    const wanted = this.countThrough(row) + skip
    let before = 0
    for (let at = 0; at < this.#words.length; at++) {
      const here = bitsIn(this.#words[at] ?? 0)
      if (before + here <= wanted) {
        before += here
        continue
      }
      let found = this.next(at * WORD_BITS - 1)
      for (; before < wanted && found !== null; before++) found = this.next(found)
      return found
    }
    return null
  }
}

function bitsIn(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555)
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
