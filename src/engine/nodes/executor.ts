/**
 * Advances tokens through the plan. Owns all in-flight state, and never waits: what takes time is begun here, and its
 * answer is kept until `deliver`.
 *
 * EXECUTOR-1. (I7) Sinks, aggregates, joins, sorts and ordered transforms take tokens in the order of the order list; what is advanced outside
 *     the order list comes after all that is in it.
 * EXECUTOR-2. A token joins the order list when it first waits: for a plugin's answer, a place in a pool, its backoff, its turn, or the
 *     rest of its group; what is born of it stands there in its place. Members of an open batch, and what a join or a sort holds, aren't in it.
 * EXECUTOR-3. Answers that arrived come before timers that are due.
 * EXECUTOR-4. (I12) What one piece of events sets going is done before the next is looked at, but not before a commit that is overdue:
 *     then the rest waits in the order list, and goes on first when the commit is begun.
 * EXECUTOR-5. Where time decides, no two visits begin at the same time: so the record shows which came first.
 */
import type { CommitLine } from '../../format/commit-line.ts'
import type { Row } from '../../model/row.ts'
import type { ForkNode, GateNode, Plan, PlanNode, SinkNode, TransformNode } from '../../plan/plan.ts'
import type { RowError } from '../../sdk/spec.ts'
import type { Contexts } from '../calls/contexts.ts'
import type { Apply, ApplyAnswer, EventQueue } from '../order/event-queue.ts'
import { OrderChanges } from '../order/order-changes.ts'
import { OrderList } from '../order/order-list.ts'
import { canStillReach, type Reaches, reachabilityPastAny, upstreamFirst } from '../order/reachability.ts'
import { TurnGate, takesInOrder } from '../order/turn-gate.ts'
import { defect } from '../ports/plugin-defect.ts'
import type { SessionClock } from '../ports/run-clock.ts'
import type { Recorder } from '../record/recorder.ts'
import type { ReplayOrder } from '../replay/replay-order.ts'
import type { Stack } from '../token/fork-frames.ts'
import type { InFlight } from '../token/in-flight.ts'
import { isKeeper, standing, Token } from '../token/token.ts'
import type { Trace } from '../token/traces.ts'
import { AggregateRuntime } from './aggregate/apply.ts'
import { CoalesceRuntime } from './coalesce/apply.ts'
import { type CanReach, CoalesceGroups } from './coalesce/groups.ts'
import { EndOfInput, type HoldingNode } from './end-of-input.ts'
import type { Holdings } from './holdings.ts'
import { JoinRuntime } from './join/apply.ts'
import { asDefect, type Step, tooDeep, unforeseen, writeRow } from './plugin-call.ts'
import { callNext, type Pool, type Pools } from './pool.ts'
import { afterError } from './retry.ts'
import { Sender } from './sink/outbound.ts'
import type { Sinks } from './sink/sinks.ts'
import { SortRuntime } from './sort/apply.ts'
import { Transitions } from './transition.ts'

/** In one commit. A thousand rows have some thousands as a rule; an expansion or a batch may set very many going. */
const MOST_VISITS = 65_536

type Performing = TransformNode | GateNode

export interface ExecutorParts {
  readonly plan: Plan
  readonly pools: Pools
  readonly recorder: Recorder
  readonly outputs: Sinks
  readonly clock: SessionClock
  readonly contexts: Contexts
  readonly events: EventQueue
  /** null if the run is no replay, or time decides nothing in it. */
  readonly replay_order: ReplayOrder | null
  /** What sorts and joins hold. */
  readonly held: Holdings
  /** Nodes where time decides. */
  readonly races: ReadonlySet<number>
  /** Whether what sinks send isn't sent, but on record, row by row. */
  readonly replays: boolean
  /** Of a split to which records were dealt: whether it has those with a row's key. null: nobody has dealt any. */
  readonly hasKeyOf: ((row: Row) => boolean) | null
}

export class Executor {
  readonly #parts: ExecutorParts
  readonly #nodes: readonly PlanNode[]
  readonly #order: OrderList
  readonly #line_record: OrderChanges
  readonly #merges: CoalesceRuntime
  readonly #batching: AggregateRuntime
  readonly #transitions: Transitions
  readonly #sender: Sender
  readonly #end: EndOfInput
  readonly #events: EventQueue
  readonly #gate: TurnGate
  /** Of what was begun, and isn't done because a commit is due: tokens, the last one first. */
  #left: Stack = []
  /** Events that were taken, the last first. */
  #taken: Apply[] = []
  /** Tokens may be there whose turn has come. */
  #passes = false
  /** Something was thrown: goes on to the end, though a commit is due. */
  #hurries = false
  /** Visits since the last commit. */
  #visits = 0

