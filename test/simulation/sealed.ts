/** What the ledger says that a run came to, as its seal and its last commit have it. */
import type { RunSummary } from '../../src/engine/run/summary.ts'
import { callSummary } from '../../src/format/call-summary.ts'
import type { Plan } from '../../src/plan/plan.ts'
import type { MemoryLedger } from '../support/memory-ledger.ts'

export interface SealedSummary extends Pick<RunSummary, 'status' | 'rows' | 'tokens' | 'calls'> {
  readonly sinks: { readonly [sink: string]: { readonly rows: number } }
}

/** null: it isn't sealed. */
export function sealedSummary(plan: Plan, { entries_kept }: MemoryLedger): SealedSummary | null {
  const entries = entries_kept.flatMap(each => (each.kind === 'run' ? [each.draft.entry] : []))
  const seal = entries.at(-1)
  if (seal?.k !== 'seal') return null
  const { status, totals } = seal
  const { rows, tokens, calls } = totals
  const receipts = entries.findLast(({ k }) => k === 'commit')
  const sinks = (receipts?.k === 'commit' ? receipts.receipts : []).map(({ sink, rows }) => [
    plan.nodes[sink - 1]?.name ?? '?',
    { rows },
  ])
  return {
    ...{ status, rows, tokens, sinks: Object.fromEntries(sinks) },
    ...(calls === undefined ? {} : { calls: callSummary(calls) }),
  }
}

/** A process that is still there when its run is sealed says of it what the ledger says. */
export function saidOtherwise(sealed: SealedSummary, { status, rows, tokens, calls, sinks }: RunSummary): string[] {
  const in_sinks = Object.entries(sinks).map(([name, { rows }]) => [name, { rows }])
  const said: SealedSummary = {
    ...{ status, rows, tokens, sinks: Object.fromEntries(in_sinks) },
    ...(calls === undefined ? {} : { calls }),
  }
  const [is, was] = [JSON.stringify(said), JSON.stringify(sealed)]
  return is === was ? [] : [`the run is said to have come to ${is}, and sealed was ${was}`]
}
