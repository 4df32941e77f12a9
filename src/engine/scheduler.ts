/**
 * Advances tokens. Owns all in-flight state, and is the only place that waits.
 *
 * S1. The only suspension points are `#commit` and `#idle`. Between them everything runs to its end without a promise.
 * S2. (I7) Sinks take tokens in the order of the line; what is advanced outside the line comes after all that is in it.
 * S3. A token joins the line when it first waits: for a plugin's answer, a place in a pool, its backoff, or its turn; what
 *     is born of it stands there in its place.
 * S4. (I12) New records are taken only while fewer than WINDOW tokens are in line; tokens in backoff don't count, up to
 *     LONGEST_LINE in all. No token waits for one that isn't read yet, so this can't deadlock.
 */
import { NotJsonError } from '../model/canonical.ts'
import type { Plan, PlanNode } from '../plan/plan.ts'
import type { VisitContext } from '../sdk/spec.ts'
import type { Committer } from './committer.ts'
import { endAtSink, filtered, type Passage } from './decide/arrival.ts'
import { expanded } from './decide/expand.ts'
import { afterError } from './decide/retry.ts'
import type { Incoming, Intake } from './intake.ts'
import { Line } from './line.ts'
import type { Outputs } from './outputs.ts'
import type { Clock } from './ports.ts'
import type { Recorder } from './recorder.ts'
import { defect, type Step, type Visit } from './step.ts'
import type { Token } from './token.ts'

const COMMIT_ROWS = 1000
const COMMIT_AFTER_US = 100_000
const WINDOW = 4096
const LONGEST_LINE = 16_384

/** A node that plugins or expressions carry out. */
export interface Station {
  readonly visit: Visit
  /** Promises that may be under way at once. */
  readonly places: number
  busy: number
  readonly queue: Token[]
}

interface Arrival {
  readonly token: Token
  readonly started_us: number
  readonly step: Step | null
  readonly thrown: unknown
}

export interface SchedulerParts {
  readonly plan: Plan
  /** By node number. */
  readonly stations: ReadonlyMap<number, Station>
  readonly intakes: readonly Intake[]
  readonly recorder: Recorder
  readonly outputs: Outputs
  readonly committer: Committer
  readonly clock: Clock
  /** Aborted to stop: nothing new is begun, what has happened is committed. */
  readonly signal: AbortSignal
  /** Records to read at most, as if input ended there. */
  readonly limit: number
  readonly onProgress: () => void
}

export class Scheduler {
  readonly #parts: SchedulerParts
  readonly #nodes: readonly PlanNode[]
  readonly #line: Line
  readonly #first_attempt: VisitContext
  /** What came in from outside since the last look: answers of plugins, and tokens whose backoff is over. */
  #arrivals: Arrival[] = []
  #rested: Token[] = []
  #resting = 0
  /** By sink: how many tokens wait for their turn. */
  readonly #waiting = new Map<number, number>()
  #source = 0
  #read = 0
  #commit_due = false
  #callOffCommit: (() => void) | null = null
  #wakeUp: (() => void) | null = null

  constructor(parts: SchedulerParts, reaches: (node: number, target: number) => boolean) {
    this.#parts = parts
    this.#nodes = parts.plan.nodes
    const sinks = parts.plan.nodes.filter(node => node.kind === 'sink').map(node => node.number)
    this.#line = new Line(sinks, reaches)
    for (const sink of sinks) this.#waiting.set(sink, 0)
    this.#first_attempt = { attempt: 1, signal: parts.signal }
    parts.signal.addEventListener('abort', () => this.wake())
  }

  /** Called from outside when something may have changed: a chunk was read, an answer came, the run shall stop. */
  readonly wake = (): void => {
    this.#wakeUp?.()
  }

