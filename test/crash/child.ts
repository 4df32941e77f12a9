/**
 * A process that runs or resumes a pipeline as the command line does, and ends or suspends itself at a named point. Its one
 * argument is an Order; it prints `{"begun":true}` before the first point, and a Report at its end, a line each.
 */
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import type { AtPoint, Point } from '../../src/engine/ports/crash-points.ts'
import { type Clock, systemClock } from '../../src/engine/ports/ports.ts'
import { resumeRun } from '../../src/engine/run/resume.ts'
import { type RunResult, runPlan } from '../../src/engine/run/start.ts'
import { parseVerifierKey } from '../../src/format/verifier-key.ts'
import { compilePipeline } from '../../src/host/compile.ts'
import { spillBeside } from '../../src/host/spill-folder.ts'
import { signingKey } from '../../src/ledger/keys/keys.ts'
import { trustIn } from '../../src/ledger/keys/trust.ts'
import { openLedger, openLedgerReader } from '../../src/ledger/open.ts'
import type { Ledger } from '../../src/ledger/write-port.ts'
import { isCustodyError } from '../../src/model/error.ts'
import { uuidv7 } from '../../src/model/uuid.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { findRun } from '../../src/read/runs/list.ts'

/** The n-th time, from 1, that a point is met; `any`: that any of them is. */
export interface Moment {
  readonly point: Point | 'any'
  readonly nth: number
}

export interface Order {
  readonly folder: string
  readonly resume: boolean
  /** Ends itself there, without any chance to do something else. */
  readonly kill?: Moment | undefined
  /** Suspends itself there, until it is sent SIGCONT. */
  readonly suspend?: Moment | undefined
  /** Whether another thread writes the ledger from the second commit on. */
  readonly threaded?: boolean | undefined
  /** By how much this process's clock is ahead, so that others' leases have expired. */
  readonly ahead_us?: number | undefined
}

export interface Report {
  /** null if the run couldn't begin. */
  readonly status: string | null
  /** Code of the error that stopped it. */
  readonly code: string | null
  readonly message: string | null
  /** How often each point was met, and `any`: all of them together. */
  readonly points: { readonly [point: string]: number }
}

const order = JSON.parse(process.argv[2] as string) as Order
const points: Record<string, number> = {}
report({ ...(await obey()), points } satisfies Report)

async function obey(): Promise<Omit<Report, 'points'>> {
  try {
    const { summary, error } = await drive()
    return { status: summary.status, code: error?.code ?? null, message: error?.message ?? null }
  } catch (thrown) {
    if (!isCustodyError(thrown)) throw thrown
    return { status: null, code: thrown.code, message: thrown.message }
  }
}

async function drive(): Promise<RunResult> {
  const { folder, resume, threaded } = order
  const signer = signingKey(process.env)
  const plan = await compilePipeline(process.env, join(folder, 'pipeline.yaml'), [], () => undefined)
  const clock = clockAhead(order.ahead_us ?? 0)
  const ports = {
    now_us: () => clock.wall_us(),
    entropy: randomBytes,
    signer,
    trust: trustIn(signer.verifier_keys.map(parseVerifierKey)),
  }
  const url = `sqlite:${join(folder, 'custody.db')}`
  const ledger = await openLedger(url, ports, {
    create: !resume,
    ...(threaded === true ? { thread_from_entries: 0 } : {}),
  })
  report({ begun: true })
  try {
    return await (resume ? goOn(plan, clock, ledger, url) : begin(plan, clock, ledger, url))
  } finally {
    await ledger.close()
  }
}

function begin(plan: Plan, clock: Clock, ledger: Ledger, url: string): Promise<RunResult> {
  const run = uuidv7(Math.floor(clock.wall_us() / 1000), randomBytes(10))
  return runPlan({ ...session(plan, clock, url, run), run, ledger, custody: '0', dry_run: false })
}

async function goOn(plan: Plan, clock: Clock, ledger: Ledger, url: string): Promise<RunResult> {
  const reader = await openLedgerReader(url)
  try {
    const { run } = await findRun(reader, 'latest')
    const common = session(plan, clock, url, run)
    return await resumeRun({ ...common, run, ledger, reader, from_ledger_only: false, abandon: false })
  } finally {
    await reader.close()
  }
}

/** Little memory, so that sorts need files. */
function session(plan: Plan, clock: Clock, url: string, run: string) {
  const spill = spillBeside(url, run, 50_000)
  return { plan, clock, spill, limit: Number.POSITIVE_INFINITY, signal: new AbortController().signal, atPoint }
}

function atPoint(...[point]: Parameters<AtPoint>): void {
  for (const met of [point, 'any'] as const) points[met] = (points[met] ?? 0) + 1
  // The kernel delivers a signal to its own sender before it lets it continue.
  if (isMoment(order.kill, point)) process.kill(process.pid, 'SIGKILL')
  if (isMoment(order.suspend, point)) process.kill(process.pid, 'SIGSTOP')
}

function isMoment(moment: Moment | undefined, point: Point): boolean {
  return (moment?.point === point || moment?.point === 'any') && moment.nth === points[moment.point]
}

function clockAhead(ahead_us: number): Clock {
  const clock = systemClock()
  return { ...clock, wall_us: () => clock.wall_us() + ahead_us }
}

/** At once, whatever happens to this process next. */
function report(value: object): void {
  writeSync(1, `${JSON.stringify(value)}\n`)
}
