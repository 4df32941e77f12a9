/** Totals of a run, counted from its entries, and compared with those that commits and the seal carry. */
import {
  CALL_ERROR,
  CALL_THROTTLED,
  type CallFact,
  isRecordedCall,
  type TotalsFact,
  VISIT_EXHAUSTED,
  type VisitStatus,
} from '../../format/entry.ts'
import { grouped } from '../../model/number-text.ts'
import { fateOf } from '../../model/outcome.ts'
import { ABANDONED, fateName } from './fates.ts'
import type { Ways } from './ways.ts'

/** What some entries of rows and batches add up to. */
export interface Counts {
  readonly rejected: number
  readonly born: number
  readonly ended: number
  readonly failures: number
  readonly abandoned: number
  readonly calls: Calls
  /** Each by its key. */
  readonly endings: ReadonlyMap<string, number>
  readonly visits: ReadonlyMap<number, readonly [ok: number, error: number, held: number]>
  readonly edges: ReadonlyMap<number, number>
  readonly by_sink: ReadonlyMap<number, number>
  readonly failed: ReadonlyMap<number, readonly [rejected: number, failed: number]>
}

interface Calls {
  count: number
  error: number
  throttled: number
  recorded: number
  input_tokens: number
  output_tokens: number
  cost_nusd: number
}

export class Recount {
  rows = 0
  rejected = 0
  born = 0
  ended = 0
  groups = 0
  batches = 0
  failures = 0
  /** Of these, those of an abandoned run. */
  abandoned = 0
  readonly calls: Calls = {
    count: 0,
    error: 0,
    throttled: 0,
    recorded: 0,
    input_tokens: 0,
    output_tokens: 0,
    cost_nusd: 0,
  }
  readonly #endings = new Map<string, number>()
  readonly #batches = new Map<number, number>()
  readonly #visits = new Map<number, [number, number, number]>()
  readonly #edges = new Map<number, number>()
  readonly #by_sink = new Map<number, number>()
  /** Differences as they were reported last: one that stays the same from commit to commit is reported once. */
  readonly #reported = new Map<string, string>()
  readonly #failures = new Map<number, [rejected: number, failed: number]>()

  visit(node: number, status: VisitStatus, edge: number, was_held: boolean): void {
    let counts = this.#visits.get(node)
    if (counts === undefined) {
      counts = [0, 0, 0]
      this.#visits.set(node, counts)
    }
    counts[status === VISIT_EXHAUSTED ? 1 : status]++
    if (was_held) counts[2]--
    if (edge !== 0) this.edge(edge)
  }

  edge(edge: number): void {
    this.#edges.set(edge, (this.#edges.get(edge) ?? 0) + 1)
  }

  call({ status, input_tokens, output_tokens, cost_nusd }: CallFact): void {
    const { calls } = this
    calls.count++
    if (status === CALL_ERROR) calls.error++
    if (status === CALL_THROTTLED) calls.throttled++
    if (isRecordedCall(status)) calls.recorded++
    calls.input_tokens += input_tokens
    calls.output_tokens += output_tokens
    calls.cost_nusd += cost_nusd
  }

  ending(fate: number, sink: number): void {
    this.ended++
    const key = `${fate},${sink}`
    this.#endings.set(key, (this.#endings.get(key) ?? 0) + 1)
    if (sink !== 0) this.#by_sink.set(sink, this.endingsIn(sink) + 1)
    if (fateOf(fate)?.class === 'failure') this.failures++
    if (fate === ABANDONED) this.abandoned++
  }

  /** Returns which of the aggregate's batches it is. */
  openBatch(node: number): number {
    const nth = (this.#batches.get(node) ?? 0) + 1
    this.#batches.set(node, nth)
    return nth
  }

  /** A record of a source was rejected. */
  reject(source: number): void {
    this.rejected++
    this.#failuresOf(source)[0]++
  }

  /** A row of a source has, for the first time, an ending in failure. */
  failed(source: number): void {
    this.#failuresOf(source)[1]++
  }

  #failuresOf(source: number): [number, number] {
    const counts = this.#failures.get(source) ?? [0, 0]
    this.#failures.set(source, counts)
    return counts
  }

  counts(): Counts {
    const { rejected, born, ended, failures, abandoned, calls } = this
    const [endings, visits, edges, by_sink, failed] = [
      this.#endings,
      this.#visits,
      this.#edges,
      this.#by_sink,
      this.#failures,
    ]
    return { rejected, born, ended, failures, abandoned, calls, endings, visits, edges, by_sink, failed }
  }

