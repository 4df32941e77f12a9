/**
 * Finds rows in a ledger: those that its index has by the index, others one by one.
 *
 * LEDGER-ROW-FINDER-1. What an index says are candidates. Each row that is given was read as it was signed, and fits: a wrong index can leave
 *     rows out, and add none. How many fit follows from what the index says of all, where that is exact, so that a wrong one can make it wrong
 *     as well; where a row that is to be given turns out not to fit the number isn't exact any more.
 */
import type { IndexState, RowFilter } from '../api/rows.ts'
import { CandidateRows } from './candidate-rows.ts'
import { type Cursor, cursorText, parseCursor, START } from './cursor.ts'
import { type CompiledFilter, compileFilter, fits, isEmpty, type RowPredicate } from './filter.ts'
import { findRows } from './find-rows.ts'
import { isClaimed } from './index/claim.ts'
import { RunFolder } from './index/index-folder.ts'
import { RunIndex } from './index/run-index.ts'
import { INDEX_SIZES } from './index/sizes.ts'
import { ledgerId } from './ledger-id.ts'
import type { Looked } from './look-through.ts'
import type { FoundRows, PageAsked, RowEntries, RowFinder } from './row-finder.ts'
import { type Readers, RunRows } from './run-rows.ts'
import { SearchMemory } from './search-memory.ts'
import { WorkTime } from './work-time.ts'

export interface FinderOptions extends Readers {
  /** Folder of the ledger's index (index/index-folder.ts); null: none is used. */
  readonly index: string | null
  /** `where` as a function. @throws DiagnosticsError */
  readonly predicateOf: (where: string) => RowPredicate
  /** Of questions before; none, if absent. */
  readonly memory?: SearchMemory
  readonly now_ms?: () => number
}

/** Of the entries that an index doesn't have yet so many are looked at for each question; of one that lacks more the first rows are used. */
const MOST_BEHIND = 2 * INDEX_SIZES.few_entries

export class LedgerRowFinder implements RowFinder {
  readonly #options: FinderOptions
  readonly #memory: SearchMemory

  /** For one moment: that of the readers. */
  constructor(options: FinderOptions) {
    this.#options = options
    this.#memory = options.memory ?? new SearchMemory()
  }

  async find(log: number, filter: RowFilter, page: PageAsked, signal: AbortSignal): Promise<FoundRows> {
    const run = await RunRows.of(this.#options, log)
    const compiled = compileFilter(filter, run.topology, this.#options.predicateOf)
    const from = page.after === null ? { ...START, skip: page.at ?? 0 } : parseCursor(page.after)
    const index = await this.#index(run)
    try {
      const found = isEmpty(compiled)
        ? anyRows(run, from, page.limit)
        : await findRows(run, await this.#candidates(run, index, filter, compiled), {
            filter: compiled,
            from,
            limit: page.limit,
            time: new WorkTime(signal, page.counts, this.#options.now_ms),
          })
      const entries = await signedOnes(run, compiled, found.rows)
      const wrong = found.rows.length - entries.size
      return {
        rows: [...entries.keys()],
        entries,
        next: found.next === null ? null : cursorText(found.next),
        matches: { count: found.count - wrong, exact: found.is_exact && wrong === 0 },
        looked_at: { rows: found.looked_at, of: run.count },
        index: await this.#stateOf(run, index),
      }
    } finally {
      index.close()
    }
  }

  async state(log: number): Promise<IndexState> {
    const run = await RunRows.of(this.#options, log)
    const index = await this.#index(run)
    try {
      return await this.#stateOf(run, index)
    } finally {
      index.close()
    }
  }

  #folder(run: RunRows): RunFolder | null {
    return this.#options.index === null ? null : new RunFolder(this.#options.index, run.run)
  }

  async #index(run: RunRows): Promise<RunIndex> {
    const folder = this.#folder(run)
    if (folder === null) return RunIndex.none()
    const ledger = await ledgerId(this.#options.checked)
    return RunIndex.open(folder, { ledger, run: run.run, log: run.log }, run.entries)
  }

  /**
   * Rows that the index has: what entries behind it say of them is looked at now. Where that would be too much, these are the rows before the
   * first one of which those entries tell: of any row from there on something may stand there that the index doesn't know.
   */
  async #candidates(
    run: RunRows,
    index: RunIndex,
    filter: RowFilter,
    compiled: CompiledFilter,
  ): Promise<CandidateRows> {
    const { stored } = this.#options
    const size = await run.entries.size()
    const last = await this.#lastRow(run, index, size)
    const key = JSON.stringify([run.log, index.end, size, run.count, await stored.size(0), filter])
    const known = this.#memory.get(key)
    if (known !== null) return known
    const candidates = CandidateRows.by(index, compiled, last)
    if (index.end > 0 && size - index.end <= MOST_BEHIND)
      for (const row of await run.rowsBehind(index.end, last))
        for (const [, facts] of await run.between(row, row)) candidates.decide(row, fits(compiled, facts))
    this.#memory.keep(key, candidates)
    return candidates
  }

  /** Rows up to this one the index knows, but for what entries say that are looked at. */
  async #lastRow(run: RunRows, index: RunIndex, size: number): Promise<number> {
    const last = Math.min(index.last_row, run.count)
    if (last === 0 || size - index.end <= MOST_BEHIND) return last
    const first_newer = await run.entries.firstRowFrom(index.end)
    return first_newer === null ? last : Math.min(last, first_newer - 1)
  }

  async #stateOf(run: RunRows, index: RunIndex): Promise<IndexState> {
    const folder = this.#folder(run)
    const [rows, of] = [Math.min(index.last_row, run.count), run.count]
    if (folder === null || this.#options.index === null) return { state: 'off', rows: 0, of }
    const problem = folder.trouble
    if (problem !== null) return { state: 'failed', rows, of, problem }
    const behind = (await run.entries.sizeOfAll()) - index.end
    if (behind <= MOST_BEHIND) return { state: 'ready', rows: of, of }
    return { state: isClaimed(this.#options.index) ? 'building' : 'off', rows, of }
  }
}

function anyRows(run: RunRows, { after, skip }: Cursor, limit: number): Looked {
  const first = after + skip + 1
  const last = Math.min(run.count, first + limit - 1)
  const rows = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i)
  const next = last < run.count ? { after: last, skip: 0, seen: 0 } : null
  return { rows, next, count: run.count, is_exact: true, looked_at: 0 }
}

async function signedOnes(run: RunRows, filter: CompiledFilter, rows: readonly number[]): Promise<RowEntries> {
  const signed = await run.checked(rows)
  if (isEmpty(filter)) return signed
  return new Map([...signed].filter(([, entries]) => fits(filter, run.factsOf(entries))))
}
