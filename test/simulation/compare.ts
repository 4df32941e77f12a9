/** What a simulated run came to, held against what it should have come to; and what must hold of it in any case. */
import { type BirthFact, type EndingFact, GROUP_KINDS, type GroupKind, type VisitFact } from '../../src/format/entry.ts'
import type { SubjectDraft } from '../../src/ledger/write-port.ts'
import { fateOf } from '../../src/model/outcome.ts'
import type { Plan } from '../../src/plan/plan.ts'
import type { MemoryLedger } from '../support/memory-ledger.ts'
import type { Interpretation } from './interpreter.ts'
import type { SealedSummary } from './sealed.ts'
import type { World } from './world.ts'

/** By sink the rows that it has, and by path the ending of each token. */
export type CameTo = Pick<Interpretation, 'written' | 'endings'>

/** `expected`: null where only what holds at all times can be checked. */
export function compare(
  world: World,
  ledger: MemoryLedger,
  expected: CameTo | null,
  plan: Plan,
  summary: SealedSummary,
): string[] {
  const problems: string[] = []
  const endings = tellEndings(plan, ledger, problems)
  if (expected !== null) {
    for (const [sink, rows] of expected.written)
      same(problems, `sink ${sink}`, world.disk.get(sink) ?? [], world.named?.inFiles(rows) ?? rows)
    same(problems, 'endings', Object.fromEntries([...endings].sort()), Object.fromEntries([...expected.endings].sort()))
  }
  if (summary.tokens.born !== endings.size || summary.tokens.open !== 0)
    problems.push(`tokens: ${JSON.stringify(summary.tokens)}, ${endings.size} endings`)
  if (summary.rows.read !== summary.rows.ingested + summary.rows.rejected)
    problems.push('I4: records read ≠ ingested + rejected')
  const commits = ledger.entries_kept.flatMap(each =>
    each.kind === 'run' && each.draft.entry.k === 'commit' ? [each.draft.entry] : [],
  )
  const { line, moved } = commits.at(-1) ?? {}
  if (line !== undefined || moved !== undefined) problems.push(`I12: left in line: ${JSON.stringify(line ?? moved)}`)
  for (const { kind, name } of plan.nodes) {
    if (kind !== 'sink') continue
    const ended = [...endings.values()].filter(ending => ending.endsWith(`@${name}`)).length
    const written = world.disk.get(name)?.length ?? 0
    if (summary.sinks[name]?.rows !== written || written !== ended)
      problems.push(`I4: ${name} has ${written} rows, a receipt for ${summary.sinks[name]?.rows}, and ${ended} endings`)
  }
  return problems
}

interface Opened {
  readonly kind: GroupKind
  /** Of a batch: its aggregate, and how many that had before. */
  readonly name: string
}

/** Endings by path, and what holds within each draft. */
export function tellEndings(plan: Plan, ledger: MemoryLedger, problems: string[]): Map<string, string> {
  const paths = new Map<number, string>()
  const endings = new Map<string, string>()
  const ended = new Set<number>()
  const groups = new Map<number, Opened>()
  const counts = new Map<string, number>()
  const opened = ledger.subjects().flatMap(draft => draft.groups_opened)
  for (const { group, kind, node } of opened.toSorted((a, b) => a.group - b.group)) {
    const aggregate = plan.nodes[node - 1]?.name ?? '?'
    const batches = counts.get(aggregate) ?? 0
    counts.set(aggregate, batches + 1)
    groups.set(group, { kind, name: `${aggregate}#${batches}` })
  }
  for (const draft of ledger.subjects()) {
    for (const birth of draft.births) paths.set(birth.token, pathOf(birth, draft, groups, paths))
    for (const visit of draft.visits) checkVisit(plan, visit, ended, problems)
    for (const ending of draft.endings) {
      if (ended.has(ending.token)) problems.push(`I1: token ${ending.token} ends twice`)
      ended.add(ending.token)
      endings.set(paths.get(ending.token) ?? '?', nameOf(plan, ending))
    }
  }
  return endings
}

function pathOf(
  birth: BirthFact,
  draft: SubjectDraft,
  groups: ReadonlyMap<number, Opened>,
  paths: ReadonlyMap<number, string>,
): string {
  const { subject } = draft
  const group = groups.get(birth.group)
  if (group === undefined) return subject.kind === 'row' ? String(subject.row) : '?'
  const parents = birth.parents.map(parent => paths.get(parent) ?? '?')
  switch (GROUP_KINDS[group.kind]) {
    case 'batch':
      return `${group.name}.${birth.ordinal}`
    case 'merge':
      return `${parents.sort().join('&')}+`
    default:
      return `${parents[0]}.${birth.ordinal}`
  }
}

function checkVisit(plan: Plan, visit: VisitFact, ended: ReadonlySet<number>, problems: string[]): void {
  if (ended.has(visit.token)) problems.push(`I2: token ${visit.token} is visited after its end`)
  const edge = plan.edges[visit.edge - 1]
  if (visit.edge !== 0 && edge?.from !== visit.node)
    problems.push(`token ${visit.token} left node ${visit.node} by edge ${visit.edge} of another`)
}

function nameOf(plan: Plan, ending: EndingFact): string {
  const fate = fateOf(ending.fate)
  const sink = plan.nodes[ending.sink - 1]?.name
  return `${fate?.outcome}/${fate?.cause}${sink === undefined ? '' : `@${sink}`}`
}

function same(problems: string[], what: string, actual: unknown, expected: unknown): void {
  const [a = '', b = ''] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (a === b) return
  let at = 0
  while (a[at] === b[at]) at++
  const from = Math.max(0, at - 200)
  problems.push(`${what} from ${from} on: ${a.slice(from, at + 400)} instead of ${b.slice(from, at + 400)}`)
}