  /** Adds what others have counted, so many times. */
  add(counted: Counts, times = 1): void {
    this.rejected += counted.rejected * times
    this.born += counted.born * times
    this.ended += counted.ended * times
    this.failures += counted.failures * times
    this.abandoned += counted.abandoned * times
    for (const name of Object.keys(this.calls) as (keyof Calls)[]) this.calls[name] += counted.calls[name] * times
    addAll(this.#endings, counted.endings, times)
    addAll(this.#edges, counted.edges, times)
    addAll(this.#by_sink, counted.by_sink, times)
    for (const [node, [ok, error, held]] of counted.visits) {
      const counts = this.#visits.get(node) ?? [0, 0, 0]
      this.#visits.set(node, [counts[0] + ok * times, counts[1] + error * times, counts[2] + held * times])
    }
    for (const [source, [rejected, failed]] of counted.failed) {
      const counts = this.#failuresOf(source)
      counts[0] += rejected * times
      counts[1] += failed * times
    }
  }

  /** Adds all that was counted of a split. */
  addSplit(split: Recount): void {
    this.add(split.counts())
    this.rows += split.rows
    this.groups += split.groups
    this.batches += split.batches
    addAll(this.#batches, split.#batches, 1)
  }

  /** Tokens whose ending names a sink. */
  endingsIn(sink: number): number {
    return this.#by_sink.get(sink) ?? 0
  }

  /** Whether a difference is another one than before; equal numbers are none. */
  isNews(what: string, says: readonly number[], is: readonly number[]): boolean {
    const difference = says.map((each, i) => each - (is[i] ?? 0)).join()
    const before = this.#reported.get(what) ?? says.map(() => 0).join()
    this.#reported.set(what, difference)
    return difference !== before && says.some((each, i) => each !== is[i])
  }

  /** How stored totals differ from these. */
  *problems(stored: TotalsFact, ways: Ways): Iterable<string> {
    const counts: readonly (readonly [string, number, number])[] = [
      ['rows read', stored.rows.read, this.rows],
      ['rows ingested', stored.rows.ingested, this.rows - this.rejected],
      ['rows rejected', stored.rows.rejected, this.rejected],
      ['tokens born', stored.tokens.born, this.born],
      ['tokens ended', stored.tokens.ended, this.ended],
      ['tokens open', stored.tokens.open, this.born - this.ended],
      ['groups', stored.groups, this.groups],
      ['calls', stored.calls?.count ?? 0, this.calls.count],
      ['calls with an error', stored.calls?.error ?? 0, this.calls.error],
      ['calls that were throttled', stored.calls?.throttled ?? 0, this.calls.throttled],
      ['calls answered from the record', stored.calls?.recorded ?? 0, this.calls.recorded],
      ['LLM tokens in', stored.calls?.input_tokens ?? 0, this.calls.input_tokens],
      ['LLM tokens out', stored.calls?.output_tokens ?? 0, this.calls.output_tokens],
      ['nano-dollars spent', stored.calls?.cost_nusd ?? 0, this.calls.cost_nusd],
    ]
    for (const [what, says, is] of counts) {
      if (this.isNews(what, [says], [is])) yield `it says ${grouped(says)} ${what}, and there are ${grouped(is)}`
    }
    yield* this.#listProblems(
      'endings',
      stored.endings.map(([fate, sink, count]) => [[fate, sink], [count]]),
      new Map([...this.#endings].map(([key, count]) => [key, [count]])),
      fate => fateOf(fate) !== undefined,
      ([fate, sink]) => `endings ${fateName(fate!)}${sink === 0 ? '' : ` in ${ways.name(sink!)}`}`,
    )
    yield* this.#listProblems(
      'batches',
      stored.batches.map(([node, count]) => [[node], [count]]),
      new Map([...this.#batches].map(([node, count]) => [`${node}`, [count]])),
      node => ways.kind(node) === 'aggregate',
      ([node]) => `batches of ${ways.name(node!)}`,
    )
    yield* this.#listProblems(
      'visits',
      stored.visits.map(([node, ...rest]) => [[node], rest]),
      new Map([...this.#visits].map(([node, each]) => [`${node}`, each])),
      node => ways.kind(node) !== undefined,
      ([node]) => `visits (ok, error, held) of ${ways.name(node!)}`,
    )
    yield* this.#listProblems(
      'edges',
      stored.edges.map(([edge, count]) => [[edge], [count]]),
      new Map([...this.#edges].map(([edge, count]) => [`${edge}`, [count]])),
      edge => ways.hasEdge(edge),
      ([edge]) => `ways from ${ways.name(ways.from(edge!))} to ${ways.name(ways.to(edge!))} (edge ${edge})`,
    )
    yield* this.#listProblems(
      'failures',
      (stored.failures ?? []).map(([source, ...rest]) => [[source], rest]),
      new Map([...this.#failures].map(([source, counts]) => [`${source}`, counts])),
      source => ways.kind(source) === 'source',
      ([source]) => `rejected records and failed rows of ${ways.name(source!)}`,
    )
  }

  /** Lists ascend by their keys; what isn't listed is none. */
  *#listProblems(
    what: string,
    listed: readonly (readonly [readonly number[], readonly number[]])[],
    counted: ReadonlyMap<string, readonly number[]>,
    exists: (number: number) => boolean,
    name: (key: readonly number[]) => string,
  ): Iterable<string> {
    const says = new Map<string, readonly number[]>()
    let before: readonly number[] | null = null
    for (const [key, counts] of listed) {
      if (before !== null && compare(before, key) >= 0) yield `its list of ${what} does not ascend`
      before = key
      says.set(key.join(), counts)
      if (!exists(key[0]!)) yield `it lists ${what} of number ${key[0]}, which isn't there`
    }
    for (const key of new Set([...says.keys(), ...counted.keys()])) {
      const width = (says.get(key) ?? counted.get(key))!.length
      const stored_counts = says.get(key) ?? new Array<number>(width).fill(0)
      const counts = counted.get(key) ?? new Array<number>(width).fill(0)
      if (this.isNews(`${what} ${key}`, stored_counts, counts)) {
        yield `it says ${stored_counts.join(', ')} ${name(key.split(',').map(Number))}, and there are ${counts.join(', ')}`
      }
    }
  }
}

function addAll<K>(to: Map<K, number>, counts: ReadonlyMap<K, number>, times: number): void {
  for (const [key, count] of counts) to.set(key, (to.get(key) ?? 0) + count * times)
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
