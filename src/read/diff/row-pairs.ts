/** Rows of one record in two runs, compared a page at a time: a page gives only what each pair comes to, and `tell` its details. */
import type { FullEntry, LedgerReader } from '../../ledger/read-port.ts'
import { type Comparison, compareTales } from './compare.ts'
import type { Both, Parting } from './difference.ts'
import { EqualRows } from './equal-rows.ts'
import { entriesByRow, hasOpen, type Side, sideOf, taleOf } from './side.ts'

/** Rows of each run that are read at a time. */
export const PAGE_ROWS = 1024

/** Rows of both runs from these on. */
export interface RowsPage {
  readonly first: Both<number>
  readonly count: number
}

/** What two rows come to; if they differ, where they parted. */
export type Found = 'same' | 'unknown' | Parting

export class RowPairs {
  readonly sides: Both<Side>
  readonly #equal: EqualRows

  constructor(sides: Both<Side>) {
    this.sides = sides
    this.#equal = new EqualRows({ old: sides.old.topology, new: sides.new.topology })
  }

  static async of(reader: LedgerReader, logs: Both<number>): Promise<RowPairs> {
    return new RowPairs({ old: await sideOf(reader, logs.old), new: await sideOf(reader, logs.new) })
  }

  /** @throws UnsoundRecord if one of them isn't what was recorded. */
  async compare({ first, count }: RowsPage): Promise<readonly Found[]> {
    const [old, other] = [await this.#entries('old', first, count), await this.#entries('new', first, count)]
    const found: Found[] = []
    for (let i = 0; i < count; i++) {
      const comparison = this.#compareRow({ old, new: other }, { old: first.old + i, new: first.new + i })
      found.push(comparison.kind === 'different' ? comparison.divergence.parted_at : comparison.kind)
    }
    return found
  }

  /** Two rows, compared in full detail. @throws UnsoundRecord */
  async tell(row: Both<number>): Promise<Comparison> {
    const [old, other] = [await this.#entries('old', row, 1), await this.#entries('new', row, 1)]
    return this.#compareRow({ old, new: other }, row)
  }

  #entries(which: 'old' | 'new', first: Both<number>, count: number): ReturnType<typeof entriesByRow> {
    return entriesByRow(this.sides[which], first[which], count)
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

/** Gives what pages of rows come to, in their order. */
export type PairSource = (pairs: RowPairs, pages: Iterable<RowsPage>) => AsyncIterable<readonly Found[]>

/** Compares them here. */
export const pairsHere: PairSource = async function* (pairs, pages) {
  for (const page of pages) yield await pairs.compare(page)
}
