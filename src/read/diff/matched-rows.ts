/** Which rows of a source stand for each other, as numbers. */
import type { SourceRows } from '../fold/source-rows.ts'
import type { Both, OnlyRows } from './difference.ts'
import { PAGE_ROWS, type RowsPage } from './row-pairs.ts'

/** A source of both runs. */
export interface Matching {
  readonly source: string
  /** How many pairs of rows there are. */
  readonly matched: number
  /** The pairs, in the order of the old run. */
  pages(): Iterable<RowsPage>
  /** Rows without a partner, as stretches. */
  only(which: keyof Both<unknown>): Iterable<OnlyRows>
  /** The row of the old run that a row of the new one stands for; null if there is none. */
  oldOf(row: number): number | null
}

/** Rows of a source from one place to another, from 0, both included. */
export function* onlyRows(which: 'old' | 'new', rows: SourceRows, from: number, to: number): Iterable<OnlyRows> {
  for (const { index, row, records } of rows.between(from, to))
    yield {
      in: which,
      source: rows.source,
      index: { from: index, to: index + records - 1 },
      row: { from: row, to: row + records - 1 },
    }
}

/** No partner, or no key. */
export const NONE = -1

/** Rows with partners, whoever found them. */
export class MatchedRows implements Matching {
  readonly source: string
  readonly matched: number
  readonly #source: Both<SourceRows>
  readonly #partner: Both<Int32Array>
  readonly #takesPart: (which: 'old' | 'new', place: number) => boolean

  /**
   * @param partner by place in the source, from 0: the place of its partner in the other run; NONE if it has none
   * @param takesPart whether a row without a partner is one that only its run has
   */
  constructor(
    source: Both<SourceRows>,
    partner: Both<Int32Array>,
    takesPart: (which: 'old' | 'new', place: number) => boolean = () => true,
  ) {
    this.source = source.old.source
    this.#source = source
    this.#partner = partner
    this.#takesPart = takesPart
    this.matched = partner.old.reduce((sum, each) => sum + (each === NONE ? 0 : 1), 0)
  }

  *pages(): Iterable<RowsPage> {
    const { old, new: other } = this.#source
    let page: Array<Both<number>> = []
    for (const [i, j] of this.#partner.old.entries()) {
      if (j === NONE) continue
      page.push({ old: old.rowAt(i), new: other.rowAt(j) })
      if (page.length < PAGE_ROWS) continue
      yield page
      page = []
    }
    if (page.length > 0) yield page
  }

  *only(which: 'old' | 'new'): Iterable<OnlyRows> {
    const partner = this.#partner[which]
    let from = NONE
    for (let i = 0; i <= partner.length; i++) {
      const alone = partner[i] === NONE && this.#takesPart(which, i)
      if (alone && from === NONE) from = i
      if (alone || from === NONE) continue
      yield* onlyRows(which, this.#source[which], from, i - 1)
      from = NONE
    }
  }

  oldOf(row: number): number | null {
    const own = this.#source.new.placeOf(row)
    const place = own === null ? NONE : (this.#partner.new[own] ?? NONE)
    return place === NONE ? null : this.#source.old.rowAt(place)
  }
}
