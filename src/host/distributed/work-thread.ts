/**
 * A thread of a worker that works on splits of a run which is coordinated elsewhere, one after the other, until none is free.
 *
 * WORK-THREAD-1. It needs nothing but the ledger, the plugins, and what the pipeline reads; and it works only with the plan, the plugins' code and the files
 *     that the run has on record.
 * WORK-THREAD-2. Only the ledger says who has a split: what the thread knows of it is never older than its last look.
 */
import { randomInt } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { capOf } from '../../engine/calls/budget.ts'
import { addFilesRead } from '../../engine/nodes/sink/files-in-use.ts'
import { SENT } from '../../engine/nodes/sink/sink-set.ts'
import { systemClock } from '../../engine/ports/ports.ts'
import { codeIn } from '../../engine/run/plugin-code.ts'
import { refuseOthers } from '../../engine/run/resume.ts'
import type { RunResult } from '../../engine/run/session.ts'
import { type Coordination, readCoordination } from '../../engine/split/coordination.ts'
import { endOf } from '../../engine/split/our-split.ts'
import { sourceNames } from '../../engine/split/source-names.ts'
import { runSplit, type SplitRequest } from '../../engine/split/split-session.ts'
import { codeChanges, codeText } from '../../format/plugin-code.ts'
import { ownKeychain } from '../../ledger/encryption/keychain.ts'
import type { LedgerKey } from '../../ledger/encryption/ledger-key.ts'
import { openLedger, openLedgerReader } from '../../ledger/open.ts'
import type { SharedRecord } from '../../ledger/postgres/shared-record.ts'
import { failureOf } from '../../ledger/thread/messages.ts'
import { LEASE_US } from '../../ledger/write/lease.ts'
import type { StoredLedger } from '../../ledger/write/ledger.ts'
import { CustodyError, isCustodyError } from '../../model/error.ts'
import type { Plan } from '../../plan/plan.ts'
import { Closing } from '../closing.ts'
import { compileRecorded } from '../compile.ts'
import { contentOf } from '../file-content.ts'
import { filesInUse } from '../files-in-use.ts'
import { mustHaveKeyOf } from '../key-place.ts'
import { ledgerPorts } from '../ledger-ports.ts'
import { piecesFolder, piecesOf } from '../pieces.ts'
import { pipelineOnRecord } from '../pipeline-on-record.ts'
import { codeOf } from '../plugins/plugin-code.ts'
import { refuseSet } from '../resume-sets.ts'
import { stagingFolder } from '../spill-folder.ts'
import { watchPlugins } from '../strays.ts'
import { changeShares, type RunRecord, readRecord, shareOf } from './run-record.ts'
import { RunServices } from './run-services.ts'
import { isInvited } from './shared-folder.ts'
import { ask, left } from './shares.ts'
import type { RunWorkInput, WorkEnd, WorkOrder, WorkSaid } from './work-messages.ts'

// cast: what run-work.ts starts it with.
const input = workerData as RunWorkInput
const tell = (said: WorkSaid) => parentPort?.postMessage(said)
const nothing = () => undefined

/** Another worker was quicker, or is. */
const TAKEN: readonly string[] = ['CUSTODY_RUN_HELD', 'CUSTODY_RUN_LOST', 'CUSTODY_RUN_UNKNOWN']

const stop = new AbortController()
const closing = new Closing(nothing)
/** Splits that this thread couldn't bring to their ends. */
const failed = new Set<number>()

/** @throws CustodyError of whatever this worker can't work with */
async function work(): Promise<WorkEnd> {
  const ledger = closing.add(await openWith(await keyOfRun()))
  const seen = await ledger.splitsOf(input.run).see(0, readCoordination)
  const share = closing.add(await shareOf(input.url, input.run))
  const record = await readRecord(share, input.token)
  if (seen.cuts === null || record === null) return { kind: 'not_yet' }
  const request = await requestFor(ledger, seen, record)
  if (request === null) return { kind: 'not_yet' }
  for (;;) {
    const part = await freePart(ledger)
    if (part === null) return { kind: 'idle' }
    await workOn({ ...request, part }, record.shares === null ? null : share)
  }
}

/** What the run's values are encrypted with. */
async function keyOfRun(): Promise<LedgerKey | null> {
  for (const each of input.keys) ownKeychain.add(each)
  const reader = await openLedgerReader(input.url)
  try {
    const log = (await reader.logOf(input.run)) ?? 0
    await mustHaveKeyOf(reader, log, input.run)
    const id = await reader.encryptedWith(log)
    return id === null ? null : ownKeychain.get(id)
  } finally {
    await reader.close()
  }
}

function openWith(encryption: LedgerKey | null): Promise<StoredLedger> {
  const ports = { ...ledgerPorts(input.env, nothing), ...(encryption === null ? {} : { encryption }) }
  return openLedger(input.url, ports, { create: false })
}

