/** The table of DESIGN section 8, and how what was measured compares. */
import type { Results, SizeResult } from './measurements.ts'

export interface Compared {
  readonly what: string
  readonly unit: 'rows/s' | 'ratio' | 'bytes' | 'MB' | '%' | 's' | 'ms'
  readonly at_least: number
  readonly aim: number
  /** null if it wasn't measured. */
  readonly measured: number | null
  readonly verdict: 'aim' | 'ok' | 'missed' | 'not measured'
}

interface Target {
  readonly what: string
  readonly unit: Compared['unit']
  readonly at_least: number
  readonly aim: number
  readonly less_is_better?: true
  readonly of: (results: Results) => number | undefined
}

/** The largest size of W1: the others are too short for a just-in-time compiler, and fit every cache. */
const largest = ({ workloads }: Results): SizeResult | undefined => workloads.w1?.at(-1)

/** Shorter runs end while memory still grows to its size. */
const LONG_ROWS = 500_000
const long = ({ long_run }: Results) => (long_run !== null && long_run.rows >= LONG_ROWS ? long_run : undefined)

const TARGETS: readonly Target[] = [
  { what: 'W1, one process', unit: 'rows/s', at_least: 40_000, aim: 100_000, of: r => largest(r)?.rows_per_second },
  {
    what: 'W1 with evidence / with a ledger that discards everything',
    ...{ unit: 'ratio', at_least: 0.25, aim: 0.5 },
    of: r => largest(r)?.ratio,
  },
  {
    what: 'W2: fork to two branches, coalesce all, one sink',
    ...{ unit: 'rows/s', at_least: 20_000, aim: 50_000 },
    of: r => r.workloads.w2?.at(-1)?.rows_per_second,
  },
  {
    what: 'W3: batches of 100 into one',
    ...{ unit: 'rows/s', at_least: 35_000, aim: 90_000 },
    of: r => r.workloads.w3?.at(-1)?.rows_per_second,
  },
  {
    what: 'ledger bytes a row, W1',
    ...{ unit: 'bytes', at_least: 900, aim: 500, less_is_better: true },
    of: r => largest(r)?.ledger_bytes_per_row,
  },
  {
    what: 'peak memory, largest W1',
    ...{ unit: 'MB', at_least: 300, aim: 200, less_is_better: true },
    of: r => mega(largest(r)?.peak_rss_bytes),
  },
  {
    what: 'memory, growth from the second to the last quarter of the run',
    ...{ unit: '%', at_least: 10, aim: 2, less_is_better: true },
    of: r => growth(long(r)?.rss_growth),
  },
  {
    what: 'rows/s lost from the second to the last quarter of the run',
    ...{ unit: '%', at_least: 10, aim: 2, less_is_better: true },
    of: r => loss(long(r)?.speed_kept),
  },
  {
    what: 'CPU time a row, growth from the second to the last quarter',
    ...{ unit: '%', at_least: 10, aim: 2, less_is_better: true },
    of: r => growth(long(r)?.cpu_growth),
  },
  {
    what: 'rows/s lost from the smallest W1 to the largest',
    ...{ unit: '%', at_least: 10, aim: 2, less_is_better: true },
    of: r => {
      const sizes = r.workloads.w1 ?? []
      if (sizes.length < 2) return undefined
      return loss(sizes.at(-1)!.rows_per_second / sizes[0]!.rows_per_second)
    },
  },
  {
    what: 'resume after a crash near the end of the largest W1, to its first commit',
    ...{ unit: 's', at_least: 10, aim: 2, less_is_better: true },
    of: r => r.long_run?.resume.first_commit_seconds,
  },
  {
    what: 'explain one row of the largest W1: open, find, read',
    ...{ unit: 'ms', at_least: 50, aim: 10, less_is_better: true },
    of: r => r.long_run?.readers.explain_first_ms,
  },
  {
    what: 'memory with 100,000 open groups, growth from the second to the last quarter',
    ...{ unit: '%', at_least: 10, aim: 2, less_is_better: true },
    of: r => growth(r.open_groups?.rss_growth),
  },
  {
    what: 'calls: rows/s against the ideal',
    ...{ unit: 'ratio', at_least: 0.9, aim: 0.95 },
    of: r => (r.calls === null ? undefined : r.calls.rows_per_second / r.calls.ideal_rows_per_second),
  },
]

export function compare(results: Results): readonly Compared[] {
  return TARGETS.map(({ what, unit, at_least, aim, less_is_better, of }) => {
    const found = of(results)
    const measured = found === undefined || Number.isNaN(found) ? null : found
    const reaches = (target: number) => measured !== null && (less_is_better ? measured <= target : measured >= target)
    const reached = reaches(aim) ? 'aim' : reaches(at_least) ? 'ok' : 'missed'
    return { what, unit, at_least, aim, measured, verdict: measured === null ? 'not measured' : reached }
  })
}

function mega(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : bytes / 1e6
}

/** Percent; below 0 if it became less. */
function growth(ratio: number | undefined): number | undefined {
  return ratio === undefined ? undefined : (ratio - 1) * 100
}

function loss(ratio: number | undefined): number | undefined {
  return ratio === undefined ? undefined : (1 - ratio) * 100
}
