/**
 * Which rows of a run came from which source. Each record is a row, and sources are read one after another, in the order of their nodes: in a
 * run with splits by each of them, so that rows of a source stand in several stretches of numbers.
 */
import type { CursorFact, RunEntry } from '../../format/entry.ts'
import type { Topology } from '../../format/topology.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { idOf, numberOf, partOf } from '../../model/part-ids.ts'
import { decodeRunEntry } from '../decode.ts'
import { readable } from '../runs/damaged.ts'
import { closingOf, openingOf } from '../runs/run-log.ts'

export type RowsReader = Pick<LedgerReader, 'url' | 'entry' | 'size' | 'entries' | 'entriesOfRun'>

/** Records of a source, and their rows: both numbers go up by one. */
export interface Stretch {
  /** Number of its first record. */
  readonly index: number
  readonly row: number
  readonly records: number
}

export class SourceRows {
  readonly source: string
  /** Of all stretches. */
  readonly records: number
  /** In order of their rows, none empty; of records, too, unless these were dealt to splits. */
  readonly stretches: readonly Stretch[]
  /** By stretch: how many records are in those before it. */
  readonly #before: readonly number[]
  /** Whether records are in another order than their rows. */
  readonly dealt: boolean
  /** In order of records. */
  #by_index: SourceRows | null = null
  #by_part: ReadonlyMap<number, readonly Stretch[]> | null = null

  constructor(source: string, stretches: readonly Stretch[], dealt = false) {
    this.dealt = dealt
    this.source = source
    this.stretches = stretches.filter(({ records }) => records > 0)
    let before = 0
    this.#before = this.stretches.map(({ records }) => {
      before += records
      return before - records
    })
    this.records = before
  }

  /** Those of them that this part of a run with splits has read. */
  inPart(part: number): SourceRows {
    this.#by_part ??= byPart(this.stretches)
    return new SourceRows(this.source, this.#by_part.get(part) ?? [], this.dealt)
  }

  /** The row at a place among those of the source, from 0. */
  rowAt(place: number): number {
    const { stretch, before } = this.#with(i => (this.#before[i] ?? 0) <= place)
    return stretch.row + place - before
  }

  /** The place of a row among those of the source, from 0; null if it is of another. */
  placeOf(row: number): number | null {
    if (this.records === 0 || row < (this.stretches[0]?.row ?? 0)) return null
    const { stretch, before } = this.#with(i => (this.stretches[i]?.row ?? 0) <= row)
    return row < stretch.row + stretch.records ? row - stretch.row + before : null
  }

  /** The number of the record at a place. */
  indexAt(place: number): number {
    const { stretch, before } = this.#with(i => (this.#before[i] ?? 0) <= place)
    return stretch.index + place - before
  }

  /** The row of a record; null if it isn't there. */
  rowOf(index: number): number | null {
    if (this.dealt) {
      this.#by_index ??= new SourceRows(
        this.source,
        this.stretches.toSorted((a, b) => a.index - b.index),
      )
      return this.#by_index.rowOf(index)
    }
    if (this.records === 0 || index < (this.stretches[0]?.index ?? 0)) return null
    const { stretch } = this.#with(i => (this.stretches[i]?.index ?? 0) <= index)
    return index < stretch.index + stretch.records ? index - stretch.index + stretch.row : null
  }

  /** Those from a place up to another, that included, as stretches. */
  *between(from: number, to: number): Generator<Stretch, void, undefined> {
    for (const [i, { index, row, records }] of this.stretches.entries()) {
      const before = this.#before[i] ?? 0
      const [first, last] = [Math.max(from - before, 0), Math.min(to - before, records - 1)]
      if (first <= last) yield { index: index + first, row: row + first, records: last - first + 1 }
    }
  }

  /** The last one for which it holds, of which it holds for the first, or the first. */
  #with(isIt: (i: number) => boolean): { readonly stretch: Stretch; readonly before: number } {
    let [low, high] = [0, this.stretches.length - 1]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (isIt(middle)) low = middle
      else high = middle - 1
    }
    const stretch = this.stretches[low]
    if (stretch === undefined) throw new TypeError(`no row is of ${this.source}`)
    return { stretch, before: this.#before[low] ?? 0 }
  }
}

function byPart(stretches: readonly Stretch[]): ReadonlyMap<number, readonly Stretch[]> {
  const found = new Map<number, Stretch[]>()
  for (const stretch of stretches) {
    const own = found.get(partOf(stretch.row)) ?? []
    found.set(partOf(stretch.row), own)
    own.push(stretch)
  }
  return found
}

/** As far as the last commits say that they were read; in the order of the nodes. Reads all rows of splits that were dealt records. */
export function sourceRowsOf(reader: RowsReader, log: number): Promise<readonly SourceRows[]> {
  return rowsOf(reader, log, dealtStretches)
}

/**
 * The same, and reads no row: where records were dealt, a stretch is all rows of the source in one split. Numbers of their records ascend, and
 * that of the first isn't known: its `index` is 0.
 */
export function sourceRowsUnread(reader: Omit<RowsReader, 'entries'>, log: number): Promise<readonly SourceRows[]> {
  return rowsOf(reader, log, null)
}

