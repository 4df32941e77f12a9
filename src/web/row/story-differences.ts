/**
 * Where the story that the server gave differs from the one that its proof shows. The screen shows the first, and the verdict is on the second:
 * only where they are the same is the verdict about what the reader has read. Values that one of them leaves out are passed over.
 */

import { idText } from '../../model/part-ids.ts'
import type { CallStory, Known, Story, TokenStory, VisitStory } from '../../read/explain/story.ts'
import { printable } from '../../read/words/text.ts'
import { isSame } from './values.ts'

/** Each as a place and what differs there; none if all is the same. */
export function storyDifferences(shown: Story, proven: Story): readonly string[] {
  const where = subjectName(shown)
  if (subjectName(proven) !== where) return [`the proof is of ${subjectName(proven)}`]
  const tokens = both(shown.tokens, proven.tokens, each => String(each.token))
  return [
    ...(shown.run === proven.run ? [] : [`${where}: the proof is of run ${proven.run}`]),
    ...tokens.flatMap(([name, a, b]) =>
      a === undefined || b === undefined
        ? [`${where}: token ${name} is ${a === undefined ? 'in the proof only' : 'not in the proof'}`]
        : tokenDifferences(a, b),
    ),
    // A proof needn't follow a row as far as the server does.
    ...both(shown.onward, proven.onward, subjectName).flatMap(([, a, b]) =>
      a === undefined || b === undefined ? [] : storyDifferences(a, b),
    ),
  ]
}

function subjectName({ subject }: Story): string {
  return subject.kind === 'row' ? `row ${idText(subject.row)}` : `batch ${idText(subject.batch)}`
}

function tokenDifferences(a: TokenStory, b: TokenStory): readonly string[] {
  const where = `token ${idText(a.token)}`
  const visits = both(a.visits, b.visits, each => `${each.node}, attempt ${each.attempt}`)
  return [
    ...differing(where, {
      parents: [a.parents, b.parents],
      branch: [a.branch, b.branch],
      'how it ended': [endingOf(a), endingOf(b)],
      'what was merged': a.merge === null || b.merge === null ? [0, 0] : [a.merge, b.merge],
    }),
    ...visits.flatMap(([name, x, y]) =>
      x === undefined || y === undefined
        ? [`${where}: the step at ${printable(name)} is ${x === undefined ? 'in the proof only' : 'not in the proof'}`]
        : visitDifferences(`${where}, ${printable(x.node)}`, x, y),
    ),
  ]
}

const endingOf = ({ ending }: TokenStory) =>
  ending === null ? null : [ending.outcome, ending.cause, ending.sink, ending.error?.code ?? null]

function visitDifferences(where: string, a: VisitStory, b: VisitStory): readonly string[] {
  return [
    ...differing(where, {
      status: [a.status, b.status],
      'commitments of its data': [
        [a.input_hash, a.output_hash],
        [b.input_hash, b.output_hash],
      ],
      'its data': known(a.data, b.data),
      'what it changed': a.changed === null || b.changed === null ? [0, 0] : [a.changed, b.changed],
      'its decision': [wayOf(a), wayOf(b)],
      'what its decision saw': areKnown(a, b) ? [seenOf(a), seenOf(b)] : [0, 0],
      'its error': [a.error?.code ?? null, b.error?.code ?? null],
      'the message of its error': known(a.error?.message ?? null, b.error?.message ?? null),
      'where it went': [a.left?.to ?? null, b.left?.to ?? null],
    }),
    ...both(a.calls, b.calls, each => String(each.call)).flatMap(([name, x, y]) =>
      x === undefined || y === undefined
        ? [`${where}: call ${name} is ${x === undefined ? 'in the proof only' : 'not in the proof'}`]
        : callDifferences(`${where}, call ${name}`, x, y),
    ),
  ]
}

const wayOf = ({ decision }: VisitStory) => (decision === null ? null : [decision.expression, decision.label])
const seenOf = ({ decision }: VisitStory) => (decision === null ? null : [decision.values, decision.tried])
/** What a decision saw is taken from its data. */
const areKnown = (a: VisitStory, b: VisitStory) => a.data?.kind === 'known' && b.data?.kind === 'known'

function callDifferences(where: string, a: CallStory, b: CallStory): readonly string[] {
  return differing(where, {
    status: [a.status, b.status],
    service: [a.service, b.service],
    commitments: [
      [a.request_hash, a.response_hash],
      [b.request_hash, b.response_hash],
    ],
    'what was asked': known(a.request, b.request),
    'what was answered': known(a.response, b.response),
    'LLM tokens and cost': [
      [a.input_tokens, a.output_tokens, a.cost_usd],
      [b.input_tokens, b.output_tokens, b.cost_usd],
    ],
  })
}

type Pair = readonly [shown: unknown, proven: unknown]

function known(a: Known<unknown> | null, b: Known<unknown> | null): Pair {
  return a?.kind === 'known' && b?.kind === 'known' ? [a.value, b.value] : [0, 0]
}

function differing(where: string, pairs: { readonly [what: string]: Pair }): readonly string[] {
  return Object.entries(pairs)
    .filter(([, [a, b]]) => !isSame(a, b))
    .map(([what]) => `${where}: ${what}`)
}

/** Of two lists, in the order of the first, each name once. */
function both<T>(
  a: readonly T[],
  b: readonly T[],
  name: (of: T) => string,
): ReadonlyArray<readonly [name: string, a: T | undefined, b: T | undefined]> {
  const [x, y] = [a, b].map(list => new Map(list.map(each => [name(each), each])))
  const names = new Set([...(x?.keys() ?? []), ...(y?.keys() ?? [])])
  return [...names].map(each => [each, x?.get(each), y?.get(each)])
}
