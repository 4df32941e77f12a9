/**
 * Works on a split for the coordinator of its run, though a worker that was let go may still have it: that one is waited for.
 *
 * OUR-SPLIT-1. A split that somebody else closes meanwhile is closed: what it came to is on record.
 */
import { type CustodyError, isCustodyError } from '../../model/error.ts'
import type { SplitsEnd, SplitsProgress } from '../ports/workers.ts'
import { readHistory } from '../resume/run-fold.ts'
import type { RunResult } from '../run/session.ts'
import { bytesOf, cutsOf } from './cuts.ts'
import { runSplit, type SplitRequest } from './split-session.ts'

/** Whoever lets go of one takes some of that to find out. */
const LOOK_EVERY_US = 200_000

export type OurSplitEnd =
  /** `by_others`: what they have spent meanwhile is on record alone. */
  | { readonly kind: 'closed'; readonly progress: SplitsProgress; readonly by_others: boolean }
  | Extract<SplitsEnd, { kind: 'stopped' }>

/** @throws CustodyError as `runSplit`, but for a split that others hold or have closed. */
export async function workOnOurs(request: SplitRequest): Promise<OurSplitEnd> {
  const { signal, clock, part, cuts, onNotice } = request
  for (let said = false; ; ) {
    if (signal.aborted) return { kind: 'stopped', error: null, budget: null }
    try {
      const result = await runSplit(request)
      const { rows, tokens } = result.summary
      return endOf(result) ?? closedWith(rows.read, tokens.ended, { cuts, part, by_others: false })
    } catch (thrown) {
      if (!isCustodyError(thrown)) throw thrown
      if (thrown.code === 'CUSTODY_RUN_UNKNOWN') return await closedByOthers(request, thrown)
      if (thrown.code !== 'CUSTODY_RUN_HELD') throw thrown
      if (!said) onNotice?.({ kind: 'waiting', text: `split ${part} is still worked on elsewhere: ${thrown.message}` })
      said = true
      await new Promise<void>(resolve => clock.wake(LOOK_EVERY_US, resolve))
    }
  }
}

/** @throws `unknown` if it isn't that. */
async function closedByOthers({ ledger, run, part, cuts }: SplitRequest, unknown: CustodyError): Promise<OurSplitEnd> {
  const splits = ledger.splitsOf(run)
  if (!(await splits.closed()).includes(part)) throw unknown
  const { commit } = await splits.see(part, readHistory)
  const { rows, tokens } = commit?.entry.totals ?? { rows: { read: 0 }, tokens: { ended: 0 } }
  return closedWith(rows.read, tokens.ended, { cuts, part, by_others: true })
}

function closedWith(
  rows: number,
  tokens_ended: number,
  { cuts, part, by_others }: Pick<SplitRequest, 'cuts' | 'part'> & { readonly by_others: boolean },
): OurSplitEnd {
  const bytes_read = bytesOf(cutsOf(cuts, part), () => true) ?? 0
  return { kind: 'closed', progress: { rows_read: rows, rows_done: rows, tokens_ended, bytes_read }, by_others }
}

/** Null: the split is closed. */
export function endOf(result: RunResult): Extract<SplitsEnd, { kind: 'stopped' }> | null {
  const { summary, error, stopped_by, next_call_usd, lost_usd } = result
  if (summary.status !== 'failed' && summary.status !== 'cancelled') return null
  return { kind: 'stopped', error, budget: stopped_by === 'budget_exhausted' ? { next_call_usd, lost_usd } : null }
}
