/**
 * Metrics and spans of a run: one trace with a span for the run, one for each node below it, and one for each of the calls below those, as far as
 * spans of calls are reported.
 *
 * SIGNALS-1. What is counted is the difference of the totals of two commits, so that it adds up to what the ledger has, whatever is sampled.
 * SIGNALS-2. No attribute has anything that a row holds.
 */

import type { TotalsFact } from '../format/entry.ts'
import { fateOf } from '../model/outcome.ts'
import type { Context, OpenTelemetry, Span } from './api.ts'
import { CallSignals, dateOf } from './calls.ts'
import type { Committed, NodeWork, ObservedRun, RunEnd, RunListener } from './committed.ts'

const COMMIT_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5]
const SCOPE = 'custody'

interface NodeSpan {
  readonly span: Span
  readonly context: Context
  visits: number
  errors: number
  busy_us: number
  last_us: number
}

export class Signals implements RunListener {
  readonly #api: OpenTelemetry
  readonly #version: string
  #of: RunSignals | null = null

  constructor(api: OpenTelemetry, version: string) {
    this.#api = api
    this.#version = version
  }

  onRun(run: ObservedRun): void {
    this.#of = new RunSignals(this.#api, this.#version, run)
  }

  onCommit(committed: Committed): void {
    this.#of?.commit(committed)
  }

  onEnd(end: RunEnd): void {
    this.#of?.end(end)
    this.#of = null
  }

  /** Ends what is open, where the run ended without a word. */
  close(): void {
    if (this.#of !== null) this.onEnd('released')
  }
}

class RunSignals {
  readonly #api: OpenTelemetry
  readonly #run: ObservedRun
  readonly #tracer
  readonly #instruments
  readonly #calls: CallSignals
  readonly #span: Span
  readonly #context: Context
  readonly #nodes = new Map<number, NodeSpan>()
  readonly #own: { readonly 'custody.pipeline': string }
  #totals: TotalsFact | null = null

