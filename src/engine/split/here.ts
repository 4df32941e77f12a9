/** Works on the splits of a run in this thread, one after the other. */

import type { SplitsEnd, SplitsProgress, Workers } from '../ports/workers.ts'
import type { RunResult, SessionRequest } from '../run/session.ts'
import { runSplit, type SplitRequest } from './split-session.ts'

/** `of` says all but the number of the split. */
export function workersHere(of: Omit<SplitRequest, 'part'>): Workers {
  return {
    async run(parts, onRows) {
      const sum = { rows_read: 0, rows_done: 0, tokens_ended: 0 }
      for (const part of parts) {
        const onProgress: SessionRequest['onProgress'] = each => onRows(added(sum, each))
        const result = await runSplit({ ...of, part, onProgress })
        const end = endOf(result)
        if (end !== null) return end
        const { rows, tokens } = result.summary
        Object.assign(sum, added(sum, { rows_read: rows.read, rows_done: rows.read, tokens_ended: tokens.ended }))
      }
      return { kind: 'closed' }
    },
  }
}

function added(sum: SplitsProgress, more: SplitsProgress): SplitsProgress {
  return {
    rows_read: sum.rows_read + more.rows_read,
    rows_done: sum.rows_done + more.rows_done,
    tokens_ended: sum.tokens_ended + more.tokens_ended,
  }
}

/** Null: the split is closed. */
export function endOf({ summary: { status }, error }: Pick<RunResult, 'summary' | 'error'>): SplitsEnd | null {
  return status === 'failed' || status === 'cancelled' ? { kind: 'stopped', error } : null
}
