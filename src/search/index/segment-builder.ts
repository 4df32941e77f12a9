/**
 * Makes a segment of an index: entries of rows, one behind the other, and in which of them each term, gram and value is.
 *
 * SEGMENT-BUILDER-1. What a segment says takes no more bytes than the payloads that it says it of: if need be it knows grams of neighbouring
 *     entries together only.
 */
import { foldText } from '../fold-text.ts'
import { costOf, durationOf, eachDataText, eachText, type ReadEntry } from '../row-facts.ts'
import type { EntryTerms } from '../terms.ts'
import { ByteWriter } from './bytes.ts'
import { eachGram, GRAM_SPACE, valueKey } from './grams.ts'
import { writePostings } from './postings.ts'
import { MOST_COARSE, type SegmentContent } from './segment-file.ts'
import type { IndexSizes } from './sizes.ts'

/** Texts of fields whose entries are counted; 100 bytes each while a segment is made. Others are found by their grams. */
const MOST_VALUES = 200_000
/** Longer ones are found by their grams. */
const LONGEST_VALUE = 64
/** A text that a field has in fewer entries is found by its grams. */
const FEWEST_ENTRIES = 8

export class SegmentBuilder {
  readonly #terms: EntryTerms
  readonly #sizes: IndexSizes
  readonly #facets = new Map<string, number[]>()
  /** Of an entry alone its number, of more a list. */
  readonly #values = new Map<number, number | number[]>()
  readonly #rows: number[] = []
  readonly #times = new ByteWriter()
  readonly #durations = new ByteWriter()
  readonly #costs = new ByteWriter()
  #last_row = 0
  #time_before = 0
  #has_cost = false
  #grams = new Uint32Array(1 << 16)
  #gram_count = 0
  /** Where the grams of each entry end. */
  readonly #gram_ends: number[] = []
  /** By gram: in how many entries it is. */
  readonly #counts: Int32Array
  /** By gram: the last entry that has it, from 1. */
  readonly #latest: Int32Array
  #payload_bytes = 0

  private constructor(terms: EntryTerms, sizes: IndexSizes, tables: readonly [counts: Int32Array, latest: Int32Array]) {
    this.#terms = terms
    this.#sizes = sizes
    this.#counts = tables[0]
    this.#latest = tables[1]
  }

  static begin(terms: EntryTerms, sizes: IndexSizes): SegmentBuilder {
    return new SegmentBuilder(terms, sizes, [new Int32Array(GRAM_SPACE), new Int32Array(GRAM_SPACE)])
  }

