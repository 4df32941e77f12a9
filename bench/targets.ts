/** Targets, and how what was measured compares. */
import type { Results, SizeResult } from './measurements.ts'
import type { Look } from './task.ts'

export interface Compared {
  readonly what: string
  readonly unit: 'ratio' | 'bytes' | 'MB' | '%' | 'ms'
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

/** W1 with as many rows as another workload has: only such are compared. */
const besideW1 = ({ workloads }: Results, name: 'w2' | 'w3'): number | undefined => {
  const other = workloads[name]?.at(-1)
  const w1 = workloads.w1?.find(each => each.rows === other?.rows)
  return other === undefined || w1 === undefined ? undefined : other.rows_per_second / w1.rows_per_second
}

/** Machines differ by more than a factor of two: what is compared are ratios of one run, but for memory and the size of ledgers. */
const TARGETS: readonly Target[] = [
  {
    what: 'W1 with evidence / with a ledger that discards everything',
    ...{ unit: 'ratio', at_least: 0.4, aim: 0.6 },
    of: r => largest(r)?.ratio,
  },
  {
    what: 'W2 (fork to two, coalesce all, one sink) / W1, rows',
    ...{ unit: 'ratio', at_least: 0.5, aim: 0.7 },
    of: r => besideW1(r, 'w2'),
  },
  {
    what: 'W3 (batches of 100 into one) / W1, rows',
    ...{ unit: 'ratio', at_least: 1.2, aim: 2 },
    of: r => besideW1(r, 'w3'),
  },
  {
    what: 'W1 with its ledger in PostgreSQL / in SQLite, rows',
    ...{ unit: 'ratio', at_least: 0.4, aim: 0.6 },
    of: r => r.postgres?.ratio,
  },
  {
    what: 'W1 with its ledger encrypted: CPU time more than in plain',
    ...{ unit: '%', at_least: 15, aim: 10, less_is_better: true },
    of: r => growth(r.encryption?.cpu),
  },
  {
    what: 'explain one row of the largest W1 in PostgreSQL: CPU, of the server too',
    ...{ unit: 'ms', at_least: 50, aim: 10, less_is_better: true },
    of: ({ looking }) => (looking === null ? undefined : whole(looking.postgres.explain)),
  },
  {
    what: 'the same, until it is answered: longer than in SQLite',
    ...{ unit: 'ms', at_least: 10, aim: 2, less_is_better: true },
    of: ({ looking }) =>
      looking === null ? undefined : looking.postgres.explain.waited_ms - looking.sqlite.explain.waited_ms,
  },
  {
    what: 'a page of 50 rows of the largest W1 in PostgreSQL: CPU, of the server too',
    ...{ unit: 'ms', at_least: 100, aim: 50, less_is_better: true },
    of: ({ looking }) => (looking === null ? undefined : whole(looking.postgres.page)),
  },
  {
    what: 'the same, until it is answered: longer than in SQLite',
    ...{ unit: 'ms', at_least: 10, aim: 2, less_is_better: true },
    of: ({ looking }) =>
      looking === null ? undefined : looking.postgres.page.waited_ms - looking.sqlite.page.waited_ms,
  },
  {
    what: 'verify / the run that it verifies, time',
    ...{ unit: 'ratio', at_least: 0.6, aim: 0.3, less_is_better: true },
    of: ({ long_run }) => (long_run === null ? undefined : long_run.readers.verify_seconds / long_run.seconds),
  },
  {
    what: 'resume after a crash near the end of the largest W1: to its first row / the run, time',
    ...{ unit: 'ratio', at_least: 0.07, aim: 0.02, less_is_better: true },
    of: ({ long_run }) => (long_run === null ? undefined : long_run.resume.restored_seconds / long_run.seconds),
  },
  {
    what: 'one-row run / Node that does nothing, time',
    ...{ unit: 'ratio', at_least: 7, aim: 4, less_is_better: true },
    of: ({ starts }) => (starts === null ? undefined : starts.one_row_run_ms / starts.node_ms),
  },
  {
    what: 'ledger bytes a row, W1',
    ...{ unit: 'bytes', at_least: 700, aim: 500, less_is_better: true },
    of: r => largest(r)?.ledger_bytes_per_row,
  },
  {
    what: 'peak memory, largest W1',
    ...{ unit: 'MB', at_least: 200, aim: 150, less_is_better: true },
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
    what: 'explain one row of the largest W1: open, find, read',
    ...{ unit: 'ms', at_least: 50, aim: 10, less_is_better: true },
    of: r => r.long_run?.readers.explain_first_ms,
  },
  {
    what: 'prove one row of the largest W1: the whole process, beyond Node’s start',
    ...{ unit: 'ms', at_least: 200, aim: 50, less_is_better: true },
    of: ({ long_run }) =>
      long_run?.one_row == null ? undefined : long_run.one_row.prove_ms - long_run.one_row.node_ms,
  },
  {
    what: 'memory with 100,000 open groups, growth from the second to the last quarter',
    ...{ unit: '%', at_least: 10, aim: 2, less_is_better: true },
    of: r => growth(r.open_groups?.rss_growth),
  },
  {
    what: 'memory of a sort, growth with ten times the rows held',
    ...{ unit: '%', at_least: 30, aim: 10, less_is_better: true },
    of: ({ held_rows }) =>
      growth(held_rows === null ? undefined : held_rows.peak_rss_bytes / held_rows.peak_of_tenth_bytes),
  },
  {
    what: 'calls: rows/s against the ideal',
    ...{ unit: 'ratio', at_least: 0.9, aim: 0.95 },
    of: r => (r.calls === null ? undefined : r.calls.rows_per_second / r.calls.ideal_rows_per_second),
  },
  {
    what: 'a run that a listener follows: CPU of the server, of what the machine has',
    ...{ unit: '%', at_least: 5, aim: 1, less_is_better: true },
    of: ({ watched }) => (watched === null ? undefined : watched.listener.server * 100),
  },
  {
    what: 'a run whose page is open: CPU of server and browser, of what the machine has',
    ...{ unit: '%', at_least: 5, aim: 2, less_is_better: true },
    of: ({ watched }) => (watched === null ? undefined : (watched.page.server + watched.page.browser) * 100),
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

const whole = ({ own_ms, server_ms }: Look): number => own_ms + server_ms

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
