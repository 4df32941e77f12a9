/** A segment of an index, open for questions. */
import { ByteReader } from './bytes.ts'
import type { SegmentName } from './index-folder.ts'
import { addTo, type EntrySet, eachEntry, entrySet, readPostings } from './postings.ts'
import type { RowSet } from './row-set.ts'
import { type SectionName, SegmentFile } from './segment-file.ts'

/** Of a long text the rarest grams tell nearly all. */
const MOST_GRAMS = 16

/** What a segment must be of. */
export interface OfRun {
  /** The ledger's id. */
  readonly ledger: string
  readonly run: string
  readonly log: number
}

/** What the entries of each row come to, by its number. */
export interface RowSums {
  readonly recorded_us: Float64Array
  readonly duration_us: Float64Array
  readonly cost_nusd: Float64Array
}

/** All of a segment but postings. */
const KEPT = [
  ...(['rows', 'times', 'durations', 'costs'] as const),
  ...(['gram_keys', 'gram_ends', 'value_keys', 'value_ends'] as const),
]
type Kept = ReadonlyMap<SectionName, Uint8Array>

export class Segment {
  readonly #file: SegmentFile
  readonly #kept: Kept
  #rows: Uint32Array | null = null

  private constructor(file: SegmentFile, kept: Kept) {
    this.#file = file
    this.#kept = kept
  }

  /** null if it is none of this run, or was damaged. */
  static open({ path, from, end }: SegmentName, { ledger, run }: OfRun): Segment | null {
    const file = SegmentFile.open(path)
    if (file === null) return null
    const { head } = file
    const is_right = head.ledger === ledger && head.run === run && head.from === from && head.end === end
    const kept = new Map<SectionName, Uint8Array>()
    for (const name of is_right ? KEPT : []) {
      const bytes = file.section(name)
      if (bytes !== null) kept.set(name, bytes)
    }
    if (kept.size === KEPT.length) return new Segment(file, kept)
    file.close()
    return null
  }

  close(): void {
    this.#file.close()
  }

  get end(): number {
    return this.#file.head.end
  }
  get last_leaf(): string {
    return this.#file.head.last_leaf
  }
  get last_row(): number {
    return this.#file.head.last_row
  }
  get is_coarse(): boolean {
    return this.#file.head.coarse > 0
  }

  addRows(entries: EntrySet, to: RowSet): void {
    if (entries.every(word => word === 0)) return
    const rows = this.#rowsOfEntries()
    eachEntry(entries, entry => to.add(rows[entry] ?? 0))
  }

  #rowsOfEntries(): Uint32Array {
    if (this.#rows !== null) return this.#rows
    const rows = new Uint32Array(this.#file.head.entries)
    const column = this.#column('rows')
    let before = 0
    for (let i = 0; i < rows.length; i++) {
      before += column.signed() + 1
      rows[i] = before
    }
    this.#rows = rows
    return rows
  }

  withTerms(terms: readonly string[]): EntrySet {
    const { entries, facets } = this.#file.head
    const found = entrySet(entries)
    facets.forEach(([term, end], i) => {
      if (terms.includes(term)) readPostings(this.#file.part('facets', facets[i - 1]?.[1] ?? 0, end), found, entries)
    })
    return found
  }

  /** null: too few have it, or too many others were counted; they have its grams. */
  withValue(key: number): EntrySet | null {
    const { entries } = this.#file.head
    const at = placeOf(new Float64Array(this.#numbers('value_keys')), key)
    if (at === -1) return null
    const ends = new Uint32Array(this.#numbers('value_ends'))
    const found = entrySet(entries)
    readPostings(this.#file.part('values', ends[at - 1] ?? 0, ends[at] ?? 0), found, entries)
    return found
  }

  /** Entries, or all of those that are known together, which have all of them. */
  withGrams(grams: readonly number[]): EntrySet {
    const { entries, coarse } = this.#file.head
    const blocks = coarse === 0 ? entries : ((entries - 1) >>> coarse) + 1
    const keys = new Uint32Array(this.#numbers('gram_keys'))
    const ends = new Uint32Array(this.#numbers('gram_ends'))
    const places = grams.map(gram => placeOf(keys, gram))
    if (places.includes(-1)) return entrySet(entries)
    const parts = places.map(at => [ends[at - 1] ?? 0, ends[at] ?? 0] as const)
    parts.sort(([start, end], [other, behind]) => end - start - (behind - other))
    let found: EntrySet | null = null
    for (const [start, end] of parts.slice(0, MOST_GRAMS)) {
      const own = entrySet(blocks)
      readPostings(this.#file.part('grams', start, end), own, blocks)
      if (found === null) found = own
      else for (let i = 0; i < own.length; i++) found[i] = (found[i] ?? 0) & (own[i] ?? 0)
      if (found.every(word => word === 0)) break
    }
    if (found === null) return entrySet(entries)
    return coarse === 0 ? found : finer(found, entries, coarse)
  }

  addSums({ recorded_us, duration_us, cost_nusd }: RowSums): void {
    const [times, durations, costs] = [this.#column('times'), this.#column('durations'), this.#column('costs')]
    let time = 0
    for (const row of this.#rowsOfEntries()) {
      time += times.signed()
      const [duration, cost] = [durations.number(), costs.number()]
      if (row >= recorded_us.length) continue
      recorded_us[row] = Math.max(recorded_us[row] ?? 0, time)
      duration_us[row] = (duration_us[row] ?? 0) + duration
      cost_nusd[row] = (cost_nusd[row] ?? 0) + cost
    }
  }

  #column(name: SectionName): ByteReader {
    return new ByteReader(this.#kept.get(name) ?? new Uint8Array(0))
  }

  #numbers(name: SectionName): ArrayBuffer {
    const bytes = this.#kept.get(name) ?? new Uint8Array(0)
    return Uint8Array.from(bytes).buffer
  }
}

/** Of a number among ascending ones; −1 if it isn't there. */
function placeOf(keys: Float64Array | Uint32Array, key: number): number {
  let [from, to] = [0, keys.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((keys[middle] ?? 0) < key) from = middle + 1
    else to = middle
  }
  return keys[from] === key ? from : -1
}

function finer(blocks: EntrySet, entries: number, coarse: number): EntrySet {
  const found = entrySet(entries)
  eachEntry(blocks, block => {
    const end = Math.min(entries, (block + 1) << coarse)
    for (let entry = block << coarse; entry < end; entry++) addTo(found, entry)
  })
  return found
}
