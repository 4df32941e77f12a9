/**
 * All measurements, in the order in which they are made.
 *
 * B1. Each run has a process and a folder of its own; small runs are repeated, the large ones made once.
 * B2. Runs with and without evidence alternate, so that a busy machine slows both.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type CallsResult, measureCalls } from './asking.ts'
import { measurePostgres, type PostgresResult } from './beside-postgres.ts'
import { type CoordinatingResult, measureCoordinating } from './coordinating.ts'
import { writeData } from './data.ts'
import { type EncryptionResult, measureEncryption } from './encrypting.ts'
import { type HeldRowsResult, measureHeldRows } from './held-rows.ts'
import { type LookingResult, measureLooking } from './looking.ts'
import { type OneRowResult, timeOneRow } from './one-row.ts'
import { measureOpenGroups, type OpenGroupsResult } from './open-groups.ts'
import { measureSplitting, type SplittingResult } from './splitting.ts'
import { crash, measure, type Start } from './start.ts'
import { type StartResult, timeStarts } from './starting.ts'
import { mean, median } from './statistics.ts'
import type { Mark, ReadSample, ResumeSample, RunSample, RunTask } from './task.ts'
import { measureWatching, type WatchingResult } from './watching.ts'
import type { WorkloadName } from './workloads.ts'

export interface Bench {
  readonly workloads: readonly WorkloadName[]
  /** Sizes of W1 in rows, growing. */
  readonly sizes: readonly number[]
  /** Size of the other workloads, in rows. */
  readonly others: number
  /** How often runs are repeated that have at most `others` rows. */
  readonly repeat: number
  /** Rows that a chaos peer is asked about, how many at once, and how long it takes on average; null: none. */
  readonly calls: { readonly rows: number; readonly concurrency: number; readonly latency_ms: number } | null
  /** Rows of the run with very many open groups; null: it isn't made. */
  readonly open_groups: number | null
  /** Rows of the run whose sort holds them all; null: it isn't made. */
  readonly held_rows: number | null
  /** Rows of runs that are watched by the built program, and how often; null: none are. */
  readonly watched: { readonly rows: number; readonly repeat: number } | null
  /** Rows of W1 with its ledger in PostgreSQL, and how often; null: it isn't made. */
  readonly postgres: { readonly rows: number; readonly repeat: number } | null
  /** Rows of W1 with its ledger encrypted, and how often; null: it isn't made. */
  readonly encrypted: { readonly rows: number; readonly repeat: number } | null
  /** Rows of W1 without and in splits, and how often; `program`: what is run, if it isn't the built program; null: it isn't made. */
  readonly splits: { readonly rows: number; readonly repeat: number; readonly program?: string } | null
  /** Of how many splits the coordination is measured; `program` as for `splits`; null: it isn't. */
  readonly coordinated: { readonly splits: number; readonly program?: string } | null
  /** Rows of W1 that readers look at over PostgreSQL and SQLite; null: none do. */
  readonly looked_at: number | null
  /** Whether the built program is timed, too. */
  readonly program: boolean
  /** Made, and removed at the end; on the disk that is to be measured. */
  readonly folder: string
  readonly start: Start
  readonly onStep: (what: string) => void
}

/** Medians over the repetitions. */
export interface SizeResult {
  readonly rows: number
  readonly repetitions: number
  readonly rows_per_second: number
  readonly cpu_us_per_row: number
  readonly main_cpu_us_per_row: number
  readonly peak_rss_bytes: number
  readonly ledger_bytes_per_row: number
  /** The same with the ledger that discards everything. */
  readonly discarding: { readonly rows_per_second: number; readonly cpu_us_per_row: number }
  /** Rows per second with evidence / with the discarding ledger. */
  readonly ratio: number
}

/** Figures of the largest run of W1 with evidence. */
export interface LongRun {
  readonly rows: number
  /** Of the run that is read. */
  readonly seconds: number
  /** Mean RSS in the last quarter of the run / in its second quarter: 1 is flat. */
  readonly rss_growth: number
  /** Rows per second in the last quarter / in the second quarter: 1 is no growth of the cost. */
  readonly speed_kept: number
  /** CPU time a row in the last quarter / in the second quarter: what a busy machine changes least. */
  readonly cpu_growth: number
  readonly marks: readonly Mark[]
  readonly readers: ReadSample
  /** Null if it wasn't measured. */
  readonly one_row: OneRowResult | null
  /** Another run of this size, killed shortly before its end. */
  readonly resume: ResumeSample
}

