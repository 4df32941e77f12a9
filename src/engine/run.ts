/**
 * Runs a plan from its first record to its seal, or to a stop from which `resume` goes on.
 *
 *   prepare (touch nothing) → entry 0 durable → open sinks → scheduler → finish, publish, seal
 *                                                    └──────── stop ────────► stop entry, lease given up
 */
import type { Ledger } from '../ledger/write-port.ts'
import { canonicalize } from '../model/canonical.ts'
import {
  LEDGER_FORMAT,
  type RunEntry,
  type SealedStatus,
  type SinkIntents,
  type Tallies as Totals,
} from '../model/entry.ts'
import { CustodyError, isCustodyError } from '../model/error.ts'
import type { Json } from '../model/row.ts'
import type { Plan, SourceNode } from '../plan/plan.ts'
import type { Source } from '../sdk/spec.ts'
import { Committer, type Stop } from './committer.ts'
import { Flow } from './flow.ts'
import { Intake } from './intake.ts'
import { Outputs } from './outputs.ts'
import type { Clock } from './ports.ts'
import { reachability } from './reach.ts'
import { Recorder } from './recorder.ts'
import { Scheduler } from './scheduler.ts'
import { Stations } from './stations.ts'
import { hasFailures, type RunSummary, summarise } from './summary.ts'
import { Tallies } from './tallies.ts'

export interface Progress {
  readonly rows_read: number
  readonly tokens_ended: number
  readonly elapsed_us: number
}

export interface RunRequest {
  readonly plan: Plan
  /** A UUIDv7. */
  readonly run: string
  readonly ledger: Ledger
  readonly clock: Clock
  /** Version of this program, for the record. */
  readonly custody: string
  /** Records to read at most, as if input ended there; Infinity for all. */
  readonly limit: number
  /** Writes no sink. The ledger should be a temporary one. */
  readonly dry_run: boolean
  /** Aborted to stop safely. */
  readonly signal: AbortSignal
  /** Told after each commit; evidence comes first (I11). */
  readonly onProgress?: (progress: Progress) => void
}

export interface RunResult {
  readonly summary: RunSummary
  /** Why it failed, if it did. */
  readonly error: CustodyError | null
}

/** @throws CustodyError if the run couldn't even begin: nothing was recorded or written then. */
export async function runPlan(request: RunRequest): Promise<RunResult> {
  const { plan, clock } = request
  const began_us = clock.now_us()
  const sources = await createSources(plan)
  const names = () => Object.assign({}, ...sources.map(({ source }) => source.originalNames?.() ?? {}))
  const outputs = await Outputs.prepare(plan, request.dry_run, names)
  const stop = new AbortController()
  const stations = await Stations.open(plan)
  const recorder = new Recorder(new Tallies(plan.nodes.length, plan.edges.length), () => clock.now_us())
  const ledger = await request.ledger.openRun(request.run, {
    entry: opening(request, began_us),
    first_value: 1,
    values: [plan.value, intents(outputs)].map(value => ({
      kind: 'full',
      text: canonicalize(value as unknown as Json),
    })),
  })
  let wake = (): void => undefined
  const intakes = sources.map(({ node, source }) => new Intake(node, source, null, () => wake()))
  const committer = new Committer(ledger, recorder, outputs, intakes, clock)
  const onProgress = () => {
    const { read, ended } = recorder.tallies
    request.onProgress?.({ rows_read: read, tokens_ended: ended, elapsed_us: clock.now_us() - began_us })
  }
  const signal = AbortSignal.any([request.signal, stop.signal])
  const flow = new Flow({ plan, stations, recorder, outputs, clock, signal, onNews: () => wake() }, reachability(plan))
  const { limit } = request
  const scheduler = new Scheduler({ flow, intakes, recorder, committer, clock, signal, limit, onProgress })
  wake = scheduler.wake
  const result = (status: RunSummary['status'], error: CustodyError | null): RunResult => {
    const root = committer.head?.root ?? ''
    return {
      summary: summarise(request.run, status, committer.totals, outputs, root, clock.now_us() - began_us),
      error,
    }
  }
  try {
    await outputs.open()
    if ((await scheduler.run()) === 'stopped') {
      await committer.stop({ status: 'cancelled', reason: 'user', error: null })
      return result('cancelled', null)
    }
    await committer.finish()
    await outputs.publish()
    const status = sealedStatus(committer.totals)
    await committer.seal(status)
    return result(status, null)
  } catch (thrown) {
    const error = asCustodyError(thrown)
    await stopAfter(error, committer, outputs)
    return result('failed', error)
  } finally {
    stop.abort()
    await Promise.allSettled([...intakes.map(intake => intake.close()), stations.close(), outputs.close()])
  }
}

async function createSources(plan: Plan): Promise<Array<{ node: SourceNode; source: Source }>> {
  const sources: Array<{ node: SourceNode; source: Source }> = []
  for (const node of plan.nodes) {
    if (node.kind !== 'source') continue
    const { spec, options } = node.plugin
    sources.push({
      node,
      source: await spec.create(options, { node: node.name, folder: plan.folder, input: node.schema }),
    })
  }
  return sources
}

function opening({ plan, run, custody }: RunRequest, t: number): RunEntry {
  const { name, hash, topology } = plan
  return { k: 'open', format: LEDGER_FORMAT, run, name, plan_hash: hash, topology, custody, t }
}

function intents(outputs: Outputs): SinkIntents {
  return Object.fromEntries(outputs.all.map(({ node, intent }) => [node.name, { ...intent }]))
}

function sealedStatus(totals: Totals): SealedStatus {
  if (totals.rows.read === 0) return 'empty'
  return hasFailures(totals) ? 'completed_with_failures' : 'completed'
}

/**
 * Leaves everything so that `resume` can go on. If even that fails, the ledger stands at its last commit, which is as good:
 * the run then shows as interrupted.
 */
async function stopAfter(error: CustodyError, committer: Committer, outputs: Outputs): Promise<void> {
  const stop: Stop = { status: 'failed', reason: reasonOf(error), error }
  try {
    // A plugin's defect leaves sinks and facts intact: what happened up to it is kept.
    if (stop.reason === 'plugin' || stop.reason === 'source') await committer.commit()
    else await outputs.rewind()
    await committer.stop(stop)
  } catch (thrown) {
    error.also.push(asCustodyError(thrown))
  }
}

function reasonOf(error: CustodyError): string {
  switch (error.code) {
    case 'CUSTODY_PLUGIN_DEFECT':
      return 'plugin'
    case 'CUSTODY_SOURCE':
    case 'CUSTODY_FILE_NOT_FOUND':
    case 'CUSTODY_FILE_UNREADABLE':
      return 'source'
    case 'CUSTODY_SINK':
    case 'CUSTODY_SINK_FULL':
    case 'CUSTODY_TARGET_EXISTS':
      return 'sink'
    case 'CUSTODY_LEDGER_WRITE':
    case 'CUSTODY_LEDGER_BUSY':
      return 'ledger'
    default:
      return 'internal'
  }
}

function asCustodyError(thrown: unknown): CustodyError {
  if (isCustodyError(thrown)) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new CustodyError('CUSTODY_ENGINE_DEFECT', message, { cause: thrown })
}
