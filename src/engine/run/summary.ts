/** What a run came to: the shape of `run --json` but for how long it took, which the ledger tells. */
import { type CallSummary, callSummary } from '../../format/call-summary.ts'
import type { RowCounts, RunStatus, TokenCounts, TotalsFact } from '../../format/entry.ts'
import { fateOf } from '../../model/outcome.ts'
import { SENT } from '../nodes/sink/sink-set.ts'
import type { Sinks } from '../nodes/sink/sinks.ts'

export interface RunSummary {
  readonly run: string
  readonly status: RunStatus
  readonly rows: RowCounts
  readonly tokens: TokenCounts
  readonly outcomes: { readonly [outcome: string]: number }
  readonly causes: { readonly [cause: string]: number }
  readonly sinks: {
    readonly [sink: string]: {
      readonly rows: number
      readonly path?: string
      readonly sha256?: string
      /** How many, where rows say which file they go to, once they are there; `path` has `*` for each value then. */
      readonly files?: number
    }
  }
  /** Root of the run's log at its latest checkpoint, lower-case hex. */
  readonly checkpoint: string
  /** Of what a run with splits came to (format/result-digest.ts), once that is known; else absent. */
  readonly result_digest?: string
  /** Absent if there were none. */
  readonly calls?: CallSummary
}

/** Whether any ending is of class failure. */
export function hasFailures(totals: TotalsFact): boolean {
  return totals.endings.some(([fate, , count]) => count > 0 && fateOf(fate)?.class === 'failure')
}

export function summarise(
  run: string,
  status: RunStatus,
  totals: TotalsFact,
  outputs: Sinks,
  checkpoint: string,
  digest: string | null = null,
): RunSummary {
  const outcomes: Record<string, number> = {}
  const causes: Record<string, number> = {}
  for (const [number, , count] of totals.endings) {
    const fate = fateOf(number)
    if (fate === undefined) continue
    outcomes[fate.outcome] = (outcomes[fate.outcome] ?? 0) + count
    causes[fate.cause] = (causes[fate.cause] ?? 0) + count
  }
  const sinks: Record<string, { rows: number; path?: string; sha256?: string; files?: number }> = {}
  const sent = new Map(totals.visits.map(([node, ok]) => [node, ok]))
  for (const { node, intent, receipt, artifacts, discarded } of outputs.all) {
    // Splits send rows themselves, so that a coordinator's receipt may say nothing of them yet.
    if (intent.mode === SENT.mode) {
      sinks[node.name] = { rows: sent.get(node.number) ?? 0 }
      continue
    }
    const shown = discarded === null
    if (intent.by_value === true) {
      const path = shown && intent.path !== null ? { path: intent.path } : {}
      const files = artifacts === null ? {} : { files: artifacts.length }
      sinks[node.name] = { rows: receipt?.rows ?? 0, ...path, ...files }
      continue
    }
    const [artifact] = artifacts ?? []
    const path = artifact?.path ?? (shown ? intent.path : null)
    const sha256 = artifact?.sha256 ?? (shown ? receipt?.sha256 : null)
    sinks[node.name] = {
      rows: receipt?.rows ?? 0,
      ...(path === null ? {} : { path }),
      ...(sha256 == null ? {} : { sha256 }),
    }
  }
  const { rows, tokens, calls } = totals
  const result = digest === null ? {} : { result_digest: digest }
  const facts = { run, status, rows, tokens, outcomes, causes, sinks, checkpoint, ...result }
  return calls === undefined ? facts : { ...facts, calls: callSummary(calls) }
}
