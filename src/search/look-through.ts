/** Looks rows through one by one, for a limited time. */
import type { Cursor } from './cursor.ts'
import { type CompiledFilter, fits } from './filter.ts'
import type { RunRows } from './run-rows.ts'
import type { WorkTime } from './work-time.ts'

export interface Looked {
  /** Numbers of those that fit, a page at most. */
  readonly rows: readonly number[]
  /** null: all were looked at, and no more fit than are given. */
  readonly next: Cursor | null
  /** How many fitted, from the first row of the run up to where this came. */
  readonly count: number
  readonly is_exact: boolean
  readonly looked_at: number
}

/** From a cursor on. */
export async function lookThrough(
  run: RunRows,
  filter: CompiledFilter,
  { after, skip, seen }: Cursor,
  limit: number,
  time: WorkTime,
): Promise<Looked> {
  const rows: number[] = []
  let [count, to_skip, looked_at, at] = [seen, skip, 0, after]
  let next: Cursor | null = null
  for await (const page of run.from(after + 1)) {
    for (const [row, facts] of page) {
      at = row
      looked_at++
      if (!fits(filter, facts)) continue
      if (to_skip > 0) to_skip--
      else if (rows.length < limit) rows.push(row)
      else next ??= { after: rows.at(-1) ?? after, skip: 0, seen: count }
      count++
    }
    await time.pass()
    if (time.isOver(rows.length === limit)) break
  }
  const is_exact = at >= run.count
  if (!is_exact) next ??= { after: at, skip: to_skip, seen: count }
  return { rows, next, count, is_exact, looked_at }
}
