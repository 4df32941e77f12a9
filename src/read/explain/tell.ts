/**
 * From the course of one subject to its story: pure.
 */
import {
  CALL_STATUSES,
  type CallFact,
  isError,
  type SubjectEntry,
  VISIT_HELD,
  type VisitFact,
} from '../../format/entry.ts'
import type { FilesRead } from '../../format/files-read.ts'
import type { ExpressionText, PlanValue } from '../../format/run-values.ts'
import { DISCARD, type Topology, type TopologyNode } from '../../format/topology.ts'
import { fateOf } from '../../model/outcome.ts'
import { isObject, type Json, newRow } from '../../model/row.ts'
import { isSameJson } from '../../model/same-json.ts'
import { exactType } from '../../model/schema.ts'
import { formatTime } from '../../model/time.ts'
import type { Course, CourseToken, Timed } from '../fold/course.ts'
import { fileFor, type NamedFiles, optionOf } from '../runs/named-file.ts'
import type { Partners } from './partners.ts'
import type {
  CallStory,
  Change,
  Decision,
  Evaluation,
  Known,
  MergeDetail,
  Seen,
  TokenEnding,
  TokenStory,
  VisitStory,
} from './story.ts'

/** What the telling needs to know of the run. */
export interface Scene {
  readonly topology: Topology
  /** Decisions whose expressions are erased are shown without them. */
  readonly plan: Pick<PlanValue, 'fields' | 'expressions' | 'options'>
  readonly reads: FilesRead
  /** `run.started_at` in µs; null if it is on record in another ledger. */
  readonly started_us: number | null
  /** By sink: the path that it writes, absolute. */
  readonly paths: ReadonlyMap<string, string>
  /** Of these, the sinks whose rows say which file they go to. */
  readonly named: ReadonlyMap<string, NamedFiles>
}

/** The values of one subject, by number. */
export interface Values {
  get(number: number): Known<Json>
  /** Commitment as lower-case hex; null for number 0. */
  hash(number: number): string | null
}

const NO_PARTNERS: Partners = { right: new Map(), left: new Map() }

/** Tokens of a subject, in order of birth. `partners`: where joins had a part in it. */
export function tellTokens(
  course: Course,
  values: Values,
  scene: Scene,
  partners: Partners = NO_PARTNERS,
): TokenStory[] {
  return Array.from(course.tokens.values(), token => {
    const { birth, group, ending } = token
    const last = token.visits.at(-1)
    return {
      token: birth.token,
      // Those of a batch's tokens are its members.
      parents: (group?.kind === 'batch' ? group.closed?.members : null) ?? birth.parents,
      branch: group?.kind === 'fork' ? (token.forks.at(-1)?.branch ?? null) : null,
      born_of:
        group === null
          ? null
          : {
              group: birth.group,
              kind: group.kind,
              node: nodeOf(scene, group.opened.node).name,
              ordinal: birth.ordinal,
            },
      right: partners.right.get(birth.token) ?? null,
      joined_first: partners.left.get(birth.token) ?? null,
      merge: group?.kind === 'merge' ? mergeDetail(group.closed?.detail ?? 0, values) : null,
      merge_value: group?.kind === 'merge' ? (group.closed?.detail ?? 0) : 0,
      birth_value: birth.value,
      visits: token.visits.map(({ fact, time_us }) =>
        tellVisit(fact, time_us, callsOf(course, fact, values, scene), values, scene, course),
      ),
      born_as: bornAs(token, values),
      ending: ending === null ? null : tellEnding(ending.fact, endTime(last, ending.time_us), values, scene),
      waits: ending === null ? standsAt(token, scene) : null,
    }
  })
}

function mergeDetail(value: number, values: Values): MergeDetail | null {
  const known = value === 0 ? null : values.get(value)
  if (known?.kind !== 'known') return null
  const { origins, overruled } = fieldsOf(known.value)
  const texts = Object.entries(fieldsOf(origins)).filter(([, branch]) => typeof branch === 'string')
  const lists = Object.entries(fieldsOf(overruled)).map(([field, values]) => {
    const losing = (Array.isArray(values) ? (values as readonly Json[]) : []).map(fieldsOf)
    return [field, losing.filter(({ branch, value }) => typeof branch === 'string' && value !== undefined)] as const
  })
  return { origins: Object.fromEntries(texts), overruled: Object.fromEntries(lists) } as unknown as MergeDetail
}

