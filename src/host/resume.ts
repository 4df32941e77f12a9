/** Resumes a run that stopped, or abandons it; its pipeline file is found by the ledger. */
import { type Restored, resumeRun } from '../engine/run/resume.ts'
import type { RunResult } from '../engine/run/start.ts'
import { resumeSplits } from '../engine/split/resume.ts'
import type { RerunValue } from '../format/run-values.ts'
import { ownKeychain } from '../ledger/encryption/keychain.ts'
import type { LedgerKey } from '../ledger/encryption/ledger-key.ts'
import { openLedger, openLedgerReader } from '../ledger/open.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { CustodyError } from '../model/error.ts'
import type { Plan } from '../plan/plan.ts'
import { recordsBefore } from '../read/runs/before.ts'
import { findRun } from '../read/runs/list.ts'
import { planOf, type RecordedPlan } from '../read/runs/opening-values.ts'
import { closingOf, openingOf } from '../read/runs/run-log.ts'
import { checkedRun } from './checked-run.ts'
import { type Repeating, repeating } from './chosen-rows.ts'
import { type CheckedPipeline, compilePipeline, compileRecorded } from './compile.ts'
import { awaitWorkers, endOffers, offerOf } from './distributed/offer.ts'
import { workersElsewhere } from './distributed/workers-elsewhere.ts'
import { filesInUse } from './files-in-use.ts'
import { hosting } from './hosting.ts'
import { keyForWriting, mustHaveKeyOf } from './key-place.ts'
import { ledgerPorts } from './ledger-ports.ts'
import { piecesOf } from './pieces.ts'
import { pipelineOnRecord } from './pipeline-on-record.ts'
import type { HostPorts, RunObserver } from './ports.ts'
import { type OnRecord, onRecord } from './recorded.ts'
import { refuseSet } from './resume-sets.ts'
import { spillBeside } from './spill-folder.ts'
import { type WorkerCount, workersOf } from './splits/workers.ts'
import { uncut } from './unsplit.ts'

export interface ResumeRequest {
  /** URL of the ledger that has the run. */
  readonly url: string
  /** The run's id, a unique beginning of one, or `latest`. */
  readonly name: string
  /** As `--set` takes them, besides those that the run began with. */
  readonly sets: readonly string[]
  /** Finishes what was read, and reads no source further. */
  readonly from_ledger_only: boolean
  /** Ends what is open as FAILED / abandoned, and seals the run. */
  readonly abandon: boolean
  /** No ending may be in failure, or nothing is published. */
  readonly strict: boolean
  /** How many threads work on its splits, if it has some; `auto` if absent. */
  readonly workers?: WorkerCount | undefined
  /** How workers on other machines are begun, for people, if these work on its splits; absent: threads do. */
  readonly worker_command?: string | undefined
}

export interface ResumeObserver extends RunObserver {
  /** Once, before the first row. */
  onRestored(restored: Restored, plan: Plan): void
}

export type ResumeResult =
  /** There was nothing to resume. */
  | { readonly kind: 'sealed'; readonly run: string }
  | { readonly kind: 'run'; readonly run: string; readonly plan: Plan; readonly result: RunResult }

/** @throws CustodyError if the run can't be resumed; UnsoundRecord; DiagnosticsError. */
export async function resumeStopped(
  request: ResumeRequest,
  ports: HostPorts,
  observer: ResumeObserver,
): Promise<ResumeResult> {
  for (const argument of request.sets) refuseSet(argument)
  const reader = await openLedgerReader(request.url)
  try {
    const { run, log } = await findRun(reader, request.name)
    if ((await closingOf(reader, log)).last?.k === 'seal') return { kind: 'sealed', run }
    await mustHaveKeyOf(reader, log, run)
    const value = await signedPlan(reader, run, ports, observer)
    const { file, sets: before } = pipelineOnRecord(value)
    const sets = [...before, ...request.sets]
    const onWarnings = (checked: CheckedPipeline) => observer.onWarnings(checked)
    // What is given up is what was begun, whatever has become of the file since.
    const plan = request.abandon
      ? await compileRecorded(ports.env, { text: value.text ?? '', file, sets }, onWarnings)
      : await compilePipeline(ports.env, file, sets, onWarnings)
    return { kind: 'run', run, plan, result: await drive({ request, reader, run, plan, ports, observer }) }
  } finally {
    await reader.close()
  }
}

