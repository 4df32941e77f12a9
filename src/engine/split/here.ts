/** Works on the splits of a run in this thread, one after the other. */

import type { SplitsAtWork, SplitsEnd, SplitsProgress, Workers } from '../ports/workers.ts'
import type { Progress, RunResult } from '../run/session.ts'
import { bytesOf, cutsOf } from './cuts.ts'
import { SplitCalls } from './split-calls.ts'
import { runSplit, type SplitRequest } from './split-session.ts'

/** `of` says all but the number of the split. */
export function workersHere(of: Omit<SplitRequest, 'part'>): Workers {
  return {
    async run(parts, onRows) {
      let sum = NO_PROGRESS
      const calls = new SplitCalls(of)
      for (const [closed, part] of parts.entries()) {
        const elsewhere = await calls.besides(part)
        const result = await runSplit({
          ...of,
          part,
          elsewhere,
          onProgress: each => onRows(added(sum, progressIn(each)), alone(closed, parts)),
        })
        const end = endOf(result, calls.lost_usd)
        if (end !== null) return end
        sum = added(sum, progressAfter(result, of.cuts, part))
        onRows(sum, alone(closed + 1, parts))
      }
      return { kind: 'closed' }
    },
  }
}

/** One after the other. */
function alone(closed: number, { length }: readonly number[]): SplitsAtWork {
  const under_way = closed < length ? 1 : 0
  return { closed, under_way, workers: under_way }
}

export const NO_PROGRESS: SplitsProgress = { rows_read: 0, rows_done: 0, tokens_ended: 0, bytes_read: 0 }

/** Of a split that is under way. */
export function progressIn({ rows_read, rows_done, tokens_ended, bytes }: Progress): SplitsProgress {
  return { rows_read, rows_done, tokens_ended, bytes_read: bytes?.read ?? 0 }
}

/** Of one that is closed. */
export function progressAfter({ summary }: RunResult, cuts: SplitRequest['cuts'], part: number): SplitsProgress {
  const { rows, tokens } = summary
  const bytes_read = bytesOf(cutsOf(cuts, part), () => true) ?? 0
  return { rows_read: rows.read, rows_done: rows.read, tokens_ended: tokens.ended, bytes_read }
}

export function added(sum: SplitsProgress, more: SplitsProgress): SplitsProgress {
  return {
    rows_read: sum.rows_read + more.rows_read,
    rows_done: sum.rows_done + more.rows_done,
    tokens_ended: sum.tokens_ended + more.tokens_ended,
    bytes_read: sum.bytes_read + more.bytes_read,
  }
}

/** Null: the split is closed. `lost_usd`: of all others. */
export function endOf(result: RunResult, lost_usd = 0): Extract<SplitsEnd, { kind: 'stopped' }> | null {
  const { summary, error, stopped_by, next_call_usd } = result
  if (summary.status !== 'failed' && summary.status !== 'cancelled') return null
  return {
    kind: 'stopped',
    error,
    budget: stopped_by === 'budget_exhausted' ? { next_call_usd, lost_usd: result.lost_usd + lost_usd } : null,
  }
}
