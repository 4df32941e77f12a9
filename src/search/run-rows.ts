/** The rows of a run, as filters see them: many at once as they stand in the file, or one as it was signed. */
import type { Topology } from '../format/topology.ts'
import type { FullEntry, LedgerReader } from '../ledger/read-port.ts'
import type { CheckedReader } from '../read/evidence/checked-reader.ts'
import { closingOf, openingOf } from '../read/runs/run-log.ts'
import { checkedEntry, factsOf, plainEntry, type RowFacts } from './row-facts.ts'
import type { RowEntries } from './row-finder.ts'
import { stretchesOf } from './stretches.ts'
import { EntryTerms } from './terms.ts'

export interface Readers {
  /** Of one snapshot, both. */
  readonly stored: LedgerReader
  readonly checked: CheckedReader
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
  readonly #terms: EntryTerms

  private constructor(
    readers: Readers,
    { log, run, topology, count }: Pick<RunRows, 'log' | 'run' | 'topology' | 'count'>,
  ) {
    this.#readers = readers
    this.log = log
    this.run = run
    this.topology = topology
    this.count = count
    this.#terms = new EntryTerms(topology)
  }

  static async of(readers: Readers, log: number): Promise<RunRows> {
    const { run, topology } = await openingOf(readers.checked, log)
    const { totals } = await closingOf(readers.checked, log)
    return new RunRows(readers, { log, run, topology, count: totals.rows.read })
  }

  /** Those from `first` on that have entries, a page at a time, as they stand in the file. */
  async *from(first: number): AsyncGenerator<ReadonlyArray<readonly [row: number, facts: RowFacts]>, void, undefined> {
    for (let at = first; at <= this.count; at += PAGE_ROWS) yield this.between(at, at + PAGE_ROWS - 1)
  }

  /** Those among them that have entries, as they stand in the file. */
  async between(first: number, last: number): Promise<ReadonlyArray<readonly [row: number, facts: RowFacts]>> {
    const entries = await this.#readers.stored.entriesOfRows(this.log, first, last)
    return [...byRow(entries)].map(([row, own]) => [
      row,
      factsOf(
        own.map(each => plainEntry(this.log, each)),
        this.#terms,
      ),
    ])
  }

  /** Rows up to `last` of which entries from one on tell something. */
  async rowsBehind(entry: number, last: number): Promise<readonly number[]> {
    const rows = new Set<number>()
    const size = await this.#readers.stored.size(this.log)
    for (const { row } of await this.#readers.stored.page(this.log, entry, size))
      if (row !== null && row <= last) rows.add(row)
    return [...rows].sort((a, b) => a - b)
  }

  /** The entries of ascending rows that have some. @throws UnsoundRecord if what is stored of one, or beside one, isn't what was signed. */
  async checked(rows: readonly number[]): Promise<RowEntries> {
    const asked = new Set(rows)
    const found = new Map<number, readonly FullEntry[]>()
    for (const [first, last] of stretchesOf(rows, PAGE_ROWS))
      for (const [row, own] of byRow(await this.#readers.checked.entriesOfRows(this.log, first, last)))
        if (asked.has(row)) found.set(row, own)
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
