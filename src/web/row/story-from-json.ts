/**
 * A story as the server answers it, in the form in which readers of the ledger have it: so that a story that the server gives and one that a
 * proof shows are shown in the same words, and can be compared. What the answer doesn't repeat is in the plan of the run.
 */
import type { Plan } from '../../api/runs.ts'
import type { StoryCall, Story as StoryJson, StoryToken, StoryVisit } from '../../api/story.ts'
import { FATES } from '../../model/outcome.ts'
import type {
  CallStory,
  Decision,
  Known,
  MergeDetail,
  Story,
  TokenEnding,
  TokenStory,
  VisitStory,
} from '../../read/explain/story.ts'

/** What a value is, where the answer says why it isn't there. */
interface Marks {
  readonly erased?: unknown
  readonly withheld?: unknown
  readonly altered?: unknown
  readonly unreadable?: unknown
}

/** What the answer doesn't repeat. */
export interface RunFacts {
  readonly plan: Plan
  /** Of outputs, by sink. */
  readonly paths: ReadonlyMap<string, string>
}

export function storyFrom(json: StoryJson, facts: RunFacts): Story {
  const families = new Families()
  families.take(json)
  return subjectFrom(json, facts, families)
}

function subjectFrom(json: StoryJson, facts: RunFacts, families: Families): Story {
  const { run, row, source, batch, origin } = json
  return {
    run,
    name: facts.plan.name,
    subject:
      batch === undefined
        ? {
            kind: 'row',
            row: row ?? 0,
            source: source ?? '',
            index: origin?.index ?? 0,
            line: origin?.line ?? 0,
            path: origin?.path ?? null,
            page: origin?.page ?? null,
          }
        : {
            kind: 'batch',
            batch: batch.batch,
            node: batch.node,
            key: keyFrom(batch),
            trigger: batch.trigger,
            members: batch.members,
            calls: batch.calls.map(callFrom),
          },
    tokens: json.tokens.map(token => tokenFrom(token, facts, families)),
    onward: (json.onward ?? []).map(each => subjectFrom(each, facts, families)),
    left_out: json.left_out ?? null,
    entries: json.entries,
    head: json.head,
    sealed: json.sealed,
  }
}

/** Who was born of whom, of all tokens of an answer: the answer says the parents only. */
class Families {
  readonly #tokens = new Map<number, StoryToken>()
  readonly #children = new Map<number, number[]>()
  readonly #batches = new Map<number, string>()

  take(json: StoryJson): void {
    for (const token of json.tokens) {
      this.#tokens.set(token.token, token)
      if (json.batch !== undefined) this.#batches.set(token.token, json.batch.node)
      for (const parent of token.parents)
        this.#children.set(parent, [...(this.#children.get(parent) ?? []), token.token])
    }
    for (const next of json.onward ?? []) this.take(next)
  }

