/**
 * Coordinates a run with splits: cuts its input, has the splits worked on, and puts together, publishes and seals what they have
 * written. It never looks at a row.
 *
 *   open outputs' places → cut → splits … closed → guards → assemble → publish → seal
 *                                  └──── stop ────► heads of splits, stop entry, lease given up
 */
import type { SealedStatus } from '../../format/entry.ts'
import type { CodeChange } from '../../format/plugin-code.ts'
import { type FileDigest, resultDigest } from '../../format/result-digest.ts'
import type { RunLedger, SplittingLedger } from '../../ledger/write-port.ts'
import type { SinkContext } from '../../sdk/spec.ts'
import { textsOf } from '../nodes/sink/piece-sink.ts'
import { contextOf, type Receipts, type SinkSet } from '../nodes/sink/sink-set.ts'
import { Sinks } from '../nodes/sink/sinks.ts'
import { originalNames } from '../nodes/source/open-sources.ts'
import type { OpenSource } from '../nodes/source/source-reader.ts'
import type { AtPoint } from '../ports/crash-points.ts'
import type { Pieces } from '../ports/pieces.ts'
import { SessionClock, type Standstill } from '../ports/run-clock.ts'
import type { OnSplits, SpentBudget, Workers } from '../ports/workers.ts'
import type { ValuesSoFar } from '../record/run-values.ts'
import { Totals } from '../record/totals.ts'
import { asCustodyError, reasonOf } from '../run/failed-stop.ts'
import { Guards } from '../run/guards.ts'
import { holding } from '../run/holding.ts'
import { teller } from '../run/progress.ts'
import {
  closed,
  type DealingProgress,
  type Progress,
  type RunResult,
  type SessionRequest,
  STOPPED_BY_USER,
  sealedStatus,
} from '../run/session.ts'
import { summarise } from '../run/summary.ts'
import { assemble } from './assembly.ts'
import { CoordinatorLog, type Published, type SplitSum } from './coordinator-log.ts'
import { bytesOf, cutSources, dealtNames, guarded, type SourceCut, sizeOf } from './cuts.ts'
import { type Dealing, type DealtSources, dealSources } from './dealing.ts'
import { type EndedSplits, endedSplits, totalsSoFar } from './ended.ts'

/** How often it is said how far splits are: as the log of a run does. */
const PROGRESS_EVERY_US = 120_000_000

export interface SplitsRequest extends SessionRequest {
  readonly ledger: SplittingLedger
  readonly pieces: Pieces
  /** Makes who works on its splits, once the sources are cut. */
  readonly workers: (of: ForWorkers) => Workers
}

export interface ForWorkers {
  readonly cuts: readonly SourceCut[]
  /** Of the coordinator's entry 0: its leaf hash and time. */
  readonly leaf: string
  readonly t: number
  /** What sinks know of the whole run. */
  readonly known: Required<Pick<SinkContext, 'originalNames' | 'inUse'>> & {
    /** Whether rows of some sink say to which file they go. */
    readonly names_files: boolean
    /** Whether sinks that send do; if not, the run only rehearses. */
    readonly sends: boolean
  }
  /** Aborted to stop, by whoever began the run, or because it is lost. */
  readonly signal: AbortSignal
}

export interface Coordinating {
  readonly request: SplitsRequest
  readonly splits: number
  readonly limit: number
  readonly log: RunLedger
  readonly epoch: number
  readonly sinks: SinkSet
  readonly sources: readonly OpenSource[]
  /** Of entry 0: its leaf hash and time. */
  readonly opening: { readonly leaf: string; readonly t: number }
  /** What is on record of it. */
  readonly from: {
    readonly values: ValuesSoFar
    readonly commits: number
    readonly said: ReadonlyMap<number, number>
    readonly cuts: readonly SourceCut[] | null
    /** What is about to be published; null: nothing yet. */
    readonly published: Published | null
    /** Null: it just began. */
    readonly resumed: { readonly last_us: number; readonly stood: readonly Standstill[] } | null
  }
  /** Of plugins, since the run was last taken up. */
  readonly code_changes: readonly CodeChange[]
  readonly abandon: boolean
}

export async function coordinate(parts: Coordinating): Promise<RunResult> {
  const { request, log, sinks, from } = parts
  const clock = new SessionClock(request.clock, log, from.resumed ?? undefined)
  const { atPoint = nothing } = request
  const atAssembly: AtPoint = point => atPoint(point === 'mid_flush' ? 'mid_assembly' : point)
  const outputs = new Sinks(sinks, { atPoint: atAssembly, hold: () => log.renew() })
  const coordinator = new Coordinator(parts, clock, outputs)
  try {
    return await coordinator.run()
  } finally {
    clock.close()
    await closed(request.clock, [...parts.sources.map(({ source }) => source), outputs])
  }
}

