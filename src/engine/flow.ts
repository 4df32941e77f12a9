/**
 * Advances tokens through the plan. Owns all in-flight state, and never waits: what takes time is begun here, and its
 * answer is kept until `deliver`.
 *
 * W1. (I7) Sinks and aggregates take tokens in the order of the line; what is advanced outside the line comes after all
 *     that is in it.
 * W2. A token joins the line when it first waits: for a plugin's answer, a place in a pool, its backoff, its turn, or the
 *     rest of its group; what is born of it stands there in its place. Members of an open batch are in no line.
 * W3. Answers that arrived come before timers that are due.
 */
import { NotJsonError } from '../model/canonical.ts'
import type { Json } from '../model/row.ts'
import type { AggregateNode, CoalesceNode, ForkNode, Plan, PlanNode, SinkNode } from '../plan/plan.ts'
import type { BatchResult, RowError, VisitContext } from '../sdk/spec.ts'
import { type Batch, Batches } from './batches.ts'
import { refusal } from './decide/batch.ts'
import type { Passage } from './decide/ending.ts'
import { afterError } from './decide/retry.ts'
import type { Frame, Join, Waiting } from './frames.ts'
import { type JoinEffect, Joins } from './joins.ts'
import { Line } from './line.ts'
import type { Outputs } from './outputs.ts'
import type { Clock } from './ports.ts'
import type { Recorder } from './recorder.ts'
import type { Station, Stations } from './stations.ts'
import { defect, type Step } from './step.ts'
import type { Token } from './token.ts'

/** An answer of a plugin: `settle` applies it. */
type Answer = (stack: Token[]) => void

export interface FlowParts {
  readonly plan: Plan
  readonly stations: Stations
  readonly recorder: Recorder
  readonly outputs: Outputs
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Called when `deliver` has something to do. */
  readonly onNews: () => void
}

export class Flow {
  readonly #parts: FlowParts
  readonly #nodes: readonly PlanNode[]
  readonly #line: Line
  readonly #joins: Joins
  readonly #batches: Batches
  /** Aggregates, upstream ones first. */
  readonly #aggregates: readonly AggregateNode[]
  readonly #first_attempt: VisitContext
  #answers: Answer[] = []
  #due: Answer[] = []
  #resting = 0
  /** By ordered node: how many tokens wait for their turn. */
  readonly #waiting = new Map<number, number>()
  #waiters = 0

  constructor(parts: FlowParts, reaches: (node: number, target: number) => boolean) {
    this.#parts = parts
    this.#nodes = parts.plan.nodes
    for (const node of this.#nodes)
      if (node.kind === 'sink' || node.kind === 'aggregate') this.#waiting.set(node.number, 0)
    this.#line = new Line(this.#waiting.keys(), reaches)
    this.#joins = new Joins(parts.plan, reaches)
    this.#batches = new Batches(parts.clock, batch => this.#fallDue(stack => this.#lookAt(batch, false, stack)))
    const aggregates = this.#nodes.filter(node => node.kind === 'aggregate')
    this.#aggregates = aggregates.toSorted(
      (a, b) => Number(reaches(b.number, a.number)) - Number(reaches(a.number, b.number)),
    )
    this.#first_attempt = { attempt: 1, signal: parts.signal }
  }

  /** Whether `deliver` has something to do. */
  get hasNews(): boolean {
    return this.#answers.length > 0 || this.#due.length > 0
  }

  /** Tokens that wait for something that isn't the rest of their group. */
  get waiting(): number {
    return this.#line.active
  }

  /** Of these, tokens that wait for their backoff. */
  get resting(): number {
    return this.#resting
  }

  /** Whether no token waits for anything, not even the rest of its group. Members of open batches aside. */
  get drained(): boolean {
    return this.#line.size === 0
  }

