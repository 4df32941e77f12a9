/**
 * A run under way in this process, whether it just began or continues after a stop: drives it to its seal, or to a stop from
 * which `resume` continues.
 *
 *   open sinks → scheduler → finish, publish, seal
 *        └──────── stop ────────► stop entry, lease given up
 */
import type { RunStatus, SealedStatus, TotalsFact } from '../../format/entry.ts'
import type { PluginCode } from '../../format/plugin-code.ts'
import type { Courses, Recordings, Repeats } from '../../format/recording.ts'
import type { RunLedger } from '../../ledger/write-port.ts'
import type { CustodyError } from '../../model/error.ts'
import type { Row } from '../../model/row.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Discarded, PluginSpec } from '../../sdk/spec.ts'
import { Contexts } from '../calls/contexts.ts'
import { CallDispatcher } from '../calls/dispatcher.ts'
import type { Elsewhere } from '../calls/elsewhere.ts'
import type { SharedLimits } from '../calls/service.ts'
import type { ServiceState } from '../calls/service-state.ts'
import { type Strays, StrayWatch } from '../calls/strays.ts'
import { Executor } from '../nodes/executor.ts'
import { Holdings } from '../nodes/holdings.ts'
import type { Pools } from '../nodes/pool.ts'
import type { SinkSet } from '../nodes/sink/sink-set.ts'
import { Sinks } from '../nodes/sink/sinks.ts'
import { SourceCalls } from '../nodes/source/source-calls.ts'
import type { Notice, SourcePorts, SourceReader } from '../nodes/source/source-reader.ts'
import { EventQueue } from '../order/event-queue.ts'
import { racesOf } from '../order/races.ts'
import { reachability } from '../order/reachability.ts'
import type { AtPoint } from '../ports/crash-points.ts'
import type { Clock } from '../ports/ports.ts'
import { SessionClock, type Standstill } from '../ports/run-clock.ts'
import { IN_MEMORY, type Spill } from '../ports/spill.ts'
import type { SplitsAtWork } from '../ports/workers.ts'
import { ABANDONED } from '../record/ending.ts'
import { Recorder } from '../record/recorder.ts'
import { Totals } from '../record/totals.ts'
import type { Progressed } from '../resume/state.ts'
import type { InFlight } from '../token/in-flight.ts'
import { abandonAll, fenceSenders } from './abandon.ts'
import { beginSources } from './beginning.ts'
import { Committer, type SplitResult, type Stop } from './committer.ts'
import { type BytesRead, extentOf } from './extent.ts'
import { asCustodyError, stopAfter } from './failed-stop.ts'
import type { ContentOf } from './files-read.ts'
import { followed } from './followed.ts'
import { Guards, type RecordsBefore } from './guards.ts'
import { teller } from './progress.ts'
import { Scheduler } from './scheduler.ts'
import { hasFailures, type RunSummary, summarise } from './summary.ts'
import { Wake } from './wake.ts'

export interface Progress {
  readonly rows_read: number
  /** Of these, those that wait for nothing but the rest of a group, if that: what is left is work that is known. */
  readonly rows_done: number
  /** Before this process resumed the run. */
  readonly before: { readonly rows_read: number; readonly rows_done: number }
  readonly tokens_ended: number
  readonly elapsed_us: number
  /** null where a source has no size. While records are dealt, of sources; then of what was dealt. */
  readonly bytes: BytesRead | null
  /** Where this process deals records to splits first: there is no row until that is done. */
  readonly dealing?: DealingProgress | undefined
  /** Of a run with splits, while they are worked on. */
  readonly splits?: (SplitsAtWork & { readonly count: number }) | undefined
}

export interface DealingProgress {
  readonly records: number
  /** null: it isn't done. */
  readonly took_us: number | null
}

export interface RunResult {
  readonly summary: RunSummary
  /** Why it failed, if it did. */
  readonly error: CustodyError | null
  /** Why it was cancelled, if it was. */
  readonly stopped_by: 'user' | 'budget_exhausted' | null
  /** No output was opened: all are as they were. */
  readonly untouched: boolean
  /** Where the budget is exhausted: what the next call can cost at most. */
  readonly next_call_usd: number | null
  /** The most that calls may have cost that were under way when a process was gone. */
  readonly lost_usd: number
  /** Of a run that was given up, by sink: what became of what it had written. */
  readonly discarded: ReadonlyMap<string, Discarded>
  /** What sinks have people know of how they wrote, each after its name. */
  readonly warnings: readonly string[]
}

