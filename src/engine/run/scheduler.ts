/**
 * The only place that waits. Takes records in, lets the executor advance them, and commits.
 *
 * SCHEDULER-1. The only suspension points are `#commit`, `#renew`, `#hear` and `#idle`; between them everything runs to its end without a
 *     promise, and while calls are under way, or wait, never for long: answers must be heard, though there are rows to read without end.
 *     A commit may still be under way after `#commit`; that it failed is seen before anything else is done.
 * SCHEDULER-2. (I12) New records are taken, and what a join or a sort holds is let go, only while fewer than WINDOW tokens are in the order list. Tokens in backoff don't count, up to
 *     LONGEST_LINE in all, and held ones never do. No token in the order list waits for a record that isn't read yet, so this can't
 *     deadlock.
 */
import type { OriginFact } from '../../format/entry.ts'
import { RENEW_EVERY_US } from '../../ledger/write/lease.ts'
import type { SourceNode } from '../../plan/plan.ts'
import type { CallDispatcher } from '../calls/dispatcher.ts'
import type { Executor } from '../nodes/executor.ts'
import type { Incoming, SourceReader } from '../nodes/source/source-reader.ts'
import type { RunClock } from '../ports/run-clock.ts'
import type { Recorder } from '../record/recorder.ts'
import type { Token } from '../token/token.ts'
import type { Committer } from './committer.ts'
import type { Guards } from './guards.ts'
import type { Wake } from './wake.ts'

/** Answers of calls are durable within 100 ms of their arrival, the commit included. */
const COMMIT_AFTER_US = 50_000
/** How long rows may be read, while answers may come, and sorts and joins be prepared, before the outside is heard. */
const LISTEN_EVERY_US = 5_000
const WINDOW = 4096
const LONGEST_LINE = 16_384
/** How long a source may take to give more, when nothing else is left to do without more budget. */
const LAST_ROWS_US = 1_000_000

export interface SchedulerParts {
  readonly executor: Executor
  readonly readers: readonly SourceReader[]
  readonly recorder: Recorder
  readonly calls: CallDispatcher
  readonly committer: Committer
  readonly clock: RunClock
  /** Aborted to stop: nothing new is begun, what has happened is committed. */
  readonly signal: AbortSignal
  /** Records to read at most, as if input ended there. */
  readonly limit: number
  readonly guards: Guards
  readonly wake: Wake
}

/** Records were taken until a commit was due (`more` may be there at once), nothing was there, there was no room, or the end. */
type Input = 'more' | 'pending' | 'full' | 'end'

export class Scheduler {
  readonly #parts: SchedulerParts
  #source = 0
  #read = 0
  #commit_due = false
  #callOffCommit: (() => void) | null = null
  #renew_due = false
  /** When the lease was prolonged last, monotonic: each commit does. */
  #renewed_us = 0
  /** When the outside was last heard. */
  #listened_us = 0
  /** Since when there is nothing to do but to read what needs no budget. */
  #last_rows: { over: boolean; readonly callOff: () => void } | null = null

  constructor(parts: SchedulerParts) {
    this.#parts = parts
    parts.signal.addEventListener('abort', () => {
      parts.calls.close()
      parts.wake.up()
    })
  }

  /**
   * Runs to the end of input, until the signal, or until nothing can go on without more budget. All that happened is in a
   * commit then; at the end, `finish` of the committer is due.
   * @throws CustodyError a plugin's defect, a source or sink that failed; then the last facts may not be committed.
   */
  async run(): Promise<'end' | 'stopped' | 'budget_exhausted'> {
    const { executor, calls, committer, signal, readers, guards, clock } = this.#parts
    this.#renewed_us = clock.monotonic_us()
    for (const reader of readers) if (reader.records > 0 && !reader.done) guards.look(reader)
    for (;;) {
      committer.check()
      executor.deliver()
      this.#settle()
      if (signal.aborted && calls.in_flight === 0) return this.#stop('stopped')
      const input = signal.aborted ? 'pending' : this.#take()
      if (this.#isCommitDue || this.#commit_due || calls.outbox.size > 0) await this.#commit()
      else if (input === 'more') await this.#listen()
      else if (input === 'end' && executor.flush()) await this.#attend()
      else if (input === 'end' && executor.drained && this.#isHeardOut) return 'end'
      else if (this.#renew_due) {
        executor.refuseSilence()
        await this.#renew()
      } else if (input !== 'pending' && executor.giveUp()) continue
      else if (this.#onlyBudgetHelps(input)) return this.#stop('budget_exhausted')
      else await this.#idle(input)
    }
  }

  /**
   * The run stops by an error that leaves its facts intact. Calls under way are paid for, or can't be taken back, so their answers
   * are waited for, for some time; no other begins. `also` is called with what else fails meanwhile.
   */
  async hearOut(also: (thrown: unknown) => void): Promise<void> {
    const { executor, calls } = this.#parts
    calls.close()
    while (calls.in_flight > 0) {
      if (this.#isCommitDue || this.#commit_due) await this.#commit()
      if (this.#renew_due) await this.#renew()
      await this.#idle('pending')
      try {
        executor.deliver()
      } catch (thrown) {
        also(thrown)
      }
      this.#settle()
    }
  }

  /** At the end: a source may have asked for more than is read, and what it is answered is recorded, too. */
  get #isHeardOut(): boolean {
    const { calls } = this.#parts
    calls.close()
    return calls.in_flight === 0
  }

  get #isCommitDue(): boolean {
    const { recorder, executor } = this.#parts
    const { pending, totals } = recorder
    return pending.isDue(totals.born - totals.ended) || executor.isCommitOverdue
  }

  async #stop<Why>(why: Why): Promise<Why> {
    if (this.#parts.recorder.pending.size > 0) await this.#commit()
    return why
  }

  /** Whether all that could go on waits for calls that there is no budget for, and the source gives nothing more. */
  #onlyBudgetHelps(input: Input): boolean {
    const { executor, calls, clock } = this.#parts
    const waiting = calls.unaffordable
    if (waiting === 0 || waiting < executor.performing || executor.waiting.resting > 0 || executor.gathering) {
      this.#last_rows?.callOff()
      this.#last_rows = null
      return false
    }
    if (input !== 'pending') return true
    this.#last_rows ??= { over: false, callOff: clock.wake(LAST_ROWS_US, () => this.#lastRowsOver()) }
    return this.#last_rows.over
  }

  #lastRowsOver(): void {
    if (this.#last_rows !== null) this.#last_rows.over = true
    this.#parts.wake.up()
  }

  async #commit(): Promise<void> {
    this.#commit_due = false
    this.#callOffCommit?.()
    this.#callOffCommit = null
    this.#renewed_us = this.#parts.clock.monotonic_us()
    await this.#parts.committer.commit()
  }

  /** Without commits the lease would run out. */
  async #renew(): Promise<void> {
    this.#renew_due = false
    this.#renewed_us = this.#parts.clock.monotonic_us()
    await this.#parts.committer.renew()
  }

