/**
 * Which rows of a run came from which source. Each record is a row, and sources are read one after another, in the order of their nodes: in a
 * run with splits by each of them, so that rows of a source stand in several stretches of numbers.
 */
import type { CursorFact, RunEntry } from '../../format/entry.ts'
import type { Topology } from '../../format/topology.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { idOf } from '../../model/part-ids.ts'
import { decodeRunEntry } from '../decode.ts'
import { readable } from '../runs/damaged.ts'
import { closingOf, openingOf } from '../runs/run-log.ts'

export type RowsReader = Pick<LedgerReader, 'url' | 'entry' | 'size' | 'entriesOfRun'>

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
  /** In order of both numbers, none empty. */
  readonly stretches: readonly Stretch[]
  /** By stretch: how many records are in those before it. */
  readonly #before: readonly number[]

  constructor(source: string, stretches: readonly Stretch[]) {
    this.source = source
    this.stretches = stretches.filter(({ records }) => records > 0)
    let before = 0
    this.#before = this.stretches.map(({ records }) => {
      before += records
      return before - records
    })
    this.records = before
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

/** As far as the last commits say that they were read; in the order of the nodes. */
export async function sourceRowsOf(reader: RowsReader, log: number): Promise<readonly SourceRows[]> {
  const { topology, splits = 0 } = await openingOf(reader, log)
  if (splits === 0) return sourceRows((await closingOf(reader, log)).commit?.entry.cursors ?? [], topology)
  const found = new Map<number, Stretch[]>()
  const befores = await recordsBefore(reader, log)
  for (let part = 1; part <= splits; part++) {
    if ((await reader.size(log + part)) === 0) continue
    const { commit } = await closingOf(reader, log + part)
    let row = idOf(part, 1)
    for (const { source, records } of inOrder(commit?.entry.cursors ?? [])) {
      const index = 1 + (befores.get(`${source} ${part}`) ?? 0)
      const stretches: Stretch[] = found.get(source) ?? []
      stretches.push({ index, row, records })
      found.set(source, stretches)
      row += records
    }
  }
  return named(found, topology)
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

function named(found: ReadonlyMap<number, readonly Stretch[]>, { nodes }: Topology): readonly SourceRows[] {
  return [...found]
    .sort(([a], [b]) => a - b)
    .flatMap(([source, stretches]) => {
      const name = nodes[source - 1]?.name
      return name === undefined ? [] : [new SourceRows(name, stretches)]
    })
}

/** By source and part: how many records of the source come before those that the split was to read. */
export async function recordsBefore(
  reader: Pick<LedgerReader, 'entriesOfRun'>,
  log: number,
): Promise<ReadonlyMap<string, number>> {
  const before = new Map<string, number>()
  for await (const { seq, body } of reader.entriesOfRun(log)) {
    if (!body.includes('"k":"cut"')) continue
    const facts: RunEntry = readable(log, () => decodeRunEntry(seq, body)).facts
    if (facts.k === 'cut') for (const range of facts.ranges) before.set(`${facts.source} ${range.part}`, range.before)
  }
  return before
}
