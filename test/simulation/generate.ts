/** Random models: every node can be reached, nothing cycles, and any number of edges meet at a node. */
import { generateCount, generateOperation, generateWrite } from './generate-operation.ts'
import { AMOUNT_KEYS, AMOUNTS, generateCalculation, generateLimits, JOIN_KEYS, SERVICES } from './generate-parts.ts'
import type {
  AggregateModel,
  Asks,
  CoalesceModel,
  ForkModel,
  GateNode,
  JoinModel,
  Model,
  NodeModel,
  Operation,
  SinkModel,
  SortModel,
  SourceModel,
  StepNode,
  Target,
} from './model.ts'
import type { Random } from './random.ts'

/** A fork's branch that an edge is inside of. */
interface Inside {
  readonly fork: string
  readonly branch: string
}

/** An edge that still needs a target. */
interface Loose {
  readonly connect: (target: Target) => void
  /** Outermost first. */
  readonly inside: readonly Inside[]
}

type Draft<T> = { -readonly [K in keyof T]: T[K] }

export interface Shape {
  /** Whether steps may answer later. */
  readonly later: boolean
  /** Forks, coalesces and aggregates too. */
  readonly groups: boolean
  /** The power may go, or somebody stop the run, at any time; another process then resumes it. */
  readonly crashes?: boolean
  /** Timeouts, ages and pauses, so that what happens depends on when. Then the interpreter has no say (I7). */
  readonly timed?: boolean
  /** Aggregates have a batch for each value of some fields, of which there are few. */
  readonly keyed?: boolean
  /** Steps that take their rows in order, too, and know their places. */
  readonly counted?: boolean
  /** Sorts, too: they hold all that comes to the end of input. */
  readonly sorted?: boolean
  /** Joins, too, of rows that often match. */
  readonly joined?: boolean
  /** Rows have amounts, by which they are grouped, joined and put in order, and with which steps and aggregates calculate. */
  readonly decimals?: boolean
  /** Forks inside forks, and their coalesces, too; all that is written goes to one sink, so that its order shows. */
  readonly nested?: boolean
  /** With `nested`: aggregates in branches, where some of their members are lost late. */
  readonly batched?: boolean
  /** Instead of forks inside forks, such whose branches are often lost, while another goes right to the sink. */
  readonly losing?: boolean
  /** Sinks send. If the run may crash they refuse nothing: who is refused after a crash stays in doubt. */
  readonly sends?: boolean
  /** Those that send do it in batches, and refuse nothing: a row would take others with it. */
  readonly batches?: boolean
  /** Services have bad times. */
  readonly troubled?: boolean
  /** Visits may ask services outside, which have limits, and cost. */
  readonly calls?: boolean
  /** Sources yield what nothing can be made of, now and then, until they are fixed. */
  readonly hostile?: boolean
  /** Others touch the files that sinks write; whoever runs the pipeline puts that right, and resumes it. */
  readonly touched?: boolean
  /** Rows say which file of their sink they go to. */
  readonly named?: boolean
  /** Sources have lists of files. */
  readonly files?: boolean
  /** Whoever continues it gives it up. */
  readonly abandoned?: boolean
  /** Clocks jump at any time: the machine sleeps, or they are set. */
  readonly clocks?: boolean
  readonly max_nodes: number
  readonly max_rows: number
}

export function generateModel(random: Random, shape: Shape): Model {
  return new Generator(random, shape).generate()
}

class Generator {
  readonly #random: Random
  readonly #shape: Shape
  #loose: Loose[] = []
  #sinks: readonly string[] = []
  /** Steps right before the coalesce that is being made. */
  readonly #writers: StepNode[] = []
  #joins = 0
  /** Forks that have a coalesce. */
  readonly #joined = new Set<string>()

  constructor(random: Random, shape: Shape) {
    this.#random = random
    this.#shape = shape
  }