export interface Results {
  readonly workloads: { readonly [name in WorkloadName]?: readonly SizeResult[] }
  readonly long_run: LongRun | null
  readonly open_groups: OpenGroupsResult | null
  readonly held_rows: HeldRowsResult | null
  readonly calls: CallsResult | null
  readonly watched: WatchingResult | null
  readonly postgres: PostgresResult | null
  readonly encryption: EncryptionResult | null
  readonly splitting: SplittingResult | null
  readonly coordinating: CoordinatingResult | null
  readonly looking: LookingResult | null
  /** null: not measured. */
  readonly starts: StartResult | null
}

/** What the run that is killed has still to read, and what its last commits may not have kept. */
const REST_ROWS = 5000

export async function measureAll(bench: Bench): Promise<Results> {
  const { workloads, sizes, others, folder, onStep } = bench
  mkdirSync(folder, { recursive: true })
  try {
    onStep('writing the input')
    await writeData(
      join(folder, 'data.csv'),
      Math.max(
        ...[...(workloads.length === 0 ? [] : [...sizes, others]), bench.calls?.rows ?? 0, bench.open_groups ?? 0],
        ...[bench.held_rows ?? 0, bench.watched?.rows ?? 0, bench.postgres?.rows ?? 0],
        ...[bench.encrypted?.rows ?? 0, bench.looked_at ?? 0],
      ),
    )
    const results: { [name in WorkloadName]?: SizeResult[] } = {}
    let long_run: LongRun | null = null
    for (const name of workloads) {
      results[name] = []
      for (const rows of name === 'w1' ? sizes : [others]) {
        const is_longest = name === 'w1' && rows === sizes.at(-1)
        const { result, last } = await measureSize(bench, name, rows, is_longest)
        results[name].push(result)
        if (is_longest) long_run = await lookAt(bench, last)
      }
    }
    const starts = bench.program ? await timeStarts(join(folder, 'starts'), bench.start) : null
    return {
      workloads: results,
      long_run,
      open_groups: await lookAtGroups(bench),
      held_rows: await lookAtHeld(bench),
      calls: await lookAtCalls(bench),
      postgres: await lookAtPostgres(bench),
      encryption: await lookAtEncryption(bench),
      splitting: await lookAtSplits(bench),
      coordinating: await lookAtCoordination(bench),
      looking: await lookAtReaders(bench),
      watched: bench.watched === null ? null : await measureWatching({ ...bench, ...bench.watched }),
      starts,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** With `keep` the last run with evidence stays in folder `kept`. */
async function measureSize(
  bench: Bench,
  workload: WorkloadName,
  rows: number,
  keep: boolean,
): Promise<{ readonly result: SizeResult; readonly last: RunSample }> {
  const repetitions = rows <= bench.others ? bench.repeat : 1
  const full: RunSample[] = []
  const discarding: RunSample[] = []
  for (let i = 1; i <= repetitions; i++) {
    for (const evidence of [false, true]) {
      const what = `${workload}, ${rows.toLocaleString('en')} rows, ${evidence ? 'full evidence' : 'discarding ledger'}`
      bench.onStep(repetitions === 1 ? what : `${what}, ${i} of ${repetitions}`)
      const kept = keep && evidence && i === repetitions
      const folder = join(bench.folder, kept ? 'kept' : 'run')
      const task: RunTask = { kind: 'run', workload, rows, evidence, folder }
      const samples = evidence ? full : discarding
      samples.push(await measure(task, bench.start))
      if (!kept) rmSync(folder, { recursive: true })
    }
  }
  const of = (samples: readonly RunSample[], get: (sample: RunSample) => number) => median(samples.map(get))
  const rows_per_second = of(full, each => each.rows_per_second)
  const without = of(discarding, each => each.rows_per_second)
  const result: SizeResult = {
    rows,
    repetitions,
    rows_per_second,
    cpu_us_per_row: of(full, each => each.cpu_us_per_row),
    main_cpu_us_per_row: of(full, each => each.main_cpu_us_per_row),
    peak_rss_bytes: of(full, each => each.peak_rss_bytes),
    ledger_bytes_per_row: of(full, each => each.ledger_bytes / each.rows),
    discarding: { rows_per_second: without, cpu_us_per_row: of(discarding, each => each.cpu_us_per_row) },
    ratio: rows_per_second / without,
  }
  return { result, last: full.at(-1) as RunSample }
}

async function lookAtPostgres({ postgres, folder, start, onStep }: Bench): Promise<PostgresResult | null> {
  if (postgres === null) return null
  onStep(`w1, ${postgres.rows.toLocaleString('en')} rows, in SQLite and in PostgreSQL`)
  return measurePostgres(folder, { ...postgres, start })
}

async function lookAtEncryption({ encrypted, folder, start, onStep }: Bench): Promise<EncryptionResult | null> {
  if (encrypted === null) return null
  onStep(`w1, ${encrypted.rows.toLocaleString('en')} rows, in plain and encrypted`)
  return measureEncryption(folder, { ...encrypted, start })
}

async function lookAtSplits({ splits, folder, start, onStep }: Bench): Promise<SplittingResult | null> {
  if (splits === null) return null
  onStep(`w1, ${splits.rows.toLocaleString('en')} rows, without and in splits`)
  return measureSplitting(join(folder, 'splits'), { ...splits, start })
}

async function lookAtCoordination(bench: Bench): Promise<CoordinatingResult | null> {
  const { coordinated, folder, start, onStep } = bench
  if (coordinated === null) return null
  onStep(`${coordinated.splits.toLocaleString('en')} splits, nearly all empty, in SQLite and in PostgreSQL`)
  return measureCoordinating(join(folder, 'coordination'), { ...coordinated, start })
}

async function lookAtReaders({ looked_at, folder, start, onStep }: Bench): Promise<LookingResult | null> {
  if (looked_at === null) return null
  onStep(`readers of w1, ${looked_at.toLocaleString('en')} rows, over SQLite and PostgreSQL`)
  return measureLooking(folder, looked_at, start)
}

async function lookAtGroups({ open_groups, folder, start, onStep }: Bench): Promise<OpenGroupsResult | null> {
  if (open_groups === null) return null
  onStep(`open groups, ${open_groups.toLocaleString('en')} rows`)
  return measureOpenGroups(open_groups, join(folder, 'groups'), start)
}

async function lookAtHeld({ held_rows, folder, start, onStep }: Bench): Promise<HeldRowsResult | null> {
  if (held_rows === null) return null
  onStep(`held rows, ${held_rows.toLocaleString('en')}`)
  return measureHeldRows(held_rows, join(folder, 'held'), start)
}

async function lookAtCalls({ calls, folder, start, onStep }: Bench): Promise<CallsResult | null> {
  if (calls === null) return null
  onStep(`calls, ${calls.rows.toLocaleString('en')} rows`)
  return measureCalls({ ...calls, folder: join(folder, 'calls') }, start)
}

async function lookAt(bench: Bench, { rows, seconds, marks }: RunSample): Promise<LongRun> {
  const folder = join(bench.folder, 'kept')
  bench.onStep(`explain, prove and verify, ${rows.toLocaleString('en')} rows`)
  const readers = await measure({ kind: 'read', folder, row: Math.ceil(rows / 2) }, bench.start)
  const one_row = bench.program ? await timeOneRow(folder, rows, bench.start) : null
  rmSync(folder, { recursive: true })
  const [second, last] = [quarter(marks, rows, 2), quarter(marks, rows, 4)]
  return {
    rows,
    seconds,
    rss_growth: meanRss(last) / meanRss(second),
    speed_kept: speedOf(last) / speedOf(second),
    cpu_growth: cpuOf(last) / cpuOf(second),
    marks,
    readers,
    one_row,
    resume: await crashAndResume(bench, rows),
  }
}

async function crashAndResume(bench: Bench, rows: number): Promise<ResumeSample> {
  const folder = join(bench.folder, 'run')
  bench.onStep(`crash and resume, ${rows.toLocaleString('en')} rows`)
  const crash_after = Math.max(1, rows - REST_ROWS)
  await crash({ kind: 'run', workload: 'w1', rows, evidence: true, folder, crash_after }, bench.start)
  const sample = await measure({ kind: 'resume', workload: 'w1', folder }, bench.start)
  rmSync(folder, { recursive: true })
  return sample
}

/** Marks of the quarter with this number, from 1. */
function quarter(marks: readonly Mark[], of: number, number: number): readonly Mark[] {
  return marks.filter(({ rows }) => Math.ceil((rows / of) * 4) === number)
}

function meanRss(marks: readonly Mark[]): number {
  return marks.length === 0 ? Number.NaN : mean(marks.map(each => each.rss_bytes))
}

function speedOf(marks: readonly Mark[]): number {
  const [first, last] = [marks[0], marks.at(-1)]
  if (first === undefined || last === undefined || first === last) return Number.NaN
  return (last.rows - first.rows) / (last.seconds - first.seconds)
}

/** Seconds of CPU time a row. */
function cpuOf(marks: readonly Mark[]): number {
  const [first, last] = [marks[0], marks.at(-1)]
  if (first === undefined || last === undefined || first === last) return Number.NaN
  return (last.cpu_seconds - first.cpu_seconds) / (last.rows - first.rows)
}
