/**
 * Which rows are asked for, compiled against a run's topology.
 *
 * FILTER-1. A row fits if every key that is given does; of several values of one key any. Of `value`, the values of one field are such.
 * FILTER-2. What is asked of an ending (outcome, cause, class, sink) one and the same must have. What is asked of the way (node, edge, branch)
 *     any of the row's tokens may have, each another one.
 */
import type { RowFilter } from '../api/rows.ts'
import type { Topology } from '../format/topology.ts'
import { CustodyError } from '../model/error.ts'
import { nearestNames } from '../model/nearest.ts'
import { FATES } from '../model/outcome.ts'
import { foldText } from './fold-text.ts'
import { eachDataText, eachText, type RowFacts } from './row-facts.ts'
import { branchTerm, edgeTerm, endingTerm, errorTerm, nodeTerm, sourceTerm } from './terms.ts'

/** An expression over a row's data, as it was ingested. */
export interface RowPredicate {
  holds(data: NonNullable<RowFacts['data']>): boolean
}

/** A field that has one of these texts. */
export interface ValueAsked {
  readonly field: string
  readonly texts: readonly string[]
}

/** null: isn't asked for. */
export interface CompiledFilter {
  /** Of each the row must have one. */
  readonly any_of: ReadonlyArray<readonly string[]>
  readonly since_us: number | null
  readonly until_us: number | null
  readonly min_cost_nusd: number | null
  readonly max_cost_nusd: number | null
  readonly min_duration_us: number | null
  readonly values: readonly ValueAsked[]
  /** Folded. */
  readonly text: string | null
  readonly where: RowPredicate | null
}

const SHORTEST_TEXT = 3

/** @throws CustodyError CUSTODY_ARGUMENT; DiagnosticsError if the expression is wrong. */
export function compileFilter(
  filter: RowFilter,
  topology: Topology,
  predicateOf: (where: string) => RowPredicate,
): CompiledFilter {
  const { min_duration_us, where } = filter
  return {
    any_of: [...wayTerms(filter, topology), ...endingTerms(filter, topology)],
    since_us: timeOf('since', filter.since),
    until_us: timeOf('until', filter.until),
    min_cost_nusd: nanoDollars(filter.min_cost_usd),
    max_cost_nusd: nanoDollars(filter.max_cost_usd),
    min_duration_us: min_duration_us ?? null,
    values: valuesAsked(filter.value ?? []),
    text: textAsked(filter.text),
    where: where === undefined ? null : predicateOf(where),
  }
}

/** Whether nothing is asked that only the values of a row can answer. */
function isOfFacts({ values, text, where }: CompiledFilter): boolean {
  return values.length === 0 && text === null && where === null
}

export function isEmpty(filter: CompiledFilter): boolean {
  const { any_of, since_us, until_us, min_cost_nusd, max_cost_nusd, min_duration_us } = filter
  const limits = [since_us, until_us, min_cost_nusd, max_cost_nusd, min_duration_us]
  return isOfFacts(filter) && any_of.length === 0 && limits.every(each => each === null)
}

export function fits(filter: CompiledFilter, facts: RowFacts): boolean {
  const { any_of, text, where } = filter
  return (
    any_of.every(terms => terms.some(term => facts.terms.has(term))) &&
    isWithin(filter, facts) &&
    filter.values.every(each => hasValue(facts, each)) &&
    (text === null || hasText(facts, text)) &&
    (where === null || (facts.data !== null && where.holds(facts.data)))
  )
}

export function isWithin(
  filter: CompiledFilter,
  { recorded_us, cost_nusd, duration_us }: Pick<RowFacts, 'recorded_us' | 'cost_nusd' | 'duration_us'>,
): boolean {
  const { since_us, until_us, min_cost_nusd, max_cost_nusd, min_duration_us } = filter
  return (
    (since_us === null || recorded_us >= since_us) &&
    (until_us === null || recorded_us < until_us) &&
    (min_cost_nusd === null || cost_nusd >= min_cost_nusd) &&
    (max_cost_nusd === null || cost_nusd <= max_cost_nusd) &&
    (min_duration_us === null || duration_us >= min_duration_us)
  )
}

function hasValue({ entries }: RowFacts, { field, texts }: ValueAsked): boolean {
  let found = false
  for (const entry of entries)
    eachDataText(entry, (path, text) => {
      if (path === field && texts.includes(text)) found = true
    })
  return found
}

function hasText({ entries }: RowFacts, wanted: string): boolean {
  let found = false
  for (const entry of entries)
    eachText(entry, (_path, text) => {
      if (!found && foldText(text).includes(wanted)) found = true
    })
  return found
}

// ── names to numbers ────────────────────────────────────────────────────────────────────────────────────────────────

