/**
 * Which row of the new run stands for which row of the old one, source by source: by the number of the record, or by a key.
 *
 * MATCHING-1. Each row stands for one row at most. Of rows of one source with the same key the first stands for the first, the second
 *     for the second, and so on; those that are left over are in one run only.
 * MATCHING-2. Of a row with a key some 30 bytes are kept, and of each key as many.
 */
import { CustodyError } from '../../model/error.ts'
import { nearestNames } from '../../model/nearest.ts'
import { exactType } from '../../model/schema.ts'
import type { SourceRows } from '../fold/source-rows.ts'
import type { Both, KeyedRows, RepeatedKey } from './difference.ts'
import { KeyNumbers } from './key-numbers.ts'
import { MatchedRows, type Matching, NONE, onlyRows } from './matched-rows.ts'
import {
  KEY_BYTES,
  KEY_FOUND,
  KEY_MISSING,
  KEY_REJECTED,
  type KeyRange,
  type KeySource,
  keyOfRow,
  type RowKey,
  type RowReader,
} from './row-keys.ts'
import { PAGE_ROWS } from './row-pairs.ts'
import type { Side } from './side.ts'

/** Sources of both runs, in the order of the old one. */
export function pairedSources(sides: Both<Side>): Array<Both<SourceRows>> {
  return sides.old.sources.flatMap(old => {
    const found = sides.new.sources.find(each => each.source === old.source)
    return found === undefined ? [] : [{ old, new: found }]
  })
}

export function matchByNumber(source: Both<SourceRows>): Matching {
  if (source.old.dealt || source.new.dealt) return matchByIndex(source)
  const matched = Math.min(source.old.records, source.new.records)
  return {
    source: source.old.source,
    matched,
    *pages() {
      for (let at = 0; at < matched; at += PAGE_ROWS) {
        const rows = Math.min(PAGE_ROWS, matched - at)
        yield Array.from({ length: rows }, (_, i) => ({
          old: source.old.rowAt(at + i),
          new: source.new.rowAt(at + i),
        }))
      }
    },
    *only(which) {
      const { records } = source[which]
      if (records > matched) yield* onlyRows(which, source[which], matched, records - 1)
    },
    oldOf: row => {
      const place = source.new.placeOf(row)
      return place === null || place >= matched ? null : source.old.rowAt(place)
    },
  }
}

/** Where rows are in another order than their records. */
function matchByIndex(source: Both<SourceRows>): Matching {
  const partner = {
    old: new Int32Array(source.old.records).fill(NONE),
    new: new Int32Array(source.new.records).fill(NONE),
  }
  for (let i = 0; i < source.old.records; i++) {
    const row = source.new.rowOf(source.old.indexAt(i))
    const j = row === null ? null : source.new.placeOf(row)
    if (j === null) continue
    partner.old[i] = j
    partner.new[j] = i
  }
  return new MatchedRows(source, partner)
}

// ── by key ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface KeyOptions {
  readonly fields: readonly string[]
  /** Gives rows for examples. */
  readonly rows: RowReader
  readonly keys: KeySource
  /** Rows whose keys have been read, of both runs. */
  readonly onProgress?: (progress: { readonly rows: number; readonly of: number }) => void
}

/** The rows of one source in one run. */
interface KeyedSide {
  readonly source: SourceRows
  /** By place in the source from 0: what is known of the key. */
  readonly states: Uint8Array
  /** The number of the key; where there is none, -1. */
  readonly numbers: Int32Array
}

/** Matches the rows of sources by their keys, and gathers what is to be said of them. */
export class KeyMatcher {
  readonly #sides: Both<Side>
  readonly #options: KeyOptions
  readonly #report: Both<MutableReport> = { old: emptyReport(), new: emptyReport() }
  #rows = 0

  constructor(sides: Both<Side>, options: KeyOptions) {
    this.#sides = sides
    this.#options = options
  }

  get report(): Both<KeyedRows> {
    return this.#report
  }

  /** @throws CustodyError CUSTODY_ARGUMENT if no row of one of the runs has the key. */
  async mustHaveKeys(): Promise<void> {
    const { rows, fields } = this.#options
    for (const which of ['old', 'new'] as const) {
      const { with_key, without_key } = this.#report[which]
      const [example] = without_key.examples
      if (with_key > 0 || example === undefined) continue
      const { log, run } = this.#sides[which]
      const [found] = await rows.ingestedOfRows(log, example, example)
      const names = Object.keys(found?.data ?? {})
      const missing = fields.find(field => !names.includes(field))
      const wanted = missing ?? fields.join(', ')
      const near = missing === undefined ? [] : nearestNames(missing, names, 1)
      throw new CustodyError('CUSTODY_ARGUMENT', `no row of run ${run} has a value in ${wanted}, so none has the key`, {
        hint: `${near.map(name => `Did you mean ${name}? `).join('')}Fields of row ${example}: ${names.join(', ')}`,
      })
    }
  }

