/** The words of each step of a token: the node, what did it, the result, how long it took. Where they are shown lays them out. */
import { fileReadText } from '../../format/files-read.ts'
import { grouped as count, counted, ordinalText } from '../../model/number-text.ts'
import { idText } from '../../model/part-ids.ts'
import { formatDuration } from '../../model/time.ts'
import type { CallStory, Change, Decision, Seen, VisitStory } from '../explain/story.ts'
import { ARE_ABSENT, IS_ABSENT } from './absent.ts'
import { forKey, keyText } from './batch-key.ts'
import { withValues } from './expression.ts'
import { dollars, printable, valueText } from './text.ts'
import type { Wording } from './wording.ts'

/** Longest value in a change, where values are cut. */
const VALUE_COLUMNS = 48

type Cut = Wording['cut']

/** Between an expression and the same with its values: a wide gap, at which lines are broken. */
const GAP = '   '

/** A line of a step where no gap can be seen: what was asked, and with which values; null: with none. */
export function askedAndSeen(line: string): readonly [asked: string, seen: string | null] {
  const at = line.indexOf(GAP)
  return at < 0 ? [line, null] : [line.slice(0, at), line.slice(at + GAP.length)]
}

/** The result of a step. */
export type StepHead =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'gate'; readonly expression: string; readonly values: string; readonly way: string }
  | { readonly kind: 'error'; readonly code: string; readonly message: string; readonly way: string }

export interface Step {
  readonly node: string
  readonly by: string
  readonly head: StepHead
  /** Lines under the first. */
  readonly more: readonly string[]
  readonly duration: string
  readonly failed: boolean
}

/** `children`: how many tokens were born of the last of these visits. */
export function stepsOf(visits: readonly VisitStory[], children: number, wording: Wording): readonly Step[] {
  return visits.map((visit, i) => {
    const next = visits[i + 1]
    return stepOf(visit, {
      children: next === undefined ? children : 0,
      again: next?.node === visit.node,
      ...wording,
    })
  })
}

/** What else the words of a step show. */
interface Around extends Wording {
  /** How many tokens were born of it. */
  readonly children: number
  /** Whether another attempt follows. */
  readonly again: boolean
}

function stepOf(visit: VisitStory, around: Around): Step {
  const { head, more } = body(visit, around)
  return {
    node: printable(visit.node),
    by: printable(visit.plugin ?? visit.kind),
    head,
    more,
    duration: visit.status === 'held' ? '' : durationText(visit.duration_us),
    failed: visit.status === 'error',
  }
}

/** As everywhere, but short ones with two decimals, so that they stand one under the other. */
function durationText(duration_us: number): string {
  return duration_us < 9_995 ? `${(duration_us / 1000).toFixed(2)} ms` : formatDuration(duration_us)
}

function body(visit: VisitStory, around: Around): Pick<Step, 'head' | 'more'> {
  const { head, more } = outcomeOf(visit, around)
  const calls = visit.calls.map(each => callText(each, visit.error))
  const stood =
    visit.stood_us === 0 ? [] : [`not counting ${formatDuration(visit.stood_us)} in which the run stood still`]
  const reads = visit.reads.map(each => printable(`by ${each.path}: ${fileReadText(each)}`))
  return { head, more: [...more, ...reads, ...calls, ...stood] }
}

/**
 * `asked openai (call 12): answered in 0.8 s · 312 LLM tokens in, 45 out · $0.0004`
 *
 * `shown_error`: the error of its visit, which isn't shown twice.
 */
export function callText(each: CallStory, shown_error: VisitStory['error'] = null): string {
  const { service, call, status, duration_us, input_tokens, output_tokens, cost_usd, together } = each
  const parts = [
    `asked ${printable(service)} (call ${idText(call)}): ${CALL_WORDS[status]} in ${formatDuration(duration_us)}`,
  ]
  if (together !== null) parts.push(`in one request with ${counted(together.rows - 1, 'other row')}`)
  const { code, message } = fieldsOf(each.response)
  const is_shown =
    shown_error?.code === code && shown_error?.message.kind === 'known' && shown_error.message.value === message
  if (FAILED.test(status) && !is_shown) parts.push(`${printable(String(code))}: ${printable(String(message))}`)
  const masked = maskedIn(each.response)
  if (masked.length > 0) parts.push(`secrets masked: ${masked.map(name => printable(String(name))).join(', ')}`)
  if (input_tokens + output_tokens > 0) parts.push(`${count(input_tokens)} LLM tokens in, ${count(output_tokens)} out`)
  if (cost_usd > 0) parts.push(dollars(cost_usd))
  return parts.join(' · ')
}