/** What both a new run and one that goes on are given. */
export interface SessionRequest {
  readonly plan: Plan
  /** Which code a plugin has, for the record; absent where nobody wants to know. */
  readonly codeOf?: ((spec: PluginSpec) => PluginCode) | undefined
  /** What a file holds that a node reads beside its rows, for the record; absent where nobody wants to know. */
  readonly contentOf?: ContentOf | undefined
  /** A UUIDv7. */
  readonly run: string
  readonly clock: Clock
  /** Aborted to stop safely. */
  readonly signal: AbortSignal
  /** Who watches the process; nobody, if absent. */
  readonly strays?: Strays | undefined
  /** Rows and batches after which a commit is due; 1000, if absent. */
  readonly commit_rows?: number | undefined
  /** Of another run, where calls are answered from it instead of being made. */
  readonly recordings?: Recordings | null | undefined
  /** When expressions take the run to have started, in µs since the epoch, if not when it did: of a replay, when the other run did. */
  readonly started_us?: number | undefined
  /** Rows of another run, instead of what the sources have. */
  readonly repeats?: Repeats | undefined
  /** Of another run: what it was answered isn't asked for again. All else is. */
  readonly answered?: Recordings | null | undefined
  /** Of the same run, where things come in the order in which they came there. */
  readonly courses?: Courses | null | undefined
  /** Limits of services that are kept with others. */
  readonly shared?: SharedLimits | null | undefined
  /** What other sessions of the run have asked of services; absent: there are none. */
  readonly elsewhere?: Elsewhere | undefined
  /** Where what sorts hold is kept; in memory, if absent. */
  readonly spill?: Spill | undefined
  /** No ending may be in failure, or nothing is published. */
  readonly strict?: boolean | undefined
  /** Asked where a source is empty. */
  readonly recordsBefore?: RecordsBefore | undefined
  /** Called after each commit; evidence comes first (I11). */
  readonly onProgress?: ((progress: Progress) => void) | undefined
  /** Called with what sources wait for, and what is odd about them; for people. */
  readonly onNotice?: ((notice: Notice) => void) | undefined
  /** Called when a service keeps calls waiting, and when it is back. */
  readonly onService?: ((state: ServiceState) => void) | undefined
  /** For tests that crash a run at a named point. */
  readonly atPoint?: AtPoint | undefined
}

export interface SessionParts {
  readonly request: SessionRequest
  /** Records to read at most, as if input ended there; Infinity for all. */
  readonly limit: number
  readonly ledger: RunLedger
  /** Of the lease by which this process holds the run. */
  readonly epoch: number
  readonly sinks: SinkSet
  readonly pools: Pools
  /** What sorts and joins hold. */
  readonly held: Holdings
  readonly readers: (ports: SourcePorts) => readonly SourceReader[]
  /** How many values its first entry has; of no meaning for one that is resumed. */
  readonly opening_values: number
  /** null for a run that just began. */
  readonly from: {
    readonly progressed: Progressed
    readonly in_flight: InFlight
    /** Until when the process before may have been at work. */
    readonly down_since_us: number
    /** The most that calls may have cost of which nothing is on record, in nano-dollars. */
    readonly lost_nusd: number
    /** Time of the run's last entry. */
    readonly last_us: number
    /** When the run's clock stood still before. */
    readonly stood: readonly Standstill[]
    /** All rows are done, and files were about to be renamed. */
    readonly published: boolean
    /** Nothing is read or processed any more: what is open ends, and the run is sealed. */
    readonly abandon: boolean
  } | null
  /** Of one of a run's splits, its number: nothing is published then, and what it reads is a part of the input. Absent of a run without. */
  readonly part?: number
  /** Of a split: its digest; absent if it isn't wanted. */
  readonly digest?: SplitResult
  /** Of a split to which records were dealt: whether it has those with a row's key. */
  readonly hasKeyOf?: (row: Row) => boolean
  /** What happens between opening the ledger and the first row. */
  readonly prologue?: (committer: Committer) => Promise<void>
}

