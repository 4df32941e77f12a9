/** When a batch closes, and whether what its plugin returned can stand: pure functions. */
import { isDeeper, MAX_ROW_DEPTH } from '../../../model/canonical.ts'
import { counted, grouped } from '../../../model/number-text.ts'
import type { AggregateNode } from '../../../plan/plan.ts'
import type { BatchResult, RowError } from '../../../sdk/spec.ts'
import { TOO_DEEP } from '../../token/facts.ts'

export type Trigger = 'count' | 'max_age' | 'when' | 'end_of_input'

export interface BatchState {
  readonly count: number
  readonly age_us: number
  /** Whether `when` has held once. */
  readonly latched: boolean
  readonly input_ended: boolean
}

/** The trigger that fires, or null. Where several hold, the first of count, when, max_age, end of input is given. */
export function triggerOf(trigger: AggregateNode['trigger'], batch: BatchState): Trigger | null {
  if (batch.count === 0) return null
  if (trigger.count !== null && batch.count >= trigger.count) return 'count'
  if (batch.latched) return 'when'
  if (trigger.max_age_ms !== null && batch.age_us >= trigger.max_age_ms * 1000) return 'max_age'
  return batch.input_ended ? 'end_of_input' : null
}

/** What another run has on record of a batch. */
export interface BatchOnRecord {
  readonly size: number
  readonly trigger: string
}

/**
 * The trigger in a replay, as long as the record fits: a batch that time closed is closed when it has as many members as it
 * had then, and time closes no other. null if it has more members.
 */
export function triggerOnRecord(
  trigger: AggregateNode['trigger'],
  batch: BatchState,
  record: BatchOnRecord,
): { readonly fires: Trigger | null } | null {
  if (batch.count > record.size) return null
  const by_time = record.trigger === 'max_age' || record.trigger === 'when' ? record.trigger : null
  if (by_time !== null && batch.count === record.size) return { fires: by_time }
  return { fires: triggerOf({ ...trigger, max_age_ms: null }, { ...batch, latched: false }) }
}

/** An error for the whole batch if the result isn't what the node demands, else null. */
export function refusal(node: AggregateNode, result: BatchResult, members: number): RowError | null {
  if (result.kind === 'error') return result
  const expected_kind = node.output === 'transform' ? 'rows' : 'members'
  if (result.kind !== expected_kind)
    return wrong(`the plugin returned ${result.kind} where ${expected_kind} were wanted`)
  if (result.kind === 'members' && result.rows.length !== members)
    return wrong(`the plugin returned ${counted(result.rows.length, 'row')} for ${counted(members, 'member')}`)
  const rows = result.rows.filter(row => row !== null).length
  if (node.output_rows !== null && rows !== node.output_rows)
    return wrong(`the batch gave ${counted(rows, 'row')}, and output_rows demands ${grouped(node.output_rows)}`)
  if (result.rows.some(row => row !== null && isDeeper(row, MAX_ROW_DEPTH)))
    return { kind: 'error', code: 'ROW_TOO_DEEP', message: TOO_DEEP, retryable: false }
  return null
}

/** The error of a row that would open one batch more than there may be. */
export function tooManyOpen(name: string, max_open: number): RowError {
  const message =
    `\`${name}\` has ${counted(max_open, 'batch', 'batches')} open, as many as max_open allows, and none for this row’s key: ` +
    'let its trigger close them earlier, or raise max_open'
  return { kind: 'error', code: 'BATCHES_OPEN', message, retryable: false }
}

function wrong(message: string): RowError {
  return { kind: 'error', code: 'BATCH_OUTPUT', message, retryable: false }
}
