/** What `show --json` adds where there is something to say: read as what it is, whatever else a newer server says. */
import type { ShownRun } from '../../api/runs.ts'

type Fields = { readonly [key: string]: unknown }
const fieldsOf = (value: unknown): Fields | null =>
  // cast: an object, of which each field is looked at before it is used.
  typeof value === 'object' && value !== null ? (value as Fields) : null
const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0)

/** Why a run stopped; its message is null where it is erased, or the reader may not see values. */
export interface Stop {
  readonly reason: string
  readonly code: string | null
  readonly message: string | null
}

export function stopOf(shown: ShownRun): Stop | null {
  const of = fieldsOf(shown.stopped)
  return of === null ? null : { reason: textOf(of.reason) ?? '', code: textOf(of.code), message: textOf(of.message) }
}

interface CallTotals {
  readonly made: number
  readonly failed: number
  readonly throttled: number
  readonly recorded: number
  readonly input_tokens: number
  readonly output_tokens: number
  readonly cost_usd: number
}

/** null if nothing was asked. */
export function callTotalsOf(shown: ShownRun): CallTotals | null {
  const of = fieldsOf(shown.calls)
  if (of === null) return null
  return {
    made: numberOf(of.made),
    failed: numberOf(of.failed),
    throttled: numberOf(of.throttled),
    recorded: numberOf(of.recorded),
    input_tokens: numberOf(of.input_tokens),
    output_tokens: numberOf(of.output_tokens),
    cost_usd: numberOf(of.cost_usd),
  }
}

interface SinkShown {
  readonly rows: number
  readonly path: string | null
  readonly sha256: string | null
  readonly bytes: number | null
  readonly files: number | null
}

export function sinksOf(shown: ShownRun): ReadonlyArray<SinkShown & { readonly sink: string }> {
  return Object.entries(shown.sinks).map(([sink, of]) => ({
    sink,
    rows: of.rows,
    path: of.path ?? null,
    sha256: of.sha256 ?? null,
    bytes: of.bytes ?? null,
    files: of.files ?? null,
  }))
}

/** Whether it would give the same again, and why; null where the answer doesn't say. */
export function repeatableOf(shown: ShownRun): string | null {
  const words = { fully: 'fully', from_record: 'from its record', no: 'no' }[textOf(shown.repeatable) ?? '']
  const reason = textOf(shown.repeatable_reason)
  return words === undefined ? null : reason === null ? words : `${words}: ${reason}`
}

/** How many things wait under a hidden name to be put into their place. */
export const stagedIn = (shown: ShownRun): number => (Array.isArray(shown.staged) ? shown.staged.length : 0)

/** How many rows may have been taken by a far side that didn't answer. */
export const inDoubtIn = (shown: ShownRun): number => (Array.isArray(shown.in_doubt) ? shown.in_doubt.length : 0)
