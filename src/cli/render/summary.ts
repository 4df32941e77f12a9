/** The summary of a run for people: read, ended, written, sealed. */
import type { CallSummary } from '../../format/call-summary.ts'
import { formatDuration } from '../../model/time.ts'
import type { EndingCounts, ErrorCounts, SinkCounts } from '../../read/show/summary.ts'
import type { Paint } from '../terminal.ts'
import { count, counted, dollars, hashText, nearPath, printable, shorten } from './text.ts'

export interface SummaryFacts {
  readonly status: string
  readonly rows: { readonly read: number; readonly rejected: number }
  readonly tokens: { readonly born: number; readonly ended: number; readonly open: number }
  readonly endings: readonly EndingCounts[]
  readonly errors: readonly ErrorCounts[]
  readonly calls?: CallSummary
  readonly sinks: { readonly [sink: string]: SinkCounts }
  readonly checkpoint: string
  readonly signed_by: string | null
  /** null: it can't be read, or is erased; absent: there is none. */
  readonly result_digest?: string | null
  /** Nothing was written: sinks show what would have been. */
  readonly writes_nothing: boolean
  /** Nor is a ledger kept. */
  readonly dry_run: boolean
}

const LABEL = 13

/** Lines of the summary, indented by two. `cwd` makes paths short. */
export function renderSummary(facts: SummaryFacts, cwd: string, columns: number, paint: Paint): string[] {
  const { rows, tokens } = facts
  const lines: string[] = []
  const add = (label: string, text: string) =>
    lines.push(`  ${paint('bold', label.padEnd(LABEL))}${shorten(text, Math.max(20, columns - LABEL - 2))}`)
  add('read', counted(rows.read, 'row') + (rows.rejected > 0 ? `, ${count(rows.rejected)} of them broken` : ''))
  add('ended', endedText(tokens, rowOrToken(facts)))
  lines.push(...endingLines(facts.endings, columns, paint))
  if (facts.errors.length > 0) add('errors', errorsText(facts.errors))
  if (facts.calls !== undefined) add('asked', askedText(facts.calls))
  const written = writtenTexts(facts.sinks, cwd)
  // Until the seal, a file may still stand under another name.
  const title = facts.writes_nothing ? 'would write' : titleOf(facts.status)
  for (const [i, text] of written.entries()) add(i > 0 ? '' : title, text)
  if (facts.result_digest !== undefined)
    add(
      'result',
      facts.result_digest === null ? 'its digest is unavailable' : `digest ${hashText(facts.result_digest)}`,
    )
  if (!facts.dry_run && facts.checkpoint !== '')
    add(
      isSealed(facts.status) ? 'sealed' : 'not sealed',
      `checkpoint ${hashText(facts.checkpoint)}${facts.signed_by === null ? '' : ` · signed by ${printable(facts.signed_by)}`}`,
    )
  return lines
}

function titleOf(status: string): string {
  if (status === 'abandoned') return 'not kept'
  return isSealed(status) ? 'written' : 'so far'
}

function isSealed(status: string): boolean {
  return ['completed', 'completed_with_failures', 'empty', 'abandoned'].includes(status)
}

/** What tokens are to people: rows, where none of them has had more than one. */
export function rowOrToken({ rows, tokens }: Pick<SummaryFacts, 'rows' | 'tokens'>): string {
  return tokens.born === rows.read ? 'row' : 'token'
}

function endedText({ born, ended, open }: SummaryFacts['tokens'], name: string): string {
  const of = `${count(ended)} of ${counted(born, name)}`
  return open === 0 ? `${of}, each exactly once` : `${of}; ${count(open)} still open`
}

const MOST_ERRORS = 3

/** `215 KEYWORD_FOUND at screen · 2 CSV_RAGGED at applications · …` */
function errorsText(errors: readonly ErrorCounts[]): string {
  const parts = errors
    .slice(0, MOST_ERRORS)
    .map(each => `${count(each.count)} ${printable(each.code)} at ${printable(each.node)}`)
  return [...parts, ...(errors.length > MOST_ERRORS ? ['…'] : [])].join(' · ')
}

/** `312 calls, 4 failed · 12,041 LLM tokens in, 980 out · $0.42` */
function askedText({ made, failed, throttled, recorded, input_tokens, output_tokens, cost_usd }: CallSummary): string {
  const calls = [counted(made, 'call')]
  if (failed > 0) calls.push(`${count(failed)} failed`)
  if (throttled > 0) calls.push(`${count(throttled)} told to wait`)
  if (recorded > 0) calls.push(`${count(recorded)} answered from the record`)
  const parts = [calls.join(', ')]
  if (input_tokens + output_tokens > 0) parts.push(`${count(input_tokens)} LLM tokens in, ${count(output_tokens)} out`)
  if (cost_usd > 0) parts.push(dollars(cost_usd))
  return parts.join(' · ')
}

