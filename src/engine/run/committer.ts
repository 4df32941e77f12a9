/**
 * Makes what has happened durable: sinks first, then the ledger with their receipts, in one transaction (docs/crash-safety.md).
 *
 * COMMITTER-1. One commit at a time: sinks are touched again only when the ledger has the receipts that they gave last. Meanwhile
 *     the engine continues, and what it does belongs to the next commit.
 * COMMITTER-2. If a sink can't be made durable, nothing of the commit is recorded, and all sinks go back to their last receipts. They stay as
 *     they are where nobody can say whether the ledger has the commit: its receipts may speak of them.
 * COMMITTER-3. (I11) Totals, head and receipts are those of the latest commit that is durable; whoever listens hears of it then.
 * COMMITTER-4. That a commit failed is thrown at whoever comes next, once: `settled`, or any other step.
 * COMMITTER-5. What can't be taken back is sent when the commit that has its intent is durable, and not before.
 */
import type { CursorFact, Jumps, SealedStatus, TotalsFact } from '../../format/entry.ts'
import type { PluginCode } from '../../format/plugin-code.ts'
import type { CheckpointHead, RunDraft, RunLedger, SubjectDraft } from '../../ledger/write-port.ts'
import { CustodyError } from '../../model/error.ts'
import { counted } from '../../model/number-text.ts'
import type { Outbox } from '../calls/outbox.ts'
import type { Executor } from '../nodes/executor.ts'
import type { Receipts } from '../nodes/sink/sink-set.ts'
import { receiptOf, type Sinks } from '../nodes/sink/sinks.ts'
import type { Cursor, SourceReader } from '../nodes/source/source-reader.ts'
import type { AtPoint } from '../ports/crash-points.ts'
import type { SessionClock } from '../ports/run-clock.ts'
import { callFact, callTuple, type SourceCall } from '../record/call-fact.ts'
import type { Recorder } from '../record/recorder.ts'
import { CommitValues, EntryValues, RunValues, type ValuesSoFar } from '../record/run-values.ts'
import type { Progressed } from '../resume/state.ts'
import { fileEntry, publishedFact, reasonValue, receiptFact } from './commit-facts.ts'
import { holding } from './holding.ts'

/**
 * How often the ledger's own log says how far the run is. What came since isn't bound by it, so not seldom; each is signed with all keys
 * (some milliseconds, and 3 kB), is looked at by witnesses, and stays for ever: a run of a day has 720.
 */
const PROGRESS_EVERY_US = 120_000_000

export interface Stop {
  readonly status: 'failed' | 'cancelled'
  /** A declared word: `user`, `plugin`, `source`, `sink`, `ledger`, `limiter`, `service`, `guard`, `strict`, `budget_exhausted`, `internal`. */
  readonly reason: string
  readonly error: CustodyError | null
}

export interface CommitterParts {
  readonly ledger: RunLedger
  readonly recorder: Recorder
  readonly outputs: Sinks
  readonly readers: readonly SourceReader[]
  readonly clock: SessionClock
  readonly executor: Executor
  readonly outbox: Outbox
  /** The most that calls may cost of which nothing is on record, in nano-dollars. */
  readonly atRisk_nusd: () => number
  readonly atPoint: AtPoint
  /** Looks how far the run is as a commit begins, but for the last one. What it returns is called when that is durable. */
  readonly onCommit: () => () => void
  /** Called when a commit is settled, or has failed. */
  readonly onSettled: () => void
  /** Whether it is one of a run's splits, which publishes nothing, and is closed instead of being sealed. */
  readonly is_split?: boolean
  /** Of a split: its digest; absent where there is none. */
  readonly digest?: SplitResult | undefined
}

/** Makes the digest of what a split came to. */
export interface SplitResult {
  /** What goes to the ledger, in the same order. */
  add(draft: SubjectDraft): void
  /** Whether `close` reads what was added from the log. */
  readonly readsLog: boolean
  /** Nothing more comes, and where it `readsLog` all of that is durable. @throws CustodyError of the ledger. */
  close(): Promise<string>
}

