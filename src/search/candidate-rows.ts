/**
 * Rows that an index says may fit: those that do are found by looking at them one by one, for a limited time at once.
 *
 * CANDIDATE-ROWS-1. Once all candidates up to a row were looked at, those that are left up to there fit.
 */
import { type CompiledFilter, fits, isWithin } from './filter.ts'
import { RowSet } from './index/row-set.ts'
import type { RunIndex } from './index/run-index.ts'
import type { RunRows } from './run-rows.ts'
import { stretchesOf } from './stretches.ts'
import type { WorkTime } from './work-time.ts'

/** Rows that may fit, of the run's first ones. */
export class CandidateRows {
  readonly rows: RowSet
  /** All that are left of the rows up to this one fit. */
  #certain: number

  private constructor(rows: RowSet, is_exact: boolean) {
    this.rows = rows
    this.#certain = is_exact ? rows.last : 0
  }

  /** Of rows up to `last`. */
  static by(index: RunIndex, filter: CompiledFilter, last: number): CandidateRows {
    const rows = RowSet.all(last)
    let is_exact = filter.where === null
    for (const terms of filter.any_of) rows.intersect(index.withTerms(terms, last))
    for (const { field, texts } of filter.values) {
      const found = index.withValue(field, texts, last)
      rows.intersect(found.rows)
      if (!found.is_exact) is_exact = false
    }
    if (filter.text !== null) {
      const found = index.withText(filter.text, last)
      rows.intersect(found.rows)
      if (!found.is_exact) is_exact = false
    }
    if (hasLimits(filter)) keepWithin(rows, index, filter)
    return new CandidateRows(rows, is_exact)
  }

  get isCertain(): boolean {
    return this.rows.next(this.#certain) === null
  }

  /** How many are known to fit. */
  get certain(): number {
    return this.rows.countThrough(this.#certain)
  }

  /** Says of a row whether it fits. */
  decide(row: number, is_fitting: boolean): void {
    if (is_fitting) this.rows.add(row)
    else this.rows.delete(row)
  }

  /** Looks at those from the first that isn't certain on. Gives how many. */
  async makeCertain(run: RunRows, filter: CompiledFilter, isOver: () => boolean, time: WorkTime): Promise<number> {
    let looked_at = 0
    while (!this.isCertain && !isOver()) {
      const some = this.#some(this.#certain)
      await this.#look(run, filter, some)
      looked_at += some.length
      await time.pass()
    }
    return looked_at
  }

  /** The first of those behind a row that fit, at most `limit`, and how many were looked at. */
  async page(run: RunRows, filter: CompiledFilter, after: number, limit: number, time: WorkTime) {
    const rows: number[] = []
    let [at, looked_at] = [after, 0]
    for (;;) {
      const some = this.#some(at)
      const unsure = some.filter(row => row > this.#certain)
      await this.#look(run, filter, unsure)
      looked_at += unsure.length
      for (const row of some) if (this.rows.has(row) && rows.length < limit) rows.push(row)
      at = rows.length === limit ? (rows.at(-1) ?? at) : (some.at(-1) ?? this.rows.last)
      if (rows.length === limit || at >= this.rows.last || some.length === 0) return { rows, at, looked_at }
      await time.pass()
      if (time.isOver(false)) return { rows, at, looked_at }
    }
  }

  /** Behind a row. */
  #some(after: number): readonly number[] {
    const some: number[] = []
    let row = this.rows.next(after)
    for (; row !== null && some.length < SOME; row = this.rows.next(row)) some.push(row)
    return some
  }

  /** Takes those out that don't fit. */
  async #look(run: RunRows, filter: CompiledFilter, rows: readonly number[]): Promise<void> {
    const fitting = new Set<number>()
    for (const [first, last] of stretchesOf(rows))
      for (const [row, facts] of await run.between(first, last)) if (fits(filter, facts)) fitting.add(row)
    if (this.rows.next(this.#certain) === rows[0]) this.#certain = rows.at(-1) ?? this.#certain
    for (const row of rows) if (!fitting.has(row)) this.rows.delete(row)
  }
}

/** Candidates that are looked at in one go. */
const SOME = 64

function hasLimits({ since_us, until_us, min_cost_nusd, max_cost_nusd, min_duration_us }: CompiledFilter): boolean {
  return [since_us, until_us, min_cost_nusd, max_cost_nusd, min_duration_us].some(each => each !== null)
}

function keepWithin(rows: RowSet, index: RunIndex, filter: CompiledFilter): void {
  const sums = index.sums(rows.last)
  for (let row = rows.next(0); row !== null; row = rows.next(row)) {
    const own = {
      recorded_us: sums.recorded_us[row] ?? 0,
      duration_us: sums.duration_us[row] ?? 0,
      cost_nusd: sums.cost_nusd[row] ?? 0,
    }
    if (!isWithin(filter, own)) rows.delete(row)
  }
}