/** A plan names plugins, and they are code that runs when it is compiled: only what was signed may do that. */
function signedPlan(
  reader: LedgerReader,
  run: string,
  { env }: HostPorts,
  observer: ResumeObserver,
): Promise<RecordedPlan> {
  // Whoever holds the run may be writing it.
  return reader.snapshot(async () => {
    const { reader: signed, log } = await checkedRun(env, reader, run, observer)
    return planOf(signed, log)
  })
}

interface Drive {
  readonly request: ResumeRequest
  readonly reader: LedgerReader
  readonly run: string
  readonly plan: Plan
  readonly ports: HostPorts
  readonly observer: ResumeObserver
}

async function drive({ request, reader, run, plan: compiled, ports, observer }: Drive): Promise<RunResult> {
  const { url, from_ledger_only, abandon, strict, workers, worker_command } = request
  const { log } = await findRun(reader, run)
  const { splits, reruns } = await openingOf(reader, log)
  const plan = splits === undefined && reruns !== undefined ? uncut(compiled) : compiled
  const offer = worker_command === undefined ? null : offerOf(plan, url, worker_command, request.sets)
  const encryption = (await keyToContinueWith(await reader.encryptedWith(log), plan, ports)) ?? undefined
  const open = () =>
    openLedger(
      url,
      { ...ledgerPorts(ports.env, why => observer.onTrouble(why)), encryption },
      { create: false, ...(offer === null ? {} : { holder: offer.holder }) },
    )
  return hosting(plan, ports, observer, { url, open }, async (ledger, hosted) => {
    const request = {
      ...hosted,
      ...(await takenBefore(reader, { run, plan }, ports, observer)),
      run,
      ledger,
      reader,
      in_use: filesInUse(ports.env, ports.cwd, url, plan),
      from_ledger_only,
      abandon,
      strict,
      spill: spillBeside(url, run),
      recordsBefore: () => recordsBefore(reader, run, plan.name),
      onRestored: (restored: Restored) => observer.onRestored(restored, plan),
    }
    if (plan.splits === null) return resumeRun(request)
    if (from_ledger_only) throw wholeOnly()
    const ended = await resumeSplits({
      ...request,
      pieces: piecesOf(plan, url, run),
      workers:
        offer !== null
          ? workersElsewhere(offer)
          : workersOf({ url, count: workers ?? 'auto', encryption: encryption ?? null, ports, observer }),
    })
    await Promise.allSettled([
      // So that it can be resumed right away; whoever comes too early finds out.
      offer === null ? null : awaitWorkers(offer, run),
      // What may be left of offers does no harm.
      endOffers(url, run, ended),
    ])
    return ended
  })
}

/** Splits are closed when they have read what they were cut to. */
function wholeOnly(): CustodyError {
  return new CustodyError('CUSTODY_SPLITS', 'a run with splits can’t leave the rest of its input unread', {
    hint: 'Leave --from-ledger-only away, or give the run up with `custody abandon`.',
  })
}

/** A run keeps the key that it began with; one that began in plain takes what is named now. */
async function keyToContinueWith(key_id: string | null, plan: Plan, { env }: HostPorts): Promise<LedgerKey | null> {
  return key_id === null ? keyForWriting(plan, env, null) : ownKeychain.get(key_id)
}

/** What the run takes from another one, as it did from its start. */
async function takenBefore(
  reader: LedgerReader,
  { run, plan }: { readonly run: string; readonly plan: Plan },
  { env }: HostPorts,
  observer: ResumeObserver,
): Promise<Partial<OnRecord & Repeating>> {
  const { log } = await findRun(reader, run)
  const { replays, reruns } = await openingOf(reader, log)
  const { rerun } = await planOf(reader, log)
  const repeated = async (other: string, chosen: RerunValue) => {
    const found = await checkedRun(env, reader, other, observer)
    return repeating(found.reader, found, chosen)
  }
  return {
    ...(replays === undefined
      ? {}
      : await onRecord((await checkedRun(env, reader, replays, observer)).reader, replays, plan)),
    ...(reruns === undefined || rerun === undefined ? {} : await repeated(reruns.run, rerun)),
  }
}