  /** For the next segment: tables are used again. */
  next(terms: EntryTerms): SegmentBuilder {
    return new SegmentBuilder(terms, this.#sizes, [this.#counts.fill(0), this.#latest.fill(0)])
  }

  get count(): number {
    return this.#rows.length
  }

  /** The highest; 0 if there is none. */
  get last_row(): number {
    return this.#last_row
  }

  get isFull(): boolean {
    return this.count >= this.#sizes.most_entries || this.#gram_count >= this.#sizes.most_grams
  }

  add(row: number, read: ReadEntry, payload_bytes: number): void {
    const { entry } = read
    const at = this.#rows.length
    this.#rows.push(row)
    this.#last_row = Math.max(this.#last_row, row)
    this.#payload_bytes += payload_bytes
    this.#terms.each(entry, term => this.#addTerm(term, at))
    this.#times.signed(entry.time_us - this.#time_before)
    this.#time_before = entry.time_us
    this.#durations.number(durationOf(entry))
    const cost = costOf(entry)
    if (cost > 0) this.#has_cost = true
    this.#costs.number(cost)
    const addGram = (gram: number) => {
      if (this.#latest[gram] === at + 1) return
      this.#latest[gram] = at + 1
      this.#counts[gram] = (this.#counts[gram] ?? 0) + 1
      this.#gram(gram)
    }
    eachText(read, (_path, text) => eachGram(foldText(text), addGram))
    this.#gram_ends.push(this.#gram_count)
    eachDataText(read, (path, text) => {
      if (text.length <= LONGEST_VALUE) this.#addValue(valueKey(path, text), at)
    })
  }

  #addTerm(term: string, at: number): void {
    const entries = this.#facets.get(term)
    if (entries === undefined) this.#facets.set(term, [at])
    else if (entries.at(-1) !== at) entries.push(at)
  }

  #addValue(key: number, at: number): void {
    const entries = this.#values.get(key)
    if (entries === undefined) {
      if (this.#values.size < MOST_VALUES) this.#values.set(key, at)
    } else if (typeof entries === 'number') {
      if (entries !== at) this.#values.set(key, [entries, at])
    } else if (entries.at(-1) !== at) entries.push(at)
  }

  #gram(gram: number): void {
    if (this.#gram_count === this.#grams.length) {
      const grams = new Uint32Array(this.#grams.length * 2)
      grams.set(this.#grams)
      this.#grams = grams
    }
    this.#grams[this.#gram_count++] = gram
  }

  content(): SegmentContent {
    const count = this.count
    const most = Math.max(count, 1)
    const terms = [...this.#facets]
    const facets = { ...postingsOf(terms, most), keys: terms.map(([term]) => term) }
    const often = [...this.#values].flatMap(([key, entries]): [number, number[]][] =>
      typeof entries !== 'number' && entries.length >= FEWEST_ENTRIES ? [[key, entries]] : [],
    )
    often.sort(([a], [b]) => a - b)
    const by_key = postingsOf(often, most)
    const values = {
      keys: Float64Array.from(often, ([key]) => key),
      ends: Uint32Array.from(by_key.ends),
      bytes: by_key.bytes,
    }
    const rows = this.#writtenRows()
    const costs = this.#has_cost ? this.#costs.view() : new Uint8Array(0)
    const columns = { rows, times: this.#times.view(), durations: this.#durations.view(), costs }
    const others = [...Object.values(columns), facets.bytes, values.bytes].reduce((sum, { length }) => sum + length, 0)
    return { entries: count, facets, values, ...columns, ...this.#writtenGrams(this.#payload_bytes - others) }
  }

  #writtenRows(): Uint8Array {
    const rows = new ByteWriter()
    let before = 0
    for (const row of this.#rows) {
      rows.signed(row - before - 1)
      before = row
    }
    return rows.view()
  }

  /** In `room` bytes, if that can be. */
  #writtenGrams(room: number): Pick<SegmentContent, 'grams' | 'coarse'> {
    const keys = this.#distinctGrams()
    const numbers = this.#entriesByGram(keys)
    for (let coarse = 0; ; coarse++) {
      const grams = this.#dictionaryOf(keys, numbers, coarse)
      if (grams.bytes.length + BYTES_A_GRAM * keys.length <= room || coarse === MOST_COARSE) return { grams, coarse }
    }
  }

  #distinctGrams(): Uint32Array {
    const keys: number[] = []
    for (let gram = 0; gram < GRAM_SPACE; gram++) if ((this.#counts[gram] ?? 0) > 0) keys.push(gram)
    return Uint32Array.from(keys)
  }

  /** The entries of each gram, one gram behind the other. */
  #entriesByGram(keys: Uint32Array): Uint16Array {
    let start = 0
    for (const gram of keys) {
      this.#latest[gram] = start
      start += this.#counts[gram] ?? 0
    }
    const numbers = new Uint16Array(start)
    let at = 0
    for (const [entry, end] of this.#gram_ends.entries())
      for (; at < end; at++) {
        const gram = this.#grams[at] ?? 0
        const place = this.#latest[gram] ?? 0
        numbers[place] = entry
        this.#latest[gram] = place + 1
      }
    return numbers
  }

  #dictionaryOf(keys: Uint32Array, numbers: Uint16Array, coarse: number): SegmentContent['grams'] {
    const most = ((Math.max(this.count, 1) - 1) >>> coarse) + 1
    const bytes = new ByteWriter(1 << 16)
    const ends: number[] = []
    let start = 0
    for (const gram of keys) {
      const own = numbers.subarray(start, start + (this.#counts[gram] ?? 0))
      writePostings(bytes, coarse === 0 ? own : coarser(own, coarse), most)
      ends.push(bytes.length)
      start += own.length
    }
    return { keys, ends: Uint32Array.from(ends), bytes: bytes.view() }
  }
}

/** Its key and where its entries end. */
const BYTES_A_GRAM = 8

function coarser(numbers: Uint16Array, coarse: number): readonly number[] {
  const blocks: number[] = []
  for (const number of numbers) if (blocks.at(-1) !== number >>> coarse) blocks.push(number >>> coarse)
  return blocks
}

function postingsOf(entries: ReadonlyArray<readonly [unknown, readonly number[]]>, most: number) {
  const bytes = new ByteWriter()
  const ends: number[] = []
  for (const [, numbers] of entries) {
    writePostings(bytes, numbers, most)
    ends.push(bytes.length)
  }
  return { ends, bytes: bytes.view() }
}
