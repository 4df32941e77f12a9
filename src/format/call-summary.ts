/** Totals of calls as texts and JSON show them. */
import type { CallTotals } from './entry.ts'

export interface CallSummary {
  /** All but those that were answered from the record. */
  readonly made: number
  readonly failed: number
  readonly throttled: number
  readonly recorded: number
  readonly input_tokens: number
  readonly output_tokens: number
  readonly cost_usd: number
}

export function callSummary(totals: CallTotals): CallSummary {
  const { count, error, throttled, recorded, input_tokens, output_tokens, cost_nusd } = totals
  const cost_usd = cost_nusd / 1e9
  return { made: count - recorded, failed: error, throttled, recorded, input_tokens, output_tokens, cost_usd }
}
