/** The outside of a simulated run: sources, steps, gates and sinks in memory, on a virtual clock. */
import { z } from 'zod'
import { newRow, type Row } from '../../src/model/row.ts'
import type { Plan, PlanEdge, PlanNode } from '../../src/plan/plan.ts'
import { OBSERVED } from '../../src/sdk/schema.ts'
import type {
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
import type { VirtualClock } from '../support/virtual-clock.ts'
import type { GateNode, Model, Operation, SinkModel, SourceModel, StepNode, Target } from './model.ts'
import type { Random } from './random.ts'

const COMMON = {
  summary: 'simulated',
  options: z.unknown(),
  determinism: 'deterministic',
  errors: {},
  examples: [],
} as const
const RETRY = { backoff_ms: 10, max_backoff_ms: 1000, factor: 2 }

export class World {
  /** What each sink has durably, in order. */
  readonly disk = new Map<string, Row[]>()
  readonly #clock: VirtualClock
  readonly #random: Random

  constructor(clock: VirtualClock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  plan(model: Model): Plan {
    const names = [...model.sources, ...model.nodes, ...model.sinks].map(each => each.name)
    const number = (name: Target) => (name === 'discard' ? 0 : names.indexOf(name) + 1)
    const edges: PlanEdge[] = []
    const edge = (from: string, label: string, to: Target): PlanEdge => {
      const made = { number: edges.length + 1, from: number(from), label, to: number(to) }
      edges.push(made)
      return made
    }
    const nodes: PlanNode[] = []
    const common = (name: string) => ({ number: number(name), name, input: OBSERVED })
    for (const source of model.sources)
      nodes.push({
        ...common(source.name),
        kind: 'source',
        schema: OBSERVED,
        plugin: { spec: this.#source(source), options: null },
        to: edge(source.name, 'to', source.to),
        on_invalid: edge(source.name, 'on_invalid', source.on_invalid),
      })
    for (const node of model.nodes) {
      if (node.kind === 'gate')
        nodes.push({
          ...common(node.name),
          kind: 'gate',
          by: { kind: 'plugin', plugin: { spec: gateSpec(node), options: null } },
          routes: new Map(node.routes.map((to, i) => [String(i), edge(node.name, String(i), to)])),
          otherwise: null,
          retry: { attempts: 1, ...RETRY },
          on_error: edge(node.name, 'on_error', node.on_error),
        })
      else
        nodes.push({
          ...common(node.name),
          kind: 'transform',
          plugin: { spec: this.#step(node), options: null },
          retry: { attempts: node.attempts, ...RETRY },
          to: edge(node.name, 'to', node.to),
          on_error: edge(node.name, 'on_error', node.on_error),
        })
    }
    for (const sink of model.sinks)
      nodes.push({
        ...common(sink.name),
        kind: 'sink',
        plugin: { spec: this.#sink(sink), options: null },
        on_error: edge(sink.name, 'on_error', sink.on_error),
      })
    const topology = {
      nodes: nodes.map(({ name, kind }) => ({ name, kind })),
      edges: edges.map(each => [each.from, each.label, each.to] as const),
    }
    return {
      name: 'simulated',
      file: 'simulated.yaml',
      folder: '/',
      nodes,
      edges,
      topology,
      hash: '0'.repeat(64),
      value: { text: '', file: 'simulated.yaml', expressions: {}, options: {} },
      ledger_url: null,
      limits: { services: new Map(), spend_usd: null },
    }
  }

  #source(model: SourceModel): SourceSpec {
    const clock = this.#clock
    const random = this.#random
    let offset = 0
    const first = () => offset
    const spec: SourceSpec = {
      ...COMMON,
      kind: 'source',
      name: 'simulated',
      textual: false,
      rereadable: () => true,
      create: () => ({
        async *read(from) {
          for (let i = from?.records ?? 0; i < model.values.length; ) {
            if (random.chance(0.3)) await clock.sleep(random.below(5000))
            const chunk = model.values.slice(i, i + random.between(1, 5))
            yield chunk.map((value, k) => record(value, i + k, first() + i + k + 1))
            i += chunk.length
          }
        },
        close: async () => undefined,
      }),
    }
    offset = this.#rows
    this.#rows += model.values.length
    return spec
  }
  #rows = 0

  #step(node: StepNode): TransformSpec {
    return {
      ...COMMON,
      kind: 'transform',
      name: 'simulated',
      cardinality: 'many',
      concurrency: () => 3,
      create: () => ({
        process: (row, context) => {
          const result = perform(node.operation, row, context)
          return node.later ? this.#clock.sleep(this.#random.below(50_000)).then(() => result) : result
        },
      }),
    }
  }

  #sink(model: SinkModel): SinkSpec {
    const written: Row[] = []
    const receipt = async (): Promise<Receipt> => {
      this.disk.set(model.name, [...written])
      return { rows: written.length, bytes: 0, sha256: null, state: null }
    }
    const sink: Sink = {
      prepare: async () => ({ path: null, mode: 'stream', prior_bytes: 0, prior_sha256: null, staged: null }),
      open: async (_intent, at) => {
        written.length = at?.rows ?? 0
      },
      write: row => {
        if (model.rejects > 0 && numberOf(row) % model.rejects === 0)
          return { kind: 'error', code: 'SIM_REJECTED', message: 'refused', retryable: false }
        written.push(row)
        return null
      },
      flush: receipt,
      finish: receipt,
      publish: async () => null,
      close: async () => undefined,
    }
    return { ...COMMON, kind: 'sink', name: 'simulated', create: () => sink }
  }
}

function record(value: number | null, index: number, id: number): SourceRecord {
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
  row.id = id
  row.n = value
  return { kind: 'row', line: index + 1, row, position: index + 1 }
}

function gateSpec(model: GateNode): GateSpec {
  return {
    ...COMMON,
    kind: 'gate',
    name: 'simulated',
    create: () => ({
      decide: row => {
        const n = numberOf(row)
        if (model.broken > 0 && n % model.broken === 1)
          return { kind: 'error', code: 'SIM_GATE', message: 'broken', retryable: false }
        return { kind: 'label', label: String(n % model.mod) }
      },
    }),
  }
}

function perform(operation: Operation, row: Row, context: VisitContext): TransformResult {
  const n = numberOf(row)
  const error = (code: string, retryable: boolean): RowError => ({
    kind: 'error',
    code,
    message: `n is ${n}`,
    retryable,
  })
  const changed = (set: Row): TransformResult => ({ kind: 'row', row: { ...row, ...set } })
  switch (operation.op) {
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

function numberOf(row: Row): number {
  return typeof row.n === 'number' ? row.n : 0
}