/** Fields in which a child of one parent differs from what its parent last had; what a join made, from what the left one had. */
function bornAs({ birth: { parents, value }, parent, group }: CourseToken, values: Values): Change | null {
  const before = parent?.visits.at(-1)?.fact
  if (before === undefined || (parents.length > 1 && group?.kind !== 'join')) return null
  const parent_value = before.out === 0 ? before.in : before.out
  if (parent_value === 0 || value === 0 || parent_value === value) return null
  return changeBetween(values.get(parent_value), values.get(value))
}

/** An ending follows from the token's last visit, and so has its time; without one, the entry's. */
function endTime(last: Timed<VisitFact> | undefined, entry_us: number): number {
  if (last === undefined) return entry_us
  return Math.max(entry_us, last.time_us + last.fact.start_us + last.fact.duration_us + last.fact.stood_us)
}

/** Where a token without an ending stands: by its last visit, or by the edge that it was born onto. */
function standsAt({ visits, group, forks }: CourseToken, scene: Scene): TokenStory['waits'] {
  const { edges } = scene.topology
  const last = visits.at(-1)?.fact
  if (last !== undefined) {
    const held = last.status === VISIT_HELD
    const at = held || last.edge === 0 ? last.node : (edges[last.edge - 1]?.[2] ?? last.node)
    return { node: nodeOf(scene, at).name, held }
  }
  if (group === null) return null
  const label = group.kind === 'fork' ? forks.at(-1)?.branch : group.kind === 'join' ? 'matched' : 'to'
  const edge = edges.find(([from, name]) => from === group.opened.node && name === label)
  return edge === undefined ? null : { node: nodeOf(scene, edge[2]).name, held: false }
}

function tellVisit(
  fact: VisitFact,
  time_us: number,
  calls: readonly CallStory[],
  values: Values,
  scene: Scene,
  course: Course,
): VisitStory {
  const node = nodeOf(scene, fact.node)
  const source = node.kind === 'source'
  const entered = source ? fact.out : fact.in
  const data = entered === 0 ? null : values.get(entered)
  const output = fact.out === 0 ? null : values.get(fact.out)
  const left = fact.edge === 0 ? null : edgeOf(scene, fact.edge)
  const error = fact.error === null ? null : tellError(fact.error, values)
  const expressions = scene.plan.expressions[node.name] ?? []
  const keyFields = node.sort?.map(({ field }) => field) ?? node.per
  return {
    node: node.name,
    kind: node.kind,
    plugin: node.plugin ?? null,
    attempt: fact.attempt,
    status: fact.status === VISIT_HELD ? 'held' : isError(fact.status) ? 'error' : 'ok',
    input_hash: values.hash(fact.in),
    output_hash: values.hash(fact.out),
    ...{ input_value: fact.in, output_value: fact.out, error_value: fact.error?.value ?? 0 },
    data,
    changed: source || output === null || fact.out === fact.in ? null : changeBetween(data, output),
    absent_output: output === null || output.kind === 'known' ? null : output.kind,
    key: keyFields === undefined ? null : keyOf(keyFields, data),
    sorted: node.kind === 'sort' ? sortedAs(course, fact) : null,
    decision: node.kind === 'gate' ? tellDecision(node, fact, left?.label ?? null, expressions, data, scene) : null,
    reads: scene.reads.get(node.name) ?? [],
    evaluations:
      node.kind === 'gate' && node.plugin === undefined
        ? []
        : expressions.map(each => tellEvaluation(each, data, scene)),
    calls,
    error,
    left,
    path: writtenTo(node, scene, data) ?? pathOf(node, scene),
    started_us: time_us + fact.start_us,
    duration_us: fact.duration_us,
    stood_us: fact.stood_us,
  }
}

