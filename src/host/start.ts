/** Starts a run of a plan, on its own input or on what another run has on record, and drives it to its seal or a stop. */
import { randomBytes } from 'node:crypto'
import { type RunRequest, type RunResult, runPlan } from '../engine/run/start.ts'
import { runSplits } from '../engine/split/start.ts'
import { openLedgerReader } from '../ledger/open-reader.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { isCustodyError } from '../model/error.ts'
import { uuidv7 } from '../model/uuid.ts'
import type { Plan } from '../plan/plan.ts'
import { recordsBefore } from '../read/runs/before.ts'
import type { Placed } from '../sdk/spec.ts'
import type { Repeating } from './chosen-rows.ts'
import { awaitWorkers, endOffers, offerOf } from './distributed/offer.ts'
import { workersElsewhere } from './distributed/workers-elsewhere.ts'
import { filesInUse } from './files-in-use.ts'
import { hosting } from './hosting.ts'
import { keyForWriting } from './key-place.ts'
import { laterLedger } from './later-ledger.ts'
import { ledgerPorts } from './ledger-ports.ts'
import { piecesOf } from './pieces.ts'
import type { HostPorts, RunObserver } from './ports.ts'
import type { OnRecord } from './recorded.ts'
import { spillBeside, stagingFolder } from './spill-folder.ts'
import { type WorkerCount, workersOf } from './splits/workers.ts'

export interface StartRequest {
  readonly plan: Plan
  /** URL of the ledger that the run is recorded in; made if there is none. */
  readonly url: string
  /** URL of the ledger that has the pipeline's earlier runs. */
  readonly before_url: string
  /** Records to read at most, as if input ended there; Infinity for all. */
  readonly limit: number
  /** Writes no sink: it is only found out what would be written. */
  readonly dry_run: boolean
  /** Whether the ledger is kept: if not, no witness hears of it, and nothing waits for the disk. */
  readonly kept: boolean
  /** No ending may be in failure, or nothing is published. */
  readonly strict: boolean
  /** Absolute folder that relative paths of sinks start from; null: the pipeline file's. */
  readonly outputs_folder: string | null
  /** How many threads work on its splits, if it has some; `auto` if absent. */
  readonly workers?: WorkerCount | undefined
  /** How workers on other machines are begun, for people, if these work on its splits; absent: threads do. */
  readonly worker_command?: string | undefined
  /** Id of the ledger key that what it takes from another run is encrypted with; null or absent: it isn't. */
  readonly encrypted_like?: string | null
}

/** What a run takes from another run. */
export type Again = Replayed | Rerun

/** The answers of another run, and the order in which things came there. */
export interface Replayed extends OnRecord {
  readonly kind: 'replay'
  readonly run: string
  /** All services are asked again: what is on record is there to be compared with. */
  readonly live: boolean
}

/** Rows of another run, and where their results are written. */
export interface Rerun extends Repeating {
  readonly kind: 'rerun'
  readonly placed: Placed
}

export interface StartObserver extends RunObserver {
  /** The run is about to begin; `again` is null for one on its own input. `run`: the id that it will have. */
  onStart(plan: Plan, again: Again | null, run: string): void
}

export interface Started {
  readonly run: string
  readonly result: RunResult
}

/** @throws CustodyError if the run couldn't begin: nothing was recorded or written then, and no ledger made. */
export async function startRun(
  request: StartRequest,
  again: Again | null,
  ports: HostPorts,
  observer: StartObserver,
): Promise<Started> {
  const { plan, url, before_url, limit, dry_run, kept, strict, outputs_folder } = request
  const { env, cwd, custody } = ports
  // Of this machine: an id is to be unique, and nobody reads a time in it.
  const run = uuidv7(Date.now(), randomBytes(10))
  const offer = request.worker_command === undefined ? null : offerOf(plan, url, request.worker_command, [])
  const encryption = (await keyForWriting(plan, env, request.encrypted_like ?? null)) ?? undefined
  const open = () =>
    laterLedger(
      url,
      { ...ledgerPorts(env, kept ? why => observer.onTrouble(why) : null), encryption },
      !kept,
      offer?.holder,
    )
  const result = await hosting(plan, ports, observer, { url: kept ? url : null, open }, async (ledger, hosted) => {
    observer.onStart(plan, again, run)
    const own = {
      ...hosted,
      run,
      custody,
      limit,
      dry_run,
      strict,
      spill: spillBeside(url, run),
      staging: stagingFolder(url),
      recordsBefore: () => recordsOfLast(before_url, run, plan.name),
      in_use: filesInUse(env, cwd, url, plan),
      ...(outputs_folder === null ? {} : { outputs_folder }),
      ...taken(again),
    }
    if (plan.splits === null) return runPlan({ ...own, ledger })
    const ended = await runSplits({
      ...own,
      ledger,
      pieces: piecesOf(plan, url, run),
      workers:
        offer !== null
          ? workersElsewhere(offer)
          : workersOf({ url, count: request.workers ?? 'auto', encryption: encryption ?? null, ports, observer }),
    })
    // So that it can be resumed right away; whoever comes too early finds out.
    if (offer !== null) await Promise.allSettled([awaitWorkers(offer, run), endOffers(url, run, ended)])
    return ended
  })
  return { run, result }
}

function taken(again: Again | null): Partial<RunRequest> {
  if (again === null) return {}
  if (again.kind === 'rerun') return { repeats: again.repeats, answered: again.answered, placed: again.placed }
  const { run: replays, recordings, courses, started_us, files } = again
  return again.live ? { files } : { replays, recordings, courses, started_us, files }
}

/** Without a ledger there was no earlier run. */
async function recordsOfLast(url: string, run: string, name: string): Promise<ReadonlyMap<string, number>> {
  let reader: LedgerReader
  try {
    reader = await openLedgerReader(url)
  } catch (thrown) {
    if (isCustodyError(thrown) && thrown.code === 'CUSTODY_LEDGER_NOT_FOUND') return new Map()
    throw thrown
  }
  try {
    return await recordsBefore(reader, run, name)
  } finally {
    await reader.close()
  }
}