/** All but the number of the split; null: workers aren't wanted. */
async function requestFor(
  ledger: StoredLedger,
  seen: Coordination,
  record: RunRecord,
): Promise<Omit<SplitRequest, 'part'> | null> {
  const { run, url, env, cwd, custody, token } = input
  const { opened, leaf, cuts } = seen
  const plan = withBudget(await planOf(seen, record.sets), record.shares)
  if (!(await isInvited(piecesFolder(plan, url, run), token))) return null
  const original_names = await sourceNames(plan, opened.files)
  const in_use = addFilesRead(plan, filesInUse(env, cwd, url, plan))
  const sends = Object.values(opened.intents).some(({ mode }) => mode === SENT.mode)
  return {
    ...{ plan, run, ledger, opening: { leaf, t: opened.opening.t }, cuts: cuts ?? [], files: opened.files },
    ...{ clock: systemClock(), signal: stop.signal, staging: stagingFolder(url), abandon: false },
    strays: closing.add(watchPlugins(plan, what => tell({ kind: 'late', what }))),
    codeOf: spec => codeOf(spec, custody),
    pieces: piecesOf(plan, url, run),
    known: { originalNames: () => original_names, inUse: path => in_use.find(path), names_files: false, sends },
    onNotice: notice => tell({ kind: 'notice', notice }),
    onService: state => tell({ kind: 'service', state }),
  }
}

/** What is shared is what its coordinator says. */
function withBudget(plan: Plan, shares: RunRecord['shares']): Plan {
  if (shares === null) return plan
  return { ...plan, limits: { ...plan.limits, spend_usd: shares.budget === null ? null : shares.budget / 1e9 } }
}

/**
 * The one on record, with the code on record. `later`: what a run was given that was resumed.
 * @throws CustodyError CUSTODY_PLAN_CHANGED, CUSTODY_FILE_CHANGED, CUSTODY_CODE_CHANGED, CUSTODY_BAD_SET; DiagnosticsError
 */
async function planOf({ opened, history }: Coordination, later: readonly string[]): Promise<Plan> {
  for (const argument of later) refuseSet(argument)
  const { file, sets } = pipelineOnRecord(opened.plan)
  const recorded = { text: opened.plan.text, file, sets: [...sets, ...later] }
  const plan = await compileRecorded(input.env, recorded, nothing)
  await refuseOthers({ plan, contentOf, abandon: false }, opened)
  const own = codeIn(plan, spec => codeOf(spec, input.custody))
  const [change] = codeChanges(history.plugins, own)
  if (change === undefined) return plan
  const { kind, name, old, new: here } = change
  throw new CustodyError(
    'CUSTODY_CODE_CHANGED',
    `the code of ${kind} ${name} isn’t what the run has on record: ${codeText(old)} there, ${codeText(here)} here`,
  )
}

/** So long a look serves, as one of the worker's own does: of splits that take no time it finds some at once. */
const LOOK_SERVES_MS = 500
let free: number[] = []
let looked_ms = Number.NEGATIVE_INFINITY

/** Any: workers that begin together needn't all ask for the same one. */
async function freePart(ledger: StoredLedger): Promise<number | null> {
  if (stop.signal.aborted) return null
  if (free.length === 0 || performance.now() - looked_ms > LOOK_SERVES_MS) {
    looked_ms = performance.now()
    const run = (await ledger.offered()).find(each => each.run === input.run)
    free = run?.is_led === true ? run.free.filter(part => !failed.has(part)) : []
  }
  const [part = null] = free.length === 0 ? [] : free.splice(randomInt(free.length), 1)
  return part
}

/** @throws CustodyError if it couldn't be begun, by nobody's fault but this worker's */
async function workOn(request: SplitRequest, share: SharedRecord | null): Promise<void> {
  const { part } = request
  tell({ kind: 'taken', part })
  try {
    const result = await (share === null ? runSplit(request) : runSharing(request, share))
    const end = endOf(result)
    if (end?.kind !== 'stopped') return tell({ kind: 'closed', part, rows: result.summary.rows.read })
    failed.add(part)
    // What it doesn't see of this split it sees of no other.
    if (end.error?.code === 'CUSTODY_PIECES_UNSEEN') throw end.error
    tell({ kind: 'left', part, failure: end.error === null ? null : failureOf(end.error) })
  } catch (thrown) {
    const is_taken = isCustodyError(thrown) && TAKEN.includes(thrown.code)
    // What is thrown is said as what this worker can't work with.
    tell({ kind: 'left', part, failure: null })
    if (!is_taken) throw thrown
  }
}

/** With its share of what the run may ask of services. */
async function runSharing(request: SplitRequest, share: SharedRecord): Promise<RunResult> {
  const { plan, part, clock } = request
  const begun: RunServices[] = []
  let is_closed = false
  const sharing = (epoch: number) => {
    const services = new RunServices({
      ...{ part, epoch, clock, day_us: () => Date.now() * 1000, lease_us: LEASE_US },
      budget: plan.limits.spend_usd === null ? null : capOf(plan.limits.spend_usd),
      ask: asked => changeShares(share, (shares, now_us) => ask(shares, asked, now_us)),
      leave: async how => {
        await changeShares(share, (shares, now_us) => ({ shares: left(shares, how, now_us), answer: null }))
      },
    })
    begun.push(services)
    return { shared: services, elsewhere: services }
  }
  try {
    const result = await runSplit({ ...request, sharing })
    is_closed = endOf(result) === null
    return result
  } finally {
    for (const each of begun) await each.leave(is_closed)
  }
}

parentPort?.on('message', (order: WorkOrder) => {
  if (order === 'stop') stop.abort()
})

/** A run that was sealed when the thread had just been begun for it isn't one that this worker can't work on. */
const isOver = (thrown: unknown) => isCustodyError(thrown) && thrown.code === 'CUSTODY_RUN_UNKNOWN'

const end = await work().catch(
  (thrown: unknown): WorkEnd => (isOver(thrown) ? { kind: 'idle' } : { kind: 'refused', failure: failureOf(thrown) }),
)
await closing.close()
tell({ kind: 'ended', end })
parentPort?.close()
