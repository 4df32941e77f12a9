/** Totals of a run, counted from its entries, and compared with those that commits and the seal carry. */
import type { Tallies } from '../../model/entry.ts'
import { fateOf } from '../../model/outcome.ts'
import { grouped } from './check.ts'
import { fateName } from './fates.ts'
import type { Ways } from './ways.ts'

export class TallyFold {
  rows = 0
  rejected = 0
  born = 0
  ended = 0
  groups = 0
  batches = 0
  failures = 0
  readonly #endings = new Map<string, number>()
  readonly #visits = new Map<number, [number, number, number]>()
  readonly #edges = new Map<number, number>()
  readonly #by_sink = new Map<number, number>()

  visit(node: number, status: 0 | 1 | 2, edge: number, was_held: boolean): void {
    let counts = this.#visits.get(node)
    if (counts === undefined) {
      counts = [0, 0, 0]
      this.#visits.set(node, counts)
    }
    counts[status]++
    if (was_held) counts[2]--
    if (edge !== 0) this.edge(edge)
  }

  edge(edge: number): void {
    this.#edges.set(edge, (this.#edges.get(edge) ?? 0) + 1)
  }

  ending(fate: number, sink: number): void {
    this.ended++
    const key = `${fate},${sink}`
    this.#endings.set(key, (this.#endings.get(key) ?? 0) + 1)
    if (sink !== 0) this.#by_sink.set(sink, this.endingsIn(sink) + 1)
    if (fateOf(fate)?.class === 'failure') this.failures++
  }

  /** Tokens whose ending names a sink. */
  endingsIn(sink: number): number {
    return this.#by_sink.get(sink) ?? 0
  }

  /** How stored totals differ from these. */
  *problems(told: Tallies, ways: Ways): Iterable<string> {
    const counts: readonly (readonly [string, number, number])[] = [
      ['rows read', told.rows.read, this.rows],
      ['rows ingested', told.rows.ingested, this.rows - this.rejected],
      ['rows rejected', told.rows.rejected, this.rejected],
      ['row instances born', told.tokens.born, this.born],
      ['row instances ended', told.tokens.ended, this.ended],
      ['row instances open', told.tokens.open, this.born - this.ended],
      ['groups', told.groups, this.groups],
      ['batches', told.batches, this.batches],
    ]
    for (const [what, says, is] of counts) yield* difference(what, says, is)
    yield* listProblems(
      'endings',
      told.endings.map(([fate, sink, count]) => [[fate, sink], [count]]),
      new Map([...this.#endings].map(([key, count]) => [key, [count]])),
      ([fate, sink]) => `endings ${fateName(fate!)}${sink === 0 ? '' : ` in ${ways.name(sink!)}`}`,
    )
    yield* listProblems(
      'visits',
      told.visits.map(([node, ...rest]) => [[node], rest]),
      new Map([...this.#visits].map(([node, each]) => [`${node}`, each])),
      ([node]) => `visits (ok, error, held) of ${ways.name(node!)}`,
    )
    yield* listProblems(
      'edges',
      told.edges.map(([edge, count]) => [[edge], [count]]),
      new Map([...this.#edges].map(([edge, count]) => [`${edge}`, [count]])),
      ([edge]) => `ways from ${ways.name(ways.from(edge!))} to ${ways.name(ways.to(edge!))} (edge ${edge})`,
    )
  }
}

function* difference(what: string, says: number, is: number): Iterable<string> {
  if (says !== is) yield `it says ${grouped(says)} ${what}, and there are ${grouped(is)}`
}

/** Lists ascend by their keys; what isn't listed is none. */
function* listProblems(
  what: string,
  told: readonly (readonly [readonly number[], readonly number[]])[],
  counted: ReadonlyMap<string, readonly number[]>,
  name: (key: readonly number[]) => string,
): Iterable<string> {
  const seen = new Set<string>()
  let before: readonly number[] | null = null
  for (const [key, says] of told) {
    if (before !== null && compare(before, key) >= 0) yield `its list of ${what} does not ascend`
    before = key
    seen.add(key.join(','))
    const is = counted.get(key.join(',')) ?? says.map(() => 0)
    if (compare(says, is) !== 0) yield `it says ${says.join(', ')} ${name(key)}, and there are ${is.join(', ')}`
  }
  for (const [key, is] of counted) {
    if (seen.has(key) || is.every(each => each === 0)) continue
    yield `it says nothing of ${name(key.split(',').map(Number))}, and there are ${is.join(', ')}`
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
