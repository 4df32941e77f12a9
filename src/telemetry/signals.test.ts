import { expect, test } from 'vitest'
import type { TotalsFact } from '../format/entry.ts'
import type { OpenTelemetry } from './api.ts'
import { Signals } from './signals.ts'

/** Adds up what instruments are given, by their names. */
function counting() {
  const sums: { [name: string]: number } = {}
  const instrument = (name: string) => ({
    add: (value: number) => {
      sums[name] = (sums[name] ?? 0) + value
    },
    record: () => undefined,
  })
  const parents: { [span: string]: string } = {}
  const span = { setAttributes: () => undefined, setStatus: () => undefined, end: () => undefined }
  const startSpan = (name: string, _options: unknown, parent?: { readonly name: string }) => {
    if (parent !== undefined) parents[name] = parent.name
    return { ...span, name }
  }
  const meter = { createCounter: instrument, createUpDownCounter: instrument, createHistogram: instrument }
  // cast: as much of the API as is used.
  const api = {
    trace: {
      getTracer: () => ({ startSpan }),
      setSpan: (_: unknown, { name }: { readonly name: string }) => ({ name }),
    },
    metrics: { getMeter: () => meter },
    SpanStatusCode: { ERROR: 2 },
  } as unknown as OpenTelemetry
  return { sums, parents, signals: new Signals(api, '1') }
}

const now_us = () => 0

function totals(read: number, open: number): TotalsFact {
  return {
    rows: { read, ingested: read, rejected: 0 },
    tokens: { born: read, ended: read - open, open },
    ...{ groups: 0, batches: [], endings: [], visits: [], edges: [] },
  }
}

test('of a run that another process had begun only what is new is counted, but all that are in flight', () => {
  const { sums, signals } = counting()
  const [begun, next, last] = [totals(10, 7), totals(14, 4), totals(14, 0)]
  const nothing = { nodes: new Map(), errors: [], calls: [], entries: 1, commit_us: 1 }
  signals.onRun({
    run: 'r',
    pipeline: 'p',
    topology: { nodes: [], edges: [] },
    models: new Map(),
    is_resumed: true,
    now_us,
  })
  signals.onCommit({ ...nothing, totals: next, before: begun })
  expect([sums['custody.rows'], sums['custody.in_flight']]).toEqual([8, 4])
  signals.onCommit({ ...nothing, totals: last, before: next })
  expect([sums['custody.rows'], sums['custody.in_flight']]).toEqual([8, 0])
})

test('a call is below its node, though it is durable before the visit that it was made in', () => {
  const { parents, signals } = counting()
  const topology = { nodes: [{ name: 'ask', kind: 'transform' as const, services: ['model'] }], edges: [] }
  signals.onRun({ run: 'r', pipeline: 'p', topology, models: new Map(), is_resumed: false, now_us })
  const call = { ...{ call: 1, node: 1, attempt: 1, token: 1, row: 1, service: 1, status: 0 as const, began_us: 5 } }
  const costs = {
    duration_us: 1,
    input_tokens: 0,
    output_tokens: 0,
    cost_nusd: 0,
    error_code: null,
    ordinal: 1,
    request: 1,
    response: 2,
    start_us: 0,
  }
  const nothing = { nodes: new Map(), errors: [], entries: 1, commit_us: 1, totals: totals(1, 1), before: null }
  signals.onCommit({ ...nothing, calls: [{ ...call, ...costs }] })
  expect(parents).toEqual({ 'transform ask': 'run p', 'call model': 'transform ask' })
})
