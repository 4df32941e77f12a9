/** A story in the shape of `explain --json`. */
import type { Json } from '../../model/row.ts'
import type { Absent, CallStory, Known, Story, TokenStory, VisitStory } from './story.ts'

/**
 * `{run, row, source, tokens}`, and beside it `batch`, `origin`, `onward`, `entries` and `head`. An erased value is
 * left out, and `erased: true` says so; `withheld: true` that a proof doesn't show it, `unreadable: true` that it is encrypted with a key that isn't at hand, `altered: true` that what it shows isn't what was recorded. Keys
 * that end in `_value` have the number of a value, by which `prove --withhold` names it.
 */
export function storyJson(story: Story): { readonly [key: string]: unknown } {
  const { subject } = story
  return {
    run: story.run,
    row: subject.kind === 'row' ? subject.row : null,
    source: subject.kind === 'row' ? subject.source : null,
    ...(subject.kind === 'batch' ? { batch: batchJson(subject) } : {}),
    tokens: story.tokens.map(tokenJson),
    origin:
      subject.kind === 'row'
        ? {
            path: subject.path,
            line: subject.line === 0 ? null : subject.line,
            index: subject.index,
            ...(subject.page == null ? {} : { page: subject.page }),
          }
        : null,
    ...(story.onward.length === 0 ? {} : { onward: story.onward.map(storyJson) }),
    ...(story.left_out === null ? {} : { left_out: story.left_out }),
    entries: story.entries,
    head: story.head,
    sealed: story.sealed,
  }
}

function batchJson(subject: Extract<Story['subject'], { kind: 'batch' }>): unknown {
  const { batch, node, key, trigger, members, calls } = subject
  return { batch, node, ...keyJson(key), trigger, members, calls: calls.map(callJson) }
}

function tokenJson(token: TokenStory): unknown {
  const { ending, waits } = token
  return {
    token: token.token,
    parents: token.parents,
    branch: token.branch,
    visits: token.visits.map(visitJson),
    outcome: ending?.outcome ?? null,
    cause: ending?.cause ?? null,
    sink: ending?.sink ?? null,
    ...(ending?.error == null ? {} : { error: errorJson(ending.error) }),
    ...(token.birth_value === 0 ? {} : { birth_value: token.birth_value }),
    ...(token.merge === null ? {} : { merge: token.merge }),
    ...(token.merge_value === 0 ? {} : { merge_value: token.merge_value }),
    ...(token.right === null ? {} : { right: token.right }),
    ...(token.joined_first === null ? {} : { joined_first: token.joined_first }),
    ...(waits === null ? {} : { waits_at: waits.node }),
  }
}

function visitJson(visit: VisitStory): unknown {
  const { data, changed, decision, evaluations, reads, error } = visit
  return {
    node: visit.node,
    kind: visit.kind,
    attempt: visit.attempt,
    status: visit.status,
    input_hash: visit.input_hash,
    output_hash: visit.output_hash,
    ...numbersJson(visit),
    ...(data === null ? {} : data.kind === 'known' ? { data: data.value } : absentJson(data)),
    ...(changed === null ? {} : { changed }),
    ...keyJson(visit.key),
    ...(visit.sorted === null ? {} : { sorted: visit.sorted }),
    ...(decision === null ? {} : { decision: decisionJson(decision) }),
    ...(evaluations.length === 0 ? {} : { evaluations: evaluations.map(({ decimals: _, ...each }) => each) }),
    ...(reads.length === 0 ? {} : { reads }),
    ...(error === null ? {} : { error: errorJson(error) }),
    calls: visit.calls.map(callJson),
    to: visit.left?.to ?? null,
    started_us: visit.started_us,
    duration_us: visit.duration_us,
    ...(visit.stood_us === 0 ? {} : { stood_us: visit.stood_us }),
  }
}

/** Those that there are. */
function numbersJson({ input_value, output_value, error_value }: VisitStory): { readonly [key: string]: number } {
  const numbers = Object.entries({ input_value, output_value, error_value })
  return Object.fromEntries(numbers.filter(([, number]) => number !== 0))
}

type AbsentJson = { readonly [kind in Absent['kind']]?: true }

function absentJson({ kind }: Absent): AbsentJson {
  return { [kind]: true }
}

function keyJson(key: VisitStory['key']): AbsentJson & { readonly key?: Json } {
  if (key === null) return {}
  return key.kind === 'known' ? { key: key.value } : { key: null, ...absentJson(key) }
}

type VisitError = NonNullable<VisitStory['error']>

function callJson({ request, response, together, ...facts }: CallStory): unknown {
  const known = (value: Known<Json>) => (value.kind === 'known' ? value.value : null)
  const absent = [request, response].filter(each => each.kind !== 'known').map(absentJson)
  return {
    ...facts,
    ...(together === null ? {} : { together }),
    ...{ request: known(request), response: known(response) },
    ...Object.assign({}, ...absent),
  }
}

function decisionJson({ expression, values, started_at, label, tried }: NonNullable<VisitStory['decision']>): unknown {
  return {
    ...{ expression, values },
    ...(started_at === undefined ? {} : { started_at }),
    label,
    ...(tried.length === 0 ? {} : { tried }),
  }
}

function errorJson({
  code,
  message,
  details = null,
}: Pick<VisitError, 'code' | 'message'> & Partial<VisitError>): unknown {
  if (message.kind !== 'known') return { code, message: null, ...absentJson(message) }
  return { code, message: message.value, ...(details === null ? {} : { details }) }
}
