/**
 * What a model means, the naive way: one row at a time, depth first, nothing kept but what waits. Shares no code with the
 * engine; instances are named by their births: row number or `aggregate#batch.ordinal`, then `.ordinal` for each fork and expansion,
 * `+` for a merge.
 */
import { heardBy } from './hearing.ts'
import {
  type AggregateModel,
  type CoalesceModel,
  type GateNode,
  type JoinModel,
  type Model,
  type NodeModel,
  placeOf,
  type SinkModel,
  type StepNode,
  type Target,
} from './model.ts'
import { NaiveBatches, rowsOf, tooManyOpen } from './naive-batches.ts'
import { NaiveJoins, pairOf, tooManyMatches } from './naive-joins.ts'
import { type Data, dataOf, mergedOf } from './naive-rows.ts'
import { atDiscard, atSink, mayMerge, NaiveCounts, number, type Passage, performed, successors } from './naive-rules.ts'
import { NaiveSorts } from './naive-sorts.ts'
import {
  type Carried,
  childrenOf,
  type Forking,
  failedAt,
  failedIn,
  type Group,
  groupOf,
  type Instance,
  LATE,
  type Mark,
  type Reason,
} from './naive-state.ts'

export interface Interpretation {
  /** By sink, in order. */
  readonly written: Map<string, Data[]>
  /** `path → OUTCOME/cause@sink` */
  readonly endings: Map<string, string>
}

export function interpret(model: Model): Interpretation {
  return new Interpreter(model).run()
}

class Interpreter {
  readonly #model: Model
  readonly #written: Map<string, Data[]>
  readonly #endings = new Map<string, string>()
  readonly #nodes: Map<string, NodeModel>
  readonly #sinks: Map<string, SinkModel>
  readonly #batches = new NaiveBatches()
  readonly #sorts = new NaiveSorts()
  readonly #joins = new NaiveJoins()
  readonly #counts = new NaiveCounts()
  /** All that haven't ended, wherever they are. */
  readonly #alive = new Set<Instance>()
  /** What is to continue, the next on top. */
  #stack: (Instance | Mark)[] = []
  /** What one transition decides goes on before all else, the first of these first. */
  #next: (Instance | Mark)[] = []

  constructor(model: Model) {
    this.#model = model
    this.#written = new Map(model.sinks.map(sink => [sink.name, []]))
    this.#nodes = new Map(model.nodes.map(node => [node.name, node]))
    this.#sinks = new Map(model.sinks.map(sink => [sink.name, sink]))
  }