  constructor(parts: ExecutorParts, reaches: Reaches) {
    this.#parts = parts
    const { replay_order } = parts
    this.#nodes = parts.plan.nodes
    const ordered = this.#nodes.filter(takesInOrder).map(({ number }) => number)
    const past = reachabilityPastAny(parts.plan)
    const canReach: CanReach = (carrier, node) => canStillReach(carrier, node, reaches, past)
    // Who stands there for a batch that is worked on can't come where others of it can.
    const blocks = (token: Token, node: number) => (isKeeper(token) ? reaches(token.node, node) : canReach(token, node))
    this.#order = new OrderList(ordered, blocks)
    this.#line_record = new OrderChanges(this.#order)
    this.#gate = new TurnGate(this.#order, ordered, replay_order)
    this.#events = parts.events
    this.#merges = new CoalesceRuntime({
      ...parts,
      groups: new CoalesceGroups(parts.plan, reaches, canReach, replay_order),
      canReach,
      order: this.#order,
    })
    this.#transitions = new Transitions(this.#order, this.#merges)
    const shared = { ...parts, order: this.#order, transitions: this.#transitions }
    this.#sender = new Sender(shared)
    this.#batching = new AggregateRuntime(shared)
    this.#end = new EndOfInput({
      ...shared,
      nodes: upstreamFirst(this.#nodes.filter(isHolding), reaches),
      batching: this.#batching,
      joining: new JoinRuntime({ ...shared, held: parts.held.joins }),
      sorting: new SortRuntime({ ...shared, held: parts.held.sorts }),
    })
  }

  /** Whether `deliver` has something to do. */
  get hasNews(): boolean {
    return this.#left.length > 0 || this.#taken.length > 0 || this.#passes || this.#events.any
  }

  /** Visits and batches that plugins have promised to answer. */
  get performing(): number {
    return this.#events.expected
  }

  /** @throws CustodyError of a plugin that hasn't answered for too long. */
  refuseSilence(): void {
    const { visit_ms } = this.#parts.plan.limits
    const node = this.#events.silent(visit_ms * 1000)
    if (node !== null) throw defect(node, `hasn’t answered for ${visit_ms / 1000} s, the most that limits.visit allows`)
  }

  /** Whether rows wait for others, to be sent together. */
  get gathering(): boolean {
    return this.#sender.gathering
  }

  /**
   * Tokens in the order list that wait for something that isn't the rest of their group; of these, how many rest, in backoff or because
   * they are ahead of a replay’s record.
   */
  get waiting(): { readonly all: number; readonly resting: number } {
    return { all: this.#order.active, resting: this.#events.resting + this.#ahead }
  }

  get #ahead(): number {
    return this.#parts.replay_order?.waiting ?? 0
  }

  /** Whether no token waits for anything, not even the rest of its group. Members of open batches, and what sorts hold, aside. */
  get drained(): boolean {
    return this.#order.size === 0
  }

  /** What the next commit records of the order of what is under way. To be asked once for each. */
  order(): CommitLine {
    this.#visits = 0
    return this.#line_record.next()
  }

  /**
   * Continues from where a commit stood: takes in what was under way, in its order. To be called once, before anything else;
   * the first `deliver` then advances it.
   */
  restore({ order, subjects, groups, batches, resting }: InFlight): void {
    for (const each of order) {
      if (!(each instanceof Token)) this.#merges.restoreTrace(each)
      else if (each.state.kind === 'in_group') this.#order.hold(each)
      else this.#order.join(each)
    }
    this.#sender.restore(order.filter(each => each instanceof Token))
    for (const subject of subjects) this.#merges.restore(subject)
    for (const { group, left_us } of groups) this.#merges.startTimeout(group, left_us)
    const rests = new Map(resting.map(({ token, left_us }) => [token, left_us]))
    this.#events.fallDue(stack => {
      // Those that batches and groups let go now go on by themselves.
      const ready = order.filter(each => each instanceof Token).filter(each => !each.held && !each.ended)
      for (const each of batches) this.#batching.restore(each, stack)
      this.#transitions.ofHold(stack)
      for (const token of ready.reverse()) {
        const left_us = rests.get(token)
        if (left_us === undefined) stack.push(token)
        else this.#events.rest(left_us, after => after.push(token))
      }
    })
  }

  /** Whether this record may be read: a replay looks up first what is on record of it. */
  isReadyFor(source: PlanNode, index: number): boolean {
    return this.#parts.replay_order?.isReadyFor(source.number, index) ?? true
  }

  /** Advances a token that was just read, unless its source was also its end. */
  enter(token: Token): void {
    this.#parts.replay_order?.enter(token.subject)
    if (!token.ended) this.#advance([token])
    this.#passTurns()
  }

  /**
   * Applies all that has arrived, unless a commit is overdue: then the rest follows that.
   * @throws CustodyError of a plugin's defect, after all else was applied.
   */
  deliver(): void {
    const thrown: unknown[] = []
    while (this.hasNews && !this.#waitsForCommit) {
      try {
        this.#deliverNext()
      } catch (error) {
        thrown.push(error)
        this.#hurries = true
        this.#parts.contexts.close()
      }
    }
    this.#hurries = false
    if (thrown.length > 0) throw thrown[0]
  }

  /** What was left goes on before anything else, as if there had been no commit in between. */
  #deliverNext(): void {
    if (this.#left.length > 0) {
      const stack = this.#left
      this.#left = []
      return this.#advance(stack)
    }
    const apply = this.#taken.pop()
    if (apply !== undefined) {
      const stack: Stack = []
      apply(stack)
      return this.#advance(stack)
    }
    if (this.#passes) return this.#passTurns()
    this.#taken = this.#events.take().toReversed()
    this.#passes = true
  }

  /** Whether nothing more should happen before a commit: very many rows have facts, or few have very many. */
  get isCommitOverdue(): boolean {
    return this.#parts.recorder.pending.isOverfull || this.#visits >= MOST_VISITS
  }

  get #waitsForCommit(): boolean {
    return !this.#hurries && this.isCommitOverdue
  }

  /**
   * The input has ended: sends rows that wait for others, and none can come; or closes the next open batch that nothing can add
   * to any more, or has the next join or sort that nothing can come to any more let go what it holds, once all that is under way is done.
   * False if there is none of that.
   */
  flush(): boolean {
    this.#parts.replay_order?.inputEnded()
    this.#passTurns()
    if (this.#sender.sendLast()) return true
    if (this.#order.active > this.#ahead) return false
    const stack: Stack = []
    const any = this.#end.next(stack)
    this.#advance(stack)
    this.#passTurns()
    return any
  }

  /** Whether a join or a sort lets go what it holds: `releaseNext` has something to do. */
  get isReleasing(): boolean {
    return this.#end.isReleasing
  }

  /** Advances what the join or the sort lets go next. */
  releaseNext(): void {
    const stack: Stack = []
    this.#end.release(stack)
    this.#advance(stack)
    this.#passTurns()
  }

  /** All facts there are were handed over: what sorts and joins hold can leave memory. */
  settle(): void {
    this.#parts.held.leave()
  }

  /** Nothing else can go on: of a replay’s tokens, the first that waits for what doesn't come continues. False if none does. */
  giveUp(): boolean {
    if (this.hasNews || this.performing > 0 || this.#sender.under_way > 0 || this.#events.resting > 0) return false
    const token = this.#parts.replay_order?.giveUp() ?? null
    if (token === null) return false
    this.#advance([token])
    this.#passTurns()
    return true
  }

  // ── advancing ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Advances tokens, the last one first, and depth first what is born of them, until each has ended or waits. */
  #advance(stack: Stack): void {
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (!(next instanceof Token)) {
        this.#merges.pass(next)
        continue
      }
      if (this.#waitsForCommit) return this.#leave([...stack, next])
      this.#visits++
      try {
        this.#visit(next, stack)
      } catch (thrown) {
        // The run stops. What was being advanced keeps its order for whoever resumes it.
        for (const each of [next, ...stack.toReversed()]) this.#stay(each)
        throw thrown
      }
    }
  }

  #stay(each: Token | Trace): void {
    if (!(each instanceof Token)) this.#merges.pass(each)
    else if (!each.ended && !each.held) this.#order.stay(each)
  }

  /** The rest follows the next commit, which has its order. */
  #leave(rest: Stack): void {
    for (const each of rest.toReversed()) this.#stay(each)
    this.#left = rest
  }

  /** One visit. A token that can go on is put back onto the stack. */
  #visit(token: Token, stack: Stack): void {
    const node = this.#node(token.node)
    const started_us = this.#beginsAt(node)
    switch (node.kind) {
      case 'transform':
      case 'gate':
        if (!takesInOrder(node)) return this.#perform(token, node, started_us, stack)
        if (this.#gate.has(token)) this.#performInOrder(token, node, started_us, stack)
        return
      case 'sink':
        if (token.state.kind === 'sending' || this.#gate.has(token)) this.#sink(token, node, started_us, stack)
        return
      case 'aggregate':
        if (this.#gate.has(token)) this.#batching.arrive(token, node, started_us, stack)
        return
      case 'join':
      case 'sort':
        if (this.#gate.has(token)) this.#end.hold(token, started_us, stack)
        return
      case 'fork':
        return this.#fork(token, node, started_us, stack)
      case 'coalesce':
        if (this.#gate.has(token)) this.#merges.arrive(token, node, started_us, stack)
        return
      case 'source':
        throw new TypeError(`an edge leads to source ${node.name}`)
    }
  }

  #beginsAt({ number }: PlanNode): number {
    const { clock, races } = this.#parts
    return races.has(number) ? clock.next_us() : clock.now_us()
  }

  #perform(token: Token, node: Performing, started_us: number, stack: Stack): void {
    const pool = this.#parts.pools.at(node.number)
    if (pool.busy >= pool.places) {
      pool.queue.push(token)
      return this.#order.stay(token)
    }
    const context = this.#parts.contexts.ofVisit(token, node)
    const step = pool.visit(token.row, context)
    if (!(step instanceof Promise)) {
      callNext(pool, stack)
      return this.#apply(token, node, step, started_us, stack)
    }
    const apply = this.#whenAnswered(token, node, pool, started_us)
    this.#events.answer(step, apply, node.name, context.isCalling)
    this.#order.stay(token)
  }

  /** Its position follows from what is recorded: the visits that the node has had, each of another token. */
  #performInOrder(token: Token, node: Performing, started_us: number, stack: Stack): void {
    const { pools, recorder } = this.#parts
    const position = recorder.totals.visitsOf(node.number).all + 1
    this.#apply(token, node, pools.inOrder(node.number, token.row, { position }), started_us, stack)
  }

  #whenAnswered(token: Token, node: Performing, pool: Pool, started_us: number): ApplyAnswer<Step> {
    pool.busy++
    return (answer, at_us, next) => {
      pool.busy--
      callNext(pool, next)
      this.#apply(token, node, answer, started_us, next, at_us)
    }
  }

  #apply(token: Token, node: Performing, step: Step, started_us: number, stack: Stack, ended_us?: number): void {
    const { recorder } = this.#parts
    const before = standing(token)
    let next: readonly Token[] = [token]
    try {
      switch (step.kind) {
        case 'leave':
          recorder.leave(
            token,
            step.edge,
            step.row,
            { kind: node.kind === 'gate' ? 'gate' : 'flow', node: node.number },
            started_us,
            ended_us,
          )
          break
        case 'expand':
          next = recorder.expand(token, step.rows, step.edge, started_us, ended_us)
          break
        case 'filtered':
          recorder.filter(token, started_us, ended_us)
          break
        case 'missed':
          recorder.miss(token, step.message, started_us, ended_us)
          break
        case 'error':
          if (this.#retry(token, node, step, started_us, ended_us)) return
      }
    } catch (thrown) {
      const error = tooDeep(thrown)
      if (error === null) throw asDefect(node, thrown)
      this.#retry(token, node, error, started_us, ended_us)
    }
    this.#transitions.of(token, [before], next, stack)
  }

  /** Records an error. True if the token waits for another attempt. */
  #retry(token: Token, node: Performing, error: RowError, started_us: number, ended_us?: number): boolean {
    const { recorder } = this.#parts
    const next = afterError(error.retryable, token.attempt, node.retry, error.retry_after_ms)
    if (next.kind === 'give_up') {
      const { name, on_error } = node
      if (on_error === null) throw unforeseen(node, token.row, error)
      recorder.fail(token, { name, on_error }, error, { kind: next.cause }, started_us, ended_us)
      return false
    }
    recorder.failAttempt(token, error, started_us, ended_us)
    this.#events.rest(next.delay_us, stack => stack.push(token))
    this.#order.stay(token)
    return true
  }

  #sink(token: Token, node: SinkNode, started_us: number, stack: Stack): void {
    const { recorder, outputs } = this.#parts
    const outbound = outputs.outbound(node.number)
    if (outbound !== null) return this.#sender.send(token, node, outbound, started_us, stack)
    const before = standing(token)
    const error = writeRow(node, outputs, token.row)
    if (error === null) recorder.write(token, started_us)
    else recorder.fail(token, node, error, { kind: 'sink_rejected' }, started_us)
    this.#transitions.of(token, [before], [token], stack)
  }

  #fork(token: Token, node: ForkNode, started_us: number, stack: Stack): void {
    const before = standing(token)
    const children = this.#parts.recorder.fork(token, node, started_us)
    // A branch may be lost by its very first edge.
    const born = children.map(child => ({ token: child, frames: child.frames, node: node.number }))
    this.#transitions.of(token, [before, ...born], this.#merges.withTraces(node, children), stack)
  }

  // ── turns ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Lets tokens pass whose turn has come, until none can, or a commit is overdue. */
  #passTurns(): void {
    this.#passes = true
    while (!this.#waitsForCommit) {
      const token = this.#gate.next()
      if (token === null) {
        this.#passes = false
        return
      }
      this.#advance([token])
    }
  }

  #node(number: number): PlanNode {
    const node = this.#nodes[number - 1]
    if (node === undefined) throw new TypeError(`no node ${number}`)
    return node
  }
}

function isHolding(node: PlanNode): node is HoldingNode {
  return node.kind === 'aggregate' || node.kind === 'join' || node.kind === 'sort'
}
