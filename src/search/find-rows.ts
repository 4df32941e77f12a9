/** Puts together what an index knows of the first rows of a run, and what is found by looking at those behind them. */
import type { CandidateRows } from './candidate-rows.ts'
import type { Cursor } from './cursor.ts'
import type { CompiledFilter } from './filter.ts'
import { type Looked, lookThrough } from './look-through.ts'
import type { RunRows } from './run-rows.ts'
import type { WorkTime } from './work-time.ts'

interface Asked {
  readonly filter: CompiledFilter
  readonly from: Cursor
  readonly limit: number
  readonly time: WorkTime
}

export async function findRows(run: RunRows, candidates: CandidateRows, asked: Asked): Promise<Looked> {
  const { filter, from, limit, time } = asked
  const { last } = candidates.rows
  const first = await firstRows(run, candidates, asked)
  if (first.next !== null) {
    const counted = await countedAll(run, candidates, asked)
    // Whoever answered the pages before may know of more than this one does.
    const count = Math.max(counted.count, first.next.seen)
    return { ...first, ...counted, count, next: first.next, looked_at: first.looked_at + counted.looked_at }
  }
  const through = from.seen + from.skip - first.to_skip + first.rows.length
  const seen = from.after > last ? from.seen : Math.max(candidates.certain, through)
  const behind = { after: Math.max(from.after, last), skip: first.to_skip, seen }
  const rest = await lookThrough(run, filter, behind, limit - first.rows.length, time)
  const more = await candidates.makeCertain(run, filter, () => time.isOver(true), time)
  const gained = from.after > last ? 0 : Math.max(0, candidates.certain - seen)
  return {
    rows: [...first.rows, ...rest.rows],
    next: rest.next,
    count: rest.count + gained,
    is_exact: rest.is_exact && candidates.isCertain,
    looked_at: first.looked_at + rest.looked_at + more,
  }
}

/** As far as there is time: those that the index has, then the others. */
async function countedAll(run: RunRows, candidates: CandidateRows, { filter, time }: Asked) {
  const looked_at = await candidates.makeCertain(run, filter, () => time.isOver(true), time)
  const { certain: count, isCertain: is_exact } = candidates
  if (!is_exact || candidates.rows.last >= run.count) return { count, is_exact, looked_at }
  const rest = await lookThrough(run, filter, { after: candidates.rows.last, skip: 0, seen: count }, 0, time)
  return { count: rest.count, is_exact: rest.is_exact, looked_at: looked_at + rest.looked_at }
}

interface FirstRows {
  readonly rows: readonly number[]
  /** null: those behind the candidates are next. */
  readonly next: Cursor | null
  readonly to_skip: number
  readonly looked_at: number
}

/** Of those that the index has. */
async function firstRows(
  run: RunRows,
  candidates: CandidateRows,
  { filter, from, limit, time }: Asked,
): Promise<FirstRows> {
  const { rows: all } = candidates
  if (from.after >= all.last) return { rows: [], next: null, to_skip: from.skip, looked_at: 0 }
  const start = all.nextAfter(from.after, from.skip)
  if (start === null) {
    const before = all.count - all.countThrough(from.after)
    return { rows: [], next: null, to_skip: from.skip - before, looked_at: 0 }
  }
  const { rows, at, looked_at } = await candidates.page(run, filter, start - 1, limit, time)
  const is_done = at >= all.last || (all.next(at) === null && rows.length < limit)
  const is_last = all.next(at) === null && all.last >= run.count
  if (rows.length === limit || !is_done)
    return {
      rows,
      next: is_last ? null : { after: at, skip: 0, seen: from.seen + from.skip + rows.length },
      to_skip: 0,
      looked_at,
    }
  return { rows, next: null, to_skip: 0, looked_at }
}