/** Counts by class of ending, and where the tokens went. */
function endingLines(endings: readonly EndingCounts[], columns: number, paint: Paint): string[] {
  const groups: Array<readonly [title: string, style: Parameters<Paint>[0], of: readonly EndingCounts[]]> = [
    ['by flow or gate', 'green', endings.filter(each => each.class === 'success' && each.sink !== null)],
    ['discarded', 'green', endings.filter(each => each.class === 'success' && each.sink === null)],
    ['after an error', 'red', endings.filter(each => each.class === 'failure' && each.sink !== null)],
    ['dropped', 'red', endings.filter(each => each.class === 'failure' && each.sink === null && !isInDoubt(each))],
    ['in doubt', 'red', endings.filter(isInDoubt)],
    ['passed on', 'cyan', endings.filter(each => each.class === 'passed on')],
  ]
  return groups
    .filter(([, , of]) => of.length > 0)
    .map(([title, style, of]) => {
      const total = of.reduce((sum, each) => sum + each.count, 0)
      const detail = shorten(details(title, of), Math.max(20, columns - LABEL - 32))
      return `    ${paint(style, title.padEnd(17))} ${count(total).padStart(9)}   ${paint('dim', detail)}`.trimEnd()
    })
}

/** Nobody knows whether such a row was written, so it isn't called dropped. */
const isInDoubt = ({ cause }: EndingCounts) => cause === 'in_doubt'

/** `approved 612 · micro 833`, or, without a sink, the outcome in words; nothing that the line has said before. */
function details(title: string, endings: readonly EndingCounts[]): string {
  const totals = new Map<string, number>()
  for (const each of endings) {
    const words = each.words.startsWith(title) ? each.words.slice(title.length).replace(/^:? /, '') : each.words
    const name = each.sink ?? words
    totals.set(name, (totals.get(name) ?? 0) + each.count)
  }
  const [only, ...others] = totals.keys()
  if (only !== undefined && others.length === 0) return printable(only)
  return [...totals].map(([name, total]) => `${printable(name)} ${count(total)}`).join(' · ')
}

function writtenTexts(sinks: SummaryFacts['sinks'], cwd: string): string[] {
  return Object.entries(sinks).map(([sink, { rows, path, files }]) => {
    const where = path === undefined ? printable(sink) : printable(nearPath(path, cwd))
    return `${where}  ${counted(rows, 'row')}${files === undefined ? '' : ` in ${counted(files, 'file')}`}`
  })
}

/** The facts that say how a run ended. */
export interface StatusFacts {
  readonly status: string
  readonly rows: { readonly read: number }
  /** Rows with an ending in failure. */
  readonly failed_rows: number
  /** Why it stopped, if it did. */
  readonly stopped?: { readonly reason: string } | null
}

/** `done in 0.3 s`, and what the status says in words. */
export function statusText(facts: StatusFacts, duration_us: number, paint: Paint): string {
  const time = formatDuration(duration_us)
  const { status } = facts
  switch (status) {
    case 'completed':
      return `${paint(['bold', 'green'], 'done')} in ${time}`
    case 'completed_with_failures':
      return `${paint(['bold', 'yellow'], 'done')} in ${time}; ${failuresText(facts)}`
    case 'empty':
      return `${paint(['bold', 'yellow'], 'done')} in ${time}; there was no row to read`
    case 'cancelled':
      return `${paint(['bold', 'yellow'], 'stopped')} after ${time}; nothing is lost, nothing is doubled`
    case 'failed':
      return UNPUBLISHED.has(facts.stopped?.reason ?? '')
        ? `${paint(['bold', 'red'], 'stopped')} after ${time}; nothing was published`
        : `${paint(['bold', 'red'], 'failed')} after ${time}`
    default:
      return `${status} after ${time}`
  }
}

/** Reasons of stops at which all was done, and judged not to be good enough. */
export const UNPUBLISHED: ReadonlySet<string> = new Set(['guard', 'strict'])

/** `all 60 rows ended in failure`, `most rows …`, else how many of how many. */
function failuresText({ rows, failed_rows }: StatusFacts): string {
  const { read } = rows
  // What was born of a batch belongs to no row.
  if (failed_rows === 0) return 'some of what was made of rows ended in failure'
  if (failed_rows === read)
    return read === 1 ? 'its one row ended in failure' : `all ${count(read)} rows ended in failure`
  const of = `${count(failed_rows)} of ${count(read)}`
  if (failed_rows * 2 > read) return `most rows ended in failure: ${of}`
  const percent = (failed_rows / read) * 100
  return `${of} rows ended in failure (${percent < 0.1 ? 'less than 0.1' : Number(percent.toPrecision(2))} %)`
}
