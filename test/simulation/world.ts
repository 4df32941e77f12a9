/** The outside of a simulated run: sources, steps, gates and sinks in memory, on a virtual clock. */
import type { GuardsConfig } from '../../src/config/pipeline.ts'
import { type Json, newRow, type Row } from '../../src/model/row.ts'
import { OBSERVED, type RowSchema } from '../../src/model/schema.ts'
import type { Plan, PlanEdge, PlanNode } from '../../src/plan/plan.ts'
import type {
  AggregateSpec,
  BatchResult,
  GateResult,
  GateSpec,
  Receipt,
  RowError,
  Sink,
  SinkSpec,
  SourceRecord,
  SourceSpec,
  TransformResult,
  TransformSpec,
  VisitContext,
} from '../../src/sdk/spec.ts'
import { Power } from '../support/power.ts'
import type { VirtualClock } from '../support/virtual-clock.ts'
import type { Jumps } from './clocks.ts'
import { COMMON, numberOf } from './common.ts'
import { amountsIn, calculated, DECLARED, statisticsOf } from './decimals.ts'
import { FarSide } from './far-side.ts'
import type { ManyFiles } from './many-files.ts'
import type {
  AggregateModel,
  Asks,
  GateNode,
  Model,
  NodeModel,
  Operation,
  SinkModel,
  SourceModel,
  StepNode,
  Target,
} from './model.ts'
import { closesOf, placeOf } from './model.ts'
import type { NamedFiles } from './named-files.ts'
import type { Others } from './others.ts'
import { limitsOf, mergeOf, olderThan, policyOf, servicesOf, topologyOf } from './plan-parts.ts'
import type { Random } from './random.ts'
import { Services } from './service.ts'

interface Common {
  readonly number: number
  readonly name: string
  readonly input: RowSchema
}

const RETRY = { backoff_ms: 10, max_backoff_ms: 1000, factor: 2 }

const off = { kind: 'off' } as const
const none = { kind: 'count', most: 0 } as const
export const OFF: GuardsConfig = { rejected: off, failed: off, min_rows: off }
/** Not one row may fail. */
export const TIGHT: GuardsConfig = { rejected: none, failed: none, min_rows: off }

export class World {
  /** What each sink has durably, in order. */
  readonly disk = new Map<string, Row[]>()
  power = new Power(Number.POSITIVE_INFINITY)
  /** When the power went of the process at work, monotonic; it runs on until that is noticed. null: it hasn't gone. */
  ended_us: number | null = null
  /** Whether it is durably on record that what has this key will be sent. */
  isAnnounced: (key: string) => boolean = () => true
  clock: VirtualClock
  guards: GuardsConfig = OFF
  /** How often a sink was told to show what it has. */
  published = 0
  readonly services: Services
  /** What becomes of a chunk that a source yields. */
  meddle: (chunk: readonly SourceRecord[]) => readonly SourceRecord[] = chunk => chunk
  /** Who touches the files of sinks, too; null if sinks have none. */
  others: Others | null = null
  /** Sinks whose rows say which file they go to; null if there are none. */
  named: NamedFiles | null = null
  /** Sources read several files; null if they have no lists of them. */
  files: ManyFiles | null = null
  /** Has clocks jump; null if none does. */
  jumps: Jumps | null = null
  readonly #random: Random
  readonly #far_side: FarSide

  constructor(clock: VirtualClock, random: Random) {
    this.clock = clock
    this.#random = random
    this.services = new Services(random, () => this.clock)
    this.#far_side = new FarSide(this, random)
  }