export class Committer {
  /** Totals at the latest commit. */
  totals: TotalsFact
  /** What calls may cost that aren't on record, as recorded by the latest commit that has begun. */
  at_risk_nusd = 0
  /** Of the latest commit. */
  head: CheckpointHead | null = null
  #commits: number
  readonly #values: RunValues
  /** How many jumps of the clock have been recorded, and of these durably. */
  #jumps = 0
  #durable_jumps = 0
  readonly #ledger: RunLedger
  readonly #recorder: Recorder
  readonly #outputs: Sinks
  readonly #readers: readonly SourceReader[]
  readonly #clock: SessionClock
  readonly #executor: Executor
  readonly #outbox: Outbox
  readonly #atRisk_nusd: () => number
  readonly #atPoint: AtPoint
  readonly #onCommit: CommitterParts['onCommit']
  readonly #onSettled: () => void
  readonly #is_split: boolean
  readonly #digest: SplitResult | null
  #in_flight: Begun | null = null
  /** Of a split: its last commit, which becomes durable with its close. */
  #last: Recorded | null = null
  /** Since when the engine works for the next commit, monotonic. */
  #went_on_us: number
  /** When the ledger's own log last said how far the run is, monotonic. */
  #progressed_us: number

  constructor(parts: CommitterParts, from: Progressed) {
    const { commits, values, totals } = from
    this.#ledger = parts.ledger
    this.#recorder = parts.recorder
    this.#outputs = parts.outputs
    this.#readers = parts.readers
    this.#clock = parts.clock
    this.#executor = parts.executor
    this.#outbox = parts.outbox
    this.#atRisk_nusd = parts.atRisk_nusd
    this.#atPoint = parts.atPoint
    this.#onCommit = parts.onCommit
    this.#onSettled = parts.onSettled
    this.#is_split = parts.is_split === true
    this.#digest = parts.digest ?? null
    this.#went_on_us = parts.clock.monotonic_us()
    this.#progressed_us = this.#went_on_us
    this.#commits = commits
    this.#values = new RunValues(values)
    this.totals = totals ?? parts.recorder.totals.snapshot()
  }

  /** Records that this process resumes the run; `plugins` have other code than before. */
  async resume(epoch: number, cut: readonly number[], plugins: readonly PluginCode[]): Promise<void> {
    const code = plugins.length === 0 ? {} : { plugins }
    this.#append({ k: 'resume', epoch, cut, ...code, t: this.#clock.goOn() }, this.#noValues())
    await this.#commit()
    this.#atPoint('after_resume_entry')
  }