export async function driveSession(parts: SessionParts): Promise<RunResult> {
  const { request, ledger, pools, held, from } = parts
  const clock = new SessionClock(request.clock, ledger, from ?? undefined)
  const stop = new AbortController()
  const atPoint = request.atPoint ?? nothing
  const outputs = new Sinks(parts.sinks, { atPoint, hold: () => ledger.renew() })
  const machine = await machineOf(parts, { clock, stop: stop.signal, atPoint, outputs })
  const { events, readers, calls, committer, scheduler, guards } = machine
  const result = (
    status: RunStatus,
    error: CustodyError | null,
    stopped_by: RunResult['stopped_by'] = null,
  ): RunResult => {
    const root = committer.head?.root ?? ''
    const summary = summarise(request.run, status, committer.totals, outputs, root)
    const next_call_usd = stopped_by === 'budget_exhausted' ? calls.next_call_usd : null
    const { discarded } = outputs
    const warnings = [...outputs.warnings, ...unsure]
    const lost_usd = (from?.lost_nusd ?? 0) / 1e9
    return { summary, error, stopped_by, untouched: !opened, next_call_usd, lost_usd, discarded, warnings }
  }
  let opened = false
  let unsure: readonly string[] = []
  const strays = new StrayWatch(request.strays, events)
  try {
    await parts.prologue?.(committer)
    opened = await beginSources({ readers, clock, signal: request.signal, renew: () => committer.renew() })
    if (!opened) {
      await committer.stop(STOPPED_BY_USER)
      return result('cancelled', null, 'user')
    }
    await outputs.open(from?.abandon === true)
    // (I14) What isn't finished is shown to nobody.
    if (from?.abandon === true && !from.published) await outputs.discard()
    atPoint('after_outputs_open')
    if (from?.published !== true) {
      if (from?.abandon === true) unsure = await givenUp(parts, machine, from, clock)
      else if (from !== null) await restore(from, machine)
      const ended = from?.abandon === true ? 'end' : await scheduler.run()
      if (ended !== 'end') {
        const reason = ended === 'stopped' ? 'user' : ended
        await committer.stop({ status: 'cancelled', reason, error: null })
        return result('cancelled', null, reason)
      }
      if (from?.abandon !== true) await guards.judge(readers, request.recordsBefore ?? nothingBefore)
      await committer.finish()
    }
    atPoint('before_publish')
    strays.check()
    if (parts.part === undefined) await committer.holding(outputs.publish())
    atPoint('before_seal')
    strays.check()
    const status = from?.abandon === true ? 'abandoned' : sealedStatus(committer.recorded_totals)
    await committer.seal(status)
    atPoint('after_seal')
    return result(status, null)
  } catch (thrown) {
    const error = asCustodyError(thrown)
    calls.close()
    await stopAfter(error, { committer, scheduler, outputs: opened ? outputs : null })
    return result('failed', error)
  } finally {
    strays.close()
    stop.abort(OVER)
    calls.giveUp()
    clock.close()
    await closed(request.clock, [...readers, pools, outputs, held])
  }
}

/** @returns what people should know of it. */
async function givenUp(
  { sinks, held, epoch, request }: SessionParts,
  machine: Awaited<ReturnType<typeof machineOf>>,
  { in_flight }: NonNullable<SessionParts['from']>,
  clock: SessionClock,
): Promise<readonly string[]> {
  const fenced = fenceSenders(in_flight, request.plan, sinks.outbound, epoch, request.signal)
  const unsure = await machine.committer.holding(fenced)
  await abandonAll(machine, in_flight, held, clock.now_us())
  return unsure
}

/** Made once: a run may have very many splits. */
const OVER = new DOMException('This operation was aborted', 'AbortError')

export const STOPPED_BY_USER: Stop = { status: 'cancelled', reason: 'user', error: null }

/** How long what a plugin holds may take to be let go of. */
const CLOSE_WITHIN_US = 5_000_000

/** A run is over when it is over: a plugin whose `close` never comes back doesn't keep it. */
export async function closed(clock: Clock, all: ReadonlyArray<{ close(): Promise<void> }>): Promise<void> {
  const work = all.map(each => each.close())
  let callOff = (): void => undefined
  const patience = new Promise<void>(resolve => {
    callOff = clock.wake(CLOSE_WITHIN_US, resolve)
  })
  await Promise.race([Promise.allSettled(work), patience])
  callOff()
}

async function restore(
  { down_since_us, in_flight }: NonNullable<SessionParts['from']>,
  { calls, replay_order, executor }: Awaited<ReturnType<typeof machineOf>>,
): Promise<void> {
  calls.goOn(down_since_us)
  await replay_order?.restore(in_flight)
  executor.restore(in_flight)
}

/** What is there before. */
interface Around {
  readonly clock: SessionClock
  readonly stop: AbortSignal
  readonly atPoint: AtPoint
  readonly outputs: Sinks
}

