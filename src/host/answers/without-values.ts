/**
 * Answers without any value: what is left is what entries say, which hold none (I8).
 *
 * WITHOUT-VALUES-1. Each object is made anew from keys that are named here. What answers get later is left out until somebody names it.
 */
import { counted } from '../../model/number-text.ts'
import type { RunDiff } from '../../read/diff/difference.ts'
import type { VerifyResult } from '../../read/verify/verify.ts'
import type { explainedJson } from './explained-row.ts'
import type { shownRunJson } from './shown-run.ts'

type Fields = { readonly [key: string]: unknown }
type Keep = (value: unknown) => unknown
type Shape = { readonly [key: string]: true | Keep }

/** Of an object the keys that `shape` names, if they are there. */
function kept(shape: Shape): (value: unknown) => Fields | null {
  return value => {
    if (typeof value !== 'object' || value === null) return null
    const found: { [key: string]: unknown } = {}
    for (const [key, keep] of Object.entries(shape)) {
      if (!Object.hasOwn(value, key)) continue
      // cast: it is an object.
      const own = (value as Fields)[key]
      found[key] = keep === true || own === undefined ? own : keep(own)
    }
    return found
  }
}

function each(keep: Keep): Keep {
  return value => (Array.isArray(value) ? value.map(keep) : value)
}

function orNull(keep: Keep): Keep {
  return value => (value === null ? null : keep(value))
}

/** By name of a sink. */
function byName(keep: Keep): Keep {
  // cast: an object.
  return value => Object.fromEntries(Object.entries(value as Fields).map(([name, own]) => [name, keep(own)]))
}

const nothing: Keep = () => null
const none: Keep = () => []

const counts = { run: true, name: true, status: true, rows: true, tokens: true, failed_rows: true } as const

const RUN = kept({
  ...counts,
  ...{ outcomes: true, causes: true, sinks: byName(kept({ rows: true, files: true })), checkpoint: true },
  ...{ duration_ms: true, nodes: true, signed_by: true, calls: true, endings: true, errors: true, abandoned: true },
  ...{ started_at: true, ended_at: true, entries: true, file: nothing, plugins: true, staged: none, in_doubt: true },
  files: each(kept({ source: true, name: nothing, records: true, bytes: true, sha256: nothing, done: true })),
  stopped: orNull(kept({ reason: true, code: true, message: nothing })),
  ...{ bound: true, rolled_back: true, reruns: true, repeatable: true, repeatable_reason: true, holds: true },
  split_summary: true,
})

export function runWithoutValues(run: ReturnType<typeof shownRunJson>): unknown {
  return RUN(run)
}

const ERROR = kept({ code: true, message: nothing })
const HASHES = { request_hash: true, response_hash: true } as const
const CALL_FACTS = kept({
  ...{ call: true, service: true, status: true, ordinal: true, request: nothing, response: nothing, ...HASHES },
  ...{ request_value: true, response_value: true, input_tokens: true, output_tokens: true, cost_usd: true },
  ...{ started_us: true, duration_us: true, together: true },
})
const CALL: Keep = call => ({ ...CALL_FACTS(call), withheld: true })
const visit = kept({
  ...{ node: true, kind: true, attempt: true, status: true, input_hash: true, output_hash: true },
  ...{ input_value: true, output_value: true, error_value: true, sorted: true, error: ERROR, calls: each(CALL) },
  ...{ to: true, started_us: true, duration_us: true, stood_us: true },
})
const VISIT: Keep = of => ({ ...visit(of), withheld: true })
const TOKEN = kept({
  ...{ token: true, parents: true, branch: true, visits: each(VISIT), outcome: true, cause: true, sink: true },
  ...{ error: ERROR, birth_value: true, merge_value: true, right: true, joined_first: true, waits_at: true },
})
const STORY: Keep = kept({
  ...{ run: true, row: true, source: true, tokens: each(TOKEN), left_out: true, entries: true, head: true },
  batch: kept({ batch: true, node: true, trigger: true, members: true, calls: each(CALL) }),
  origin: orNull(kept({ path: nothing, line: true, index: true })),
  ...{ sealed: true, bound: true, rolled_back: true, holds: true },
  onward: each(value => STORY(value)),
  repeats: each(value => STORY(value)),
  reruns: each(value => STORY(value)),
})

export function storyWithoutValues(story: ReturnType<typeof explainedJson>): unknown {
  return STORY(story)
}

/** Ways, codes and endings are those of the plan; fields are named by data. */
const PARTING = {
  ...{ node: true, kind: true, old: true, new: true, to: true, fields: none, because: true },
} as const satisfies Shape
const DIFF_COUNTS = {
  ...{ compared: true, same: true, unknown: true, different: true, only_old: true, only_new: true },
} as const satisfies Shape
const DIFF = kept({
  ...{ old: true, new: true, matched_by: true, code: true, rows: kept(DIFF_COUNTS) },
  groups: each(kept({ ...PARTING, rows: true, examples: none })),
  differences: none,
  only: true,
  batches: kept({
    ...DIFF_COUNTS,
    groups: each(kept({ ...PARTING, batches: true, examples: none })),
    differences: none,
  }),
  ...{ rolled_back: true, holds: true },
})

/** How many parted where: which of them has other values than before would say something of these. */
export function diffWithoutValues(diff: RunDiff): unknown {
  return DIFF(diff)
}

/** They may quote what is stored. */
export function problemsWithoutValues(problems: readonly string[]): readonly string[] {
  if (problems.length === 0) return []
  return [`${counted(problems.length, 'problem')}, which may quote values, so that they are left out here`]
}

export function verifiedWithoutValues(result: VerifyResult): unknown {
  const quiet = <T extends { readonly problems: readonly string[] }>(of: T) => ({
    ...of,
    problems: problemsWithoutValues(of.problems),
  })
  return {
    ...result,
    runs: result.runs.map(each => ({ ...each, checks: each.checks.map(quiet) })),
    ledger: { ...result.ledger, checks: result.ledger.checks.map(quiet) },
  }
}
