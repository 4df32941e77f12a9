/** The story of a row, from top to bottom, for people. */
import type { MergeDetail, Story, TokenEnding, TokenStory, VisitStory } from '../../read/explain/story.ts'
import type { Paint } from '../terminal.ts'
import { forKey } from './batch-key.ts'
import { callText, changeTexts, renderSteps, type StoryView } from './steps.ts'
import { columnsOf, count, counted, hashText, printable, shorten, shortRun, timeText, valueText } from './text.ts'
import { renderValues } from './values.ts'

const FIELD_COLUMNS = 60

/** The whole story. */
export function renderStory(story: Story, view: StoryView): string {
  const { columns, paint } = view
  const lines = [header(story, paint), ...entered(story, columns, paint)]
  const known = new Set(story.tokens.map(token => token.token))
  const children = childrenOf(story.tokens, known)
  const roots = story.tokens.filter(token => !token.parents.some(parent => known.has(parent)))
  // A row that stayed one token needs no name for it.
  const single = story.tokens.length === 1 && story.subject.kind === 'row'
  for (const root of roots) lines.push('', ...tokenLines(root, children, single ? -1 : 0, 1, view))
  lines.push('', evidence(story))
  if (view.numbers === true && story.subject.kind === 'row') lines.push(...renderValues(story, columns))
  if (story.subject.kind === 'batch') lines.push(...story.subject.calls.map(each => `  ${callText(each)}`))
  for (const next of story.onward) lines.push('', renderStory(next, view))
  if (story.left_out !== null) lines.push('', leftOut(story.left_out))
  return lines.join('\n')
}

function leftOut({ batches, token }: NonNullable<Story['left_out']>): string {
  const asked = token === null ? '' : `; ask for the first of them by --token ${token}`
  return `It continues into ${counted(batches, 'other story', 'other stories')}, left out here${asked}`
}

function header(story: Story, paint: Paint): string {
  const { subject } = story
  const run = `of ${printable(story.name)}, run ${shortRun(story.run)}…`
  if (subject.kind === 'batch') return `${paint('bold', `Batch ${count(subject.batch)}`)} ${run}, ${batchText(subject)}`
  const file = subject.path === null ? `source ${printable(subject.source)}` : printable(subject.path)
  const place = subject.line > 0 ? ` line ${count(subject.line)}` : `, record ${count(subject.index)}`
  return `${paint('bold', `Row ${count(subject.row)}`)} ${run}, from ${file}${place}`
}

function batchText({ node, key, trigger, members }: Extract<Story['subject'], { kind: 'batch' }>): string {
  const at = `${printable(node)}${forKey(key)}`
  if (trigger === null) return `still open at ${at}`
  const size = `${counted(members.length, 'token')} at ${at}`
  const closed = trigger === 'abandoned' ? 'abandoned with the run' : `closed by ${trigger.replaceAll('_', ' ')}`
  return `${size} (${parentList(members)}), ${closed}`
}

/** The fields as they came in, or what was wrong with the record. */
function entered(story: Story, columns: number, paint: Paint): string[] {
  const visit = story.tokens[0]?.visits.find(each => each.kind === 'source')
  if (visit === undefined) return []
  return visit.error === null ? fields(visit.data, columns, paint) : rejected(visit, columns, paint)
}

function fields(data: VisitStory['data'], columns: number, paint: Paint): string[] {
  if (data === null) return []
  if (data.kind !== 'known') return [paint('dim', `  its data is ${data.kind}; the commitments below still stand`)]
  const { value } = data
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [`  ${shorten(valueText(value), columns - 2)}`]
  const texts = Object.entries(value).map(
    ([field, each]) => `${printable(field)} ${shorten(valueText(each), FIELD_COLUMNS)}`,
  )
  return wrapped(texts, columns)
}

function rejected(visit: VisitStory, columns: number, paint: Paint): string[] {
  const { code, message, details } = visit.error ?? { code: '', message: { kind: 'erased' as const }, details: null }
  const said = message.kind === 'known' ? printable(message.value) : `the message is ${message.kind}`
  const lines = [`  ${paint('red', `rejected ${printable(code)}: ${said}`)}`]
  const { data } = visit
  if (data !== null && data.kind !== 'known') lines.push(paint('dim', `  the record is ${data.kind}`))
  else if (data !== null && typeof data.value === 'object' && data.value !== null && 'raw' in data.value) {
    const { raw } = data.value as { readonly raw: unknown }
    lines.push(`  read as  ${shorten(typeof raw === 'string' ? printable(raw) : valueText(raw), columns - 11)}`)
  }
  if (details !== null) lines.push(`  details  ${shorten(valueText(details), columns - 11)}`)
  return lines
}

/** Items with ` · ` between them, on as many lines as it takes. */
function wrapped(items: readonly string[], columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const item of items) {
    const longer = line === '' ? item : `${line} · ${item}`
    if (line !== '' && columnsOf(longer) > columns - 2) {
      lines.push(`  ${line}`)
      line = item
    } else line = longer
  }
  if (line !== '') lines.push(`  ${shorten(line, columns - 2)}`)
  return lines
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

/** One token: its heading (unless `depth` is −1: it is the only one), its steps, its end, and its children. */
function tokenLines(
  token: TokenStory,
  children: ReadonlyMap<number, readonly TokenStory[]>,
  depth: number,
  first: number,
  view: StoryView,
): string[] {
  const { columns, paint } = view
  const own = children.get(token.token) ?? []
  const indent = '  '.repeat(Math.min(8, Math.max(0, depth)))
  const steps = token.visits.filter(visit => visit.kind !== 'source')
  const lines: string[] = []
  if (depth >= 0) lines.push(heading(token, paint), ...bornAs(token, columns - indent.length, paint))
  lines.push(
    ...renderSteps(steps, first, own.length, { ...view, columns: columns - indent.length - 2 }).map(
      line => `  ${line}`,
    ),
    ...(depth >= 0 || steps.length === 0 ? [] : ['']),
    ...closing(token, paint).map(line => (depth >= 0 ? `  ${line}` : line)),
  )
  const shown = lines.map(line => (line === '' ? line : indent + line))
  for (const child of own) shown.push('', ...tokenLines(child, children, depth + 1, first + steps.length, view))
  return shown
}