  /**
   * Runs to the end of input, or until the signal. Everything that happened is committed when it returns.
   * @throws CustodyError a plugin's defect, a source or sink that failed; then the last facts may not be committed.
   */
  async run(): Promise<'end' | 'stopped'> {
    for (;;) {
      this.#deliver()
      if (this.#parts.signal.aborted) {
        if (this.#parts.recorder.pending > 0) await this.#commit()
        return 'stopped'
      }
      const more = this.#take()
      if (this.#parts.recorder.pending >= COMMIT_ROWS || this.#commit_due) await this.#commit()
      else if (more === 'end' && this.#line.size === 0) return 'end'
      else if (more !== 'full') await this.#idle()
    }
  }

  // ── waiting ───────────────────────────────────────────────────────────────────────────────────────────────────────

  async #commit(): Promise<void> {
    this.#commit_due = false
    this.#callOffCommit?.()
    this.#callOffCommit = null
    await this.#parts.committer.commit()
    this.#parts.onProgress()
  }

  async #idle(): Promise<void> {
    if (this.#arrivals.length > 0 || this.#rested.length > 0) return
    const { clock, recorder } = this.#parts
    if (recorder.pending > 0)
      this.#callOffCommit ??= clock.wake(COMMIT_AFTER_US, () => {
        this.#commit_due = true
        this.wake()
      })
    await new Promise<void>(resolve => {
      this.#wakeUp = resolve
    })
    this.#wakeUp = null
  }