function sortedAs({ holds, releases }: Course, { token, node }: VisitFact): VisitStory['sorted'] {
  const hold = holds.find(each => each.token === token && each.node === node)
  const release = releases.find(each => each.token === token && each.node === node)
  return hold === undefined ? null : { came: hold.ordinal + 1, passed: release?.place ?? null }
}

/** A field that is missing counts as null. */
function keyOf(per: readonly string[], data: Known<Json> | null): Known<Json> {
  if (data?.kind !== 'known') return data ?? { kind: 'erased' }
  const row = isObject(data.value) ? data.value : newRow()
  const key = newRow()
  for (const field of per) key[field] = row[field] ?? null
  return { kind: 'known', value: key }
}

/** Calls of one attempt of a token at a node, or (token 0) of the batch that is the subject. */
export function callsOf(
  course: Course,
  visit: Pick<CallFact, 'token'> & Partial<Pick<CallFact, 'node' | 'attempt'>>,
  values: Values,
  scene: Scene,
): CallStory[] {
  const { token, node, attempt } = visit
  const own = course.calls.get(token) ?? []
  return own
    .filter(({ fact }) => (node ?? fact.node) === fact.node && (attempt ?? fact.attempt) === fact.attempt)
    .map(({ fact, time_us }) => {
      const intent = course.intents.find(each => each.token === token && each.node === fact.node)
      return { ...tellCall(fact, time_us, values, scene), together: intent?.together ?? null }
    })
}

function tellCall(fact: CallFact, time_us: number, values: Values, scene: Scene): Omit<CallStory, 'together'> {
  const { call, ordinal, request, response, input_tokens, output_tokens, duration_us } = fact
  return {
    call,
    service: nodeOf(scene, fact.node).services?.[fact.service - 1] ?? '?',
    status: CALL_STATUSES[fact.status],
    ordinal,
    request: values.get(request),
    response: values.get(response),
    request_hash: values.hash(request),
    response_hash: values.hash(response),
    ...{ request_value: request, response_value: response },
    input_tokens,
    output_tokens,
    cost_usd: fact.cost_nusd / 1e9,
    started_us: time_us + fact.start_us,
    duration_us,
  }
}

function tellError(error: { readonly code: string; readonly value: number }, values: Values): VisitStory['error'] {
  const known = values.get(error.value)
  if (known.kind !== 'known') return { code: error.code, message: known, details: null }
  const { message, details } = fieldsOf(known.value)
  return {
    code: error.code,
    message: { kind: 'known', value: typeof message === 'string' ? message : '' },
    details: details ?? null,
  }
}

function tellEnding(fact: SubjectEntry['endings'][number], time_us: number, values: Values, scene: Scene): TokenEnding {
  const fate = fateOf(fact.fate)
  const error = fact.error === null ? null : tellError(fact.error, values)
  return {
    outcome: fate?.outcome ?? String(fact.fate),
    cause: fate?.cause ?? '?',
    class: fate?.class ?? 'failure',
    words: fate?.words ?? 'ended in a way that this version does not know',
    node: nodeOf(scene, fact.node).name,
    sink: fact.sink === 0 ? null : nodeOf(scene, fact.sink).name,
    group: fact.group === 0 ? null : fact.group,
    error: error === null ? null : { code: error.code, message: error.message },
    error_value: fact.error?.value ?? 0,
    recorded_us: time_us,
  }
}

function tellDecision(
  node: TopologyNode,
  fact: VisitFact,
  label: string | null,
  expressions: readonly ExpressionText[],
  data: Known<Json> | null,
  scene: Scene,
): Decision | null {
  const way = isError(fact.status) ? null : label
  if (node.plugin !== undefined || expressions.length === 0)
    return node.plugin === undefined ? null : { expression: node.plugin, values: {}, label: way, tried: [] }
  const single = expressions.length === 1 && expressions[0]?.for === 'gate' ? expressions[0] : null
  if (single !== null) return { expression: single.source, ...seenBy([single], data, scene), label: way, tried: [] }
  const held = way === null ? -1 : expressions.findIndex(each => each.for === way)
  const tried = held === -1 ? expressions : expressions.slice(0, held)
  const seen = held === -1 ? expressions : expressions.slice(0, held + 1)
  return {
    expression: held === -1 ? 'else' : (expressions[held]?.source ?? ''),
    ...seenBy(seen, data, scene),
    label: way,
    tried: tried.map(each => ({ label: each.for, expression: each.source })),
  }
}

