/** How the counts of a run under way become what is shown of it, and what has to be asked for besides. Pure. */
import type { RunCounts } from '../../api/live.ts'
import type { ShownRun } from '../../api/runs.ts'

/** What is asked for again where the server can't report. */
const WITHOUT_REPORTS_MS = 3_000
/** What counts don't say needs a look at the record: less often than counts, … */
const REST_MS = 5_000
/** … and for no more than this share of the time, so that the run has its processors for itself, however long it gets. */
const REST_SHARE = 0.02

/** After which the rest is asked for again, in milliseconds; `took_ms`: how long that took the last time. */
export function againAfter(is_live: boolean, took_ms: number): number {
  return is_live ? Math.max(REST_MS, took_ms / REST_SHARE) : WITHOUT_REPORTS_MS
}

export function counted(shown: ShownRun, counts: RunCounts): ShownRun {
  const { status, rows, tokens, failed_rows, nodes, endings, calls, duration_ms, splits } = counts
  const asked = calls === undefined ? {} : { calls }
  const split_summary =
    shown.split_summary === undefined ? {} : { split_summary: { ...shown.split_summary, ...splits } }
  return { ...shown, status, rows, tokens, failed_rows, nodes, endings, duration_ms, ...asked, ...split_summary }
}

/** Numbers that tell whether the errors, and the calls, of a run are others than before. */
export interface Met {
  readonly errors: number
  readonly calls: number
}

/** How many errors rows met, and how many calls were made, until now. */
export function metBy({ nodes, failed_rows, calls }: ShownRun): Met {
  const visits = nodes.reduce((sum, { error }) => sum + error, 0)
  return { errors: visits + failed_rows, calls: (calls?.made ?? 0) + (calls?.recorded ?? 0) }
}
