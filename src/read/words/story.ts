/**
 * A story in words, as `explain`, `check`, the verifier's page and a letter tell it: the same sentences everywhere, laid out by whoever shows
 * them.
 */
import { grouped as count, counted } from '../../model/number-text.ts'
import { idArgument, idText, partOf } from '../../model/part-ids.ts'
import type { Absent, MergeDetail, Story, TokenStory, VisitStory } from '../explain/story.ts'
import { IS_ABSENT } from './absent.ts'
import { forKey } from './batch-key.ts'
import { type ClosingWords, closingOf } from './ending.ts'
import { type Named, parentList, tokenNamed } from './names.ts'
import { callText, changeTexts, type Step, stepsOf } from './steps.ts'
import { hashText, printable, shortRun, valueText } from './text.ts'
import type { Wording } from './wording.ts'

export interface StoryWords {
  readonly title: Named
  /** As the row came in; null if it isn't known to have been read. */
  readonly entered: Entered | null
  /** Whether it is a row that stayed one token, which needs no name. */
  readonly single: boolean
  /** Those that weren't born of others here. */
  readonly tokens: readonly TokenWords[]
  /** Where it stands in the log. */
  readonly evidence: string
  /** Made for a batch as a whole. */
  readonly calls: readonly string[]
  readonly onward: readonly StoryWords[]
  readonly left_out: string | null
}

export interface TokenWords {
  readonly token: number
  readonly named: Named
  /** Its data as it is born, as far as its parents' data doesn't show it. */
  readonly born: DataWords | null
  /** Without the source's, which is in `entered`. */
  readonly steps: readonly Step[]
  readonly closing: ClosingWords
  /** Born of it. */
  readonly children: readonly TokenWords[]
}

export type DataWords =
  | { readonly kind: 'fields'; readonly fields: ReadonlyArray<readonly [name: string, value: string]> }
  | { readonly kind: 'changes'; readonly texts: readonly string[] }
  | { readonly kind: 'value'; readonly text: string }
  | { readonly kind: 'absent'; readonly why: Absent['kind']; readonly text: string }

export type Entered =
  | DataWords
  | {
      readonly kind: 'rejected'
      readonly text: string
      /** Its record, as it was read; null if it isn't there. */
      readonly raw: string | null
      /** Why it isn't there; null if it is, or there was none. */
      readonly absent: string | null
      readonly details: string | null
    }

/** Longest value of a field, where values are cut. */
const FIELD_COLUMNS = 60

export function storyWords(story: Story, wording: Wording): StoryWords {
  const { tokens, subject } = story
  const known = new Set(tokens.map(token => token.token))
  const children = childrenOf(tokens, known)
  const roots = tokens.filter(token => !token.parents.some(parent => known.has(parent)))
  const visit = tokens[0]?.visits.find(each => each.kind === 'source')
  return {
    title: titleOf(story, wording.cut),
    entered: visit === undefined ? null : enteredAs(visit, wording.cut),
    single: tokens.length === 1 && subject.kind === 'row',
    tokens: roots.map(root => tokenWords(root, children, wording)),
    evidence: evidenceText(story),
    calls: subject.kind === 'batch' ? subject.calls.map(each => callText(each)) : [],
    onward: story.onward.map(next => storyWords(next, wording)),
    left_out: story.left_out === null ? null : leftOutText(story.left_out),
  }
}

function tokenWords(
  token: TokenStory,
  children: ReadonlyMap<number, readonly TokenStory[]>,
  wording: Wording,
): TokenWords {
  const own = children.get(token.token) ?? []
  const visits = token.visits.filter(visit => visit.kind !== 'source')
  return {
    token: token.token,
    named: tokenNamed(token),
    born: bornAs(token, wording.cut),
    steps: stepsOf(visits, own.length, wording),
    closing: closingOf(token),
    children: own.map(each => tokenWords(each, children, wording)),
  }
}

function childrenOf(
  tokens: readonly TokenStory[],
  known: ReadonlySet<number>,
): ReadonlyMap<number, readonly TokenStory[]> {
  const children = new Map<number, TokenStory[]>()
  for (const token of tokens) {
    // A merged token stands under the last of its parents: by then all of them have been shown. Of a join the right one is mostly another row's.
    const parent = token.parents.findLast(each => known.has(each))
    if (parent === undefined) continue
    const list = children.get(parent)
    if (list === undefined) children.set(parent, [token])
    else list.push(token)
  }
  return children
}