const CALL_WORDS: { readonly [status in CallStory['status']]: string } = {
  ok: 'answered',
  error: 'failed',
  throttled: 'told to wait',
  recorded: 'answered from the record',
  recorded_error: 'failed, as on record',
  refused: 'refused, unlike its request',
  recorded_refused: 'refused, as on record',
}

/** Whose response is an error that people are to read. */
const FAILED = /error|refused/

/** Names of secrets in whose places marks stand, in an answer or in what came with an error. */
function maskedIn(response: CallStory['response']): readonly unknown[] {
  const fields = fieldsOf(response)
  const { masked } = isObject(fields.response) ? fields.response : fields
  return Array.isArray(masked) ? masked : []
}

function fieldsOf(response: CallStory['response']): { readonly [field: string]: unknown } {
  if (response.kind !== 'known') return { code: 'an error', message: response.kind }
  return isObject(response.value) ? response.value : { code: 'an error', message: 'of another form than errors have' }
}

function outcomeOf(visit: VisitStory, around: Around): Pick<Step, 'head' | 'more'> {
  const attempt = visit.attempt > 1 ? `attempt ${visit.attempt}: ` : ''
  if (visit.error !== null) return { head: errorHead(visit, attempt, around.again), more: evaluated(visit, around.cut) }
  if (visit.sorted !== null) return { head: text(sortedText(visit.sorted, visit.key, around.cut)), more: [] }
  if (visit.status === 'held' && visit.kind === 'join')
    return { head: text('held here until its input has ended'), more: [] }
  if (visit.status === 'held')
    return { head: text(`held here${forKey(visit.key, around.cut)} until its group closes`), more: [] }
  if (visit.decision !== null)
    return {
      head: gateHead(visit.decision, visit, attempt, around.cut),
      more: tried(visit.decision, visit.data, around.cut),
    }
  const changes = visit.changed === null ? [] : changeTexts(visit.changed, visit.data, around.cut)
  const change = changes.join(' · ')
  if (changes.length > 0 && visit.kind === 'coalesce')
    return { head: text(`merged; beside what it had: ${change.replaceAll(' (new)', '')}`), more: [] }
  if (changes.length > 0) return { head: text(`${attempt}${change}`), more: evaluated(visit, around.cut) }
  return { head: text(`${attempt}${unchangedText(visit, around)}`), more: evaluated(visit, around.cut) }
}

/** `held as the 2nd, passed on as the 1st · amount 10 · id 3` */
function sortedText({ came, passed }: NonNullable<VisitStory['sorted']>, key: VisitStory['key'], cut: Cut): string {
  const after = passed === null ? 'until its input ends' : `passed on as the ${ordinalText(passed)}`
  return `held as the ${ordinalText(came)}, ${after}${key === null ? '' : ` · ${keyText(key, cut)}`}`
}

function text(of: string): StepHead {
  return { kind: 'text', text: of }
}

function unchangedText(visit: VisitStory, { children, cut, path }: Around): string {
  if (visit.kind === 'sink') return visit.path === null ? 'written' : printable(path(visit.path))
  if (visit.kind === 'fork') return `split into ${counted(children, 'branch', 'branches')}`
  if (children > 0 && visit.kind === 'transform') return `became ${counted(children, 'row')}`
  if (visit.kind === 'aggregate' && visit.left === null) return `went into a batch${forKey(visit.key, cut)}`
  if (visit.kind === 'coalesce') return 'merged'
  if (visit.kind === 'join') return joinText(visit, children)
  if (visit.left === null) return 'filtered out'
  if (visit.kind === 'gate') return `→ ${printable(visit.left.to)}`
  if (visit.input_hash === visit.output_hash) return 'nothing changed'
  const of_input = visit.data === null || visit.data.kind === 'known' ? 'erased' : visit.data.kind
  return `what it changed ${IS_ABSENT[visit.absent_output ?? of_input]}`
}

/** Of a right row nothing is born by itself. */
function joinText({ left }: VisitStory, children: number): string {
  if (left !== null) return `no match → ${printable(left.to)}`
  return children === 0 ? 'matched' : `matched ${counted(children, 'row')}`
}