  /** A plan with fresh plugins, as a process that just started has them. */
  plan(model: Model, spend_usd = model.limits?.spend_usd ?? null): Plan {
    this.#rows = 0
    const names = [...model.sources, ...model.nodes, ...model.sinks].map(each => each.name)
    const number = (target: Target) => (target === 'discard' ? 0 : names.indexOf(placeOf(target).name) + 1)
    const edges: PlanEdge[] = []
    const edge = (from: string, label: string, to: Target): PlanEdge => {
      const { side } = placeOf(to)
      const made = { number: edges.length + 1, from: number(from), label, to: number(to), ...(side && { side }) }
      edges.push(made)
      return made
    }
    const nodes: PlanNode[] = []
    const common = (name: string) => ({ number: number(name), name, input: OBSERVED })
    for (const source of model.sources)
      nodes.push({
        ...{ ...common(source.name), kind: 'source' },
        schema: source.amounts === undefined ? OBSERVED : DECLARED,
        extra_columns: 'error',
        file: null,
        ...{ guards: OFF, retry: { attempts: 1, ...RETRY } },
        plugin: { spec: this.#source(source), options: null, secrets: [] },
        to: edge(source.name, 'to', source.to),
        on_invalid: edge(source.name, 'on_invalid', source.on_invalid),
      })
    for (const node of model.nodes)
      nodes.push(this.#node(node, common(node.name), (label, target) => edge(node.name, label, target), number))
    for (const sink of model.sinks)
      nodes.push({
        ...common(sink.name),
        kind: 'sink',
        plugin: {
          spec: sink.sends === true ? this.#far_side.spec(sink) : this.#sink(sink),
          options: null,
          secrets: [],
        },
        retry: { attempts: sink.batch === undefined ? 1 : 2, ...RETRY },
        on_error: edge(sink.name, 'on_error', sink.on_error),
      })
    const topology = {
      nodes: nodes.map(node => ({
        name: node.name,
        kind: node.kind,
        ...topologyOf(node),
        ...servicesOf(model, node.name),
      })),
      edges: edges.map(({ from, label, to, side }) =>
        side === undefined ? ([from, label, to] as const) : ([from, label, to, side] as const),
      ),
    }
    return {
      name: 'simulated',
      file: 'simulated.yaml',
      folder: '/',
      nodes,
      edges,
      topology,
      guards: this.guards,
      files: new Map(),
      hash: '0'.repeat(64),
      value: {
        ...{ text: '', file: 'simulated.yaml', folder: '/', fields: {}, expressions: {}, options: {} },
        closes: Object.fromEntries(model.nodes.flatMap(closesOf)),
      },
      ...{ ledger_url: null, ledger_key: null, witnesses: null, timestamps: null },
      plugins: [],
      retention_us: null,
      splits: null,
      limits: { services: limitsOf(model), spend_usd, file: null, visit_ms: 3_600_000 },
    }
  }

  #node(
    node: NodeModel,
    shared: Common,
    to: (label: string, target: Target) => PlanEdge,
    number: (name: Target) => number,
  ): PlanNode {
    switch (node.kind) {
      case 'gate':
        return {
          ...shared,
          kind: 'gate',
          by: { kind: 'plugin', plugin: { spec: this.#gate(node), options: null, secrets: [] } },
          routes: new Map(node.routes.map((target, i) => [String(i), to(String(i), target)])),
          otherwise: null,
          retry: { attempts: node.asks?.attempts ?? 1, ...RETRY },
          on_error: to('on_error', node.on_error),
        }
      case 'step':
        return {
          ...shared,
          kind: 'transform',
          plugin: { spec: this.#step(node), options: null, secrets: [] },
          retry: { attempts: node.attempts, ...RETRY },
          to: to('to', node.to),
          on_error: to('on_error', node.on_error),
        }
      case 'fork': {
        const branches = node.branches.map(each => ({ branch: each.branch, edge: to(each.branch, each.to) }))
        return { ...shared, kind: 'fork', branches }
      }
      case 'coalesce': {
        return {
          ...shared,
          kind: 'coalesce',
          fork: number(node.fork),
          branches: node.branches,
          policy: policyOf(node),
          merge: mergeOf(node),
          to: to('to', node.to),
          on_error: node.on_error === undefined ? null : to('on_error', node.on_error),
        }
      }
      case 'sort':
        return { ...shared, kind: 'sort', keys: node.keys, to: to('to', node.to) }
      case 'join': {
        const { kind, keys, max_matches, merge } = node
        const way = (route: 'matched' | 'left' | 'right') => to(route, node.routes[route])
        const routes = { matched: way('matched'), left: way('left'), right: way('right') }
        const of_join = { kind, keys, by_value: amountsIn(keys.left), max_matches, merge, routes }
        return { ...shared, ...of_join, on_error: to('on_error', node.on_error) }
      }
      case 'aggregate':
        return {
          ...shared,
          kind: 'aggregate',
          plugin: { spec: this.#aggregate(node), options: null, secrets: [] },
          trigger: {
            count: node.count || null,
            max_age_ms: node.max_age_ms ?? null,
            when: node.when_older_s === undefined ? null : olderThan(node.when_older_s),
          },
          per: node.per === undefined ? null : { ...node.per, by_value: amountsIn(node.per.fields) },
          output: node.operation === 'mark' ? 'passthrough' : 'transform',
          ...{ of_key: false, output_rows: null },
          retry: { attempts: node.asks?.attempts ?? 1, ...RETRY },
          to: to('to', node.to),
          on_error: to('on_error', node.on_error),
        }
    }
  }

  #source(model: SourceModel): SourceSpec {
    const { clock, meddle } = this
    const random = this.#random
    let offset = 0
    const first = () => offset
    const pause = async () => {
      if (random.chance(0.3)) await clock.sleep(random.below(model.pause_us ?? 5000))
    }
    const made = (value: number | null, i: number) => record(value, i, first() + i + 1, model.amounts?.[i])
    const records = () => model.values.map(made)
    const spec: SourceSpec = {
      ...COMMON,
      kind: 'source',
      name: 'simulated',
      textual: false,
      rereadable: () => true,
      create: () =>
        this.files?.source(model, records, pause) ?? {
          async *read(from) {
            for (let i = from?.records ?? 0; i < model.values.length; ) {
              await pause()
              const chunk = model.values.slice(i, i + random.between(1, 5))
              yield meddle(chunk.map((value, k) => made(value, i + k)))
              i += chunk.length
            }
          },
          close: async () => undefined,
        },
    }
    offset = this.#rows
    this.#rows += model.values.length
    return spec
  }
  #rows = 0

  #step(node: StepNode): TransformSpec {
    const { operation } = node
    const common = { ...COMMON, kind: 'transform', name: 'simulated', cardinality: 'many' } as const
    if (operation.op === 'count')
      return {
        ...common,
        ordered: true,
        create: () => ({ process: (row, { position }) => count(operation, row, position) }),
      }
    return {
      ...common,
      ...(node.asks === undefined && { concurrency: () => 3 }),
      ...asking(node),
      create: () => ({
        process: (row, context) => {
          if (node.asks !== undefined) return this.#asked(node.later, operation, node.asks, row, context)
          const result = perform(operation, row, context)
          return node.later ? this.clock.sleep(this.#random.below(node.delay_us ?? 50_000)).then(() => result) : result
        },
      }),
    }
  }

  async #asked(later: boolean, operation: Uncounted, asks: Asks, row: Row, context: VisitContext) {
    const heard = await this.services.hear(asks, numberOf(row), context)
    if (heard.kind === 'error') return heard
    if (later) await this.clock.sleep(this.#random.below(50_000))
    return perform(operation, { ...row, n: numberOf(row) + heard.sum }, context)
  }

  #gate(model: GateNode): GateSpec {
    const { asks } = model
    const decide = (row: Row, context: VisitContext): GateResult | Promise<GateResult> => {
      if (asks === undefined) return decided(model, numberOf(row))
      return this.services
        .hear(asks, numberOf(row), context)
        .then(heard => (heard.kind === 'error' ? heard : decided(model, numberOf(row) + heard.sum)))
    }
    return { ...COMMON, kind: 'gate', name: 'simulated', ...asking(model), create: () => ({ decide }) }
  }

  #aggregate(node: AggregateModel): AggregateSpec {
    return {
      ...COMMON,
      kind: 'aggregate',
      name: 'simulated',
      outputs: ['transform', 'passthrough'],
      ...asking(node),
      create: () => ({
        process: (rows, context) => {
          if (node.asks !== undefined)
            return this.services
              .hear(node.asks, sumOf(rows), context)
              .then(heard => (heard.kind === 'error' ? heard : gather(node, rows, heard.sum, context)))
          const result = gather(node, rows, 0, context)
          return node.later ? this.clock.sleep(this.#random.below(50_000)).then(() => result) : result
        },
      }),
    }
  }

  #sink(model: SinkModel): SinkSpec {
    const files = this.others ?? this.named
    if (files !== null)
      return { ...COMMON, kind: 'sink', name: 'simulated', create: (_options, context) => files.sink(model, context) }
    // Rows that were written but not yet flushed are in `written` alone; the disk may be ahead of the last receipt.
    let written: Row[] = []
    const receipt = async (): Promise<Receipt> => {
      this.power.use()
      this.disk.set(model.name, [...written])
      return { rows: written.length, bytes: 0, sha256: null, state: null }
    }
    const sink: Sink = {
      prepare: async () => ({
        path: null,
        mode: 'stream',
        prior_bytes: 0,
        prior_sha256: null,
        staged: null,
        replaced: null,
      }),
      open: async (_intent, at) => {
        written = (this.disk.get(model.name) ?? []).slice(0, at?.rows ?? 0)
      },
      write: row => {
        if (model.rejects > 0 && numberOf(row) % model.rejects === 0)
          return { kind: 'error', code: 'SIM_REJECTED', message: 'refused', retryable: false }
        written.push(row)
        return null
      },
      flush: receipt,
      finish: receipt,
      publish: async () => {
        this.published++
        return null
      },
      close: async () => undefined,
    }
    return { ...COMMON, kind: 'sink', name: 'simulated', create: () => sink }
  }
}

function record(value: number | null, index: number, id: number, amount?: string | number): SourceRecord {
  if (value === null)
    return {
      kind: 'reject',
      line: index + 1,
      raw: '?',
      code: 'SIM_UNREADABLE',
      message: 'unreadable',
      position: index + 1,
    }
  const row = newRow()
  const is_third = id % 3 === 0
  if (is_third) row.id = id
  row.n = value
  row.half = value % 2
  row.about = { z: [{ odd: value % 2, even: 1 - (value % 2) }], at: { y: id, x: value } }
  if (!is_third) row.id = id
  if (amount !== undefined) row.amount = amount
  return { kind: 'row', line: index + 1, row, position: index + 1 }
}

function decided(model: GateNode, n: number): GateResult {
  if (model.broken > 0 && n % model.broken === 1)
    return { kind: 'error', code: 'SIM_GATE', message: 'broken', retryable: false }
  return { kind: 'label', label: String(n % model.mod) }
}

/** What the spec of a node says that asks something. */
function asking({ asks }: { readonly asks?: Asks | undefined }) {
  if (asks === undefined) return {}
  return { determinism: 'external', services: () => [asks.service] } as const
}

type Counting = Extract<Operation, { op: 'count' }>
type Uncounted = Exclude<Operation, Counting>

function count({ does, size }: Counting, row: Row, position: number): TransformResult {
  const placed = { ...row, place: position }
  switch (does) {
    case 'number':
      return { kind: 'row', row: placed }
    case 'limit':
      return position > size ? { kind: 'filtered' } : { kind: 'row', row }
    case 'fail':
      if (position % size > 0) return { kind: 'row', row: placed }
      return { kind: 'error', code: 'SIM_BAD', message: `n is ${numberOf(row)}`, retryable: false }
    case 'expand':
      return { kind: 'rows', rows: Array.from({ length: position % size }, () => placed) }
  }
}

function perform(operation: Uncounted, row: Row, context: VisitContext): TransformResult {
  const n = numberOf(row)
  const error = (code: string, retryable: boolean): RowError => ({
    kind: 'error',
    code,
    message: `n is ${n}`,
    retryable,
  })
  const changed = (set: Row): TransformResult => ({ kind: 'row', row: { ...row, ...set } })
  switch (operation.op) {
    case 'calculate':
    case 'coerce':
      return calculated(operation, row, context, error('SIM_BAD', false))
    case 'same':
      return { kind: 'row', row }
    case 'add':
      return changed({ n: n + operation.by })
    case 'set':
      return changed({ [operation.name]: n * operation.by })
    case 'drop': {
      const { [operation.name]: _, ...rest } = row
      return { kind: 'row', row: rest }
    }
    case 'turn':
      return { kind: 'row', row: reversed(row, operation.deep) as Row }
    case 'filter':
      return n % operation.mod === 0 ? { kind: 'filtered' } : { kind: 'row', row }
    case 'fail':
      return n % operation.mod === 0 ? error('SIM_BAD', false) : { kind: 'row', row }
    case 'flaky':
      return context.attempt <= n % operation.times ? error('SIM_FLAKY', true) : changed({ n: n + 1 })
    case 'expand':
      return { kind: 'rows', rows: Array.from({ length: n % operation.size }, (_, i) => ({ ...row, n: n * 2 + i })) }
  }
}

function reversed(value: Json, deep: boolean): Json {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(each => reversed(each, deep))
  const row = newRow()
  for (const field of Object.keys(value).reverse()) {
    const each = (value as Row)[field] as Json
    row[field] = deep ? reversed(each, deep) : each
  }
  return row
}

function sumOf(rows: readonly Row[]): number {
  return rows.reduce((total, row) => total + numberOf(row), 0)
}

function gather(
  { operation, broken }: AggregateModel,
  rows: readonly Row[],
  heard: number,
  context: VisitContext,
): BatchResult {
  const sum = sumOf(rows) + heard
  if (broken > 0 && sum % broken === 0) return { kind: 'error', code: 'SIM_BATCH', message: 'broken', retryable: false }
  switch (operation) {
    case 'mark':
      return { kind: 'members', rows: rows.map((row, i) => (i % 3 === 2 ? null : { ...row, mark: i })) }
    case 'sum':
      return { kind: 'rows', rows: [{ n: sum, ids: rows.map(row => row.id ?? null) }] }
    case 'each':
      return { kind: 'rows', rows: rows.map(row => ({ n: numberOf(row) + 1 })) }
    case 'none':
      return { kind: 'rows', rows: [] }
    case 'amounts':
      return statisticsOf(rows, sum, context)
  }
}
