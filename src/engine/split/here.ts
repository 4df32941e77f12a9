/** Works on the splits of a run in this thread, one after the other. */

import type { SplitsEnd, SplitsProgress, Workers } from '../ports/workers.ts'
import type { RunResult, SessionRequest } from '../run/session.ts'
import { bytesOf } from './cuts.ts'
import { runSplit, type SplitRequest } from './split-session.ts'

/** `of` says all but the number of the split. */
export function workersHere(of: Omit<SplitRequest, 'part'>): Workers {
  return {
    async run(parts, onRows) {
      const sum = { rows_read: 0, rows_done: 0, tokens_ended: 0, bytes_read: 0 }
      for (const part of parts) {
        const onProgress: SessionRequest['onProgress'] = each =>
          onRows(added(sum, { ...each, bytes_read: each.bytes?.read ?? 0 }))
        const result = await runSplit({ ...of, part, onProgress })
        const end = endOf(result)
        if (end !== null) return end
        const { rows, tokens } = result.summary
        const bytes_read = bytesOf(of.cuts, each => each === part) ?? 0
        const came_to = { rows_read: rows.read, rows_done: rows.read, tokens_ended: tokens.ended, bytes_read }
        Object.assign(sum, added(sum, came_to))
        onRows({ ...sum })
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
    bytes_read: sum.bytes_read + more.bytes_read,
  }
}

/** Null: the split is closed. */
export function endOf({ summary: { status }, error }: Pick<RunResult, 'summary' | 'error'>): SplitsEnd | null {
  return status === 'failed' || status === 'cancelled' ? { kind: 'stopped', error } : null
}
