/** Rows of one record in two runs, compared a page at a time: a page gives only what each pair comes to, and `tell` its details. */
import type { FullEntry, LedgerReader } from '../../ledger/read-port.ts'
import { sourceRowsUnread } from '../fold/source-rows.ts'
import { type Comparison, compareTales } from './compare.ts'
import type { Both, Parting } from './difference.ts'
import { EqualRows } from './equal-rows.ts'
import { entriesByRow, hasOpen, type Side, sideOf, taleOf } from './side.ts'

/** Rows of each run that are read at a time. */
export const PAGE_ROWS = 1024

/** Numbers of rows that are compared. */
export type RowsPage = ReadonlyArray<Both<number>>

/** What two rows come to; if they differ, where they parted. */
export type Found = 'same' | 'unknown' | Parting

export class RowPairs {
  readonly sides: Both<Side>
  readonly #equal: EqualRows

  constructor(sides: Both<Side>) {
    this.sides = sides
    this.#equal = new EqualRows({ old: sides.old.topology, new: sides.new.topology })
  }

  /** For those whom others tell which rows stand for each other: of sources that were dealt no row is looked at. */
  static async of(reader: LedgerReader, logs: Both<number>): Promise<RowPairs> {
    const of = (log: number) => sideOf(reader, log, sourceRowsUnread)
    return new RowPairs({ old: await of(logs.old), new: await of(logs.new) })
  }

  /** @throws UnsoundRecord if one of them isn't what was recorded. */
  async compare(page: RowsPage): Promise<readonly Found[]> {
    const entries = {
      old: await this.#entries('old', page),
      new: await this.#entries('new', page),
    }
    return page.map(row => {
      const comparison = this.#compareRow(entries, row)
      return comparison.kind === 'different' ? comparison.divergence.parted_at : comparison.kind
    })
  }

  /** Two rows, compared in full detail. @throws UnsoundRecord */
  async tell(row: Both<number>): Promise<Comparison> {
    const entries = { old: await this.#entries('old', [row]), new: await this.#entries('new', [row]) }
    return this.#compareRow(entries, row)
  }

  /** Those of rows that follow each other are read at once. */
  async #entries(which: 'old' | 'new', page: RowsPage): ReturnType<typeof entriesByRow> {
    const found = new Map<number, readonly FullEntry[]>()
    let first = 0
    let count = 0
    const read = async () => {
      if (count === 0) return
      for (const [row, entries] of await entriesByRow(this.sides[which], first, count)) found.set(row, entries)
    }
    for (const row of page.map(each => each[which]).sort((a, b) => a - b)) {
      if (row === first + count) count++
      else {
        await read()
        first = row
        count = 1
      }
    }
    await read()
    return found
  }

  #compareRow(entries: Both<ReadonlyMap<number, readonly FullEntry[]>>, row: Both<number>): Comparison {
    const { sides } = this
    const stored = { old: entries.old.get(row.old) ?? [], new: entries.new.get(row.new) ?? [] }
    const is_open = hasOpen(sides.old, row.old) || hasOpen(sides.new, row.new)
    if (!is_open && this.#equal.are(stored, row)) return { kind: 'same' }
    const tale = (which: 'old' | 'new') => taleOf(sides[which], stored[which], { kind: 'row', row: row[which] })
    return compareTales({ old: tale('old'), new: tale('new') })
  }
}

/** Gives what pages of rows come to, in their order; `rows`: how many there are on all pages. */
export type PairSource = (
  pairs: RowPairs,
  pages: Iterable<RowsPage>,
  rows: number,
) => AsyncIterable<{ readonly page: RowsPage; readonly found: readonly Found[] }>

/** Compares them here. */
export const pairsHere: PairSource = async function* (pairs, pages) {
  for (const page of pages) yield { page, found: await pairs.compare(page) }
}