  /** @throws UnsoundRecord if a row isn't what was recorded. */
  async match(source: Both<SourceRows>): Promise<Matching> {
    const numbers = new KeyNumbers()
    const { fields } = this.#options
    const key = { fields, by_value: decimalPlaces(fields, this.#sides, source.old.source) }
    const keyed = {
      old: await this.#read('old', source.old, key, numbers),
      new: await this.#read('new', source.new, key, numbers),
    }
    for (const which of ['old', 'new'] as const) await this.#note(which, keyed[which], numbers.count)
    return matchedByKey(keyed, numbers.count)
  }

  async #read(which: 'old' | 'new', source: SourceRows, key: RowKey, known: KeyNumbers): Promise<KeyedSide> {
    const { keys, onProgress } = this.#options
    const states = new Uint8Array(source.records)
    const numbers = new Int32Array(source.records).fill(NONE)
    let at = 0
    for await (const page of keys(this.#sides[which].log, rangesOf(source), key)) {
      states.set(page.states, at)
      for (const [i, state] of page.states.entries())
        if (state === KEY_FOUND)
          numbers[at + i] = known.numberOf(page.keys.subarray(i * KEY_BYTES, (i + 1) * KEY_BYTES))
      at += page.states.length
      this.#rows += page.states.length
      onProgress?.({ rows: this.#rows, of: this.#all() })
    }
    return { source, states, numbers }
  }

  #all(): number {
    return pairedSources(this.#sides).reduce((sum, each) => sum + each.old.records + each.new.records, 0)
  }

  async #note(which: 'old' | 'new', { source, states, numbers }: KeyedSide, keys: number): Promise<void> {
    const report = this.#report[which]
    for (const [i, state] of states.entries()) {
      const left_out = state === KEY_REJECTED ? report.rejected : state === KEY_MISSING ? report.without_key : null
      if (left_out !== null) countRow(left_out, source.rowAt(i))
      else if (state === KEY_FOUND) report.with_key++
      else countRow(report.erased, source.rowAt(i))
    }
    const times = new Int32Array(keys)
    for (const number of numbers) if (number !== NONE) times[number] = (times[number] ?? 0) + 1
    const examples = new Map<number, number[]>()
    for (const [i, number] of numbers.entries()) {
      if ((times[number] ?? 0) < 2) continue
      report.repeated.rows++
      const rows = examples.get(number)
      if (rows !== undefined && rows.length < EXAMPLE_ROWS) rows.push(source.rowAt(i))
      if (rows === undefined && report.repeated.examples.length + examples.size < EXAMPLES)
        examples.set(number, [source.rowAt(i)])
    }
    for (const many of times) if (many > 1) report.repeated.keys++
    const { log } = this.#sides[which]
    for (const [number, rows] of examples) {
      const key = await keyOfRow(this.#options.rows, log, rows[0] ?? 0, this.#options.fields)
      report.repeated.examples.push({ source: source.source, key, times: times[number] ?? 0, rows })
    }
  }
}

/** Places of the fields that the source declares as decimals in both runs: as others, 1.50 and 1.5 are texts. */
function decimalPlaces(fields: readonly string[], sides: Both<Side>, source: string): readonly number[] {
  const isDecimal = ({ declared }: Side, name: string) => {
    const field = declared.get(source)?.find(each => each.name === name)
    return field !== undefined && exactType(field.schema)?.type === 'decimal'
  }
  return fields.flatMap((name, i) => (isDecimal(sides.old, name) && isDecimal(sides.new, name) ? [i] : []))
}

/** Repeated keys, and rows, that are kept as examples. */
const EXAMPLES = 10
const EXAMPLE_ROWS = 5

interface MutableCount {
  rows: number
  readonly examples: number[]
}

interface MutableReport extends KeyedRows {
  with_key: number
  readonly rejected: MutableCount
  readonly without_key: MutableCount
  readonly erased: MutableCount
  readonly repeated: { keys: number; rows: number; readonly examples: RepeatedKey[] }
}

function emptyReport(): MutableReport {
  const none = (): MutableCount => ({ rows: 0, examples: [] })
  const repeated = { keys: 0, rows: 0, examples: [] }
  return { with_key: 0, repeated, rejected: none(), without_key: none(), erased: none() }
}

function countRow(counted: MutableCount, row: number): void {
  counted.rows++
  if (counted.examples.length < EXAMPLES) counted.examples.push(row)
}

function rangesOf({ stretches }: SourceRows): readonly KeyRange[] {
  return stretches.flatMap(({ row, records }) =>
    Array.from({ length: Math.ceil(records / PAGE_ROWS) }, (_, i) => {
      const first = row + i * PAGE_ROWS
      return { first, last: Math.min(first + PAGE_ROWS, row + records) - 1 }
    }),
  )
}

/** Partners of rows with the same key. */
function matchedByKey({ old, new: other }: Both<KeyedSide>, keys: number): Matching {
  const partner = {
    old: new Int32Array(old.numbers.length).fill(NONE),
    new: new Int32Array(other.numbers.length).fill(NONE),
  }
  // Of each key the first row of the old run that has no partner yet, and of each row the next with its key.
  const head = new Int32Array(keys).fill(NONE)
  const next = new Int32Array(old.numbers.length)
  for (let i = old.numbers.length - 1; i >= 0; i--) {
    const key = old.numbers[i] ?? NONE
    if (key === NONE) continue
    next[i] = head[key] ?? NONE
    head[key] = i
  }
  for (const [j, key] of other.numbers.entries()) {
    const i = head[key] ?? NONE
    if (i === NONE) continue
    head[key] = next[i] ?? NONE
    partner.old[i] = j
    partner.new[j] = i
  }
  const numbers = { old: old.numbers, new: other.numbers }
  return new MatchedRows(
    { old: old.source, new: other.source },
    partner,
    (which, place) => numbers[which][place] !== NONE,
  )
}