/** All that moves in a run, put together. */
async function machineOf(parts: SessionParts, { clock, stop, atPoint, outputs }: Around) {
  const { request, limit, ledger, pools, held, from } = parts
  const { plan } = request
  const began_us = clock.monotonic_us()
  const signal = AbortSignal.any([request.signal, stop])
  const totals_before = from?.progressed.totals ?? null
  const totals = new Totals(plan.nodes.length, plan.edges.length, totals_before)
  const recorder = new Recorder(totals, clock, request.commit_rows)
  const wake = new Wake()
  const { recordings = null, answered = null, shared = null, elsewhere = null } = request
  // What is on record needn't be waited for.
  const events = new EventQueue(clock, wake.up, recordings === null)
  const onService = teller('A service', request.onService)
  const asked = { limits: plan.limits, clock, recorder, events, signal, atPoint, lost_nusd: from?.lost_nusd ?? 0 }
  const calls = new CallDispatcher({ ...asked, recordings, answered, shared, elsewhere, onService })
  const readers = parts.readers({
    onReady: wake.up,
    onNotice: teller('A notice', request.onNotice),
    callsOf: (node, records, on_record) => new SourceCalls({ node, calls, events, signal }, records, on_record),
  })
  const contexts = new Contexts({ run: request.run, part: parts.part ?? 0, epoch: parts.epoch }, plan, calls, signal)
  const reaches = reachability(plan)
  const races = racesOf(plan, reaches)
  const onReady = (failure: unknown) => {
    if (failure === null) wake.up()
    else events.arrive(() => thrown(failure))
  }
  const [{ courses = null }, { hasKeyOf = null }] = [request, parts]
  const replay_order = followed(courses, readers, { plan, races, reaches, onReady })
  const replays = recordings !== null
  const executor = new Executor(
    { plan, pools, recorder, outputs, clock, contexts, events, replay_order, held, races, replays, hasKeyOf },
    reaches,
  )
  const extent = await extentOf(readers)
  const before = doneBefore(totals_before?.rows.read ?? 0, from?.in_flight ?? null, held.size)
  const tellProgress = teller('Progress', request.onProgress)
  const onCommit = () => {
    const { read: rows_read, ended: tokens_ended } = recorder.totals
    const bytes = extent()
    const rows_done =
      rows_read - Math.min(executor.waiting.all, rows_read - recorder.pending.closed - before.rows_closed)
    return () =>
      tellProgress({ rows_read, rows_done, before, tokens_ended, elapsed_us: clock.monotonic_us() - began_us, bytes })
  }
  const committer = new Committer(
    {
      ledger,
      recorder,
      outputs,
      readers,
      clock,
      executor,
      outbox: calls.outbox,
      atRisk_nusd: () => calls.at_risk_nusd,
      atPoint,
      onCommit,
      onSettled: wake.up,
      ...{ is_split: parts.part !== undefined, digest: parts.digest },
    },
    from?.progressed ?? { commits: 0, values: { count: parts.opening_values, named: new Map() }, totals: null },
  )
  const guards = new Guards(plan, totals, {
    ...{ strict: request.strict === true, repeats: request.repeats !== undefined },
    ...{ part: parts.part ?? null, limit },
  })
  const scheduler = new Scheduler({ executor, readers, recorder, calls, committer, clock, signal, limit, guards, wake })
  return { events, recorder, readers, calls, replay_order, executor, committer, scheduler, guards }
}

/** Rows that were read, and how far they were; what sorts and joins hold waits for nothing but the rest. */
function doneBefore(rows_read: number, in_flight: InFlight | null, held: number) {
  const open = (in_flight?.subjects ?? []).filter(({ kind, open }) => kind === 'row' && open.size > 0)
  const waiting = open.filter(({ open }) => [...open].some(token => !token.held))
  return {
    rows_read,
    rows_done: rows_read - waiting.length,
    rows_closed: Math.max(0, rows_read - open.length - held),
  }
}

const nothing: AtPoint = () => undefined

const nothingBefore: RecordsBefore = async () => new Map()

function thrown(failure: unknown): never {
  throw failure
}

/** For what sorts and joins will hold. Who follows a record knows rows under way by their objects, so they stay. */
export function holdingsOf({ plan, spill, courses = null }: SessionRequest): Holdings {
  return new Holdings(plan, spill ?? IN_MEMORY, courses !== null)
}

export function sealedStatus(totals: TotalsFact): SealedStatus {
  // Whoever gave it up didn't come to its seal.
  if (totals.endings.some(([fate]) => fate === ABANDONED)) return 'abandoned'
  if (totals.rows.read === 0) return 'empty'
  return hasFailures(totals) ? 'completed_with_failures' : 'completed'
}
