/** What the splits of a run came to together, as far as they are: its coordinator has that once all of them are closed. */
import type { CallTotals, TotalsFact } from '../../format/entry.ts'

export const NO_TOTALS: TotalsFact = {
  rows: { read: 0, ingested: 0, rejected: 0 },
  tokens: { born: 0, ended: 0, open: 0 },
  endings: [],
  visits: [],
  edges: [],
  groups: 0,
  batches: [],
}

export function totalsTogether(all: readonly TotalsFact[]): TotalsFact {
  const [calls, failures] = [all.flatMap(each => each.calls ?? []), all.flatMap(each => each.failures ?? [])]
  return {
    rows: added(
      all.map(each => each.rows),
      NO_TOTALS.rows,
    ),
    tokens: added(
      all.map(each => each.tokens),
      NO_TOTALS.tokens,
    ),
    groups: all.reduce((sum, { groups }) => sum + groups, 0),
    endings: counts(
      all.flatMap(each => each.endings),
      2,
    ),
    visits: counts(
      all.flatMap(each => each.visits),
      1,
    ),
    edges: counts(
      all.flatMap(each => each.edges),
      1,
    ),
    batches: counts(
      all.flatMap(each => each.batches),
      1,
    ),
    ...(calls.length === 0 ? {} : { calls: added<CallTotals>(calls, NO_CALLS) }),
    ...(failures.length === 0 ? {} : { failures: counts(failures, 1) }),
  }
}

const NO_CALLS: CallTotals = {
  ...{ count: 0, error: 0, throttled: 0, recorded: 0 },
  ...{ input_tokens: 0, output_tokens: 0, cost_nusd: 0 },
}

function added<T extends { readonly [K in keyof T]: number }>(all: readonly T[], none: T): T {
  const sum = { ...none }
  for (const each of all) for (const key in none) sum[key] = (sum[key] + each[key]) as T[typeof key]
  return sum
}

/** Lists that begin with `keys` numbers that say what is counted, in ascending order of these. */
function counts<T extends readonly number[]>(lists: readonly T[], keys: number): readonly T[] {
  const sums = new Map<string, number[]>()
  for (const list of lists) {
    const key = list.slice(0, keys).join(' ')
    const known = sums.get(key)
    if (known === undefined) sums.set(key, [...list])
    else for (let i = keys; i < list.length; i++) known[i] = (known[i] ?? 0) + (list[i] ?? 0)
  }
  const sorted = [...sums.values()].sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0))
  // cast: each has as many numbers as those it was added up from.
  return sorted as unknown as readonly T[]
}