  constructor(api: OpenTelemetry, version: string, run: ObservedRun) {
    this.#api = api
    this.#run = run
    this.#tracer = api.trace.getTracer(SCOPE, version)
    const meter = api.metrics.getMeter(SCOPE, version)
    const counter = (name: string, unit: string, description: string) =>
      meter.createCounter(name, { unit, description })
    this.#instruments = {
      rows: counter('custody.rows', '{row}', 'Rows, by whether they were read, ingested or rejected'),
      tokens: counter('custody.tokens', '{token}', 'Tokens that ended, by outcome, cause and sink'),
      visits: counter('custody.visits', '{visit}', 'Visits of nodes, by status'),
      errors: counter('custody.errors', '{error}', 'Visits that met an error, by node and code'),
      entries: counter('custody.entries', '{entry}', 'Entries that the ledger has'),
      in_flight: meter.createUpDownCounter('custody.in_flight', {
        unit: '{token}',
        description: 'Tokens that have not ended',
      }),
      commit: meter.createHistogram('custody.commit.duration', {
        unit: 's',
        description: 'How long commits took to become durable',
        advice: { explicitBucketBoundaries: COMMIT_BUCKETS },
      }),
    }
    this.#calls = new CallSignals(run, meter)
    this.#own = { 'custody.pipeline': run.pipeline }
    this.#span = this.#tracer.startSpan(`run ${run.pipeline}`, {
      startTime: dateOf(run.now_us()),
      attributes: { ...this.#own, 'custody.run': run.run, 'custody.resumed': run.is_resumed },
    })
    this.#context = api.trace.setSpan(api.ROOT_CONTEXT, this.#span)
  }

  commit({ totals, before, nodes, errors, calls, entries, commit_us }: Committed): void {
    this.#count(totals, before)
    this.#totals = totals
    const { entries: written, commit, errors: met } = this.#instruments
    written.add(entries, this.#own)
    commit.record(commit_us / 1e6, this.#own)
    for (const { node, code, count } of errors)
      met.add(count, { ...this.#own, 'custody.node': this.#nameOf(node), 'custody.error.code': code })
    for (const [node, work] of nodes) this.#work(node, work)
    // What a call came to may be durable before the visit that it was made in.
    this.#calls.report(calls, ({ node, began_us }, name, options) =>
      this.#tracer.startSpan(name, options, (this.#nodes.get(node) ?? this.#begin(node, began_us)).context),
    )
  }

  end(end: RunEnd): void {
    for (const { span, visits, errors, busy_us, last_us } of this.#nodes.values()) {
      span.setAttributes({ 'custody.visits': visits, 'custody.errors': errors, 'custody.busy_s': busy_us / 1e6 })
      span.end(dateOf(last_us))
    }
    this.#nodes.clear()
    const { rows, tokens } = this.#totals ?? { rows: null, tokens: null }
    this.#span.setAttributes({
      'custody.status': end,
      ...(rows === null ? {} : { 'custody.rows.read': rows.read, 'custody.rows.rejected': rows.rejected }),
      ...(tokens === null ? {} : { 'custody.tokens.ended': tokens.ended, 'custody.tokens.open': tokens.open }),
    })
    if (end === 'failed') this.#span.setStatus({ code: this.#api.SpanStatusCode.ERROR })
    this.#span.end(dateOf(this.#run.now_us()))
  }

  /** (SIGNALS-1) */
  #count(totals: TotalsFact, before: TotalsFact | null): void {
    const { rows, tokens, visits, in_flight } = this.#instruments
    for (const what of ['read', 'ingested', 'rejected'] as const)
      added(rows, totals.rows[what] - (before?.rows[what] ?? 0), { ...this.#own, 'custody.rows.what': what })
    // A level, not a count: of a run that another process had begun this one reports all that are open.
    in_flight.add(totals.tokens.open - (this.#totals?.tokens.open ?? 0), this.#own)
    const ended = new Map(before?.endings.map(([fate, sink, count]) => [`${fate} ${sink}`, count]))
    for (const [fate, sink, count] of totals.endings) {
      const { outcome = String(fate), cause = '' } = fateOf(fate) ?? {}
      const at = sink === 0 ? {} : { 'custody.sink': this.#nameOf(sink) }
      const attributes = { ...this.#own, 'custody.outcome': outcome, 'custody.cause': cause, ...at }
      added(tokens, count - (ended.get(`${fate} ${sink}`) ?? 0), attributes)
    }
    const visited = new Map(before?.visits.map(([node, ok, error]) => [node, { ok, error }]))
    for (const [node, ok, error] of totals.visits) {
      const known = visited.get(node)
      const attributes = { ...this.#own, 'custody.node': this.#nameOf(node) }
      added(visits, ok - (known?.ok ?? 0), { ...attributes, 'custody.visit.status': 'ok' })
      added(visits, error - (known?.error ?? 0), { ...attributes, 'custody.visit.status': 'error' })
    }
  }

  #work(node: number, { visits, errors, busy_us, first_us, last_us }: NodeWork): void {
    const known = this.#nodes.get(node) ?? this.#begin(node, first_us)
    known.visits += visits
    known.errors += errors
    known.busy_us += busy_us
    known.last_us = Math.max(known.last_us, last_us)
  }

  #begin(node: number, first_us: number): NodeSpan {
    const { name = String(node), kind = '', plugin } = this.#run.topology.nodes[node - 1] ?? {}
    const attributes = {
      'custody.run': this.#run.run,
      'custody.node': name,
      'custody.node.kind': kind,
      ...(plugin === undefined ? {} : { 'custody.plugin': plugin }),
    }
    const span = this.#tracer.startSpan(`${kind} ${name}`, { startTime: dateOf(first_us), attributes }, this.#context)
    const context = this.#api.trace.setSpan(this.#context, span)
    const begun = { span, context, visits: 0, errors: 0, busy_us: 0, last_us: first_us }
    this.#nodes.set(node, begun)
    return begun
  }

  #nameOf(node: number): string {
    return this.#run.topology.nodes[node - 1]?.name ?? String(node)
  }
}

interface Counter {
  add(value: number, attributes: { readonly [key: string]: string }): void
}

function added(counter: Counter, value: number, attributes: { readonly [key: string]: string }): void {
  if (value > 0) counter.add(value, attributes)
}
