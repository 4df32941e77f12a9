/** The counts of a run by its last commit, for those who watch it: a few entries are read, unchecked as in `runs`. */
import { callSummary } from '../../format/call-summary.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { findRun } from '../../read/runs/list.ts'
import {
  type Closing,
  closingOf,
  durationMs,
  failedRows,
  type Opening,
  openingOf,
  statusOf,
} from '../../read/runs/run-log.ts'
import { endingCounts, nodeCounts } from '../../read/show/show.ts'
import { workersOn } from '../../read/show/splits.ts'
import { livingHolders } from '../ledger.ts'
import type { Moment } from './moment.ts'

export async function runCounts({ reader }: Moment, name: string) {
  const { log, run } = await findRun(reader, name)
  const opening = await openingOf(reader, log)
  const closing = await closingOf(reader, log)
  const status = statusOf(closing, (await reader.lease(log)) ?? undefined, await livingHolders(reader))
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
    ...(await splitsAtWork(reader, log, opening, closing)),
    rows_per_second: status === 'running' && duration_ms > 0 ? (totals.rows.read * 1000) / duration_ms : null,
    duration_ms,
  }
}

async function splitsAtWork(reader: LedgerReader, log: number, { splits: count = 0 }: Opening, { splits }: Closing) {
  if (count === 0) return {}
  // Once the coordinator has committed nobody works on one any more.
  if (splits === null) return { splits: { count, closed: count, under_way: 0, not_begun: 0, workers: [] } }
  return { splits: { count, ...splits, workers: await workersOn(reader, log, count) } }
}
