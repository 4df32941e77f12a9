/**
 * The index of a run, open for questions: which of its rows may have something. It answers for the entries up to `end`; whether they still say
 * that is for whoever asks to look at.
 */
import { foldText } from '../fold-text.ts'
import type { RunLog } from '../run-log.ts'
import { gramsOfWhole, gramsWithin, isExactGram, valueKey } from './grams.ts'
import type { RunFolder } from './index-folder.ts'
import { RowSet } from './row-set.ts'
import { type OfRun, type RowSums, Segment } from './segment.ts'

/** Some rows, and whether all of them have what was asked for. */
export interface Candidates {
  readonly rows: RowSet
  readonly is_exact: boolean
}

export class RunIndex {
  readonly #segments: readonly Segment[]
  /** Rows up to this one have entries in it. */
  readonly last_row: number

  private constructor(segments: readonly Segment[]) {
    this.#segments = segments
    this.last_row = segments.at(-1)?.last_row ?? 0
  }

  static none(): RunIndex {
    return new RunIndex([])
  }

  /** As far as its segments are of this ledger as it is now. */
  static async open(folder: RunFolder, of: OfRun, log: RunLog): Promise<RunIndex> {
    await log.size()
    const segments: Segment[] = []
    for (const name of folder.chain()) {
      const segment = Segment.open(name, of)
      if (segment === null) break
      segments.push(segment)
      if ((await log.leaf(name.end - 1)) === segment.last_leaf) continue
      segments.pop()?.close()
      break
    }
    return new RunIndex(segments)
  }

  /** Of the log's entries it knows those before this one. */
  get end(): number {
    return this.#segments.at(-1)?.end ?? 0
  }

  close(): void {
    for (const each of this.#segments) each.close()
  }

  /** Rows that have one of the terms. */
  withTerms(terms: readonly string[], last: number): RowSet {
    const rows = new RowSet(last)
    for (const segment of this.#segments) segment.addRows(segment.withTerms(terms), rows)
    return rows
  }

  /** Rows of which a text contains it. */
  withText(folded: string, last: number): Candidates {
    const grams = gramsWithin(folded)
    const rows = new RowSet(last)
    let is_exact = isExactGram(folded)
    for (const segment of this.#segments) {
      segment.addRows(segment.withGrams(grams), rows)
      if (segment.is_coarse) is_exact = false
    }
    return { rows, is_exact }
  }

  /** Rows of which a field has one of the texts. */
  withValue(field: string, texts: readonly string[], last: number): Candidates {
    const rows = new RowSet(last)
    let is_exact = true
    for (const text of texts) {
      const key = valueKey(field, text)
      const grams = gramsOfWhole(foldText(text))
      for (const segment of this.#segments) {
        const known = segment.withValue(key)
        const found = known ?? segment.withGrams(grams)
        if (known === null && found.some(word => word !== 0)) is_exact = false
        segment.addRows(found, rows)
      }
    }
    return { rows, is_exact }
  }

  /** Of rows up to `last`. */
  sums(last: number): RowSums {
    const sums = {
      recorded_us: new Float64Array(last + 1),
      duration_us: new Float64Array(last + 1),
      cost_nusd: new Float64Array(last + 1),
    }
    for (const segment of this.#segments) segment.addSums(sums)
    return sums
  }
}
