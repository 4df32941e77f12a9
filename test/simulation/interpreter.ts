/**
 * What a model means, the naive way: one row at a time, depth first, nothing kept but results. Shares no code with the
 * engine; outcomes are named by the path of the instance: row number, then the ordinals of its births.
 */
import type { GateNode, Model, SinkModel, StepNode, Target } from './model.ts'

export type Data = { [field: string]: unknown }

export interface Interpretation {
  /** By sink, in order. */
  readonly written: Map<string, Data[]>
  /** `path → OUTCOME/cause@sink` */
  readonly endings: Map<string, string>
}

type Passage = { readonly kind: 'flow' | 'gate' | 'invalid' } | { readonly kind: 'error'; readonly cause: string }

interface Instance {
  readonly path: string
  readonly data: Data
}

export function interpret(model: Model): Interpretation {
  const written = new Map<string, Data[]>(model.sinks.map(sink => [sink.name, []]))
  const endings = new Map<string, string>()
  const nodes = new Map(model.nodes.map(node => [node.name, node]))
  const sinks = new Map(model.sinks.map(sink => [sink.name, sink]))

  const end = (instance: Instance, ending: string) => {
    if (endings.has(instance.path)) throw new Error(`${instance.path} ends twice`)
    endings.set(instance.path, ending)
  }

  const go = (instance: Instance, target: Target, passage: Passage): void => {
    if (target === 'discard') return end(instance, atDiscard(passage))
    const sink = sinks.get(target)
    if (sink !== undefined) return write(instance, sink, passage)
    const node = nodes.get(target)
    if (node === undefined) throw new Error(`no node ${target}`)
    if (node.kind === 'gate') decide(instance, node)
    else step(instance, node)
  }

  const write = (instance: Instance, sink: SinkModel, passage: Passage): void => {
    if (sink.rejects > 0 && number(instance) % sink.rejects === 0) {
      const cause = 'sink_rejected'
      if (sink.on_error === 'discard') return end(instance, `FAILED/${cause}`)
      return go(withError(instance, 'SIM_REJECTED'), sink.on_error, { kind: 'error', cause })
    }
    written.get(sink.name)?.push(instance.data)
    end(instance, `${atSink(passage)}@${sink.name}`)
  }

  const decide = (instance: Instance, gate: GateNode): void => {
    if (gate.broken > 0 && number(instance) % gate.broken === 1)
      return fail(instance, gate.on_error, 'SIM_GATE', 'error')
    go(instance, gate.routes[number(instance) % gate.mod] ?? 'discard', { kind: 'gate' })
  }

  const fail = (instance: Instance, on_error: Target, code: string, cause: string): void =>
    go(on_error === 'discard' ? instance : withError(instance, code), on_error, { kind: 'error', cause })

  const step = (instance: Instance, node: StepNode): void => {
    const { operation } = node
    const n = number(instance)
    const next = (data: Data) => go({ path: instance.path, data }, node.to, { kind: 'flow' })
    switch (operation.op) {
      case 'same':
        return next(instance.data)
      case 'add':
        return next({ ...instance.data, n: n + operation.by })
      case 'set':
        return next({ ...instance.data, [operation.name]: n * operation.by })
      case 'drop': {
        const { [operation.name]: _, ...rest } = instance.data
        return next(rest)
      }
      case 'filter':
        return n % operation.mod === 0 ? end(instance, 'DISCARDED/filter') : next(instance.data)
      case 'fail':
        return n % operation.mod === 0 ? fail(instance, node.on_error, 'SIM_BAD', 'error') : next(instance.data)
      case 'flaky':
        return n % operation.times >= node.attempts
          ? fail(instance, node.on_error, 'SIM_FLAKY', 'retries_exhausted')
          : next({ ...instance.data, n: n + 1 })
      case 'expand': {
        const size = n % operation.size
        if (size === 0) return end(instance, 'DISCARDED/filter')
        end(instance, 'EXPANDED/expand')
        for (let i = 0; i < size; i++)
          go({ path: `${instance.path}.${i}`, data: { ...instance.data, n: n * 2 + i } }, node.to, { kind: 'flow' })
      }
    }
  }

  let row = 0
  for (const source of model.sources)
    for (const [index, value] of source.values.entries()) {
      row++
      if (value === null)
        go(
          { path: String(row), data: { source: source.name, line: index + 1, raw: '?', error_code: 'SIM_UNREADABLE' } },
          source.on_invalid,
          { kind: 'invalid' },
        )
      else go({ path: String(row), data: { id: row, n: value } }, source.to, { kind: 'flow' })
    }
  return { written, endings }
}

function number(instance: Instance): number {
  return typeof instance.data.n === 'number' ? instance.data.n : 0
}

function withError(instance: Instance, code: string): Instance {
  return { path: instance.path, data: { ...instance.data, error_code: code } }
}

function atSink(passage: Passage): string {
  switch (passage.kind) {
    case 'flow':
      return 'COMPLETED/flow'
    case 'gate':
      return 'ROUTED/gate'
    case 'invalid':
      return 'QUARANTINED/source_invalid'
    case 'error':
      return passage.cause === 'error' ? 'ROUTED/error' : `FAILED/${passage.cause}`
  }
}

function atDiscard(passage: Passage): string {
  switch (passage.kind) {
    case 'flow':
      return 'DISCARDED/filter'
    case 'gate':
      return 'DISCARDED/gate'
    case 'invalid':
      return 'QUARANTINED/source_invalid'
    case 'error':
      return passage.cause === 'error' ? 'QUARANTINED/error' : `FAILED/${passage.cause}`
  }
}
