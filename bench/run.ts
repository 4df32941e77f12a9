/**
 * `npm run bench`: measures what targets.ts lists, prints it, and keeps it in bench/results/ as JSON. It judges nothing:
 * its exit code says only whether it could measure.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { encodeSigningKeys, newSeed } from '../src/format/signing-key.ts'
import { machine } from './machine.ts'
import { type Bench, measureAll } from './measurements.ts'
import { measurePairs, renderPairs } from './pairs.ts'
import { type Report, render } from './report.ts'
import { compare } from './targets.ts'
import { OPEN_GROUPS, WORKLOADS } from './workloads.ts'

const RESULTS = join(import.meta.dirname, 'results')
const PAIR_ROWS = 200_000
const EMPTY_SPLITS = 2_000
/** What else is measured: calls, a run that is watched, W1 with its ledger in PostgreSQL or encrypted, W1 in splits, very many splits, and readers over PostgreSQL. */
const OTHERS = ['calls', 'live', 'postgres', 'encryption', 'splits', 'coordination', 'readers']
const USAGE = `\
npm run bench -- [options]
  --quick        10,000 and 100,000 rows only, three times instead of five
  --only NAME    only this workload: ${[...Object.keys(WORKLOADS), ...OTHERS].join(', ')}
  --rows N       W1 with this many rows only, and the others too
  --splits N     of how many splits the coordination is measured (2,000)
  --repeat N     how often small runs are repeated
  --against DIR  pairs of runs, alternating, of this checkout and of the one in DIR, which has its libraries; --rows (200,000), --repeat and --only hold
  --json         print the result as JSON`

function parse() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      rows: { type: 'string' },
      splits: { type: 'string' },
      repeat: { type: 'string' },
      against: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  return values
}

function number(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`--${name} takes a whole number from 1`)
  return value
}

function benchOf(options: ReturnType<typeof parse>): Bench {
  const { quick, only } = options
  if (only !== undefined && !OTHERS.includes(only) && !Object.hasOwn(WORKLOADS, only))
    throw new TypeError(`there is no workload ${only}\n${USAGE}`)
  const rows = number('rows', options.rows)
  const sizes = quick ? [10_000, 100_000] : [10_000, 100_000, 1_000_000]
  return {
    workloads: (['w1', 'w2', 'w3'] as const).filter(name => only === undefined || only === name),
    sizes: rows === undefined ? sizes : [rows],
    others: rows ?? 100_000,
    repeat: number('repeat', options.repeat) ?? (quick ? 3 : 5),
    calls: only === undefined || only === 'calls' ? { rows: 5_000, concurrency: 64, latency_ms: 400 } : null,
    open_groups: only === 'groups' || (only === undefined && !quick) ? (rows ?? 20 * OPEN_GROUPS) : null,
    held_rows: only === 'sort' || (only === undefined && !quick) ? (rows ?? 1_000_000) : null,
    watched: only === 'live' || (only === undefined && !quick) ? watchedOf(options) : null,
    postgres: only === 'postgres' || (only === undefined && !quick) ? besideOf(options) : null,
    encrypted: only === 'encryption' || (only === undefined && !quick) ? besideOf(options) : null,
    splits: only === 'splits' || (only === undefined && !quick) ? besideOf(options) : null,
    coordinated:
      only === 'coordination' || (only === undefined && !quick)
        ? { splits: number('splits', options.splits) ?? EMPTY_SPLITS }
        : null,
    looked_at: only === 'readers' || (only === undefined && !quick) ? (rows ?? sizes.at(-1) ?? null) : null,
    program: only === undefined || only === 'calls' || Object.hasOwn(WORKLOADS, only),
    // On the disk of the checkout: /tmp may be in memory, where an fsync costs nothing.
    folder: join(RESULTS, `work-${process.pid}`),
    start: { key: encodeSigningKeys('bench', newSeed(), newSeed()) },
    onStep: what => process.stderr.write(`${what}\n`),
  }
}

/** Three turns, if nothing else is said: each is made of three long runs. */
function watchedOf({ rows, repeat }: ReturnType<typeof parse>): NonNullable<Bench['watched']> {
  return { rows: number('rows', rows) ?? 1_000_000, repeat: number('repeat', repeat) ?? 3 }
}

/** Long enough for the thread that writes. */
function besideOf({ rows, repeat }: ReturnType<typeof parse>): NonNullable<Bench['postgres']> {
  return { rows: number('rows', rows) ?? PAIR_ROWS, repeat: number('repeat', repeat) ?? 5 }
}

async function printPairs(bench: Bench, { rows, json }: ReturnType<typeof parse>, against: string): Promise<void> {
  if (bench.workloads.length === 0) throw new TypeError('--against compares w1, w2 and w3 only')
  const pairs = await measurePairs({ ...bench, rows: number('rows', rows) ?? PAIR_ROWS, against })
  process.stdout.write(`${json ? JSON.stringify(pairs) : renderPairs(pairs)}\n`)
}

async function main(): Promise<void> {
  const options = parse()
  if (options.help) {
    process.stdout.write(`${USAGE}\n`)
    return
  }
  const bench = benchOf(options)
  if (options.against !== undefined) return printPairs(bench, options, resolve(options.against))
  const started_at = new Date().toISOString()
  mkdirSync(bench.folder, { recursive: true })
  const on = machine(bench.folder)
  const results = await measureAll(bench)
  const report: Report = { started_at, machine: on, results, compared: compare(results) }
  const file = join(RESULTS, `${started_at.replaceAll(':', '-')}.json`)
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`)
  process.stdout.write(`${options.json ? JSON.stringify(report) : render(report)}\n`)
  process.stderr.write(`\nAlso in ${relative(process.cwd(), file)}\n`)
}

await main()
