/** Conditions that a run offers, from its plan and its counts: what there is to ask for, and how many tokens each is about. */
import type { Plan, ShownRun } from '../../api/runs.ts'
import type { Condition, ManyKey, RowsSearch } from './rows-search.ts'

export interface Suggestion extends Condition {
  /** Under which it stands. */
  readonly group: string
  /** What is read beside the value, of another form than it. */
  readonly note: string
  /** Of tokens; null where it isn't counted. */
  readonly count: number | null
}

/** Without those that hold already, the biggest first within a group. */
export function suggestionsOf(
  run: ShownRun | undefined,
  plan: Plan | undefined,
  search: RowsSearch,
): readonly Suggestion[] {
  const all = [
    ...(run === undefined ? [] : [...ofEndings(run), ...ofErrors(run), ...ofSinks(run), ...ofNodes(run)]),
    ...(run === undefined || plan === undefined ? [] : ofEdges(run, plan)),
    ...(plan === undefined ? [] : ofBranches(plan)),
  ]
  return all.filter(({ key, value }) => !(listOf(search, key) ?? []).includes(value))
}

function listOf(search: RowsSearch, key: Condition['key']): readonly string[] | undefined {
  const value = search[key]
  return typeof value === 'string' ? [value] : value
}

function suggestion(group: string, key: ManyKey, value: string, note: string, count: number | null): Suggestion {
  return { group, key, value, note, count }
}

const byCount = (list: readonly Suggestion[]) => list.toSorted((a, b) => (b.count ?? 0) - (a.count ?? 0))

function ofEndings({ endings }: ShownRun): readonly Suggestion[] {
  const sum = (key: 'class' | 'outcome' | 'cause') => {
    const counts = new Map<string, number>()
    for (const each of endings) counts.set(each[key], (counts.get(each[key]) ?? 0) + each.count)
    return [...counts]
  }
  const words = new Map(endings.map(each => [each.cause, each.words]))
  return [
    ...byCount(
      sum('class').flatMap(([value, count]) =>
        value === 'passed on' ? [] : suggestion('How it ended', 'class', value, 'class', count),
      ),
    ),
    ...byCount(sum('outcome').map(([value, count]) => suggestion('How it ended', 'outcome', value, 'outcome', count))),
    ...byCount(
      sum('cause').map(([value, count]) => suggestion('How it ended', 'cause', value, words.get(value) ?? '', count)),
    ),
  ]
}

function ofErrors({ errors }: ShownRun): readonly Suggestion[] {
  const codes = new Map<string, { count: number; nodes: string[] }>()
  for (const { node, code, count } of errors) {
    const of = codes.get(code) ?? { count: 0, nodes: [] }
    codes.set(code, { count: of.count + count, nodes: [...of.nodes, node] })
  }
  return byCount(
    [...codes].map(([code, { count, nodes }]) =>
      suggestion('Error', 'error_code', code, `at ${nodes.join(', ')}`, count),
    ),
  )
}

function ofSinks({ sinks }: ShownRun): readonly Suggestion[] {
  return byCount(Object.entries(sinks).map(([sink, { rows }]) => suggestion('Written to', 'sink', sink, 'sink', rows)))
}

function ofNodes({ nodes }: ShownRun): readonly Suggestion[] {
  return nodes.flatMap(({ node, kind, in: came, out }) => {
    if (kind === 'sink') return []
    if (kind !== 'source') return suggestion('Came to', 'node', node, kind, came)
    return suggestion(
      'From',
      'source',
      node,
      'source',
      Object.values(out).reduce((sum, each) => sum + each, 0),
    )
  })
}

function ofEdges({ nodes }: ShownRun, { edges }: Plan): readonly Suggestion[] {
  const counts = new Map(nodes.map(({ node, out }) => [node, out]))
  return edges.map(({ from, label, to }) =>
    suggestion('Left by', 'edge', `${from}:${label}`, `→ ${to}`, counts.get(from)?.[label] ?? 0),
  )
}

function ofBranches({ nodes }: Plan): readonly Suggestion[] {
  return nodes.flatMap(({ name, kind, branches }) =>
    kind === 'fork' ? (branches ?? []).map(each => suggestion('Branch', 'branch', each, `of ${name}`, null)) : [],
  )
}

/** Those in which each of the words that are typed stands somewhere. */
export function fitting(suggestions: readonly Suggestion[], typed: string): readonly Suggestion[] {
  const words = typed
    .toLowerCase()
    .split(/\s+/)
    .filter(each => each !== '')
  return suggestions.filter(({ group, value, note }) => {
    const text = `${group} ${value} ${note}`.toLowerCase()
    return words.every(word => text.includes(word))
  })
}