  /** What follows from the end of input may take long without a commit: the lease is kept, and whoever stops the run is heard. */
  async #attend(): Promise<void> {
    const now_us = this.#parts.clock.monotonic_us()
    if (now_us - this.#renewed_us >= RENEW_EVERY_US) await this.#renew()
    else if (now_us - this.#listened_us >= LISTEN_EVERY_US) await this.#hear()
  }

  /** There is more to read; answers that came meanwhile are heard first, if it is time. */
  async #listen(): Promise<void> {
    if (!this.#isTimeToListen) return
    this.#commitSoon()
    await this.#hear()
  }

  async #hear(): Promise<void> {
    await new Promise<void>(resolve => this.#parts.clock.wake(0, resolve))
    this.#listened_us = this.#parts.clock.monotonic_us()
  }

  get #isTimeToListen(): boolean {
    const { calls, clock } = this.#parts
    const may_hear = calls.in_flight > 0 || calls.waiting_visits > 0
    return may_hear && clock.monotonic_us() - this.#listened_us >= LISTEN_EVERY_US
  }

  #commitSoon(): void {
    const { clock, recorder, calls, committer } = this.#parts
    // What calls under way may cost is on record, should the process be gone before they come back.
    if (recorder.pending.size > 0 || calls.at_risk_nusd > committer.at_risk_nusd)
      this.#callOffCommit ??= clock.wake(COMMIT_AFTER_US, () => {
        this.#commit_due = true
        this.#parts.wake.up()
      })
  }

  async #idle(input: Input): Promise<void> {
    const { executor, calls, clock, wake } = this.#parts
    this.#commitSoon()
    if (executor.hasNews) return
    // However often something wakes it up: most of that is nothing to commit.
    const held_us = clock.monotonic_us() - this.#renewed_us
    const callOffRenewal = clock.wake(Math.max(0, RENEW_EVERY_US - held_us), () => {
      this.#renew_due = true
      this.#parts.wake.up()
    })
    if (input !== 'pending' && calls.in_flight === 0 && executor.performing <= calls.waiting_visits) clock.idle?.()
    await wake.next()
    this.#listened_us = clock.monotonic_us()
    callOffRenewal()
  }

  #take(): Input {
    const { readers, executor, limit, guards } = this.#parts
    while (!(this.#isCommitDue || this.#isTimeToListen)) {
      const reader = readers[this.#source]
      if (reader === undefined && !executor.isReleasing) return 'end'
      const { all, resting } = executor.waiting
      if (all - resting >= WINDOW || all >= LONGEST_LINE) return 'full'
      if (reader === undefined) {
        executor.releaseNext()
        this.#settle()
        continue
      }
      const isReady = this.#read >= limit || executor.isReadyFor(reader.node, reader.records + 1)
      if (!isReady) return 'pending'
      const incoming: Incoming = this.#read >= limit ? { kind: 'end' } : reader.poll()
      switch (incoming.kind) {
        case 'pending':
          return 'pending'
        case 'end':
          reader.end()
          guards.sourceEnded(reader)
          this.#source++
          break
        case 'row':
        case 'reject':
          this.#read++
          this.#ingest(reader, incoming)
          this.#settle()
          if (incoming.kind === 'reject') guards.look(reader)
      }
    }
    return 'more'
  }

  #settle(): void {
    const { recorder, committer } = this.#parts
    recorder.pending.settle(committer.append)
  }

  #ingest({ node }: SourceReader, incoming: Extract<Incoming, { kind: 'row' | 'reject' }>): void {
    this.#parts.executor.enter(this.#recorded(node, incoming))
  }

  #recorded(node: SourceNode, incoming: Extract<Incoming, { kind: 'row' | 'reject' }>): Token {
    const { recorder, clock } = this.#parts
    const started_us = clock.now_us()
    const { index, repeats } = incoming
    const { line } = incoming.record
    const origin: OriginFact = { source: node.number, index, line, repeats }
    return incoming.kind === 'row'
      ? recorder.ingest(origin, incoming.row, node.to, started_us)
      : recorder.reject(node, origin, incoming.record, started_us)
  }
}
