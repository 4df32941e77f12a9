/** Measures how long it takes to resume a run that crashed. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { systemClock } from '../src/engine/ports/ports.ts'
import { resumeRun } from '../src/engine/run/resume.ts'
import { signingKey } from '../src/ledger/keys/keys.ts'
import { trustedKeys } from '../src/ledger/keys/known-ledgers.ts'
import { trustIn } from '../src/ledger/keys/trust.ts'
import { openLedger, openLedgerReader } from '../src/ledger/open.ts'
import { findRun } from '../src/read/runs/list.ts'
import { planOf } from './plan.ts'
import type { ResumeSample, ResumeTask } from './task.ts'

/** @throws Error if the run doesn't finish. */
export async function resumeCrashed({ workload, folder }: ResumeTask): Promise<ResumeSample> {
  const plan = await planOf(workload, folder)
  const clock = systemClock()
  const url = `sqlite:${join(folder, 'custody.db')}`
  const began = performance.now()
  const passed = () => (performance.now() - began) / 1000
  const reader = await openLedgerReader(url)
  const ports = {
    now_us: () => Date.now() * 1000,
    entropy: (size: number) => randomBytes(size),
    signer: signingKey(),
    trust: trustIn(trustedKeys(null)),
  }
  const ledger = await openLedger(url, ports, { create: false })
  const restored: ResumeSample[] = []
  const { run } = await findRun(reader, 'latest')
  const commits: number[] = []
  const { summary, error } = await resumeRun({
    plan,
    run,
    ledger,
    reader,
    clock,
    from_ledger_only: false,
    abandon: false,
    signal: new AbortController().signal,
    onRestored: ({ rows_read }) =>
      restored.push({ rows: rows_read, restored_seconds: passed(), first_commit_seconds: Number.NaN }),
    onProgress: () => commits.push(passed()),
  })
  await ledger.close()
  await reader.close()
  if (error !== null) throw error
  const [first] = restored
  if (summary.status !== 'completed' || first === undefined || commits[0] === undefined)
    throw new Error(`the resumed run of ${workload} is ${summary.status}`)
  return { ...first, first_commit_seconds: commits[0] }
}
