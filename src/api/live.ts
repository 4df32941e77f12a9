/** What is reported while it happens, as server-sent events: the names of events, and their data as JSON. */
import { z } from 'zod'
import { Count, RowCounts, RunId, RunStatus, TokenCounts } from './common.ts'
import { CallTotals, NodeCounts, ShownRun } from './runs.ts'
import { SplitsAtWork } from './splits.ts'

/** `GET /live`: event `run`, for each run that began, went on, or ended. */
export const RunChanged = z.object({
  run: RunId,
  name: z.string(),
  status: RunStatus,
  rows: RowCounts,
  tokens: TokenCounts,
  failed_rows: Count,
})
export type RunChanged = z.infer<typeof RunChanged>

/** `GET /runs/{run}/live`: event `counts`, at most each second while it runs; the last one after its end. */
export const RunCounts = RunChanged.extend({
  nodes: z.array(NodeCounts),
  endings: ShownRun.shape.endings,
  calls: CallTotals.optional().describe('absent if nothing was asked'),
  splits: SplitsAtWork.optional().describe('absent if it has none'),
  rows_per_second: z.number().nullable(),
  duration_ms: Count,
})
export type RunCounts = z.infer<typeof RunCounts>