function wayTerms({ source, node, edge, branch, error_code }: RowFilter, topology: Topology): string[][] {
  const { nodes, edges } = topology
  const names = nodes.map(({ name }) => name)
  const terms: string[][] = []
  if (source !== undefined) terms.push(source.map(each => sourceTerm(numberOf('source', each, names))))
  const at = node?.map(each => numberOf('node', each, names))
  if (error_code !== undefined) {
    // An ending without a node of its own has number 0.
    const places = at ?? [0, ...nodes.map((_, i) => i + 1)]
    terms.push(error_code.flatMap(code => places.map(place => errorTerm(code, place))))
  } else if (at !== undefined) terms.push(at.map(nodeTerm))
  const ways = edges.map(([from, label]) => `${names[from - 1]}:${label}`)
  if (edge !== undefined) terms.push(edge.map(each => edgeTerm(numberOf('edge', each, ways))))
  const branches = nodes.flatMap(each => (each.kind === 'fork' ? (each.branches ?? []) : []))
  if (branch !== undefined) terms.push(branch.map(each => branchTerm(among('branch', each, branches))))
  return terms
}

function endingTerms({ outcome, cause, class: classes, sink }: RowFilter, { nodes }: Topology): string[][] {
  if (outcome === undefined && cause === undefined && classes === undefined && sink === undefined) return []
  const all = (key: 'outcome' | 'cause' | 'class') => FATES.map(fate => fate[key])
  const outcomes = outcome?.map(each => among('outcome', each, all('outcome')))
  const causes = cause?.map(each => among('cause', each, all('cause')))
  const of_class = classes?.map(each => among('class', each, all('class')))
  const fates = FATES.filter(
    fate =>
      outcomes?.includes(fate.outcome) !== false &&
      causes?.includes(fate.cause) !== false &&
      of_class?.includes(fate.class) !== false,
  )
  const sinks = nodes.flatMap(({ name, kind }, i) => (kind === 'sink' ? [{ name, number: i + 1 }] : []))
  const names = sinks.map(({ name }) => name)
  const wanted = sink?.map(each => among('sink', each, names))
  const numbers = sinks.filter(({ name }) => wanted?.includes(name) !== false).map(({ number }) => number)
  const places = wanted === undefined ? [0, ...numbers] : numbers
  return [fates.flatMap(({ number }) => places.map(place => endingTerm(number, place)))]
}

function numberOf(key: string, name: string, names: readonly string[]): number {
  return names.indexOf(among(key, name, names)) + 1
}

function among(key: string, name: string, names: readonly string[]): string {
  if (names.includes(name)) return name
  const known = [...new Set(names)]
  const [nearest] = nearestNames(name, known)
  const all = known.length > 0 ? `There are: ${known.join(', ')}.` : 'The run has none.'
  throw wrong(`${key} ${JSON.stringify(name)} isn’t one that this run can have`, {
    hint: nearest === undefined ? all : `Did you mean ${nearest}?`,
  })
}

// ── times, money, texts ─────────────────────────────────────────────────────────────────────────────────────────────

/** A day, or a time with its zone: without one it would be another time on another machine. */
const ISO_TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/

function timeOf(key: 'since' | 'until', text: string | undefined): number | null {
  if (text === undefined) return null
  const time_ms = ISO_TIME.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time_ms))
    throw wrong(`${key} ${JSON.stringify(text)} is no time`, {
      hint: 'Write it in ISO 8601, as 2026-11-21T14:02:11.482Z.',
    })
  return time_ms * 1000
}

const NANO = 1_000_000_000

function nanoDollars(usd: number | undefined): number | null {
  return usd === undefined ? null : Math.round(usd * NANO)
}

function valuesAsked(asked: readonly string[]): ValueAsked[] {
  const by_field = new Map<string, string[]>()
  for (const each of asked) {
    const at = each.indexOf('=')
    if (at < 1)
      throw wrong(`value ${JSON.stringify(each)} names no field`, { hint: 'Write field=value, as in region=north.' })
    const field = each.slice(0, at)
    by_field.set(field, [...(by_field.get(field) ?? []), each.slice(at + 1)])
  }
  return [...by_field].map(([field, texts]) => ({ field, texts }))
}

function textAsked(text: string | undefined): string | null {
  if (text === undefined) return null
  const folded = foldText(text)
  if (folded.length < SHORTEST_TEXT)
    throw wrong(`the text to look for is shorter than ${SHORTEST_TEXT} characters`, {
      hint: 'Write more of it, or ask for a field’s whole value, as in value=region=N.',
    })
  return folded
}

function wrong(message: string, details: { readonly hint: string }): CustodyError {
  return new CustodyError('CUSTODY_ARGUMENT', message, details)
}