const nothing = () => undefined
/** Those of sources that are cut are in the logs of splits. */
const NO_FILES: DealtSources['files'] = new Map()

const NO_ROWS = { rows_read: 0, rows_done: 0, tokens_ended: 0 } as const

const OUT_OF_BUDGET = { status: 'cancelled', reason: 'budget_exhausted', error: null } as const

class Coordinator {
  readonly #parts: Coordinating
  readonly #clock: SessionClock
  readonly #outputs: Sinks
  readonly #log: CoordinatorLog
  /** Whether sources know the names that their fields have in the input. */
  #named = false
  #opened = false
  #cuts: readonly SourceCut[] = []
  /** By this process; and when it began. */
  #dealt: (DealingProgress & { readonly began_us: number }) | null = null
  /** Of all splits, as far as this is known. */
  #totals = new Totals(0, 0).snapshot()
  /** Of what the run came to; null as long as it isn't known. */
  #digest: string | null = null

  constructor(parts: Coordinating, clock: SessionClock, outputs: Sinks) {
    const { values, commits, said, published } = parts.from
    this.#parts = parts
    this.#clock = clock
    this.#outputs = outputs
    this.#log = new CoordinatorLog(parts.log, clock, { values, commits, said, published })
  }

  async run(): Promise<RunResult> {
    const { request, from, epoch, code_changes, abandon } = this.#parts
    try {
      if (from.resumed !== null) await this.#log.resume(epoch, code_changes, this.#clock.goOn())
      if (from.resumed !== null) request.atPoint?.('after_resume_entry')
      this.#cuts = from.cuts ?? (abandon ? [] : await this.#cut())
      const cuts = this.#cuts
      request.atPoint?.('after_cut')
      if (request.signal.aborted) return await this.#stop(STOPPED_BY_USER)
      const end = await this.#work(cuts)
      if (end.kind === 'stopped') {
        if (end.error !== null) throw end.error
        return await (end.budget === null ? this.#stop(STOPPED_BY_USER) : this.#stop(OUT_OF_BUDGET, end.budget))
      }
      return await this.#finish()
    } catch (thrown) {
      const error = asCustodyError(thrown)
      try {
        return await this.#stop({ status: 'failed', reason: reasonOf(error), error })
      } catch (also) {
        error.also.push(asCustodyError(also))
        return this.#result('failed', error, null)
      }
    }
  }

  async #cut(): Promise<readonly SourceCut[]> {
    const { sources, splits, limit, request, log } = this.#parts
    const { by } = request.plan.splits ?? {}
    if (by !== undefined) await this.#makeFolder()
    const cut =
      by === undefined
        ? cutSources(sources, splits, limit, request.signal).then(cuts => ({ cuts, files: NO_FILES }))
        : dealSources(await this.#dealing({ count: splits, by }))
    const work = cut.catch((thrown: unknown) => {
      // Who has stopped it gets to know what is wrong when it is resumed.
      if (request.signal.aborted) return null
      throw thrown
    })
    const { cuts, files } = (await holding(work, this.#clock, () => log.renew())) ?? { cuts: [], files: NO_FILES }
    if (cuts.length > 0) await this.#log.cut(cuts, files)
    this.#tellWhole(cuts)
    if (this.#dealt !== null)
      this.#dealt = { ...this.#dealt, took_us: this.#clock.monotonic_us() - this.#dealt.began_us }
    return cuts
  }

  /** Of sources whose options don't say so before. */
  #tellWhole(cuts: readonly SourceCut[]): void {
    const { sources, splits, request } = this.#parts
    const tell = teller('A notice', request.onNotice)
    for (const { node } of sources) {
      const whole = cuts.find(each => each.source === node.number)?.whole ?? null
      const { spec, options } = node.plugin
      if (whole === null || splits === 1 || spec.uncut?.(options) === true) continue
      tell({ kind: 'warning', text: `source \`${node.name}\` can’t be cut: split ${whole} reads all of it` })
    }
  }

  async #dealing(splits: Dealing['splits']): Promise<Dealing> {
    const { request, sources, limit, epoch } = this.#parts
    const tell = teller('Progress', request.onProgress)
    const began_us = this.#clock.monotonic_us()
    const total = await sizeOf(sources)
    this.#dealt = { records: 0, took_us: null, began_us }
    return {
      ...{ sources, splits, limit, epoch, pieces: request.pieces, signal: request.signal },
      atPoint: request.atPoint ?? nothing,
      onNotice: teller('A notice', request.onNotice),
      onDealt: (records, read) => {
        this.#dealt = { records, took_us: null, began_us }
        const bytes = total === null ? null : { before: 0, read, total }
        tell({ ...NO_ROWS, before: NO_ROWS, ...this.#progress(began_us), bytes })
      },
    }
  }

  /** `began_us`: when what is under way was begun. */
  #progress(began_us: number): Pick<Progress, 'elapsed_us' | 'dealing'> {
    const now_us = this.#clock.monotonic_us()
    if (this.#dealt === null) return { elapsed_us: now_us - began_us }
    const { began_us: dealt_us, ...dealing } = this.#dealt
    return { elapsed_us: now_us - dealt_us, dealing }
  }

  /** Names that fields have in the input, as far as they are known. */
  #names() {
    return { ...dealtNames(this.#cuts), ...originalNames(this.#parts.sources) }
  }

  async #work(cuts: readonly SourceCut[]) {
    const { request, opening, splits, log, sinks, abandon } = this.#parts
    const closedBefore = await this.#closedParts()
    const open = Array.from({ length: splits }, (_, i) => i + 1).filter(part => !closedBefore.has(part))
    if (open.length === 0) return { kind: 'closed' } as const
    if (!abandon) await this.#name()
    await this.#makeFolder()
    const tell = teller('Progress', request.onProgress)
    const began_us = this.#clock.monotonic_us()
    const [total, read_before] = [bytesOf(cuts, () => true), bytesOf(cuts, part => closedBefore.has(part)) ?? 0]
    const onRows: OnSplits = ({ rows_read, rows_done, tokens_ended, bytes_read }, at_work) => {
      const bytes = total === null ? null : { before: read_before, read: read_before + bytes_read, total }
      const all = { ...at_work, count: splits, closed: closedBefore.size + at_work.closed }
      tell({ rows_read, rows_done, tokens_ended, before: NO_ROWS, ...this.#progress(began_us), bytes, splits: all })
    }
    const halt = new AbortController()
    let said_us = began_us
    const keep = async () => {
      try {
        if (this.#clock.monotonic_us() - said_us < PROGRESS_EVERY_US) return await log.renew()
        said_us = this.#clock.monotonic_us()
        await this.#log.progress(await this.#heads())
      } catch (thrown) {
        // Nobody works on splits of a run that this process doesn't hold any more.
        halt.abort()
        throw thrown
      }
    }
    const signal = AbortSignal.any([request.signal, halt.signal])
    const names_files = sinks.all.some(({ intent }) => intent.by_value === true)
    const sends = sinks.outbound.size > 0
    const known = { originalNames: () => this.#names(), inUse: sinks.inUse, names_files, sends }
    const workers = request.workers({ cuts, ...opening, known, signal })
    return await holding(workers.run(open, onRows), this.#clock, keep)
  }

  /** A process that slept longer than its lease, before that or meanwhile, leaves none of a run that is sealed by now. */
  async #makeFolder(): Promise<void> {
    const { log, request } = this.#parts
    await log.renew()
    await request.pieces.make()
    try {
      await log.renew()
    } catch (lost) {
      const splits = request.ledger.splitsOf(request.run)
      if (await splits.isSealed().catch(() => false)) await request.pieces.remove()
      throw lost
    }
  }

  /** All splits are closed. */
  async #finish(): Promise<RunResult> {
    const { request, splits, from, abandon } = this.#parts
    const { plan, run, ledger } = request
    const ended = await this.#holding(endedSplits(plan, splits, ledger.splitsOf(run), this.#cuts))
    const { sum } = ended
    this.#totals = sum.totals
    this.#clock.reach(ended.last_us)
    if (!abandon) await this.#judge(sum)
    this.#opened = true
    await this.#outputs.open(abandon)
    if (abandon && from.published === null) await this.#outputs.discard()
    else if (from.published === null && !(await this.#assemble(ended))) return await this.#stop(STOPPED_BY_USER)
    request.atPoint?.('before_publish')
    await this.#holding(this.#outputs.publish())
    request.atPoint?.('before_seal')
    const status: SealedStatus = abandon ? 'abandoned' : sealedStatus(sum.totals)
    this.#digest = abandon ? null : this.#digestOf(ended)
    await this.#log.seal(status, sum.totals, this.#digest)
    request.atPoint?.('after_seal')
    await request.pieces.remove()
    return this.#result(status, null, null)
  }

  /** (I14) Guards are about the run as a whole. @throws CustodyError CUSTODY_GUARD, CUSTODY_STRICT. */
  async #judge({ totals, cursors }: SplitSum): Promise<void> {
    const { request, sources } = this.#parts
    const { plan, strict = false, recordsBefore } = request
    const guards = new Guards(plan, new Totals(plan.nodes.length, plan.edges.length, totals), {
      ...{ strict, repeats: false, part: null, limit: this.#parts.limit },
    })
    const judged = sources.map(({ node, files }) => {
      const { records = 0, bytes = 0 } = cursors.find(({ source }) => source === node.number) ?? {}
      // That there is no file is what `if_missing: empty` expects.
      return { node, records, isBlank: records === 0 && bytes === 0 && files?.length !== 0 }
    })
    await guards.judge(judged, recordsBefore ?? (async () => new Map()))
  }

  /** @returns false if it was stopped meanwhile. */
  async #assemble({ sum, receipts }: EndedSplits): Promise<boolean> {
    const { request } = this.#parts
    const outputs = this.#outputs
    await this.#name()
    const { plan, run } = request
    const common = { run, folder: plan.folder, placed: null, originalNames: () => this.#names() }
    const commit = async (of: () => Promise<Receipts>, last: boolean) => {
      const flushed = await this.#holding(of())
      await this.#log.commit(sum, outputs.all, flushed, last)
      outputs.accept(flushed)
    }
    const whole = await assemble({
      ...{ outputs: outputs.all, pieces: request.pieces, receipts, signal: request.signal },
      takesTexts: ({ node }) => textsOf(node, contextOf(node, common)) !== null,
      commit: () => commit(() => outputs.flush(), false),
    })
    if (!whole) return false
    if (await outputs.settle()) await commit(() => outputs.flush(), false)
    await commit(() => outputs.finish(), true)
    return true
  }

  /** null if a split has none. */
  #digestOf({ digests }: EndedSplits): string | null {
    const files = [...(this.#log.published ?? [])].map(([sink, all]) => {
      return [sink, all.map(({ rows, bytes, sha256 }): FileDigest => [rows, bytes, sha256])] as const
    })
    return digests === null ? null : resultDigest(digests, new Map(files))
  }

  /** Headers may have the names that sources have, whichever split reads these, and columns may be named by them. */
  async #name(): Promise<void> {
    if (this.#named) return
    this.#named = true
    for (const { node, source } of this.#parts.sources) {
      // Of those that were dealt names are known, and nothing else is read.
      if (source.originalNames === undefined || this.#cuts.some(each => each.source === node.number && each.dealt))
        continue
      await this.#holding(guarded(node, async () => source.begin?.(null)))
    }
  }

  async #closedParts(): Promise<ReadonlySet<number>> {
    const { request } = this.#parts
    return new Set(await request.ledger.splitsOf(request.run).closed())
  }

  #heads() {
    const { request } = this.#parts
    return request.ledger.splitsOf(request.run).heads(this.#log.said)
  }

  async #stop(stop: Parameters<CoordinatorLog['stop']>[0], budget: SpentBudget | null = null): Promise<RunResult> {
    await this.#log.stop(stop, await this.#heads())
    const { plan, run, ledger } = this.#parts.request
    // (I11) What a result says follows the record, and is no part of it.
    this.#totals = await totalsSoFar(plan, ledger.splitsOf(run)).catch(() => this.#totals)
    const stopped_by = budget !== null ? 'budget_exhausted' : stop.reason === 'user' ? 'user' : null
    return { ...this.#result(stop.status, stop.error, stopped_by), ...budget }
  }

  #holding<T>(work: Promise<T>): Promise<T> {
    return holding(work, this.#clock, () => this.#parts.log.renew())
  }

  #result(
    status: RunResult['summary']['status'],
    error: RunResult['error'],
    stopped_by: RunResult['stopped_by'],
  ): RunResult {
    const { request } = this.#parts
    const { discarded, warnings } = this.#outputs
    // What splits have read and done is worth telling, though nothing of it is in an output.
    const untouched = !this.#opened && this.#totals.rows.read === 0
    const root = this.#log.head?.root ?? ''
    return {
      summary: summarise(request.run, status, this.#totals, this.#outputs, root, this.#digest),
      ...{ error, stopped_by, untouched, next_call_usd: null, lost_usd: 0, discarded, warnings },
    }
  }
}