  /** Advances a token that was just read. */
  enter(token: Token): void {
    this.#advance([token])
    if (this.#waiters > 0) this.#passTurns()
  }

  /** Applies all that has arrived. @throws CustodyError of a plugin's defect, after all else was applied. */
  deliver(): void {
    const thrown: unknown[] = []
    while (this.hasNews) {
      const news = this.#answers.length > 0 ? this.#answers : this.#due
      if (news === this.#answers) this.#answers = []
      else this.#due = []
      for (const apply of news) {
        const stack: Token[] = []
        try {
          apply(stack)
          this.#advance(stack)
        } catch (error) {
          thrown.push(error)
        }
      }
      this.#passTurns()
    }
    if (thrown.length > 0) throw thrown[0]
  }

  /** The input has ended: closes the next open batch that nothing can add to any more. False if there is none. */
  flush(): boolean {
    for (const node of this.#aggregates) {
      const batch = this.#batches.openAt(node.number)
      if (batch === undefined || this.#line.anyFor(node.number)) continue
      const stack: Token[] = []
      this.#lookAt(batch, true, stack)
      this.#advance(stack)
      this.#passTurns()
      return true
    }
    return false
  }

  // ── advancing ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Advances tokens, the last one first, and depth first what is born of them, until each has ended or waits. */
  #advance(stack: Token[]): void {
    for (let token = stack.pop(); token !== undefined; token = stack.pop()) {
      while (!token.ended && this.#visit(token, stack));
      if (token.ended) this.#line.leave(token)
    }
  }

  /** One visit. False if the token has ended, or waits. */
  #visit(token: Token, stack: Token[]): boolean {
    const node = this.#node(token.node)
    const started_us = this.#parts.clock.now_us()
    switch (node.kind) {
      case 'transform':
      case 'gate':
        return this.#perform(token, node.number, started_us, stack)
      case 'sink':
        return this.#turnOf(token) && this.#write(token, node, started_us, stack)
      case 'fork':
        return this.#fork(token, node, started_us, stack)
      case 'coalesce':
        return this.#coalesce(token, node, started_us, stack)
      case 'aggregate':
        return this.#turnOf(token) && this.#aggregate(token, node, started_us, stack)
      case 'source':
        throw new TypeError(`an edge leads to source ${node.name}`)
    }
  }

  #perform(token: Token, number: number, started_us: number, stack: Token[]): boolean {
    const station = this.#parts.stations.at(number)
    if (station.busy >= station.places) {
      station.queue.push(token)
      return this.#wait(token)
    }
    const context = token.attempt === 1 ? this.#first_attempt : { attempt: token.attempt, signal: this.#parts.signal }
    const step = station.visit(token.row, context)
    if (!(step instanceof Promise)) {
      callNext(station, stack)
      return this.#apply(token, step, started_us, stack)
    }
    station.busy++
    step.then(
      answer =>
        this.#arrive(next => {
          station.busy--
          callNext(station, next)
          if (this.#apply(token, answer, started_us, next)) next.push(token)
        }),
      (thrown: unknown) =>
        this.#arrive(() => {
          throw thrown
        }),
    )
    return this.#wait(token)
  }

  /** Records what a visit came to. Children go onto the stack, the first on top. */
  #apply(token: Token, step: Step, started_us: number, stack: Token[]): boolean {
    const { recorder } = this.#parts
    const { node: from, frames } = token
    const node = this.#node(from)
    try {
      switch (step.kind) {
        case 'leave': {
          const passage: Passage = { kind: node.kind === 'gate' ? 'gate' : 'flow', node: from }
          recorder.leave(token, step.edge, step.row, passage, started_us)
          break
        }
        case 'expand': {
          const children = recorder.expand(token, step.rows, step.edge, started_us)
          this.#born(token, children, stack)
          break
        }
        case 'filtered':
          recorder.filter(token, started_us)
          break
        case 'error':
          return this.#fail(token, node, step, started_us, stack)
      }
    } catch (thrown) {
      if (thrown instanceof NotJsonError) throw notJson(node, thrown)
      throw thrown
    }
    return this.#moved(token, frames, from, stack)
  }

  #fail(token: Token, node: PlanNode, error: RowError, started_us: number, stack: Token[]): boolean {
    if (node.kind !== 'transform' && node.kind !== 'gate') throw new TypeError(`a ${node.kind} has no attempts`)
    const { recorder } = this.#parts
    const next = afterError(error.retryable, token.attempt, node.retry)
    if (next.kind === 'again') {
      recorder.failAttempt(token, error, started_us)
      this.#rest(next.delay_us, after => after.push(token))
      return this.#wait(token)
    }
    const { node: from, frames } = token
    recorder.fail(token, node.on_error, error, { kind: next.cause }, started_us)
    return this.#moved(token, frames, from, stack)
  }

  #write(token: Token, node: SinkNode, started_us: number, stack: Token[]): boolean {
    const { recorder, outputs } = this.#parts
    const { frames } = token
    const error = outputs.write(node.number, token.row)
    if (error === null) recorder.write(token, started_us)
    else recorder.fail(token, node.on_error, error, { kind: 'sink_rejected' }, started_us)
    return this.#moved(token, frames, node.number, stack)
  }

  #fork(token: Token, node: ForkNode, started_us: number, stack: Token[]): boolean {
    const { frames } = token
    const children = this.#parts.recorder.fork(token, node, started_us)
    this.#born(token, children, stack)
    // A branch may be lost by its very first edge.
    for (const child of children) this.#lose(child, child.frames, node.number, stack)
    return this.#moved(token, frames, node.number, stack)
  }

  /** What follows for forks that the token was inside when it stood at `from`. True if it can go on. */
  #moved(token: Token, frames: Frame | null, from: number, stack: Token[]): boolean {
    if (token.ended) this.#line.leave(token)
    if (frames !== null) this.#lose(token, frames, from, stack)
    return !token.ended
  }

  /** Children take their parent's place in line, and go onto the stack, the first on top. */
  #born(parent: Token, children: readonly Token[], stack: Token[]): void {
    const alive = children.filter(child => !child.ended)
    this.#line.replace(parent, alive)
    stack.push(...alive.toReversed())
  }

  // ── waiting for others ────────────────────────────────────────────────────────────────────────────────────────────

  #coalesce(token: Token, node: CoalesceNode, started_us: number, stack: Token[]): false {
    this.#join(this.#joins.arrive(token, node, started_us), stack)
    return false
  }

  #lose(token: Token, frames: Frame | null, from: number, stack: Token[]): void {
    for (const effect of this.#joins.losses(token, frames, from)) this.#join(effect, stack)
  }

  #join(effect: JoinEffect, stack: Token[]): void {
    const { recorder } = this.#parts
    const { join } = effect
    switch (effect.kind) {
      case 'hold':
        recorder.holdAtCoalesce(effect.arrival.token, join, effect.arrival.started_us)
        this.#line.hold(effect.arrival.token)
        this.#setTimeout(join)
        return
      case 'merge': {
        join.callOffTimeout?.()
        const { row, origins, overruled } = effect.merged
        const detail = join.node.merge.kind === 'union' ? ({ origins, overruled } as Json) : null
        const frames = effect.members.map(({ token }) => token.frames)
        const merged = recorder.merge(join, effect.members, row, detail)
        const last = lastInLine(effect.members)
        if (last.place !== null && !merged.ended) this.#line.replace(last, [merged])
        for (const { token } of effect.members) this.#line.leave(token)
        if (!merged.ended) stack.push(merged)
        for (const [i, { token }] of effect.members.entries())
          this.#lose(token, frames[i] ?? null, join.node.number, stack)
        return
      }
      case 'fail': {
        const { members, closes } = effect
        if (closes) join.callOffTimeout?.()
        recorder.failAtCoalesce(join, members, effect.cause, effect.message, closes)
        for (const { token } of members) this.#line.leave(token)
        for (const { token } of members) this.#lose(token, token.frames, join.node.number, stack)
      }
    }
  }

  #setTimeout(join: Join): void {
    const { policy } = join.node
    if (policy.kind === 'first' || policy.timeout_ms === null || join.arrived.length > 1) return
    join.callOffTimeout = this.#parts.clock.wake(policy.timeout_ms * 1000, () =>
      this.#fallDue(stack => {
        const effect = this.#joins.timeOut(join)
        if (effect !== null) this.#join(effect, stack)
      }),
    )
  }

  #aggregate(token: Token, node: AggregateNode, started_us: number, stack: Token[]): false {
    const { recorder } = this.#parts
    const batch =
      this.#batches.openAt(node.number) ?? this.#batches.open(recorder.openBatch(node, started_us), started_us)
    recorder.holdInBatch(token, batch, started_us)
    batch.members.push({ token, branch: 0, started_us })
    this.#lookAt(batch, false, stack)
    // A batch that its plugin still works on keeps the place of its last member.
    if (batch.trigger === null) this.#line.leave(token)
    return false
  }

  #lookAt(batch: Batch, input_ended: boolean, stack: Token[]): void {
    if (this.#batches.look(batch, input_ended) !== null) this.#processBatch(batch, stack)
  }

  #processBatch(batch: Batch, stack: Token[]): void {
    const rows = batch.members.map(({ token }) => token.row)
    const context = { attempt: batch.attempt, signal: this.#parts.signal }
    const result = this.#parts.stations.aggregate(batch.node.number, rows, context)
    if (!(result instanceof Promise)) return this.#settleBatch(batch, result, stack)
    const last = (batch.members.at(-1) as Waiting).token
    if (last.place === null) this.#line.join(last)
    result.then(
      answer => this.#arrive(next => this.#settleBatch(batch, answer, next)),
      (thrown: unknown) =>
        this.#arrive(() => {
          throw thrown
        }),
    )
  }

  #settleBatch(batch: Batch, result: BatchResult, stack: Token[]): void {
    const { recorder } = this.#parts
    const { node, members } = batch
    const trigger = batch.trigger as string
    const error = refusal(node, result, members.length)
    const frames = members.map(({ token }) => token.frames)
    let next: readonly Token[] = members.map(({ token }) => token)
    try {
      if (error !== null) {
        if (this.#retryBatch(batch, error)) return
        recorder.failBatch(batch, trigger, members, error)
      } else if (result.kind === 'rows') next = recorder.consumeBatch(batch, trigger, members, result.rows)
      else if (result.kind === 'members') recorder.releaseBatch(batch, trigger, members, result.rows)
    } catch (thrown) {
      if (thrown instanceof NotJsonError) throw notJson(node, thrown)
      throw thrown
    }
    const last = (members.at(-1) as Waiting).token
    const alive = next.filter(token => !token.ended)
    this.#line.replace(last, alive)
    stack.push(...alive.toReversed())
    for (const [i, { token }] of members.entries()) this.#lose(token, frames[i] ?? null, node.number, stack)
  }

  /** True if the batch is attempted again: its members are held on. */
  #retryBatch(batch: Batch, error: RowError): boolean {
    const after = afterError(error.retryable, batch.attempt, batch.node.retry)
    if (after.kind !== 'again') return false
    const { recorder, clock } = this.#parts
    for (const { token, started_us } of batch.members) {
      recorder.failAttempt(token, error, started_us)
      recorder.holdInBatch(token, batch, clock.now_us())
    }
    batch.attempt++
    const last = (batch.members.at(-1) as Waiting).token
    if (last.place === null) this.#line.join(last)
    this.#rest(after.delay_us, stack => this.#processBatch(batch, stack))
    return true
  }

  // ── the line ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether an ordered node can take the token now; else it waits for its turn. */
  #turnOf(token: Token): boolean {
    if (this.#line.isTurn(token, token.node)) return true
    token.waits = true
    this.#countWaiting(token.node, 1)
    return this.#wait(token)
  }

  /** Lets tokens pass whose turn has come, until none can. */
  #passTurns(): void {
    for (let moved = true; moved && this.#waiters > 0; ) {
      moved = false
      for (const [node, waiting] of this.#waiting) {
        if (waiting === 0) continue
        for (
          let first = this.#line.firstFor(node);
          first?.waits === true && first.node === node;
          first = this.#line.firstFor(node)
        ) {
          first.waits = false
          this.#countWaiting(node, -1)
          this.#advance([first])
          moved = true
        }
      }
    }
  }

  #countWaiting(node: number, by: 1 | -1): void {
    this.#waiting.set(node, (this.#waiting.get(node) ?? 0) + by)
    this.#waiters += by
  }

  #wait(token: Token): false {
    if (token.place === null) this.#line.join(token)
    return false
  }

  #rest(delay_us: number, then: Answer): void {
    this.#resting++
    this.#parts.clock.wake(delay_us, () =>
      this.#fallDue(stack => {
        this.#resting--
        then(stack)
      }),
    )
  }

  #arrive(apply: Answer): void {
    this.#answers.push(apply)
    this.#parts.onNews()
  }

  #fallDue(apply: Answer): void {
    this.#due.push(apply)
    this.#parts.onNews()
  }

  #node(number: number): PlanNode {
    const node = this.#nodes[number - 1]
    if (node === undefined) throw new TypeError(`no node ${number}`)
    return node
  }
}

/** A place is free: the first that waits for one comes next, after what is on the stack. */
function callNext(station: Station, stack: Token[]): void {
  if (station.busy >= station.places) return
  const next = station.queue.shift()
  if (next !== undefined) stack.unshift(next)
}

/** The member that stands last in line; one that isn't in the line comes after all that are. */
function lastInLine(members: readonly Waiting[]): Token {
  let last = (members[0] as Waiting).token
  for (const { token } of members)
    if (last.place !== null && (token.place === null || token.place.label > last.place.label)) last = token
  return last
}

function notJson(node: PlanNode, thrown: NotJsonError): Error {
  return defect(node.name, `returned a row that isn’t JSON: ${thrown.message}`)
}
