/** Runs a workload in this process, put together as the command line does it, and measures it. */
import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../src/engine/ports/ports.ts'
import { runPlan } from '../src/engine/run/start.ts'
import { boundHeap } from '../src/host/heap.ts'
import { spillBeside } from '../src/host/spill-folder.ts'
import { newLedgerKeyText, parseLedgerKey } from '../src/ledger/encryption/ledger-key.ts'
import { signingKey } from '../src/ledger/keys/keys.ts'
import { trustedKeys } from '../src/ledger/keys/known-ledgers.ts'
import { trustIn } from '../src/ledger/keys/trust.ts'
import { openLedger } from '../src/ledger/open.ts'
import { discardingLedger } from '../src/ledger/write/discard.ts'
import { uuidv7 } from '../src/model/uuid.ts'
import type { Plan } from '../src/plan/plan.ts'
import { planOf } from './plan.ts'
import { profiling } from './profiling.ts'
import type { CallsTask, Mark, RunSample, RunTask } from './task.ts'

const MARKS = 200

/** @throws Error if the run doesn't finish, or rows failed: then there is nothing to measure. */
export async function execute(task: RunTask): Promise<RunSample> {
  return measured(await planOf(task.workload, task.folder), task)
}

type Run = Pick<RunTask, 'rows' | 'folder'> & Partial<Omit<RunTask, 'kind'>> & Pick<RunTask | CallsTask, 'kind'>

/** The same with any plan; with evidence unless the task says otherwise. */
export async function measured(plan: Plan, task: Run): Promise<RunSample> {
  const { evidence = true } = task
  boundHeap()
  const clock = systemClock()
  const ports = {
    now_us: () => Date.now() * 1000,
    is_time_of_day: true as const,
    entropy: (size: number) => randomBytes(size),
    signer: signingKey(),
    trust: trustIn(trustedKeys(null)),
    ...(task.encrypted === true ? { encryption: parseLedgerKey(newLedgerKeyText(), 'the bench') } : {}),
  }
  const url = task.ledger ?? `sqlite:${join(task.folder, 'custody.db')}`
  // A profile covers one thread, so all work has to be in that one.
  const options = {
    create: true,
    ...(task.profile === undefined ? {} : { thread_from_entries: Number.POSITIVE_INFINITY }),
  }
  const ledger = evidence ? await openLedger(url, ports, options) : discardingLedger()
  const marks: Mark[] = []
  const run = uuidv7(Date.now(), randomBytes(10))
  const endProfile = task.profile === undefined ? null : await profiling(task.profile)
  const cpu = process.cpuUsage()
  const main_cpu = process.threadCpuUsage()
  const began_us = clock.monotonic_us()
  const { summary, error } = await runPlan({
    plan,
    run,
    ledger,
    clock,
    custody: 'bench',
    limit: task.rows,
    dry_run: false,
    signal: new AbortController().signal,
    spill: spillBeside(url, run),
    onProgress: ({ rows_read, tokens_ended, elapsed_us }) => {
      // Rows that make calls stay in the order list long after they were read.
      const rows = task.kind === 'calls' ? tokens_ended : rows_read
      if (task.crash_after !== undefined && rows >= task.crash_after) process.kill(process.pid, 'SIGKILL')
      if (rows < ((marks.length + 1) * task.rows) / MARKS) return
      const { user, system } = process.cpuUsage(cpu)
      const cpu_seconds = (user + system) / 1e6
      marks.push({ rows, seconds: elapsed_us / 1e6, cpu_seconds, rss_bytes: process.memoryUsage.rss() })
    },
  })
  const seconds = (clock.monotonic_us() - began_us) / 1e6
  const { user, system } = process.cpuUsage(cpu)
  const main = process.threadCpuUsage(main_cpu)
  await endProfile?.()
  await ledger.close()
  if (error !== null) throw error
  if (summary.status !== 'completed' || summary.rows.read !== task.rows)
    throw new Error(`the run of ${plan.name} is ${summary.status} after ${summary.rows.read} rows`)
  return {
    rows: task.rows,
    seconds,
    rows_per_second: task.rows / seconds,
    cpu_us_per_row: (user + system) / task.rows,
    main_cpu_us_per_row: (main.user + main.system) / task.rows,
    peak_rss_bytes: process.resourceUsage().maxRSS * 1024,
    marks,
    ledger_bytes: evidence && task.ledger === undefined ? statSync(join(task.folder, 'custody.db')).size : 0,
  }
}