  run(): Interpretation {
    let row = 0
    for (const source of this.#model.sources)
      for (const [index, value] of source.values.entries()) {
        row++
        if (value === null)
          this.#begin(
            String(row),
            {
              source: source.name,
              file: null,
              line: index + 1,
              raw: '?',
              _error: { code: 'SIM_UNREADABLE', node: source.name, message: 'unreadable' },
            },
            source.on_invalid,
            { kind: 'invalid' },
          )
        else this.#begin(String(row), dataOf(row, value, source.amounts?.[index]), source.to, { kind: 'flow' })
        this.#drain()
      }
    // The order of the model's nodes is a topological one.
    for (const node of this.#model.nodes) {
      if (node.kind === 'join') this.#join(node)
      else if (node.kind === 'aggregate')
        for (const key of this.#batches.keysAt(node)) {
          this.#close(node, key)
          this.#drain()
        }
      if (node.kind === 'sort')
        for (const instance of this.#sorts.release(node)) {
          this.#go(instance, node.to, { kind: 'flow' }, instance.data)
          this.#drain()
        }
    }
    if (this.#alive.size > 0) throw new Error(`${[...this.#alive].map(each => `${each.path} at ${each.at}`)} never end`)
    return { written: this.#written, endings: this.#endings }
  }

  #begin(path: string, data: Data, at: Target, passage: Passage, carried: readonly Carried[] = []): Instance {
    const instance = { path, data, at, passage, carried }
    this.#alive.add(instance)
    this.#stack.push(instance)
    return instance
  }

  #drain(): void {
    for (let next = this.#stack.pop(); next !== undefined; next = this.#stack.pop())
      if ('path' in next) this.#step(next)
  }

  #step(instance: Instance): void {
    const { at, passage } = instance
    if (at === 'discard') return this.#end(instance, atDiscard(passage))
    const sink = this.#sinks.get(at)
    if (sink !== undefined) return this.#write(instance, sink)
    const { name, side = 'left' } = placeOf(at)
    const node = this.#nodes.get(name)
    switch (node?.kind) {
      case 'gate':
        return this.#decide(instance, node)
      case 'step':
        return this.#perform(instance, node)
      case 'fork': {
        const forking: Forking = { fork: node.name, data: instance.data, groups: new Map() }
        const children = node.branches.map(
          ({ branch, to }, i): Instance => ({
            path: `${instance.path}.${i}`,
            data: instance.data,
            at: to,
            passage: { kind: 'flow' },
            carried: [...instance.carried, { forking, branch }],
          }),
        )
        const marks = (branch: string, to: Target): Mark[] =>
          this.#expecting(node.name, branch)
            .filter(coalesce => this.#isNested(to, coalesce.name))
            .map(coalesce => ({ forking, coalesce: coalesce.name, branch }))
        const next = children.flatMap((child, i) => [child, ...marks(node.branches[i]?.branch ?? '', child.at)])
        const ends = this.#coalescesOf(node.name).map((each): Mark => ({ forking, coalesce: each.name, branch: null }))
        return this.#become(instance, 'FORKED/fork', children, [...next, ...ends])
      }
      case 'coalesce':
        return this.#arrive(instance, node)
      case 'aggregate':
        return this.#gather(instance, node)
      case 'join':
        return this.#joins.hold(node, side, instance)
      case 'sort':
        return this.#sorts.hold(node, instance)
      case undefined:
        throw new Error(`no node ${at}`)
    }
  }

  // ── transitions ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** The instance goes on to `target`. */
  #go(instance: Instance, target: Target, passage: Passage, data: Data): void {
    Object.assign(instance, { at: target, passage, data })
    this.#stack.push(instance)
    this.#settle([instance])
  }