function titleOf({ subject, name, run }: Story, cut: Wording['cut']): Named {
  const of = `of ${printable(name)}, run ${shortRun(run)}…`
  if (subject.kind === 'batch')
    return { name: `Batch ${idText(subject.batch)}`, rest: ` ${of}, ${batchText(subject, cut)}` }
  const { page = null } = subject
  const own = subject.path === null ? `source ${printable(subject.source)}` : printable(subject.path)
  const file =
    page === null
      ? own
      : `page ${count(page.page)} of ${own} (${printable(page.url ?? page.service)}, call ${idText(page.call)})`
  const place = subject.line > 0 ? ` line ${count(subject.line)}` : `, record ${count(subject.index)}`
  return { name: `Row ${idText(subject.row)}`, rest: ` ${of}, from ${file}${place}` }
}

function batchText(
  { node, key, trigger, members }: Extract<Story['subject'], { kind: 'batch' }>,
  cut: Wording['cut'],
): string {
  const at = `${printable(node)}${forKey(key, cut)}`
  if (trigger === null) return `still open at ${at}`
  const size = `${counted(members.length, 'token')} at ${at}`
  const closed = trigger === 'abandoned' ? 'abandoned with the run' : `closed by ${trigger.replaceAll('_', ' ')}`
  return `${size} (${parentList(members)}), ${closed}`
}

/** The fields as they came in, or what was wrong with the record. */
function enteredAs(visit: VisitStory, cut: Wording['cut']): Entered | null {
  return visit.error === null ? dataWords(visit.data, cut) : rejected(visit, visit.error)
}

function dataWords(data: VisitStory['data'], cut: Wording['cut']): DataWords | null {
  if (data === null) return null
  if (data.kind !== 'known')
    return {
      kind: 'absent',
      why: data.kind,
      text: `its data ${IS_ABSENT[data.kind]}; the commitments below still stand`,
    }
  const { value } = data
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { kind: 'value', text: valueText(value) }
  const fields = Object.entries(value).map(
    ([field, each]) => [printable(field), cut(valueText(each), FIELD_COLUMNS)] as const,
  )
  return { kind: 'fields', fields }
}

function rejected({ data }: VisitStory, { code, message, details }: NonNullable<VisitStory['error']>): Entered {
  const said = message.kind === 'known' ? printable(message.value) : `the message ${IS_ABSENT[message.kind]}`
  const value = data?.kind === 'known' ? data.value : null
  const has_raw = typeof value === 'object' && value !== null && 'raw' in value
  // cast: whatever it is, it is shown as it is.
  const raw = has_raw ? (value as { readonly raw: unknown }).raw : null
  return {
    kind: 'rejected',
    text: `rejected ${printable(code)}: ${said}`,
    raw: has_raw ? (typeof raw === 'string' ? printable(raw) : valueText(raw)) : null,
    absent: data === null || data.kind === 'known' ? null : `the record ${IS_ABSENT[data.kind]}`,
    details: details === null ? null : valueText(details),
  }
}

function bornAs({ born_as, born_of, visits, merge }: TokenStory, cut: Wording['cut']): DataWords | null {
  if (born_of?.kind === 'batch') return dataWords(visits[0]?.data ?? null, cut)
  if (merge !== null) return { kind: 'changes', texts: mergeTexts(merge, cut) }
  if (born_as === null) return null
  const texts = changeTexts(born_as, null, cut)
  return texts.length === 0 ? null : { kind: 'changes', texts: texts.map(text => text.replace(/ \(new\)$/, '')) }
}

/** Which branch wrote what, and what lost. */
function mergeTexts({ origins, overruled }: MergeDetail, cut: Wording['cut']): readonly string[] {
  const written = Object.entries(origins).map(([field, branch]) => `${printable(field)} from ${printable(branch)}`)
  const lost = Object.entries(overruled).flatMap(([field, values]) =>
    values.map(
      ({ branch, value }) =>
        `${printable(field)} of ${printable(branch)} lost: ${cut(valueText(value), FIELD_COLUMNS)}`,
    ),
  )
  return [...written, ...lost]
}

function evidenceText(story: Story): string {
  const { entries, head } = story
  const numbers = entries.slice(0, 6).map(idText).join(', ') + (entries.length > 6 ? ', …' : '')
  const which = `${entries.length === 1 ? 'Entry' : 'Entries'} ${numbers}`
  if (head === null) return which
  const tree = `tree ${hashText(head.root)}`
  if (story.sealed === null)
    return `${which} of ${count(head.size)} so far, in the signed ${tree}; the run isn't sealed`
  const part = partOf(entries[0] ?? 0)
  const until = part === 0 ? '' : ` before split ${count(part)} was closed`
  return `${which} of ${count(head.size)}${until}, in the sealed ${tree}`
}

function leftOutText({ batches, token }: NonNullable<Story['left_out']>): string {
  const asked = token === null ? '' : `; ask for the first of them by --token ${idArgument(token)}`
  return `It continues into ${counted(batches, 'other story', 'other stories')}, left out here${asked}`
}