  /** Keeps the lease through times without commits. */
  async renew(): Promise<void> {
    await this.settled()
    if (!(await this.#progress())) await this.#ledger.renew()
  }

  /** Says in the ledger's own log how far the run is, if it is time; that keeps the lease, too. While no commit is under way. */
  async #progress(): Promise<boolean> {
    const now_us = this.#clock.monotonic_us()
    if (now_us - this.#progressed_us < PROGRESS_EVERY_US) return false
    await this.#ledger.progress(this.#clock.now_us())
    this.#progressed_us = now_us
    return true
  }

  /** Takes a subject's facts that are complete; they are durable with the next commit. */
  readonly append = (draft: SubjectDraft): number => {
    this.#digest?.add(draft)
    return this.#ledger.append(draft)
  }

  /** Begins a commit; it may still be under way when this comes back. */
  async commit(): Promise<void> {
    const due_us = this.#clock.monotonic_us()
    await this.settled()
    await this.#progress()
    this.#atPoint('before_flush')
    const receipts = await this.#outputs.flush()
    this.#adapt(due_us)
    await this.#begin(this.#record(receipts, false), this.#onCommit())
    this.#went_on_us = this.#clock.monotonic_us()
  }

  /** What was due then, and can be made durable now, says how large the next commit is to be. */
  #adapt(due_us: number): void {
    const { commit, size } = this.#recorder.pending
    if (size >= commit.rows) commit.adapt(due_us - this.#went_on_us, this.#clock.monotonic_us() - due_us)
  }

  /** Waits until no commit is under way. @throws what made the last one fail. */
  async settled(): Promise<void> {
    await this.#in_flight?.settled
    this.check()
  }

  /** @throws what made the last commit fail, if that is known. */
  check(): void {
    if (this.#in_flight?.failure == null) return
    const { thrown } = this.#in_flight.failure
    this.#in_flight = null
    throw thrown
  }

  /**
   * The last commit with rows: formats get their ends, and what is about to be renamed is recorded. A split renames nothing: its last commit and
   * its close are one transaction, unless its digest is made of what the log has.
   */
  async finish(): Promise<void> {
    await this.settled()
    if (await this.#outputs.settle()) {
      await this.commit()
      await this.settled()
    }
    this.#atPoint('before_flush')
    const receipts = await this.holding(this.#outputs.finish())
    const last = this.#record(receipts, true)
    if (this.#is_split && this.#digest?.readsLog !== true) {
      this.#last = last
      return
    }
    await this.#begin(last, () => undefined)
    await this.settled()
  }

  /** As of what was recorded last, durable or not. */
  get recorded_totals(): TotalsFact {
    return this.#last?.totals ?? this.totals
  }

  /** Keeps the lease while something takes its time, and no commit is under way. */
  holding<T>(work: Promise<T>): Promise<T> {
    return holding(work, this.#clock, () => this.#ledger.renew())
  }

  /** Seals. Nothing can follow. */
  async seal(status: SealedStatus): Promise<void> {
    const totals = this.recorded_totals
    const { open } = totals.tokens
    if (open > 0)
      throw new CustodyError('CUSTODY_ENGINE_DEFECT', `${counted(open, 'token')} have not ended at the end of the run`)
    const digest = this.#digest === null ? null : await this.holding(this.#digest.close())
    const values = this.#noValues()
    const facts = { totals, ...values.numbered('digest', digest), t: this.#clock.now_us() }
    this.head = await this.#ledger.seal(
      this.#is_split ? { k: 'close', ...facts } : { k: 'seal', status, ...facts },
      values.own,
    )
    if (this.#last !== null) this.#durable(this.head, this.#last)
    this.#last = null
  }

  /** Records that the run stopped before its end. What no commit has taken is left out: `resume` does it again. */
  async stop({ status, reason, error }: Stop): Promise<void> {
    await this.settled()
    this.#ledger.drop()
    this.#forget()
    const values = this.#noValues()
    const t = this.#clock.now_us()
    const why = values.numbered('error', error === null ? null : reasonValue(error))
    this.#append({ k: 'stop', status, reason, ...why, ...this.#newJumps(), t }, values)
    const head = await this.#ledger.stop(t).catch(this.#fail)
    this.#accept(head, this.#values.now, this.#jumps)
  }

  /** Gives the lease up, and records nothing. What no commit has taken is left out: whoever takes it up does it again. */
  async leave(): Promise<void> {
    await this.settled()
    this.#ledger.drop()
    this.#forget()
    await this.#ledger.release()
  }

  /** `report` is called when it is durable. */
  async #begin(recorded: Recorded, report: () => void): Promise<void> {
    const { durable } = await this.#ledger.begin().catch(this.#fail)
    this.#in_flight = new Begun(
      durable.then(head => {
        this.#durable(head, recorded)
        report()
      }, this.#fail),
      this.#onSettled,
    )
  }

  /** All that happened since the last commit, and the commit's own entry. */
  #record(receipts: Receipts, last: boolean): Recorded {
    this.#atPoint('after_flush')
    const send = this.#outbox.intend(() => this.#atPoint('before_send'))
    this.#recorder.pending.take(this.append)
    this.#executor.settle()
    const cursors = this.#readers.map(reader => ({ reader, cursor: reader.cursor() }))
    for (const calls of this.#recorder.pending.takeOfSources()) this.#appendCalls(calls)
    for (const reader of this.#readers) this.#appendFiles(reader)
    if (last && !this.#is_split) this.#appendPublished(receipts)
    const totals = this.#recorder.totals.snapshot()
    this.at_risk_nusd = this.#atRisk_nusd()
    const values = new CommitValues(this.#values.now)
    // The clock may find by it that it has jumped.
    const t = this.#clock.now_us()
    const entry = {
      k: 'commit',
      commit: ++this.#commits,
      cursors: cursors.map(({ reader, cursor }) => cursorFact(reader, cursor, values)),
      receipts: this.#outputs.all.map(output => receiptFact(output.node, receiptOf(receipts, output), values)),
      totals,
      ...values.again('at_risk', null, this.at_risk_nusd === 0 ? null : this.at_risk_nusd),
      ...this.#executor.order(),
      ...this.#newJumps(),
      t,
    } as const
    this.#append(entry, values, values.named)
    return { receipts, totals, values: this.#values.now, jumps: this.#jumps, send }
  }

  #durable(head: CheckpointHead, { receipts, totals, values, jumps, send }: Recorded): void {
    this.#accept(head, values, jumps)
    this.totals = totals
    this.#outputs.accept(receipts)
    this.#atPoint('after_commit')
    send()
  }

  #appendCalls(calls: readonly [SourceCall, ...SourceCall[]]): void {
    const values = this.#noValues()
    const t = this.#clock.now_us()
    const x = calls.map(({ asker, call: number, duration_us, ...made }) => {
      const [request, response] = [values.addText(made.request), values.addText(made.response)]
      return callTuple(callFact(asker, made, { number, request, response, time_us: t, duration_us }))
    })
    this.#append({ k: 'calls', from: calls[0].asker.record, x, t }, values)
  }

  /** A file belongs to the commit that has the last of its records. */
  #appendFiles(reader: SourceReader): void {
    for (const file of reader.takeFiles()) {
      const values = this.#noValues()
      this.#append({ ...fileEntry(reader.node.number, file, values), t: this.#clock.now_us() }, values)
    }
  }

  #accept(head: CheckpointHead, values: ValuesSoFar, jumps: number): void {
    this.head = head
    this.#values.accept(values)
    this.#durable_jumps = jumps
  }

  async #commit(): Promise<void> {
    const head = await this.#ledger.commit().catch(this.#fail)
    this.#accept(head, this.#values.now, this.#jumps)
  }

  /** What can't be made durable the ledger drops; the numbers that it had are free again. */
  readonly #fail = (thrown: unknown): never => {
    this.#forget()
    throw thrown
  }

  #forget(): void {
    this.#last = null
    this.#values.revert()
    this.#jumps = this.#durable_jumps
  }

  /** Jumps of the clock that no entry has recorded. */
  #newJumps(): { readonly jumps?: Jumps } {
    const { jumps } = this.#clock
    const recorded = this.#jumps
    this.#jumps = jumps.length
    return recorded === jumps.length ? {} : { jumps: jumps.slice(recorded) }
  }

  /** Those of the next entry. */
  #noValues(): EntryValues {
    return new EntryValues(this.#values.now.count)
  }

  #append(entry: RunDraft['entry'], values: EntryValues, named = this.#values.now.named): void {
    this.#ledger.appendRun({ entry, first_value: values.first, values: values.drafts })
    this.#values.take(values, named)
  }