  generate(): Model {
    const random = this.#random
    const sinks = Array.from(
      { length: this.#shape.nested === true ? 1 : random.between(1, 3) },
      (_, i): SinkModel => ({
        name: `sink${i}`,
        rejects: i > 0 && random.chance(0.3) ? random.between(2, 7) : 0,
        on_error: i > 0 && random.chance(0.5) ? `sink${i - 1}` : 'discard',
      }),
    )
    this.#sinks = sinks.map(({ name }) => name)
    const sources = Array.from({ length: random.between(1, 3) }, (_, i) => this.#source(i))
    const nodes = Array.from({ length: random.between(0, this.#shape.max_nodes) }, (_, i) => {
      const name = `node${i}`
      if (this.#shape.nested === true && this.#loose.length > 0 && random.chance(0.3))
        return this.#shape.losing === true ? this.#lose(name) : this.#nest(name, random.pick(this.#loose), 2)
      return this.#withWriters(this.#node(name))
    }).flat()
    for (const { connect } of this.#loose) connect(random.chance(0.15) ? 'discard' : random.pick(sinks).name)
    return {
      sources,
      nodes,
      sinks: this.#shape.sends === true ? sinks.map(sink => this.#sending(sink)) : sinks,
      ...(this.#shape.calls === true && { limits: generateLimits(random, this.#shape.troubled === true) }),
    }
  }

  #sending(sink: SinkModel): SinkModel {
    if (this.#random.chance(0.3)) return sink
    const { batches, crashes } = this.#shape
    const rejects = batches === true || crashes === true ? 0 : sink.rejects
    if (batches !== true) return { ...sink, sends: true, rejects }
    const batch = { rows: this.#random.between(1, 6), wait_ms: this.#random.pick([1, 20, 1_000, 60_000]) }
    return { ...sink, sends: true, rejects, batch }
  }

  #source(i: number): SourceModel {
    const random = this.#random
    const values = Array.from({ length: random.between(0, this.#shape.max_rows) }, () =>
      random.chance(0.05)
        ? null
        : random.between(0, this.#shape.keyed === true || this.#shape.joined === true ? 4 : 60),
    )
    const source: Draft<SourceModel> = {
      name: `source${i}`,
      to: 'discard',
      on_invalid: random.chance(0.5) ? 'discard' : 'sink0',
      values,
      ...(this.#shape.decimals === true && { amounts: values.map(() => random.pick(AMOUNTS)) }),
      ...(this.#shape.timed === true && { pause_us: random.pick([5_000, 50_000, 3_000_000]) }),
    }
    this.#leave([], target => {
      source.to = target
    })
    return source
  }

  #node(name: string): NodeModel {
    const random = this.#random
    if (this.#shape.sorted === true && random.chance(0.25)) return this.#sort(name)
    const kind = random.next()
    if (this.#shape.joined === true && this.#loose.length > 1 && random.chance(this.#joins === 0 ? 0.7 : 0.2))
      return this.#join(name)
    if (this.#shape.groups) {
      const joinable = this.#joinable()
      if (joinable.length > 0 && kind < 0.35) return this.#coalesce(name, random.pick(joinable))
      if (kind < 0.45) return this.#fork(name)
      if (kind < 0.6) return this.#aggregate(name)
    }
    return kind < 0.75 ? this.#gate(name) : this.#step(name)
  }

  #withWriters(node: NodeModel): NodeModel[] {
    return [...this.#writers.splice(0), node]
  }

  /** A fork, with a step or another such fork in some of its branches, and a coalesce. */
  #nest(name: string, at: Loose, depth: number): NodeModel[] {
    const random = this.#random
    const nodes: NodeModel[] = [this.#fork(name, at)]
    for (const [i, way] of this.#loose.filter(each => each.inside.at(-1)?.fork === name).entries())
      if (depth > 0 && random.chance(0.4)) nodes.push(...this.#nest(`${name}_nest${i}`, way, depth - 1))
      else if (this.#shape.batched === true && random.chance(0.4)) nodes.push(this.#aggregate(`${name}_batch${i}`, way))
      else if (this.#shape.sorted === true && random.chance(0.4)) nodes.push(this.#sort(`${name}_sort${i}`, way))
      else if (random.chance(0.6)) nodes.push(this.#step(`${name}_step${i}`, way))
    if (this.#joinable().includes(name)) nodes.push(...this.#withWriters(this.#coalesce(`${name}_join`, name)))
    return nodes
  }

  /** A fork whose middle branch, of three, goes right to a sink, and whose others have a coalesce, if they come so far. */
  #lose(name: string): NodeModel[] {
    const random = this.#random
    const nodes: NodeModel[] = [this.#fork(name, random.pick(this.#loose))]
    for (const [i, way] of this.#loose.filter(each => each.inside.at(-1)?.fork === name).entries())
      if (i === 1 && random.chance(0.8)) this.#use(way, random.pick(this.#sinks))
      else if (random.chance(0.8))
        nodes.push(this.#step(`${name}_step${i}`, way, { op: random.pick(['filter', 'fail']), mod: 2 }))
    if (this.#joinable().includes(name)) nodes.push(...this.#withWriters(this.#coalesce(`${name}_join`, name)))
    return nodes
  }

  #gate(name: string): GateNode {
    const random = this.#random
    const inside = this.#enter(name)
    const routes: Target[] = new Array(random.between(2, 3)).fill('discard')
    const gate: Draft<GateNode> = {
      kind: 'gate',
      name,
      ...this.#asks(0.3),
      mod: routes.length,
      broken: random.chance(0.2) ? random.between(3, 9) : 0,
      routes,
      on_error: 'discard',
    }
    for (const i of routes.keys())
      this.#leave(inside, target => {
        routes[i] = target
      })
    this.#leave(inside, target => {
      gate.on_error = target
    })
    return gate
  }

  #step(name: string, at?: Loose, does?: Operation): StepNode {
    const random = this.#random
    const inside = this.#enter(name, at)
    const counts = does === undefined && this.#shape.counted === true && random.chance(0.4)
    const calculates = this.#shape.decimals === true && random.chance(0.6)
    const own = calculates ? generateCalculation : generateOperation
    const operation = counts ? generateCount(random) : (does ?? own(random))
    const asking = counts ? {} : this.#asks(0.7)
    const step: Draft<StepNode> = {
      kind: 'step',
      name,
      ...asking,
      operation,
      later: this.#shape.later && !counts && random.chance(0.6),
      ...(this.#shape.timed === true && random.chance(0.3) && { delay_us: 1_000_000 }),
      attempts:
        asking.asks?.attempts ?? (counts || (this.#shape.groups && !this.#shape.later) ? 1 : random.between(1, 3)),
      to: 'discard',
      on_error: 'discard',
    }
    const expands = operation.op === 'expand' || (operation.op === 'count' && operation.does === 'expand')
    this.#leave(expands ? [] : inside, target => {
      step.to = target
    })
    this.#leave(inside, target => {
      step.on_error = target
    })
    return step
  }

  /** Branches rarely disagree by themselves. */
  #writer(to: string): string {
    const name = `${to}_writer${this.#writers.length}`
    const operation = generateWrite(this.#random)
    const common = { kind: 'step', later: false, attempts: 1, on_error: 'discard' } as const
    this.#writers.push({ ...common, name, operation, to })
    return name
  }

  #fork(name: string, at?: Loose): ForkModel {
    const inside = this.#enter(name, at)
    const branches = Array.from({ length: this.#random.between(2, 3) }, (_, i) => ({
      branch: `${name}_${i}`,
      to: 'discard',
    }))
    for (const each of branches)
      this.#leave([...inside, { fork: name, branch: each.branch }], target => {
        each.to = target
      })
    return { kind: 'fork', name, branches }
  }

  #coalesce(name: string, fork: string): CoalesceModel {
    const random = this.#random
    const own = this.#loose.filter(each => each.inside.at(-1)?.fork === fork)
    const all = [...new Set(own.map(each => each.inside.at(-1)?.branch as string))]
    const branches = all.filter((_, i) => i < 2 || random.chance(0.8))
    if (random.chance(0.3)) branches.reverse()
    for (const branch of branches) {
      const ways = own.filter(each => each.inside.at(-1)?.branch === branch)
      for (const [i, way] of ways.entries())
        if (i === 0 || random.chance(0.5)) this.#use(way, random.chance(0.4) ? this.#writer(name) : name)
    }
    const quorum = random.between(1, branches.length)
    // Where timing may decide, only policies whose verdict doesn't depend on it.
    const policies =
      this.#shape.later && this.#shape.timed !== true
        ? (['require_all', 'best_effort', 'complete'] as const)
        : (['require_all', 'quorum', 'best_effort', 'first', 'complete'] as const)
    const policy = random.pick(policies)
    const on_error = random.pick(['none', 'discard', ...this.#sinks])
    const coalesce: Draft<CoalesceModel> = {
      kind: 'coalesce',
      name,
      fork,
      branches,
      policy: policy === 'complete' ? 'quorum' : policy,
      ...(policy === 'complete' && { complete: true }),
      ...(on_error !== 'none' && { on_error }),
      quorum,
      merge: random.pick(['union', 'union', 'nested', 'select']),
      on_conflict: random.pick(['last_wins', 'first_wins', 'fail']),
      ...(this.#shape.timed === true && random.chance(0.8) && { timeout_ms: random.between(1, 70) }),
      to: 'discard',
    }
    // A second coalesce of one fork may merge, too: what two of them merge can't meet again in a branch of another fork.
    const inside = this.#joined.has(fork) ? [] : (own[0] as Loose).inside.slice(0, -1)
    this.#joined.add(fork)
    this.#leave(inside, target => {
      coalesce.to = target
    })
    return coalesce
  }

  #aggregate(name: string, at?: Loose): AggregateModel {
    const random = this.#random
    const inside = this.#enter(name, at)
    const operations = ['sum', 'each', 'none', 'mark', this.#shape.decimals === true ? 'amounts' : 'mark'] as const
    const operation = at === undefined ? random.pick(operations) : 'mark'
    const aggregate: Draft<AggregateModel> = {
      kind: 'aggregate',
      name,
      ...this.#asks(0.5),
      count: random.below(5),
      ...(this.#shape.keyed === true && random.chance(0.9) && { per: this.#per() }),
      operation,
      broken: random.chance(0.3) ? random.between(2, 9) : 0,
      later: this.#shape.later && random.chance(0.5),
      ...(this.#shape.timed === true && random.chance(0.5) && { max_age_ms: random.pick([1, 20, 70, 1_500]) }),
      ...(this.#shape.timed === true && random.chance(0.3) && { when_older_s: random.pick([0.01, 1, 2.5]) }),
      to: 'discard',
      on_error: 'discard',
    }
    this.#leave(operation === 'mark' ? inside : [], target => {
      aggregate.to = target
    })
    this.#leave(inside, target => {
      aggregate.on_error = target
    })
    return aggregate
  }

  #sort(name: string, at?: Loose): SortModel {
    const random = this.#random
    const inside = this.#enter(name, at)
    // What all rows have, and what many haven't, of all types.
    const fields = ['n', 'id', 'about', 'a', 'b', 'mark', 'ids', '_error'].filter(() => random.chance(0.3))
    if (this.#shape.decimals === true) fields.unshift('amount')
    const keys = (fields.length === 0 ? ['n'] : fields).map(field => ({
      field,
      ...(field === 'amount' && { as: 'number' as const }),
      order: random.pick(['asc', 'desc'] as const),
      nulls: random.pick(['first', 'last'] as const),
    }))
    const sort: Draft<SortModel> = { kind: 'sort', name, keys, to: 'discard' }
    this.#leave(inside, target => {
      sort.to = target
    })
    return sort
  }

  /** Of rows of two places, which may be the same. */
  #join(name: string): JoinModel {
    const random = this.#random
    this.#joins++
    const left = this.#enter(`${name}.left`)
    const right = this.#enter(`${name}.right`)
    const [of_left, of_right] = random.pick(this.#shape.decimals === true ? AMOUNT_KEYS : JOIN_KEYS)
    const routes = { matched: 'discard', left: 'discard', right: 'discard' }
    const join: Draft<JoinModel> = {
      kind: 'join',
      name,
      keys: { left: of_left, right: of_right },
      max_matches: random.chance(0.4) ? random.between(1, 4) : 1_000,
      merge: random.chance(0.3) ? 'nested' : 'union',
      routes,
      on_error: 'discard',
    }
    for (const [route, inside] of [
      ['matched', []],
      ['left', left],
      ['right', right],
    ] as const)
      this.#leave(inside, target => {
        routes[route] = target
      })
    this.#leave(left, target => {
      join.on_error = target
    })
    return join
  }

  #per(): NonNullable<AggregateModel['per']> {
    const random = this.#random
    if (this.#shape.decimals === true && random.chance(0.6)) return { fields: ['amount'], max_open: 1_000 }
    // `about` is another one in each row; others are often missing.
    const fields = random.pick([['n'], ['n'], ['n', 'a'], ['a'], ['mark'], ['about', 'b'], ['c', 'n']])
    return { fields, max_open: random.chance(0.4) ? random.between(1, 4) : 1_000 }
  }

  #asks(chance: number): { readonly asks?: Asks } {
    const random = this.#random
    if (this.#shape.calls !== true || !random.chance(chance)) return {}
    const service = random.pick(SERVICES)
    const manner = random.pick(['in_turn', 'together', 'hasty'] as const)
    return { asks: { service, requests: random.between(1, 4), manner, attempts: random.between(1, 4) } }
  }

  /** Forks of which two branches at least have loose edges right inside, all in the same outer branches. */
  #joinable(): string[] {
    const branches = new Map<string, Set<string>>()
    for (const { inside } of this.#loose) {
      const last = inside.at(-1)
      if (last !== undefined) branches.set(last.fork, (branches.get(last.fork) ?? new Set()).add(last.branch))
    }
    return [...branches].filter(([, names]) => names.size > 1).map(([fork]) => fork)
  }

  /** Takes some loose edges of one place as the way in, `at` among them; returns the place. */
  #enter(name: string, at?: Loose): readonly Inside[] {
    const random = this.#random
    if (this.#loose.length === 0) return []
    const first = at ?? random.pick(this.#loose)
    this.#use(first, name)
    const same = this.#loose.filter(each => placeOf(each) === placeOf(first))
    for (const each of same.slice(0, 2)) if (random.chance(0.4)) this.#use(each, name)
    return first.inside
  }

  #use(loose: Loose, target: Target): void {
    loose.connect(target)
    this.#loose = this.#loose.filter(each => each !== loose)
  }

  #leave(inside: readonly Inside[], connect: (target: Target) => void): void {
    this.#loose.push({ inside, connect })
  }
}

function placeOf({ inside }: Loose): string {
  return inside.map(each => each.branch).join('/')
}
