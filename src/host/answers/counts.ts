/** The counts of a run by its last commit, for those who watch it: a few entries are read, unchecked as in `runs`. */
import { callSummary } from '../../format/call-summary.ts'
import { findRun } from '../../read/runs/list.ts'
import { closingOf, durationMs, failedRows, openingOf, statusOf } from '../../read/runs/run-log.ts'
import { endingCounts, nodeCounts } from '../../read/show/show.ts'
import { isHeld } from '../ledger.ts'
import type { Moment } from './moment.ts'

export async function runCounts({ reader }: Moment, name: string) {
  const { log, run } = await findRun(reader, name)
  const opening = await openingOf(reader, log)
  const closing = await closingOf(reader, log)
  const status = statusOf(closing, (await reader.lease(log)) ?? undefined, isHeld)
  const { totals } = closing
  const duration_ms = durationMs(opening, closing)
  return {
    run,
    name: opening.name,
    status,
    rows: totals.rows,
    tokens: totals.tokens,
    failed_rows: failedRows(closing),
    nodes: nodeCounts(totals, opening.topology),
    endings: endingCounts(totals, opening.topology),
    ...(totals.calls === undefined ? {} : { calls: callSummary(totals.calls) }),
    rows_per_second: status === 'running' && duration_ms > 0 ? (totals.rows.read * 1000) / duration_ms : null,
    duration_ms,
  }
}
