/** Totals of the run so far, kept while facts are recorded: what closing entries, `show` and the summary have. */

import {
  CALL_ERROR,
  CALL_THROTTLED,
  type CallCosts,
  type CallFact,
  type CallTotals,
  isRecordedCall,
  type TotalsFact,
  VISIT_HELD,
  VISIT_OK,
  type VisitStatus,
} from '../../format/entry.ts'
import type { EdgeNumber, NodeNumber } from '../../model/ids.ts'
import { FATES } from '../../model/outcome.ts'

export class Totals {
  /** Rows; the last one's number. */
  read = 0
  rejected = 0
  /** Tokens; the last one's number. */
  born = 0
  ended = 0
  /** The last group's number. */
  groups = 0
  /** Totals of calls; null while there are none. */
  calls: CallTotals | null = null
  /** Tokens with an ending in failure. */
  failing = 0
  /** The last batch's number; and how many each aggregate has had. */
  #batches = 0
  readonly #batches_of = new Map<number, number>()
  readonly #endings = new Map<number, Map<number, number>>()
  /** By source. */
  readonly #failures = new Map<number, Failures>()
  readonly #ok: number[]
  readonly #error: number[]
  readonly #held: number[]
  readonly #edges: number[]

  /** `nodes` and `edges`: how many the plan has. `from`: totals to go on from. */
  constructor(nodes: number, edges: number, from: TotalsFact | null = null) {
    this.#ok = new Array(nodes + 1).fill(0)
    this.#error = new Array(nodes + 1).fill(0)
    this.#held = new Array(nodes + 1).fill(0)
    this.#edges = new Array(edges + 1).fill(0)
    if (from !== null) this.add(from)
  }

  /** Adds what others have counted. */
  add({ rows, tokens, groups, batches, endings, visits, edges, calls, failures }: TotalsFact): void {
    this.read += rows.read
    this.rejected += rows.rejected
    this.born += tokens.born
    this.ended += tokens.ended
    this.groups += groups
    for (const [node, count] of batches) {
      this.#batches_of.set(node, (this.#batches_of.get(node) ?? 0) + count)
      this.#batches += count
    }
    for (const [fate, sink, count] of endings) {
      const by_sink = this.#endingsOf(fate)
      by_sink.set(sink, (by_sink.get(sink) ?? 0) + count)
      if (FAILURES.has(fate)) this.failing += count
    }
    for (const [node, ok, error, held] of visits) {
      this.#ok[node] = (this.#ok[node] ?? 0) + ok
      this.#error[node] = (this.#error[node] ?? 0) + error
      this.#held[node] = (this.#held[node] ?? 0) + held
    }
    for (const [edge, count] of edges) this.#edges[edge] = (this.#edges[edge] ?? 0) + count
    if (calls !== undefined) this.calls = bothCalls(this.calls ?? NO_CALLS, calls)
    for (const [source, rejected, failed] of failures ?? []) {
      const counts = this.#failuresAt(source)
      counts.rejected += rejected
      counts.failed += failed
    }
  }

