/** Runs or resumes a pipeline that lies in a folder, as the command line does, into a ledger anywhere. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { AtPoint } from '../../src/engine/ports/crash-points.ts'
import type { Pieces } from '../../src/engine/ports/pieces.ts'
import { type Clock, systemClock } from '../../src/engine/ports/ports.ts'
import { resumeRun } from '../../src/engine/run/resume.ts'
import { type RunResult, runPlan } from '../../src/engine/run/start.ts'
import { workersHere } from '../../src/engine/split/here.ts'
import { resumeSplits } from '../../src/engine/split/resume.ts'
import { runSplits } from '../../src/engine/split/start.ts'
import type { Signer } from '../../src/format/signing-key.ts'
import { parseVerifierKey } from '../../src/format/verifier-key.ts'
import { compilePipeline } from '../../src/host/compile.ts'
import { piecesOf } from '../../src/host/pieces.ts'
import { spillBeside } from '../../src/host/spill-folder.ts'
import { readKeyFile } from '../../src/ledger/encryption/key-file.ts'
import { ownKeychain } from '../../src/ledger/encryption/keychain.ts'
import { trustIn } from '../../src/ledger/keys/trust.ts'
import { openLedger, openLedgerReader } from '../../src/ledger/open.ts'
import type { SplittingLedger } from '../../src/ledger/write-port.ts'
import type { Holder } from '../../src/model/holder.ts'
import { uuidv7 } from '../../src/model/uuid.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { findRun } from '../../src/read/runs/list.ts'

/** With the time of day that the ledger is given. */
export interface DayClock extends Clock {
  day_us(): number
}

export interface Drive {
  /** Has pipeline.yaml, and sources. */
  readonly folder: string
  readonly url: string
  readonly signer: Signer
  /** The latest run of the ledger is resumed; else one begins. */
  readonly resume: boolean
  /** Of the ledger key by which values are encrypted; absent: they aren't. */
  readonly key_file?: string | undefined
  /** Whether another thread writes the ledger from the second commit on. */
  readonly threaded?: boolean | undefined
  /** By how much the clock is ahead, so that others' leases have expired. */
  readonly ahead_us?: number | undefined
  /** The machine's, with its time of day, if absent. */
  readonly clock?: DayClock | undefined
  /** Who holds the run; this process, if absent. */
  readonly holder?: Holder | undefined
  /** Rows after which a commit is due; 1000, if absent. */
  readonly commit_rows?: number | undefined
  readonly atPoint?: AtPoint | undefined
  /** A run that is resumed is given up. */
  readonly abandon?: boolean | undefined
  /** Takes the place of those of a run with splits. */
  readonly piecesIn?: ((pieces: Pieces) => Pieces) | undefined
  /** Aborted to stop safely. */
  readonly signal?: AbortSignal | undefined
  /** Called when the ledger is open. */
  readonly onOpened?: (() => void) | undefined
}

/** @throws CustodyError if the run couldn't begin, or go on. */
export async function drive(order: Drive): Promise<RunResult> {
  const { folder, url, signer, resume, key_file, threaded, holder } = order
  const plan = await compilePipeline(process.env, join(folder, 'pipeline.yaml'), [], () => undefined)
  const clock = order.clock ?? machineClock(order.ahead_us ?? 0)
  const encryption = key_file === undefined ? undefined : readKeyFile(key_file)
  if (encryption !== undefined) ownKeychain.add(encryption)
  const ports = {
    now_us: () => clock.day_us(),
    is_time_of_day: true as const,
    entropy: randomBytes,
    signer,
    trust: trustIn(signer.verifier_keys.map(parseVerifierKey)),
    encryption,
  }
  const ledger = await openLedger(url, ports, {
    create: !resume,
    ...(holder === undefined ? {} : { holder }),
    ...(threaded === true ? { thread_from_entries: 0 } : {}),
  })
  order.onOpened?.()
  try {
    return await (resume ? goOn(order, plan, clock, ledger) : begin(order, plan, clock, ledger))
  } finally {
    await ledger.close()
  }
}

function begin(order: Drive, plan: Plan, clock: Clock, ledger: SplittingLedger): Promise<RunResult> {
  const run = uuidv7(Date.now(), randomBytes(10))
  const request = { ...session(order, plan, clock, run), run, custody: '0', dry_run: false }
  if (plan.splits === null) return runPlan({ ...request, ledger })
  return runSplits({ ...request, ledger, pieces: pieces(order, plan, run), workers: workersHere })
}

async function goOn(order: Drive, plan: Plan, clock: Clock, ledger: SplittingLedger): Promise<RunResult> {
  const reader = await openLedgerReader(order.url)
  try {
    const { run } = await findRun(reader, 'latest')
    const common = session(order, plan, clock, run)
    const request = { ...common, run, ledger, reader, abandon: order.abandon === true }
    if (plan.splits === null) return await resumeRun({ ...request, from_ledger_only: false })
    return await resumeSplits({ ...request, pieces: pieces(order, plan, run), workers: workersHere })
  } finally {
    await reader.close()
  }
}

function pieces({ url, piecesIn = own => own }: Drive, plan: Plan, run: string): Pieces {
  return piecesIn(piecesOf(plan, url, run))
}

/** Little memory, so that sorts need files. */
function session(
  { url, commit_rows, atPoint, signal = new AbortController().signal }: Drive,
  plan: Plan,
  clock: Clock,
  run: string,
) {
  const spill = spillBeside(url, run, 50_000)
  return {
    plan,
    clock,
    spill,
    limit: Number.POSITIVE_INFINITY,
    signal,
    commit_rows,
    atPoint,
  }
}

function machineClock(ahead_us: number): DayClock {
  return { ...systemClock(), day_us: () => Date.now() * 1000 + ahead_us }
}
