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
import { EntryGrams } from './entry-grams.ts'
import { valueKey } from './grams.ts'
import { writePostings } from './postings.ts'
import type { SegmentContent } from './segment-file.ts'
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
  readonly #grams: EntryGrams
  #payload_bytes = 0

  private constructor(terms: EntryTerms, sizes: IndexSizes, grams: EntryGrams) {
    this.#terms = terms
    this.#sizes = sizes
    this.#grams = grams
  }

  static begin(terms: EntryTerms, sizes: IndexSizes): SegmentBuilder {
    return new SegmentBuilder(terms, sizes, EntryGrams.begin())
  }

  /** For the next segment; this one is over. */
  next(terms: EntryTerms): SegmentBuilder {
    return new SegmentBuilder(terms, this.#sizes, this.#grams.next())
  }

  get count(): number {
    return this.#rows.length
  }

  /** The highest; 0 if there is none. */
  get last_row(): number {
    return this.#last_row
  }

  get isFull(): boolean {
    return this.count >= this.#sizes.most_entries || this.#grams.length >= this.#sizes.most_grams
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
    eachText(read, (_path, text) => this.#grams.add(foldText(text)))
    this.#grams.endEntry()
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
    return { entries: count, facets, values, ...columns, ...this.#grams.written(this.#payload_bytes - others) }
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