  /** An aggregate has another batch. `nth`: which of its batches that is, from 1. */
  openBatch(node: NodeNumber): { readonly number: number; readonly nth: number } {
    const nth = (this.#batches_of.get(node) ?? 0) + 1
    this.#batches_of.set(node, nth)
    return { number: ++this.#batches, nth }
  }

  /** How many visits a node has had that ended well, and how many in all, those that are held included. */
  visitsOf(node: NodeNumber): { readonly ok: number; readonly all: number } {
    const ok = this.#ok[node] ?? 0
    return { ok, all: ok + (this.#error[node] ?? 0) + (this.#held[node] ?? 0) }
  }

  /** A visit, or, if `was_held`, the end of one that was counted as held. */
  visit(node: NodeNumber, status: VisitStatus, edge: EdgeNumber | null, was_held: boolean): void {
    const count = status === VISIT_OK ? this.#ok : status === VISIT_HELD ? this.#held : this.#error
    count[node] = (count[node] ?? 0) + 1
    if (was_held) this.#held[node] = (this.#held[node] ?? 0) - 1
    if (edge !== null) this.take(edge)
  }

  /** An edge was taken. */
  take(edge: EdgeNumber): void {
    this.#edges[edge] = (this.#edges[edge] ?? 0) + 1
  }

  /** A record of a source can't be used: it will end in failure. */
  reject(source: NodeNumber): void {
    this.rejected++
    this.#failuresAt(source).rejected++
  }

  /** A token of `subject` ended. */
  ending(fate: number, sink: NodeNumber, subject: Failing): void {
    this.ended++
    if (FAILURES.has(fate)) {
      this.failing++
      if (subject.kind === 'row' && !subject.failed) {
        subject.failed = true
        this.#failuresAt(subject.origin.source).failed++
      }
    }
    const by_sink = this.#endingsOf(fate)
    by_sink.set(sink, (by_sink.get(sink) ?? 0) + 1)
  }

  call(fact: Counted): void {
    this.calls = withCall(this.calls ?? NO_CALLS, fact)
  }

  /** Rows of a source. */
  failuresOf(source: number): Readonly<Failures> {
    return this.#failures.get(source) ?? NO_FAILURES
  }

  #failuresAt(source: number): Failures {
    const known = this.#failures.get(source) ?? { ...NO_FAILURES }
    this.#failures.set(source, known)
    return known
  }

  #endingsOf(fate: number): Map<number, number> {
    const known = this.#endings.get(fate)
    if (known !== undefined) return known
    const by_sink = new Map<number, number>()
    this.#endings.set(fate, by_sink)
    return by_sink
  }

  #failuresBySource(): NonNullable<TotalsFact['failures']> {
    const failures = [...this.#failures].map(([source, { rejected, failed }]) => [source, rejected, failed] as const)
    return failures.sort((a, b) => a[0] - b[0])
  }

  /** As closing entries carry it, each list ascending. */
  snapshot(): TotalsFact {
    const endings: [number, number, number][] = []
    for (const [fate, by_sink] of this.#endings) for (const [sink, count] of by_sink) endings.push([fate, sink, count])
    endings.sort((a, b) => a[0] - b[0] || a[1] - b[1])
    const visits: [number, number, number, number][] = []
    for (const [node, ok] of this.#ok.entries())
      if (node > 0) visits.push([node, ok, this.#error[node] ?? 0, this.#held[node] ?? 0])
    const edges: [number, number][] = []
    for (const [edge, count] of this.#edges.entries()) if (edge > 0) edges.push([edge, count])
    return {
      rows: { read: this.read, ingested: this.read - this.rejected, rejected: this.rejected },
      tokens: { born: this.born, ended: this.ended, open: this.born - this.ended },
      groups: this.groups,
      batches: [...this.#batches_of].sort((a, b) => a[0] - b[0]),
      endings,
      visits,
      edges,
      ...(this.calls === null ? {} : { calls: this.calls }),
      ...(this.#failures.size === 0 ? {} : { failures: this.#failuresBySource() }),
    }
  }
}

type Counted = CallCosts & Pick<CallFact, 'status'>

interface Failures {
  rejected: number
  failed: number
}

/** By what a subject shows whose failures these are, and whether it has been counted. */
interface Failing {
  readonly kind: 'row' | 'batch'
  readonly origin: { readonly source: NodeNumber }
  failed: boolean
}

const NO_FAILURES: Readonly<Failures> = { rejected: 0, failed: 0 }
const FAILURES: ReadonlySet<number> = new Set(
  FATES.filter(each => each.class === 'failure').map(({ number }) => number),
)

const NO_CALLS: CallTotals = {
  count: 0,
  error: 0,
  throttled: 0,
  recorded: 0,
  input_tokens: 0,
  output_tokens: 0,
  cost_nusd: 0,
}

function withCall(totals: CallTotals, { status, input_tokens, output_tokens, cost_nusd }: Counted): CallTotals {
  return {
    count: totals.count + 1,
    error: totals.error + (status === CALL_ERROR ? 1 : 0),
    throttled: totals.throttled + (status === CALL_THROTTLED ? 1 : 0),
    recorded: totals.recorded + (isRecordedCall(status) ? 1 : 0),
    input_tokens: totals.input_tokens + input_tokens,
    output_tokens: totals.output_tokens + output_tokens,
    cost_nusd: totals.cost_nusd + cost_nusd,
  }
}

function bothCalls(a: CallTotals, b: CallTotals): CallTotals {
  return {
    count: a.count + b.count,
    error: a.error + b.error,
    throttled: a.throttled + b.throttled,
    recorded: a.recorded + b.recorded,
    input_tokens: a.input_tokens + b.input_tokens,
    output_tokens: a.output_tokens + b.output_tokens,
    cost_nusd: a.cost_nusd + b.cost_nusd,
  }
}
