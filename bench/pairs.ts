/**
 * This checkout against another one, in pairs that alternate, so that a busy machine slows both: `npm run bench -- --against FOLDER`.
 * Each side runs with its own code, Node and libraries; what counts are the ratios.
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeData } from './data.ts'
import { measure, type Start } from './start.ts'
import { median } from './statistics.ts'
import type { RunSample } from './task.ts'
import type { WorkloadName } from './workloads.ts'

export interface Pairs {
  readonly workloads: readonly WorkloadName[]
  readonly rows: number
  /** How many pairs of each workload. */
  readonly repeat: number
  /** The other checkout, with its libraries. */
  readonly against: string
  /** Made, and removed at the end. */
  readonly folder: string
  readonly start: Start
  readonly onStep: (what: string) => void
}

/** This one / the other one: medians of the ratios of pairs. */
export interface PairResult {
  readonly workload: WorkloadName
  readonly rows: number
  readonly pairs: number
  readonly wall: number
  readonly cpu: number
  readonly memory: number
  readonly ledger: number
}

/** @throws TypeError if there is no checkout. */
export async function measurePairs(bench: Pairs): Promise<readonly PairResult[]> {
  const { workloads, rows, folder, against } = bench
  if (!existsSync(join(against, 'bench', 'child.ts'))) throw new TypeError(`${against} is no checkout of Custody`)
  mkdirSync(folder, { recursive: true })
  try {
    await writeData(join(folder, 'data.csv'), rows)
    const results: PairResult[] = []
    for (const workload of workloads) results.push(await pairsOf(bench, workload))
    return results
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function pairsOf(bench: Pairs, workload: WorkloadName): Promise<PairResult> {
  const pairs: (readonly [own: RunSample, other: RunSample])[] = []
  for (let i = 1; i <= bench.repeat; i++) {
    bench.onStep(`${workload}, ${bench.rows.toLocaleString('en')} rows, pair ${i} of ${bench.repeat}`)
    // Who goes first finds colder caches.
    const own_first = i % 2 === 1
    const first = await runOf(bench, workload, own_first ? null : bench.against)
    const second = await runOf(bench, workload, own_first ? bench.against : null)
    pairs.push(own_first ? [first, second] : [second, first])
  }
  const ratio = (of: (sample: RunSample) => number) => median(pairs.map(([own, other]) => of(own) / of(other)))
  return {
    ...{ workload, rows: bench.rows, pairs: pairs.length },
    wall: ratio(each => each.seconds),
    cpu: ratio(each => each.cpu_us_per_row),
    memory: ratio(each => each.peak_rss_bytes),
    ledger: ratio(each => each.ledger_bytes),
  }
}

async function runOf(bench: Pairs, workload: WorkloadName, checkout: string | null): Promise<RunSample> {
  const folder = join(bench.folder, 'run')
  const sample = await measure(
    { kind: 'run', workload, rows: bench.rows, evidence: true, folder },
    bench.start,
    checkout,
  )
  rmSync(folder, { recursive: true })
  return sample
}

export function renderPairs(results: readonly PairResult[]): string {
  const lines = results.map(({ workload, rows, pairs, wall, cpu, memory, ledger }) =>
    [
      workload,
      rows.toLocaleString('en'),
      String(pairs),
      ...[wall, cpu, memory, ledger].map(each => each.toFixed(2)),
    ].join('\t'),
  )
  return [
    'This checkout / the other one, medians of pairs:',
    'workload\trows\tpairs\twall\tCPU\tmemory\tledger',
    ...lines,
  ].join('\n')
}