function tellEvaluation(expression: ExpressionText, data: Known<Json> | null, scene: Scene): Evaluation {
  return { for: expression.for, expression: expression.source, ...seenBy([expression], data, scene) }
}

function seenBy(expressions: readonly ExpressionText[], data: Known<Json> | null, { started_us }: Scene): Seen {
  const values = valuesRead(expressions, data)
  const decimals = Object.keys(values).filter(path => expressions.some(each => isDecimal(each, path)))
  const names_start = expressions.some(({ source }) => /\brun\s*\.\s*started_at\b/.test(source))
  return {
    values,
    ...(decimals.length === 0 ? {} : { decimals }),
    ...(names_start && started_us !== null ? { started_at: formatTime(started_us) } : {}),
  }
}

/** Whether what was known of a field, where the expression was compiled, makes its texts decimals. */
function isDecimal({ sees }: ExpressionText, field: string): boolean {
  const known = sees === undefined || !Object.hasOwn(sees.fields, field) ? undefined : sees.fields[field]
  return known !== undefined && exactType(known.schema)?.type === 'decimal'
}

/** The fields that expressions read, by path; those that aren't there are left out. */
function valuesRead(expressions: readonly ExpressionText[], data: Known<Json> | null): { [path: string]: Json } {
  const values = newRow()
  if (data?.kind !== 'known') return values
  for (const { reads } of expressions)
    for (const path of reads) {
      // An expression that reads the row as a whole sees all of `data`.
      if (path.length === 0) continue
      const value = atPath(data.value, path)
      if (value !== undefined) values[path.join('.')] = value
    }
  return values
}

function atPath(value: Json, path: readonly string[]): Json | undefined {
  let at: Json | undefined = value
  for (const step of path) {
    const fields: { readonly [field: string]: Json } = fieldsOf(at)
    at = Object.hasOwn(fields, step) ? fields[step] : undefined
  }
  return at
}

/** Fields of `next` that `base` doesn't have so, and those that it has no more. */
function changeBetween(base: Known<Json> | null, next: Known<Json>): Change | null {
  if (base?.kind !== 'known' || next.kind !== 'known') return null
  const before = fieldsOf(base.value)
  const after = fieldsOf(next.value)
  const set = newRow()
  for (const field of Object.keys(after))
    if (!Object.hasOwn(before, field) || !isSameJson(before[field] ?? null, after[field] ?? null))
      set[field] = after[field] as Json
  return { set, unset: Object.keys(before).filter(field => !Object.hasOwn(after, field)) }
}

function fieldsOf(value: Json | undefined): { readonly [field: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [field: string]: Json })
    : {}
}

function nodeOf(scene: Scene, number: number): TopologyNode {
  return scene.topology.nodes[number - 1] ?? { name: `node ${number}`, kind: 'transform' }
}

function edgeOf(scene: Scene, number: number): VisitStory['left'] {
  const edge = scene.topology.edges[number - 1]
  if (edge === undefined) return null
  return { label: edge[1], to: edge[2] === DISCARD ? 'discard' : nodeOf(scene, edge[2]).name }
}

/** The file that a row went to, where the row says which, and that can still be seen. */
function writtenTo(node: TopologyNode, scene: Scene, data: Known<Json> | null): string | null {
  const named = scene.named.get(node.name)
  if (named === undefined || data?.kind !== 'known') return null
  return fileFor(named, data.value)
}

/** Of a source: the `path` among its options. Of a sink: what it meant to write. */
export function pathOf(node: TopologyNode, scene: Scene): string | null {
  if (node.kind === 'sink') return scene.paths.get(node.name) ?? null
  return node.kind === 'source' ? optionOf(scene.plan, node.name, 'path') : null
}
