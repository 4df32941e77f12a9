/**
 * W1 without splits, and in splits with one worker and with two, in turns. Each is `custody run` of the built program, so that threads
 * are started and load what they do for users; whole processes are compared.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeData } from './data.ts'
import { PROGRAM, runProgram, type Start } from './start.ts'
import { median } from './statistics.ts'
import type { Usage } from './usage.ts'
import { WORKLOADS } from './workloads.ts'

export const SPLITS = 8
/** Rows of runs that come first, and fill the caches. */
const FIRST_ROWS = 10

/** By how many workers; `none`: without splits. */
const WAYS = ['none', 'one', 'two'] as const
type Way = (typeof WAYS)[number]

export interface SplittingResult {
  readonly rows: number
  readonly repetitions: number
  readonly splits: number
  readonly none: { readonly peak_rss_bytes: number }
  readonly one: Splitting
  readonly two: Splitting
}

/** Medians with so many workers / medians without splits. */
export interface Splitting {
  readonly wall: number
  /** CPU time a row, of all threads. */
  readonly cpu: number
  readonly memory: number
  readonly peak_rss_bytes: number
}

export interface SplittingOptions {
  readonly rows: number
  readonly repeat: number
  /** A file that Node starts as the command line; absent: the built program. */
  readonly program?: string
  readonly start: Start
}

/** `folder`: made for this. @throws Error if a run doesn't exit with 0, or its outputs lack rows. */
export async function measureSplitting(folder: string, options: SplittingOptions): Promise<SplittingResult> {
  const { rows, repeat } = options
  await made(folder, FIRST_ROWS)
  for (const way of WAYS) await run(folder, way, FIRST_ROWS, options)
  await made(folder, rows)
  const samples: { readonly [way in Way]: Usage[] } = { none: [], one: [], two: [] }
  for (let turn = 0; turn < repeat; turn++)
    // Each goes first in its turn: who does finds colder caches.
    for (let i = 0; i < WAYS.length; i++) {
      const way = WAYS[(turn + i) % WAYS.length] as Way
      samples[way].push(await run(folder, way, rows, options))
    }
  const of = (way: Way, get: (usage: Usage) => number) => median(samples[way].map(get))
  const beside = (way: 'one' | 'two'): Splitting => {
    const ratio = (get: (usage: Usage) => number) => of(way, get) / of('none', get)
    return {
      wall: ratio(each => each.seconds),
      cpu: ratio(each => each.cpu_seconds),
      memory: ratio(each => each.peak_rss_bytes),
      peak_rss_bytes: of(way, each => each.peak_rss_bytes),
    }
  }
  return {
    ...{ rows, repetitions: repeat, splits: SPLITS },
    none: { peak_rss_bytes: of('none', each => each.peak_rss_bytes) },
    one: beside('one'),
    two: beside('two'),
  }
}

/** The input lies above the folder of a run. */
async function made(folder: string, rows: number): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await writeData(join(folder, 'data.csv'), rows)
}

async function run(parent: string, way: Way, rows: number, { program, start }: SplittingOptions): Promise<Usage> {
  const folder = join(parent, 'run')
  mkdirSync(folder)
  const [pipeline, usage] = [join(folder, 'pipeline.yaml'), join(folder, 'usage.json')]
  writeFileSync(pipeline, `${way === 'none' ? '' : `splits: { count: ${SPLITS} }`}${WORKLOADS.w1.yaml}`)
  const ledger = `sqlite:${join(folder, 'custody.db')}`
  const workers = way === 'none' ? [] : ['--workers', way === 'one' ? '1' : '2']
  await runProgram(program ?? PROGRAM, ['run', pipeline, '--ledger', ledger, ...workers], usage, folder, start)
  const written = ['high', 'low'].reduce((sum, name) => sum + linesIn(join(folder, 'out', `${name}.csv`)) - 1, 0)
  if (written !== rows) throw new Error(`a run of ${rows} rows has written ${written}`)
  // cast: what usage.ts writes.
  const sample = JSON.parse(readFileSync(usage, 'utf8')) as Usage
  rmSync(folder, { recursive: true })
  return sample
}

/** Notes of the input have no line ends. */
function linesIn(file: string): number {
  return readFileSync(file, 'utf8').split('\n').length - 1
}