function errorHead(visit: VisitStory, attempt: string, again: boolean): StepHead {
  const { code, message } = visit.error ?? { code: '', message: { kind: 'erased' as const } }
  const said = message.kind === 'known' ? printable(message.value) : `the message ${IS_ABSENT[message.kind]}`
  const way = visit.left !== null ? `→ ${printable(visit.left.to)}` : again ? 'tried again' : ''
  return { kind: 'error', code: `${attempt}error ${printable(code)}`, message: said, way }
}

function gateHead(decision: Decision, visit: VisitStory, attempt: string, cut: Cut): StepHead {
  const values = seenValues(decision.expression, decision, visit.data, cut)
  const to = visit.left === null ? '' : ` → ${printable(visit.left.to)}`
  const label = decision.label === null ? '' : printable(decision.label)
  return { kind: 'gate', expression: `${attempt}${oneLine(decision.expression)}`, values, way: `${label}${to}` }
}

function tried(decision: Decision, data: VisitStory['data'], cut: Cut): string[] {
  return decision.tried.map(each => `not ${printable(each.label)}: ${seenText(each.expression, decision, data, cut)}`)
}

/** Expressions of a plugin, and of a gate that met an error, with what they saw. */
function evaluated(visit: VisitStory, cut: Cut): string[] {
  const { decision, data } = visit
  const of_gate = decision === null || decision.expression === visit.plugin ? [] : [decision.expression]
  const lines = of_gate
    .filter(each => each !== 'else')
    .map(each => seenText(each, decision ?? { values: {} }, data, cut))
  return [...(decision === null ? [] : tried(decision, data, cut)), ...lines, ...ofPlugin(visit, cut)]
}

function ofPlugin(visit: VisitStory, cut: Cut): string[] {
  return visit.evaluations.map(each => `${printable(each.for)}: ${seenText(each.expression, each, visit.data, cut)}`)
}

function seenText(expression: string, seen: Seen, data: VisitStory['data'], cut: Cut): string {
  const text = seenValues(expression, seen, data, cut)
  return `${oneLine(expression)}${text === '' ? '' : `${GAP}${text}`}`
}

function seenValues(expression: string, seen: Seen, data: VisitStory['data'], cut: Cut): string {
  return data === null || data.kind === 'known' ? substituted(expression, seen, cut) : `values ${ARE_ABSENT[data.kind]}`
}

/** The expression with its values; nothing if that says no more than the expression. */
function substituted(expression: string, { values, ...others }: Seen, cut: Cut): string {
  const text = withValues(oneLine(expression), values, others, cut)
  return text === oneLine(expression) ? '' : text
}

function oneLine(expression: string): string {
  return printable(expression.trim().replace(/\s*\n\s*/g, ' '))
}

/** `a → b` (renamed), `a: 1 → 2`, `a: 1 (new)`, `a removed`. */
export function changeTexts({ set, unset }: Change, data: VisitStory['data'], cut: Cut): string[] {
  const before = data?.kind === 'known' && isObject(data.value) ? data.value : {}
  const removed = new Set(unset)
  const texts: string[] = []
  for (const field of Object.keys(set)) {
    const value = short(set[field], cut)
    const source = Object.hasOwn(before, field) ? undefined : renamedFrom(before, removed, set[field])
    if (source !== undefined) {
      removed.delete(source)
      texts.push(`${printable(source)} → ${printable(field)}`)
    } else if (Object.hasOwn(before, field)) texts.push(`${printable(field)}: ${short(before[field], cut)} → ${value}`)
    else texts.push(`${printable(field)}: ${value} (new)`)
  }
  for (const field of removed) texts.push(`${printable(field)} removed`)
  return texts
}

/** The removed field that had this very value; undefined for values that are often the same by chance. */
function renamedFrom(
  before: { readonly [field: string]: unknown },
  removed: ReadonlySet<string>,
  value: unknown,
): string | undefined {
  if (value === null || typeof value === 'boolean') return undefined
  const text = JSON.stringify(value)
  for (const field of removed) if (JSON.stringify(before[field]) === text) return field
  return undefined
}

function short(value: unknown, cut: Cut): string {
  return cut(valueText(value), VALUE_COLUMNS)
}

function isObject(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
