/**
 * Finds rows in a ledger.
 *
 * LEDGER-ROW-FINDER-1. What an index says are candidates. Each row that is given was read as it was signed, and fits: a wrong index can leave
 *     rows out, and add none.
 */
import type { IndexState, RowFilter } from '../api/rows.ts'
import { type Cursor, cursorText, parseCursor, START } from './cursor.ts'
import { type CompiledFilter, compileFilter, fits, isEmpty, type RowPredicate } from './filter.ts'
import { lookThrough } from './look-through.ts'
import type { FoundRows, PageAsked, RowFinder } from './row-finder.ts'
import { type Readers, RunRows } from './run-rows.ts'
import { WorkTime } from './work-time.ts'

export interface FinderOptions extends Readers {
  /** `where` as a function. @throws DiagnosticsError */
  readonly predicateOf: (where: string) => RowPredicate
  readonly now_ms?: () => number
}

export class LedgerRowFinder implements RowFinder {
  readonly #options: FinderOptions

  /** For one moment: that of the readers. */
  constructor(options: FinderOptions) {
    this.#options = options
  }

  async find(log: number, filter: RowFilter, page: PageAsked, signal: AbortSignal): Promise<FoundRows> {
    const time = new WorkTime(signal, this.#options.now_ms)
    const run = await RunRows.of(this.#options, log)
    const compiled = compileFilter(filter, run.topology, this.#options.predicateOf)
    const from = page.after === null ? { ...START, skip: page.at ?? 0 } : parseCursor(page.after)
    const index = await this.state(log)
    const found = isEmpty(compiled)
      ? anyRows(run, from, page.limit)
      : await lookThrough(run, compiled, from, page.limit, time)
    const rows = await signedOnes(run, compiled, found.rows)
    return {
      rows,
      next: found.next === null ? null : cursorText(found.next),
      matches: { count: found.count, exact: found.is_exact },
      looked_at: { rows: found.looked_at, of: run.count },
      index,
    }
  }

  async state(log: number): Promise<IndexState> {
    const { count } = await RunRows.of(this.#options, log)
    return { state: 'off', rows: 0, of: count }
  }
}

function anyRows(run: RunRows, { after, skip }: Cursor, limit: number) {
  const first = after + skip + 1
  const last = Math.min(run.count, first + limit - 1)
  const rows = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i)
  const next = last < run.count ? { after: last, skip: 0, seen: 0 } : null
  return { rows, next, count: run.count, is_exact: true, looked_at: 0 }
}

async function signedOnes(run: RunRows, filter: CompiledFilter, rows: readonly number[]): Promise<readonly number[]> {
  const signed: number[] = []
  for (const row of rows) {
    const facts = await run.checked(row)
    if (facts !== null && fits(filter, facts)) signed.push(row)
  }
  return signed
}