  #end(instance: Instance, ending: string): void {
    this.#finish(instance, ending)
    this.#settle([instance])
  }

  #become(
    instance: Instance,
    ending: string,
    children: readonly Instance[],
    next: readonly (Instance | Mark)[] = children,
    others: readonly Instance[] = [],
  ): void {
    this.#finish(instance, ending)
    for (const child of children) this.#alive.add(child)
    this.#stack.push(...next.toReversed())
    this.#settle([instance, ...others, ...children])
  }

  #finish(instance: Instance, ending: string): void {
    if (this.#endings.has(instance.path)) throw new Error(`${instance.path} ends twice`)
    this.#endings.set(instance.path, ending)
    this.#alive.delete(instance)
  }

  #fail(instance: Instance, on_error: Target, code: string, cause: string, n = 0, message?: string): void {
    const data = on_error === 'discard' ? instance.data : failedAt(instance, code, n, message)
    this.#go(instance, on_error, { kind: 'error', cause }, data)
  }

  // ── nodes ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #write(instance: Instance, sink: SinkModel): void {
    if (sink.rejects > 0 && number(instance.data) % sink.rejects === 0)
      return this.#fail(instance, sink.on_error, 'SIM_REJECTED', 'sink_rejected')
    this.#written.get(sink.name)?.push(instance.data)
    this.#end(instance, `${atSink(instance.passage)}@${sink.name}`)
  }

  #decide(instance: Instance, gate: GateNode): void {
    const heard = heardBy(gate.asks, number(instance.data))
    if (heard.kind === 'error') return this.#fail(instance, gate.on_error, heard.code, heard.cause)
    const n = number(instance.data) + heard.sum
    if (gate.broken > 0 && n % gate.broken === 1) return this.#fail(instance, gate.on_error, 'SIM_GATE', 'error')
    this.#go(instance, gate.routes[n % gate.mod] ?? 'discard', { kind: 'gate' }, instance.data)
  }

  #perform(instance: Instance, node: StepNode): void {
    const heard = heardBy(node.asks, number(instance.data))
    if (heard.kind === 'error') return this.#fail(instance, node.on_error, heard.code, heard.cause)
    const n = number(instance.data) + heard.sum
    const data = node.asks === undefined ? instance.data : { ...instance.data, n }
    const result = performed(node.operation, data, n, node.attempts, this.#counts.next(node))
    switch (result.kind) {
      case 'row':
        return this.#go(instance, node.to, { kind: 'flow' }, result.row)
      case 'filtered':
        return this.#end(instance, 'DISCARDED/filter')
      case 'error':
        return this.#fail(instance, node.on_error, result.code, result.cause, n)
      case 'rows':
        return this.#become(instance, 'EXPANDED/expand', childrenOf(instance, result.rows, node.to))
    }
  }

  #join(node: JoinModel): void {
    for (const joined of this.#joins.end(node)) {
      if (joined.kind === 'too_many')
        this.#fail(joined.left, node.on_error, 'TOO_MANY_MATCHES', 'error', 0, tooManyMatches(node))
      else if (joined.kind === 'unmatched')
        this.#go(joined.row, node.routes[joined.side], { kind: 'flow' }, joined.row.data)
      else this.#pair(node, joined.left, joined.rights)
      this.#drain()
    }
  }

  #pair(node: JoinModel, left: Instance, rights: readonly Instance[]): void {
    const rows = rights.map(right => pairOf(node, left.data, right.data))
    const others = rights.filter(right => this.#alive.has(right))
    for (const right of others) this.#finish(right, 'CONSUMED_IN_BATCH/join')
    const children = childrenOf(left, rows, node.routes.matched)
    this.#become(left, 'CONSUMED_IN_BATCH/join', children, children, others)
  }

  #gather(instance: Instance, node: AggregateModel): void {
    const batch = this.#batches.gather(node, instance)
    if (batch === null) return this.#fail(instance, node.on_error, 'BATCHES_OPEN', 'error', 0, tooManyOpen(node))
    if (node.count > 0 && batch.members.length >= node.count) this.#close(node, batch.key)
  }

  #close(node: AggregateModel, key: string): void {
    const { members, nth } = this.#batches.close(node, key)
    const own = members.reduce((total, each) => total + number(each.data), 0)
    const heard = heardBy(node.asks, own)
    const sum = heard.kind === 'error' ? own : own + heard.sum
    const next: Instance[] = []
    if (heard.kind === 'error' || (node.broken > 0 && sum % node.broken === 0)) {
      const code = heard.kind === 'error' ? heard.code : 'SIM_BATCH'
      for (const member of members) {
        if (node.on_error !== 'discard') member.data = failedAt({ ...member, at: node.name }, code)
        Object.assign(member, { at: node.on_error, passage: { kind: 'error', cause: 'batch_failed' } })
        next.push(member)
      }
    } else if (node.operation === 'mark') {
      for (const [i, member] of members.entries()) {
        if (i % 3 === 2) {
          this.#finish(member, 'DISCARDED/filter')
          continue
        }
        Object.assign(member, { at: node.to, passage: { kind: 'flow' }, data: { ...member.data, mark: i } })
        next.push(member)
      }
    } else {
      for (const member of members) this.#finish(member, 'CONSUMED_IN_BATCH/batch')
      for (const [i, data] of rowsOf(node, members, sum).entries()) {
        const born: Instance = {
          path: `${node.name}#${nth}.${i}`,
          data,
          at: node.to,
          passage: { kind: 'flow' },
          carried: [],
        }
        this.#alive.add(born)
        next.push(born)
      }
    }
    this.#stack.push(...next.toReversed())
    this.#settle(members)
  }

  // ── groups ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #arrive(instance: Instance, node: CoalesceModel): void {
    const carried = instance.carried.findLast(each => each.forking.fork === node.fork)
    if (carried === undefined) throw new Error(`${instance.path} carries nothing of ${node.fork}`)
    const group = groupOf(carried.forking, node)
    if (group.verdict !== null) {
      const merged = group.verdict === 'merged'
      if (merged) this.#next.push(...this.#failAt(node, instance, carried.branch, 'late_arrival', LATE))
      else this.#failLater(carried.forking, node, [{ branch: carried.branch, instance }], group.verdict, group.verdict)
      return this.#settle([instance])
    }
    group.arrived.push({ branch: carried.branch, instance })
    const merged = this.#judge(carried.forking, node, group)
    if (merged !== null) this.#place(merged, carried.forking, node)
    this.#settle([instance])
  }

  /**
   * Looks for branches that are lost now, until nothing follows from any: first those of what has moved, in order, of inner
   * forks before outer ones. What merges goes on first.
   */
  #settle(moved: readonly Instance[]): void {
    const near = moved.flatMap(each => each.carried.toReversed().map(({ forking }) => forking))
    for (let again = true; again; ) {
      again = false
      for (const { forking, node, branch } of this.#expected(near)) {
        const group = groupOf(forking, node)
        if (group.verdict !== null || group.lost.has(branch) || group.arrived.some(each => each.branch === branch))
          continue
        if (this.#isCarried(forking, branch, node.name)) continue
        group.lost.add(branch)
        again = true
        const result = this.#judge(forking, node, group)
        if (result !== null) this.#place(result, forking, node)
        break
      }
    }
    this.#stack.push(...this.#next.reverse())
    this.#next = []
  }

  /** What merged continues behind all that comes from branches with forks inside which it lost; else next, or with all that one transition decides. */
  #place(born: Instance, forking: Forking, node: CoalesceModel): void {
    const { lost } = groupOf(forking, node)
    const at = this.#stack.findIndex(
      each =>
        'coalesce' in each && each.forking === forking && each.coalesce === node.name && lost.has(each.branch ?? ''),
    )
    if (at !== -1) this.#stack.splice(at, 0, born)
    else this.#next.push(born)
  }

  #expecting(fork: string, branch: string): CoalesceModel[] {
    return this.#coalescesOf(fork).filter(each => each.branches.includes(branch))
  }

  #coalescesOf(fork: string): CoalesceModel[] {
    return this.#model.nodes.filter(each => each.kind === 'coalesce').filter(each => each.fork === fork)
  }

  /** Whether a fork lies on a way to the coalesce. */
  #isNested(from: Target, coalesce: string): boolean {
    return this.#model.nodes.some(
      each => each.kind === 'fork' && this.#reaches(from, each.name) && this.#reaches(each.name, coalesce),
    )
  }

  /** Every branch that some group waits for, those of `near` first. */
  *#expected(near: readonly Forking[]): Iterable<{ forking: Forking; node: CoalesceModel; branch: string }> {
    for (const forking of new Set([...near, ...this.#forkings]))
      for (const node of this.#model.nodes)
        if (node.kind === 'coalesce' && node.fork === forking.fork)
          for (const branch of node.branches) yield { forking, node, branch }
  }

  /** Forks that were passed and of which something is alive or waits. */
  get #forkings(): Set<Forking> {
    return new Set([...this.#alive].flatMap(each => each.carried.map(({ forking }) => forking)))
  }

  #isCarried(forking: Forking, branch: string, coalesce: string): boolean {
    return [...this.#alive].some(
      each =>
        each.carried.some(one => one.forking === forking && one.branch === branch) &&
        this.#reaches(each.at, coalesce, this.#deadFor(each)),
    )
  }

  /** Coalesces at which its groups can't merge any more. */
  #deadFor({ carried }: Instance): ReadonlySet<string> {
    const dead = new Set<string>()
    for (const { forking } of carried)
      for (const [name, group] of forking.groups) {
        const node = this.#nodes.get(name)
        if (node?.kind === 'coalesce' && (group.verdict !== null || !mayMerge(node, group.lost))) dead.add(name)
      }
    return dead
  }

  #reaches(target: Target, to: string, dead: ReadonlySet<string> = new Set()): boolean {
    const { name: from } = placeOf(target)
    if (from === to) return true
    if (dead.has(from)) return false
    return successors(this.#nodes.get(from), this.#sinks.get(from)).some(next => this.#reaches(next, to, dead))
  }

  #judge(forking: Forking, node: CoalesceModel, group: Group): Instance | null {
    const [arrived, lost, expected] = [group.arrived.length, group.lost.size, node.branches.length]
    if (arrived === 0 && lost === expected) {
      group.verdict = 'closed'
      return null
    }
    switch (node.policy) {
      case 'require_all':
        return arrived === expected
          ? this.#merge(forking, node, group)
          : lost > 0
            ? this.#failGroup(forking, node, group, 'branch_lost')
            : null
      case 'quorum':
        if (node.complete === true && arrived + lost < expected) return null
        return arrived >= node.quorum
          ? this.#merge(forking, node, group)
          : expected - lost < node.quorum
            ? this.#failGroup(forking, node, group, 'quorum_not_met')
            : null
      case 'best_effort':
        return arrived + lost === expected ? this.#merge(forking, node, group) : null
      case 'first':
        return arrived > 0 ? this.#merge(forking, node, group) : null
    }
  }

  #failGroup(forking: Forking, node: CoalesceModel, group: Group, cause: string, reason: Reason = cause): null {
    group.verdict = cause
    this.#failLater(forking, node, group.arrived, cause, reason)
    return null
  }

  /** Members of a group that failed go on behind all that comes from the fork, in the order of its branches. */
  #failLater(forking: Forking, node: CoalesceModel, members: Group['arrived'], cause: string, reason: Reason): void {
    const fork = this.#nodes.get(node.fork)
    const order = fork?.kind === 'fork' ? fork.branches.map(({ branch }) => branch) : []
    const sorted = members.toSorted((a, b) => order.indexOf(a.branch) - order.indexOf(b.branch))
    const going = sorted.flatMap(({ instance, branch }) => this.#failAt(node, instance, branch, cause, reason))
    let at = this.#stack.findIndex(
      each => 'coalesce' in each && each.forking === forking && each.coalesce === node.name && each.branch === null,
    )
    if (at === -1) return void this.#next.push(...going)
    // Who failed with the group before comes before.
    for (let each = this.#stack[at - 1]; each !== undefined && 'path' in each && each.failed === forking; ) {
      at--
      each = this.#stack[at - 1]
    }
    for (const each of going) each.failed = forking
    this.#stack.splice(at, 0, ...going.toReversed())
  }

  /** The instance, if it continues. */
  #failAt(node: CoalesceModel, instance: Instance, branch: string, cause: string, reason: Reason): Instance[] {
    const { on_error = 'discard' } = node
    if (on_error === 'discard') {
      this.#finish(instance, `FAILED/${cause}`)
      return []
    }
    const data = failedIn(instance, node, branch, cause, reason)
    Object.assign(instance, { at: on_error, passage: { kind: 'error', cause }, data })
    return [instance]
  }

  #merge(forking: Forking, node: CoalesceModel, group: Group): Instance | null {
    const arrived = node.branches.flatMap(branch => group.arrived.filter(each => each.branch === branch))
    const rows = arrived.map(({ branch, instance }) => ({ branch, data: instance.data }))
    const merged = mergedOf(node, forking.data, rows)
    if (merged === null) return this.#failGroup(forking, node, group, 'select_missing')
    if ('conflict' in merged) return this.#failGroup(forking, node, group, 'merge_conflict', merged)
    group.verdict = 'merged'
    const [first] = arrived
    const carried = (first?.instance.carried ?? []).slice(
      0,
      first?.instance.carried.findIndex(each => each.forking === forking),
    )
    for (const { instance } of group.arrived) this.#finish(instance, 'COALESCED/merge')
    const born: Instance = {
      path: `${[...arrived.map(each => each.instance.path)].sort().join('&')}+`,
      data: merged.data,
      at: node.to,
      passage: { kind: 'flow' },
      carried,
    }
    this.#alive.add(born)
    return born
  }
}
