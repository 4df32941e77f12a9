/** Works on the splits of a run in this thread, one after the other. */

import type { SplitsAtWork, SplitsProgress, Workers } from '../ports/workers.ts'
import type { Progress } from '../run/session.ts'
import { workOnOurs } from './our-split.ts'
import { SplitCalls } from './split-calls.ts'
import type { SplitRequest } from './split-session.ts'

/** `of` says all but the number of the split. */
export function workersHere(of: Omit<SplitRequest, 'part'>): Workers {
  return {
    async run(parts, onRows) {
      let sum = NO_PROGRESS
      const calls = new SplitCalls(of)
      for (const [closed, part] of parts.entries()) {
        const elsewhere = await calls.besides(part)
        const onProgress = (each: Progress) => onRows(added(sum, progressIn(each)), alone(closed, parts))
        const end = await workOnOurs({ ...of, part, elsewhere, onProgress }, calls.lost_usd)
        if (end.kind === 'stopped') return end
        sum = added(sum, end.progress)
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

export function added(sum: SplitsProgress, more: SplitsProgress): SplitsProgress {
  return {
    rows_read: sum.rows_read + more.rows_read,
    rows_done: sum.rows_done + more.rows_done,
    tokens_ended: sum.tokens_ended + more.tokens_ended,
    bytes_read: sum.bytes_read + more.bytes_read,
  }
}
