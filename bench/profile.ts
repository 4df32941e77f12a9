/**
 * `node bench/profile.ts [--workload w1] [--rows N] [--discard]`: where the time of a run goes, by stage, module and function,
 * in microseconds a row, all done in one thread. Profiling itself takes time, too.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { encodeSigningKeys, newSeed } from '../src/format/signing-key.ts'
import { type Shares, summariseProfile } from './cpu-profile.ts'
import { writeData } from './data.ts'
import { table } from './report.ts'
import { measure } from './start.ts'
import { WORKLOADS, type WorkloadName } from './workloads.ts'

const FUNCTIONS = 45
const MODULES = 25

function tableOf(what: string, shares: Shares, total_us: number, rows: number): string {
  const lines = shares.map(([name, us]) => [name, (us / rows).toFixed(2), `${((us / total_us) * 100).toFixed(1)} %`])
  return table([what, 'µs/row', 'share'], lines).join('\n')
}

const { values } = parseArgs({
  options: {
    workload: { type: 'string', default: 'w1' },
    rows: { type: 'string', default: '200000' },
    discard: { type: 'boolean', default: false },
  },
})
const workload = values.workload as WorkloadName
if (!Object.hasOwn(WORKLOADS, workload)) throw new TypeError(`there is no workload ${workload}`)
const rows = Number(values.rows)
const work = join(import.meta.dirname, 'results', `profile-${process.pid}`)
mkdirSync(work, { recursive: true })
try {
  await writeData(join(work, 'data.csv'), rows)
  const start = { key: encodeSigningKeys('bench', newSeed(), newSeed()) }
  const profile = join(work, 'run.cpuprofile')
  const task = { kind: 'run', workload, rows, evidence: !values.discard, folder: join(work, 'run'), profile } as const
  const sample = await measure(task, start)
  const { total_us, stages, modules, functions } = summariseProfile(profile)
  process.stdout.write(
    [
      `${workload}, ${rows} rows, ${sample.rows_per_second.toFixed(0)} rows/s under the profiler`,
      '',
      tableOf('stage', stages, total_us, rows),
      '',
      tableOf('module', modules.slice(0, MODULES), total_us, rows),
      '',
      tableOf('function', functions.slice(0, FUNCTIONS), total_us, rows),
      '',
    ].join('\n'),
  )
} finally {
  rmSync(work, { recursive: true, force: true })
}
