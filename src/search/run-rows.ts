/**
 * The rows of a run, as filters see them: many at once as they stand in the file, or one as it was signed. Here they are counted from 1
 * through all parts of the run, one after another; what is given to others has their numbers to the outside.
 */
import type { Topology } from '../format/topology.ts'
import type { FullEntry, LedgerReader } from '../ledger/read-port.ts'
import { idOf, numberOf, partOf } from '../model/part-ids.ts'
import type { RunReader, RunSpan } from '../read/evidence/run-reader.ts'
import { openingOf } from '../read/runs/run-log.ts'
import { checkedEntry, factsOf, plainEntry, type RowFacts } from './row-facts.ts'
import type { RowEntries } from './row-finder.ts'
import { RunLog } from './run-log.ts'
import { stretchesOf } from './stretches.ts'
import { EntryTerms } from './terms.ts'

export interface Readers {
  /** Of one snapshot, both. */
  readonly stored: LedgerReader
  readonly checked: RunReader
}

/** Rows of one part that follow each other. */
interface Stretch {
  readonly log: number
  readonly part: number
  readonly before: number
  readonly first: number
  readonly last: number
}

/** How many are read in one go. */
const PAGE_ROWS = 256

export class RunRows {
  readonly #readers: Readers
  readonly log: number
  readonly run: string
  readonly topology: Topology
  /** How many there are. */
  readonly count: number
  readonly #spans: readonly RunSpan[]
  readonly #terms: EntryTerms
  /** Those that an index is of. */
  readonly entries: RunLog

  private constructor(
    readers: Readers,
    { log, run, topology, entries }: Pick<RunRows, 'log' | 'run' | 'topology' | 'entries'>,
    spans: readonly RunSpan[],
  ) {
    this.#readers = readers
    this.log = log
    this.entries = entries
    this.run = run
    this.topology = topology
    this.count = spans.reduce((sum, { rows }) => sum + rows, 0)
    this.#spans = spans
    this.#terms = new EntryTerms(topology)
  }

  static async of(readers: Readers, log: number): Promise<RunRows> {
    const { run, topology } = await openingOf(readers.checked, log)
    const entries = await RunLog.of(readers.stored, log)
    return new RunRows(readers, { log, run, topology, entries }, await readers.checked.spans(log))
  }

  /** Those from `first` on that have entries, a page at a time, as they stand in the file. */
  async *from(first: number): AsyncGenerator<ReadonlyArray<readonly [row: number, facts: RowFacts]>, void, undefined> {
    for (let at = first; at <= this.count; at += PAGE_ROWS) yield this.between(at, at + PAGE_ROWS - 1)
  }

  /** Those among them that have entries, as they stand in the file. */
  async between(first: number, last: number): Promise<ReadonlyArray<readonly [row: number, facts: RowFacts]>> {
    const found: Array<readonly [row: number, facts: RowFacts]> = []
    for (const { log, before, first: from, last: to } of this.#stretches(first, last))
      for (const [number, own] of byRow(await this.#readers.stored.entriesOfRows(log, from, to))) {
        const facts = own.map(each => plainEntry(log, each))
        found.push([before + number, factsOf(facts, this.#terms)])
      }
    return found
  }

  /** Where rows stand: in which log, behind how many rows of others, and with which numbers there. */
  *#stretches(first: number, last: number): Generator<Stretch, void, undefined> {
    let before = 0
    for (const { first_row, rows } of this.#spans) {
      const [from, to] = [Math.max(first - before, 1), Math.min(last - before, rows)]
      const part = partOf(first_row)
      if (from <= to) yield { log: this.log + part, part, before, first: from, last: to }
      before += rows
    }
  }

  /** Rows up to `last` of which entries from one on tell something. */
  async rowsBehind(entry: number, last: number): Promise<readonly number[]> {
    const rows = new Set<number>()
    const size = await this.entries.size()
    for (let at = entry; at < size; at = this.entries.pageEnd(at, size))
      for (const { row } of await this.entries.page(at, size)) if (row !== null && row <= last) rows.add(row)
    return [...rows].sort((a, b) => a - b)
  }

  /**
   * The entries of ascending rows that have some, by their numbers to the outside. @throws UnsoundRecord if what is stored of one, or beside
   * one, isn't what was signed.
   */
  async checked(rows: readonly number[]): Promise<RowEntries> {
    const asked = new Set(rows)
    const found = new Map<number, readonly FullEntry[]>()
    for (const [first, last] of stretchesOf(rows, PAGE_ROWS))
      for (const { part, before, first: from, last: to } of this.#stretches(first, last)) {
        const entries = await this.#readers.checked.entriesOfRows(this.log, idOf(part, from), idOf(part, to))
        for (const [row, own] of byRow(entries)) if (asked.has(before + numberOf(row))) found.set(row, own)
      }
    return found
  }

  /** Of what a reader that checks gave. @throws UnsoundRecord if its values aren't what was committed to. */
  factsOf(entries: readonly FullEntry[]): RowFacts {
    return factsOf(
      entries.map(each => checkedEntry(this.log, each)),
      this.#terms,
    )
  }
}

function byRow(entries: readonly FullEntry[]): ReadonlyMap<number, readonly FullEntry[]> {
  const rows = new Map<number, FullEntry[]>()
  for (const entry of entries) {
    if (entry.row === null) continue
    const own = rows.get(entry.row)
    if (own === undefined) rows.set(entry.row, [entry])
    else own.push(entry)
  }
  return rows
}