  /** What will be in its place at the end. */
  #appendPublished(receipts: Receipts): void {
    const values = this.#noValues()
    const artifacts = this.#outputs.all.map(output => publishedFact(output, receipts, values))
    this.#append({ k: 'publish', artifacts, t: this.#clock.now_us() }, values)
  }
}

function cursorFact(
  { node, bytes }: SourceReader,
  { records, done, position, sha256 }: Cursor,
  values: CommitValues,
): CursorFact {
  return {
    ...{ source: node.number, records, done },
    ...(bytes === null || position === null ? {} : { bytes }),
    ...values.again('position', node.number, position),
    ...values.again('hash', node.number, sha256),
  }
}

/** A commit that was appended, with all that follows from it once it is durable. */
interface Recorded {
  readonly receipts: Receipts
  readonly totals: TotalsFact
  readonly values: ValuesSoFar
  readonly jumps: number
  readonly send: () => void
}

/** A commit whose transaction has begun. */
class Begun {
  /** Never rejects. */
  readonly settled: Promise<void>
  /** Known once it is settled; null if it is durable. */
  failure: { readonly thrown: unknown } | null = null

  constructor(durable: Promise<void>, onSettled: () => void) {
    this.settled = durable
      .catch((thrown: unknown) => {
        this.failure = { thrown }
      })
      .then(onSettled)
  }
}
