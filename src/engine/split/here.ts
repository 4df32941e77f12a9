/** Works on the splits of a run in this thread, one after the other. */

import type { SplitsAtWork, SplitsProgress, Workers } from '../ports/workers.ts'
import type { Progress } from '../run/session.ts'
import { type OurSplitEnd, workOnOurs } from './our-split.ts'
import type { Permits } from './permits.ts'
import { budgetOf, permitsOf, settleClosed } from './split-calls.ts'
import { SplitServices } from './split-services.ts'
import type { SplitRequest } from './split-session.ts'

/** `of` says all but the number of the split. */
export function workersHere(of: Omit<SplitRequest, 'part'>): Workers {
  return {
    async run(parts, onRows) {
      let sum = NO_PROGRESS
      const permits = await permitsOf(of)
      try {
        for (const [closed, part] of parts.entries()) {
          const onProgress = (each: Progress) => onRows(added(sum, progressIn(each)), alone(closed, parts))
          const end = await workOn({ ...of, part, onProgress }, permits)
          if (end.kind === 'stopped') return end
          sum = added(sum, end.progress)
          onRows(sum, alone(closed + 1, parts))
        }
      } finally {
        permits?.close()
      }
      return { kind: 'closed' }
    },
  }
}

async function workOn(request: SplitRequest, permits: Permits | null): Promise<OurSplitEnd> {
  if (permits === null) return await workOnOurs(request)
  const { plan, clock, part } = request
  const budget_nusd = budgetOf(plan.limits)
  const services = new SplitServices({ budget_nusd, clock, ask: asked => permits.ask(part, asked) })
  permits.join(part, said => services.hear(said))
  try {
    const end = await workOnOurs({ ...request, shared: services, elsewhere: services })
    if (end.kind === 'closed' && end.by_others) await settleClosed(request, part, permits)
    return end.kind === 'stopped' ? { ...end, budget: permits.spentBudget(end.budget) } : end
  } finally {
    permits.leave(part)
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
