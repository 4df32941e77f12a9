/** What splits that are closed have come to, added up. */
import type { CallTotals, CursorFact, TotalsFact } from '../../format/entry.ts'
import type { SplitReader } from '../../ledger/write-port.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Receipt } from '../../sdk/spec.ts'
import { onRecord } from '../record/on-record.ts'
import { readHistory } from '../resume/run-fold.ts'
import { receiptsOf } from '../run/resume.ts'
import type { SplitSum } from './coordinator-log.ts'

export interface EndedSplits {
  readonly sum: SplitSum
  /** Of each split, what its sinks had at last, by their names. */
  readonly receipts: ReadonlyArray<ReadonlyMap<string, Receipt>>
}

/** @throws CustodyError as `SplitReader.see`. */
export async function endedSplits(plan: Plan, splits: number, reader: SplitReader): Promise<EndedSplits> {
  const all: TotalsFact[] = []
  const receipts: ReadonlyMap<string, Receipt>[] = []
  const records = new Map<number, number>()
  for (let part = 1; part <= splits; part++) {
    const { commit } = await reader.see(part, readHistory)
    const { entry } = onRecord(commit, `commit of split ${part}`)
    all.push(entry.totals)
    receipts.push(receiptsOf(plan, commit))
    for (const each of entry.cursors) records.set(each.source, (records.get(each.source) ?? 0) + each.records)
  }
  const cursors = [...records].map(([source, count]): CursorFact => ({ source, records: count, done: true }))
  return { sum: { totals: sumOf(all), cursors: cursors.toSorted((a, b) => a.source - b.source) }, receipts }
}

/** Lists ascend by their numbers, as those of each do. */
export function sumOf(all: readonly TotalsFact[]): TotalsFact {
  const sum = (of: (totals: TotalsFact) => number) => all.reduce((total, each) => total + of(each), 0)
  const calls = all.flatMap(each => each.calls ?? [])
  const failures = listed(
    all.flatMap(each => each.failures ?? []),
    1,
  )
  return {
    rows: { read: sum(t => t.rows.read), ingested: sum(t => t.rows.ingested), rejected: sum(t => t.rows.rejected) },
    tokens: { born: sum(t => t.tokens.born), ended: sum(t => t.tokens.ended), open: sum(t => t.tokens.open) },
    groups: sum(t => t.groups),
    // casts: each is as long as those that were added up.
    batches: listed(
      all.flatMap(each => each.batches),
      1,
    ) as unknown as TotalsFact['batches'],
    endings: listed(
      all.flatMap(each => each.endings),
      2,
    ) as unknown as TotalsFact['endings'],
    visits: listed(
      all.flatMap(each => each.visits),
      1,
    ) as unknown as TotalsFact['visits'],
    edges: listed(
      all.flatMap(each => each.edges),
      1,
    ) as unknown as TotalsFact['edges'],
    ...(calls.length === 0 ? {} : { calls: callsOf(calls) }),
    ...(failures.length === 0 ? {} : { failures: failures as unknown as NonNullable<TotalsFact['failures']> }),
  }
}

/** The first `keys` numbers of each say what the rest counts. */
function listed(all: readonly (readonly number[])[], keys: number): number[][] {
  const sums = new Map<string, number[]>()
  for (const each of all) {
    const key = each.slice(0, keys).join()
    const before = sums.get(key)
    if (before === undefined) sums.set(key, [...each])
    else for (let i = keys; i < each.length; i++) before[i] = (before[i] ?? 0) + (each[i] ?? 0)
  }
  return [...sums.values()].sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0))
}

function callsOf(all: readonly CallTotals[]): CallTotals {
  const sum = (key: keyof CallTotals) => all.reduce((total, each) => total + each[key], 0)
  return {
    ...{ count: sum('count'), error: sum('error'), throttled: sum('throttled'), recorded: sum('recorded') },
    ...{ input_tokens: sum('input_tokens'), output_tokens: sum('output_tokens'), cost_nusd: sum('cost_nusd') },
  }
}