  bornOf(token: StoryToken): TokenStory['born_of'] {
    const parent = token.parents.map(each => this.#tokens.get(each)).find(each => each !== undefined)
    const batch = this.#batches.get(token.token)
    if (parent === undefined) return batch === undefined ? null : born('batch', batch, 0)
    const node = parent.visits.at(-1)?.node ?? ''
    const ordinal = Math.max(0, this.#children.get(parent.token)?.indexOf(token.token) ?? 0)
    switch (parent.outcome) {
      case 'FORKED':
        return born('fork', node, ordinal)
      case 'EXPANDED':
        return born('expand', node, ordinal)
      case 'COALESCED':
        return born('merge', node, ordinal)
      default:
        return born(parent.cause === 'join' || token.right !== undefined ? 'join' : 'batch', batch ?? node, ordinal)
    }
  }
}

const born = (kind: string, node: string, ordinal: number) => ({ group: 0, kind, node, ordinal })

function tokenFrom(token: StoryToken, facts: RunFacts, families: Families): TokenStory {
  const visits = token.visits.map(visit => visitFrom(visit, facts))
  const { right, joined_first, merge } = extras(token)
  return {
    token: token.token,
    parents: token.parents,
    branch: token.branch,
    born_of: families.bornOf(token),
    right: right ?? null,
    joined_first: joined_first ?? null,
    born_as: null,
    merge: merge ?? null,
    ...{ merge_value: none, birth_value: none },
    visits,
    ending: endingFrom(token, visits),
    waits: token.waits_at === undefined ? null : { node: token.waits_at, held: token.visits.at(-1)?.status === 'held' },
  }
}

interface TokenExtras {
  readonly right?: TokenStory['right']
  readonly joined_first?: TokenStory['joined_first']
  readonly merge?: MergeDetail
}

function extras(token: StoryToken): TokenExtras {
  // cast: the server writes these as `explain --json` does, from the very types that stand here.
  return token as TokenExtras
}

function endingFrom(token: StoryToken, visits: readonly VisitStory[]): TokenEnding | null {
  const { outcome, cause, sink, error } = token
  if (outcome === null || cause === null) return null
  const fate = FATES.find(each => each.outcome === outcome && each.cause === cause)
  const last = visits.findLast(each => each.kind !== 'sink' || sink === null) ?? visits.at(-1)
  const end = visits.at(-1)
  return {
    ...{ outcome, cause, sink },
    class: fate?.class ?? 'failure',
    words: fate?.words ?? outcome,
    node: last?.node ?? '',
    group: null,
    error: error === undefined ? null : { code: error.code, message: messageFrom(error) },
    error_value: none,
    recorded_us: (end?.started_us ?? 0) + (end?.duration_us ?? 0),
  }
}

interface VisitExtras extends Marks {
  readonly sorted?: VisitStory['sorted']
  readonly reads?: VisitStory['reads']
  readonly stood_us?: number
  readonly key?: Json | null
}
type Json = Extract<Known<unknown>, { kind: 'known' }>['value']

function visitFrom(visit: StoryVisit, { plan, paths }: RunFacts): VisitStory {
  const { node, kind, attempt, status, input_hash, output_hash, decision, error } = visit
  // cast: as above, of what the shape of the answer leaves open.
  const more = visit as VisitExtras
  const data = visit.data === undefined ? absentFrom(more) : { kind: 'known' as const, value: visit.data }
  return {
    ...{ node, kind, attempt, status, input_hash, output_hash },
    plugin: plan.nodes.find(each => each.name === node)?.plugin ?? null,
    ...{ input_value: none, output_value: none, error_value: none },
    data,
    changed: visit.changed ?? null,
    absent_output: data === null || data.kind === 'known' ? null : data.kind,
    key: keyFrom(more),
    sorted: more.sorted ?? null,
    decision: decision === undefined ? null : decisionFrom(decision),
    evaluations: (visit.evaluations ?? []).map(({ for: option, expression, values }) => ({
      ...{ for: option, expression, values },
    })),
    reads: more.reads ?? [],
    calls: visit.calls.map(callFrom),
    error:
      error === undefined ? null : { code: error.code, message: messageFrom(error), details: error.details ?? null },
    left: visit.to === null ? null : { label: decision?.label ?? '', to: visit.to },
    path: kind === 'sink' ? (paths.get(node) ?? null) : null,
    started_us: visit.started_us,
    duration_us: visit.duration_us,
    stood_us: more.stood_us ?? 0,
  }
}

function decisionFrom({ expression, values, label, tried, started_at }: NonNullable<StoryVisit['decision']>): Decision {
  const base = { expression, values, label, tried: tried ?? [] }
  return typeof started_at === 'string' ? { ...base, started_at } : base
}

function messageFrom(error: Marks & { readonly message: string | null }): Known<string> {
  if (error.message !== null) return { kind: 'known', value: error.message }
  return absentFrom(error) ?? { kind: 'withheld' }
}

function absentFrom({ erased, withheld, altered, unreadable }: Marks) {
  if (unreadable === true) return { kind: 'unreadable' as const }
  if (erased === true) return { kind: 'erased' as const }
  if (withheld === true) return { kind: 'withheld' as const }
  return altered === true ? { kind: 'altered' as const } : null
}

function keyFrom(of: Marks & { readonly key?: unknown }): VisitStory['key'] {
  if (of.key === undefined) return null
  // cast: of JSON.
  return absentFrom(of) ?? { kind: 'known', value: of.key as CallStory['request'] extends Known<infer T> ? T : never }
}

function callFrom(call: StoryCall): CallStory {
  const { request, response, status, together, ...facts } = call
  const known = (value: StoryCall['request'], hash: string | null): CallStory['request'] =>
    value === null && hash !== null ? (absentFrom(call) ?? { kind: 'withheld' }) : { kind: 'known', value }
  return {
    ...facts,
    // cast: the server has it from the list of statuses; `together` from the type that stands here.
    ...({ status, together: together ?? null } as Pick<CallStory, 'status' | 'together'>),
    request: known(request, call.request_hash),
    response: known(response, call.response_hash),
    ...{ request_value: none, response_value: none },
  }
}

// cast: numbers of values are of the ledger, which an answer needn't name: 0 is none.
const none = 0 as VisitStory['input_value']