function heading(token: TokenStory, paint: Paint): string {
  const name = paint('bold', `Token ${count(token.token)}`)
  const { born_of } = token
  if (token.branch !== null) return `${name}, branch ${printable(token.branch)}`
  if (born_of === null) return name
  const node = printable(born_of.node)
  switch (born_of.kind) {
    case 'expand':
      return `${name}, part ${count(born_of.ordinal + 1)} of what ${node} made of ${parentsText(token.parents)}`
    case 'join': {
      const [left = 0] = token.parents
      return `${name}, joined at ${node} of token ${count(left)} and ${partnerText(token.right, token.parents[1])}`
    }
    case 'merge':
      return `${name}, merged at ${node} from ${parentsText(token.parents)}`
    default:
      return `${name}, made at ${node} from ${token.parents.length === 0 ? 'a batch' : parentsText(token.parents)}`
  }
}

/** `token 6 of row 6`. */
function partnerText(partner: TokenStory['right'], token = partner?.token ?? 0): string {
  const of =
    partner?.row != null
      ? ` of row ${count(partner.row)}`
      : partner?.batch != null
        ? ` of batch ${count(partner.batch)}`
        : ''
  return `token ${count(token)}${of}`
}

/** Its data as it is born, as far as its parents' data doesn't show it. */
function bornAs({ born_as, born_of, visits, merge }: TokenStory, columns: number, paint: Paint): string[] {
  if (born_of?.kind === 'batch') return fields(visits[0]?.data ?? null, columns, paint)
  if (merge !== null) return mergeLines(merge, columns, paint)
  if (born_as === null) return []
  const texts = changeTexts(born_as, null)
  return texts.length === 0
    ? []
    : wrapped(
        texts.map(text => text.replace(/ \(new\)$/, '')),
        columns,
      ).map(line => paint('dim', line))
}

/** Which branch wrote what, and what lost. */
function mergeLines({ origins, overruled }: MergeDetail, columns: number, paint: Paint): string[] {
  const written = Object.entries(origins).map(([field, branch]) => `${printable(field)} from ${printable(branch)}`)
  const lost = Object.entries(overruled).flatMap(([field, values]) =>
    values.map(
      ({ branch, value }) =>
        `${printable(field)} of ${printable(branch)} lost: ${shorten(valueText(value), FIELD_COLUMNS)}`,
    ),
  )
  return wrapped([...written, ...lost], columns).map(line => paint('dim', line))
}

/** `token 3`, `tokens 3, 4`. */
function parentsText(parents: readonly number[]): string {
  return `${parents.length === 1 ? 'token' : 'tokens'} ${parentList(parents)}`
}

function parentList(parents: readonly number[]): string {
  const shown = parents.slice(0, 10).map(count).join(', ')
  return parents.length > 10 ? `${shown} and ${count(parents.length - 10)} more` : shown
}

function closing(token: TokenStory, paint: Paint): string[] {
  const { ending, waits } = token
  if (ending === null)
    return waits === null
      ? [paint('yellow', 'Not ended yet')]
      : [paint('yellow', `Not ended yet: it ${waits.held ? 'is held' : 'stands'} at ${printable(waits.node)}`)]
  const first = token.joined_first === null ? '' : `, first with ${partnerText(token.joined_first)}`
  const colour = ending.class === 'failure' ? 'red' : ending.class === 'success' ? 'green' : 'cyan'
  return [
    `${paint('bold', `Ended ${ending.outcome}`)}: ${paint(colour, endingText(ending))}${first}, ${timeText(ending.recorded_us)}`,
  ]
}

/** Causes whose words don't say at which node, and where that is worth a word. */
const AT_NODE: ReadonlySet<string> = new Set(['error', 'retries_exhausted', 'batch_failed', 'in_doubt'])

/** The words of the outcome with the names in them: "routed to sink high_risk by gate risk". */
export function endingText(ending: TokenEnding): string {
  const { cause, error } = ending
  const node = printable(ending.node)
  // An ending names the sink where the row was written; the one that refused a row is the node at which it ended.
  const sink = ending.sink === null ? null : `sink ${printable(ending.sink)}`
  const named = cause === 'sink_rejected' ? `sink ${node}` : sink
  const in_words = ending.words.includes('a sink') && named !== null
  const words = ending.words.replace('a gate', () => `gate ${node}`).replace('a sink', found => named ?? found)
  const at = AT_NODE.has(cause) ? ` at ${node}` : ''
  const code = error === null ? '' : ` (${printable(error.code)})`
  const written = sink === null || (in_words && named === sink) ? '' : `, written to ${sink}`
  return `${words}${at}${code}${written}`
}

function evidence(story: Story): string {
  const { entries, head } = story
  const numbers = entries.slice(0, 6).map(count).join(', ') + (entries.length > 6 ? ', …' : '')
  const which = `${entries.length === 1 ? 'Entry' : 'Entries'} ${numbers}`
  if (head === null) return which
  const tree = `tree ${hashText(head.root)}`
  return story.sealed === null
    ? `${which} of ${count(head.size)} so far, in the signed ${tree}; the run isn't sealed`
    : `${which} of ${count(head.size)}, in the sealed ${tree}`
}