  // ── what comes in ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes records until a commit is due, the window is full, or nothing is there: `full` means that more may be there at once. */
  #take(): 'full' | 'pending' | 'end' {
    const { recorder, intakes } = this.#parts
    while (recorder.pending < COMMIT_ROWS) {
      if (this.#line.size - this.#resting >= WINDOW || this.#line.size >= LONGEST_LINE) return 'pending'
      const intake = intakes[this.#source]
      if (intake === undefined) return 'end'
      const incoming = this.#read >= this.#parts.limit ? END_OF_LIMIT : intake.poll()
      if (incoming.kind === 'pending') return 'pending'
      if (incoming.kind === 'end') {
        intake.end()
        this.#source++
        continue
      }
      this.#read++
      this.#ingest(intake, incoming)
    }
    return 'full'
  }

  #ingest(intake: Intake, incoming: Extract<Incoming, { kind: 'row' | 'reject' }>): void {
    const { recorder, clock } = this.#parts
    const { node } = intake
    const started_us = clock.now_us()
    if (incoming.kind === 'reject') {
      this.#advance(
        recorder.reject(node.number, incoming.index, incoming.record, node.name, node.on_invalid, started_us),
      )
      return
    }
    const { index, record, row } = incoming
    let token: Token
    try {
      token = recorder.ingest(node.number, index, record, row, node.to, started_us)
    } catch (thrown) {
      if (!(thrown instanceof NotJsonError)) throw thrown
      const reject = {
        kind: 'reject',
        line: record.line,
        raw: null,
        code: thrown.code,
        message: thrown.message,
        position: record.position,
      } as const
      token = recorder.reject(node.number, index, reject, node.name, node.on_invalid, started_us)
    }
    this.#advance(token)
  }

  /** Applies all that arrived, then lets tokens pass whose turn has come. */
  #deliver(): void {
    while (this.#arrivals.length > 0 || this.#rested.length > 0) {
      const arrivals = this.#arrivals
      const rested = this.#rested
      this.#arrivals = []
      this.#rested = []
      const thrown = arrivals.filter(arrival => !this.#answer(arrival)).map(arrival => arrival.thrown)
      for (const token of rested) {
        this.#resting--
        this.#advance(token)
      }
      this.#passTurns()
      // The other answers are kept before the run stops.
      if (thrown.length > 0) throw thrown[0]
    }
  }

  /** False if there is no answer, because the plugin threw: the token stays where it is. */
  #answer({ token, started_us, step }: Arrival): boolean {
    const station = this.#station(token.node)
    station.busy--
    if (step === null) return false
    const children: Token[] = []
    const goes_on = this.#apply(token, step, started_us, children)
    this.#advance(goes_on ? token : null, children)
    while (station.busy < station.places) {
      const next = station.queue.shift()
      if (next === undefined) break
      this.#advance(next)
    }
    return true
  }

  #passTurns(): void {
    for (let moved = true; moved; ) {
      moved = false
      for (const [sink, waiting] of this.#waiting) {
        if (waiting === 0) continue
        for (
          let first = this.#line.firstFor(sink);
          first?.waits === true && first.node === sink;
          first = this.#line.firstFor(sink)
        ) {
          first.waits = false
          this.#waiting.set(sink, (this.#waiting.get(sink) ?? 0) - 1)
          this.#advance(first)
          moved = true
        }
      }
    }
  }

  // ── advancing ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Advances a token, and depth first whatever is born of it, until each has ended or waits. */
  #advance(start: Token | null, stack: Token[] = []): void {
    if (start !== null) stack.push(start)
    for (let token = stack.pop(); token !== undefined; token = stack.pop()) {
      while (!token.ended && this.#visit(token, stack));
      if (token.ended) this.#line.leave(token)
    }
  }

  /** One visit. False if the token has ended, or waits. */
  #visit(token: Token, stack: Token[]): boolean {
    if (this.#nodes[token.node - 1]?.kind === 'sink') return this.#write(token)
    const station = this.#station(token.node)
    if (station.busy >= station.places) {
      station.queue.push(token)
      return this.#wait(token)
    }
    const context = token.attempt === 1 ? this.#first_attempt : { attempt: token.attempt, signal: this.#parts.signal }
    const started_us = this.#parts.clock.now_us()
    const step = station.visit(token.row, context)
    if (!(step instanceof Promise)) return this.#apply(token, step, started_us, stack)
    station.busy++
    step.then(
      answer => this.#arrive({ token, started_us, step: answer, thrown: null }),
      (thrown: unknown) => this.#arrive({ token, started_us, step: null, thrown }),
    )
    return this.#wait(token)
  }

  /** Records what a visit came to. Children go onto the stack, the first on top. */
  #apply(token: Token, step: Step, started_us: number, stack: Token[]): boolean {
    const { recorder } = this.#parts
    const node = this.#nodes[token.node - 1] as PlanNode
    const passage: Passage = { kind: node.kind === 'gate' ? 'gate' : 'flow', node: node.number }
    try {
      switch (step.kind) {
        case 'leave':
          recorder.leave(token, step.edge, step.row, passage, started_us)
          break
        case 'expand': {
          const children = recorder.expand(
            token,
            step.rows,
            step.edge,
            passage,
            group => expanded(token.id, node.number, group),
            started_us,
          )
          this.#line.replace(token, children)
          for (const child of children.toReversed()) stack.push(child)
          break
        }
        case 'filtered':
          recorder.end(token, filtered(token.id, node.number), started_us)
          break
        case 'error':
          return this.#fail(token, node, step, started_us)
      }
    } catch (thrown) {
      if (thrown instanceof NotJsonError) throw defect(node.name, `returned a row that isn’t JSON: ${thrown.message}`)
      throw thrown
    }
    if (token.ended) this.#line.leave(token)
    return !token.ended
  }

  #fail(token: Token, node: PlanNode, error: Extract<Step, { kind: 'error' }>, started_us: number): boolean {
    if (node.kind !== 'transform' && node.kind !== 'gate') throw new TypeError(`a ${node.kind} has no attempts`)
    const { recorder, clock } = this.#parts
    const next = afterError(error.retryable, token.attempt, node.retry)
    if (next.kind === 'again') {
      recorder.failAttempt(token, error, started_us)
      this.#resting++
      clock.wake(next.delay_us, () => {
        this.#rested.push(token)
        this.wake()
      })
      return this.#wait(token)
    }
    recorder.fail(token, node.on_error, error, next.cause, started_us)
    if (token.ended) this.#line.leave(token)
    return !token.ended
  }

  #write(token: Token): boolean {
    const { recorder, outputs, clock } = this.#parts
    const sink = token.node
    if (!this.#line.isTurn(token, sink)) {
      token.waits = true
      this.#waiting.set(sink, (this.#waiting.get(sink) ?? 0) + 1)
      return this.#wait(token)
    }
    const started_us = clock.now_us()
    const node = this.#nodes[sink - 1] as Extract<PlanNode, { kind: 'sink' }>
    const error = outputs.write(sink, token.row)
    if (error === null) recorder.end(token, endAtSink(token.id, token.passage, sink), started_us)
    else recorder.fail(token, node.on_error, error, 'sink_rejected', started_us)
    return !token.ended
  }

  #wait(token: Token): false {
    if (token.place === null) this.#line.join(token)
    return false
  }

  #arrive(arrival: Arrival): void {
    this.#arrivals.push(arrival)
    this.wake()
  }

  #station(node: number): Station {
    const station = this.#parts.stations.get(node)
    if (station === undefined) throw new TypeError(`no station for node ${node}`)
    return station
  }
}

const END_OF_LIMIT: Incoming = { kind: 'end' }
