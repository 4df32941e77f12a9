/** The list of runs as pages of it come in and runs go on: pure functions. */
import type { RunChanged } from '../../api/live.ts'
import type { RunLine, UnreadableRun } from '../../api/runs.ts'

export type Line = RunLine | UnreadableRun

export interface RunsPage {
  readonly answer: readonly Line[]
  readonly next: string | null
}

export const isReadable = (line: Line): line is RunLine => 'name' in line

/** All lines in the order of their pages, each run once: a page that is asked for again may begin with what another one had. */
export function linesOf(pages: readonly RunsPage[]): readonly Line[] {
  const lines = new Map<string, Line>()
  for (const { answer } of pages) for (const line of answer) if (!lines.has(line.run)) lines.set(line.run, line)
  return [...lines.values()]
}

/** With what is new at the top, and nothing lost below it. */
export function withFirst(pages: readonly RunsPage[], first: RunsPage): readonly RunsPage[] {
  const known = pages[0]
  if (known === undefined) return [first]
  const fresh = new Set(first.answer.map(each => each.run))
  const below = known.answer.filter(each => !fresh.has(each.run))
  return [{ answer: [...first.answer, ...below], next: known.next }, ...pages.slice(1)]
}

interface Changed {
  readonly pages: readonly RunsPage[]
  /** Whether more of the run is new than its counts: it is on none of the pages, or it has another status. */
  readonly more: boolean
}

export function withChange(pages: readonly RunsPage[], change: RunChanged): Changed {
  const { status, rows, tokens, failed_rows } = change
  let more = true
  const changed = pages.map(page => ({
    ...page,
    answer: page.answer.map(line => {
      if (line.run !== change.run || !isReadable(line)) return line
      more = line.status !== status
      return { ...line, status, rows, tokens, failed_rows }
    }),
  }))
  return { pages: changed, more }
}

export interface TrendPoint {
  readonly run: string
  readonly rows: number
  readonly failed: number
}

const POINTS = 12

/** By run: it and the runs of its pipeline before it, the oldest first, as far as they are listed. */
export function trendsOf(lines: readonly Line[]): ReadonlyMap<string, readonly TrendPoint[]> {
  const trends = new Map<string, readonly TrendPoint[]>()
  const before = new Map<string, TrendPoint[]>()
  for (const line of [...lines].reverse()) {
    if (!isReadable(line)) continue
    const points = before.get(line.name) ?? []
    before.set(line.name, points)
    points.push({ run: line.run, rows: line.rows.read, failed: line.failed_rows })
    trends.set(line.run, points.slice(-POINTS))
  }
  return trends
}

/** The two that are compared, the older one first; null while there aren't two. */
export function pairOf(lines: readonly Line[], chosen: ReadonlySet<string>): { old: string; new: string } | null {
  const [newer, older] = lines.filter(each => chosen.has(each.run))
  return newer === undefined || older === undefined ? null : { old: older.run, new: newer.run }
}