async function rowsOf<R extends Omit<RowsReader, 'entries'>>(
  reader: R,
  log: number,
  read: ((reader: R, log: number, part: number) => Promise<ReadonlyMap<number, readonly Stretch[]>>) | null,
): Promise<readonly SourceRows[]> {
  const { topology, splits = 0 } = await openingOf(reader, log)
  if (splits === 0) return sourceRows((await closingOf(reader, log)).commit?.entry.cursors ?? [], topology)
  const found = new Map<number, Stretch[]>()
  const { before: befores, dealt } = await recordsBefore(reader, log)
  for (let part = 1; part <= splits; part++) {
    if ((await reader.size(log + part)) === 0) continue
    const { commit } = await closingOf(reader, log + part)
    let row = idOf(part, 1)
    const cursors = inOrder(commit?.entry.cursors ?? [])
    const has_dealt = cursors.some(({ source }) => dealt.has(source))
    const of_rows = has_dealt && read !== null ? await read(reader, log + part, part) : null
    for (const { source, records } of cursors) {
      const index = 1 + (befores.get(`${source} ${part}`) ?? 0)
      const stretches: Stretch[] = found.get(source) ?? []
      if (!dealt.has(source)) stretches.push({ index, row, records })
      else if (read === null) stretches.push({ index: 0, row, records })
      else for (const each of of_rows?.get(source) ?? []) stretches.push(each)
      found.set(source, stretches)
      row += records
    }
  }
  return named(found, topology, dealt)
}

/** Of the first entry of a row: within a text the quotation marks would be escaped. */
const ORIGIN = /"s":\[(\d+),(\d+),/

/** By source: rows of a split, as each says which record it is. */
async function dealtStretches(
  reader: Pick<LedgerReader, 'entries'>,
  log: number,
  part: number,
): Promise<ReadonlyMap<number, readonly Stretch[]>> {
  const found = new Map<number, Stretch[]>()
  for await (const { row, body } of reader.entries(log)) {
    const [, source, index] = (row === null ? null : ORIGIN.exec(body)) ?? []
    if (row === null || source === undefined) continue
    const own = found.get(Number(source)) ?? []
    found.set(Number(source), own)
    own.push({ index: Number(index), row: idOf(part, numberOf(row)), records: 1 })
  }
  for (const [source, each] of found) found.set(source, joined(each.sort((a, b) => a.row - b.row)))
  return found
}

function joined(stretches: readonly Stretch[]): Stretch[] {
  const all: Stretch[] = []
  for (const each of stretches) {
    const last = all.at(-1)
    const goes_on =
      last !== undefined && last.index + last.records === each.index && last.row + last.records === each.row
    if (goes_on) all[all.length - 1] = { ...last, records: last.records + each.records }
    else all.push(each)
  }
  return all
}

/** Those of one log, as a commit says how far its sources were. */
export function sourceRows(cursors: readonly CursorFact[], topology: Topology): readonly SourceRows[] {
  const found = new Map<number, readonly Stretch[]>()
  let row = 1
  for (const { source, records } of inOrder(cursors)) {
    found.set(source, [{ index: 1, row, records }])
    row += records
  }
  return named(found, topology)
}

const inOrder = (cursors: readonly CursorFact[]) => cursors.toSorted((a, b) => a.source - b.source)

function named(
  found: ReadonlyMap<number, readonly Stretch[]>,
  { nodes }: Topology,
  dealt: ReadonlySet<number> = new Set(),
): readonly SourceRows[] {
  return [...found]
    .sort(([a], [b]) => a - b)
    .flatMap(([source, stretches]) => {
      const name = nodes[source - 1]?.name
      return name === undefined ? [] : [new SourceRows(name, stretches, dealt.has(source))]
    })
}

/** The field by whose values the records of a run were dealt to its splits; null if they weren't. */
export async function dealtBy(reader: Pick<LedgerReader, 'entriesOfRun'>, log: number): Promise<string | null> {
  for await (const { seq, body } of reader.entriesOfRun(log)) {
    if (!body.includes('"k":"cut"')) continue
    const facts: RunEntry = readable(log, () => decodeRunEntry(seq, body)).facts
    if (facts.k === 'cut') return facts.dealt?.by ?? null
  }
  return null
}

/** By source and part: how many records of the source come before those that the split was to read; and sources that were dealt. */
export async function recordsBefore(
  reader: Pick<LedgerReader, 'entriesOfRun'>,
  log: number,
): Promise<{ readonly before: ReadonlyMap<string, number>; readonly dealt: ReadonlySet<number> }> {
  const before = new Map<string, number>()
  const dealt = new Set<number>()
  for await (const { seq, body } of reader.entriesOfRun(log)) {
    if (!body.includes('"k":"cut"')) continue
    const facts: RunEntry = readable(log, () => decodeRunEntry(seq, body)).facts
    if (facts.k !== 'cut') continue
    for (const range of facts.ranges) before.set(`${facts.source} ${range.part}`, range.before)
    if (facts.dealt !== undefined) dealt.add(facts.source)
  }
  return { before, dealt }
}
