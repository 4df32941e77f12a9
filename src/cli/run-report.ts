/** Reports the result of a run, new or resumed: as JSON, or for people with what to try next. */

import { GuardError } from '../engine/run/guards.ts'
import type { RunResult } from '../engine/run/start.ts'
import { DiagnosticsError } from '../host/diagnostics-error.ts'
import { livingHolders } from '../host/ledger.ts'
import { optionOf } from '../host/option-of.ts'
import { openLedgerReader } from '../ledger/open-reader.ts'
import { CustodyError, isCustodyError } from '../model/error.ts'
import { idArgument, idText } from '../model/part-ids.ts'
import type { Plan } from '../plan/plan.ts'
import { JoinedLedger } from '../read/evidence/joined-ledger.ts'
import type { Drift } from '../read/recorded/drift.ts'
import { showRun } from '../read/show/show.ts'
import type { ShownRun } from '../read/show/summary.ts'
import type { Context } from './context.ts'
import { ledgerArgument } from './ledger-access.ts'
import { renderDrift } from './render/drift.ts'
import { errorJson, exitCodeOf, renderError } from './render/error.ts'
import { renderSummary, rowOrToken, statusText, UNPUBLISHED } from './render/summary.ts'
import { count, counted, dollars, printable } from './render/text.ts'
import { discardedText, unpublishedText } from './render/unpublished.ts'
import { untouchedText } from './render/untouched.ts'
import { nameOfRun, type RunName } from './run-name.ts'

const INTERRUPTED = 130

/** The options of a command that concern its report. */
export interface ReportOptions {
  readonly dryRun?: boolean
  /** false: no output was written. */
  readonly outputs?: string | false
  readonly strict?: boolean
  readonly json?: boolean
  /** For a replay that asked again: how answers differ from those on record. */
  readonly drift?: Drift | null
  /** For a re-run: whose rows it repeated, how many, and which were left out because a token of them is in a sink, or perhaps. */
  readonly reruns?: { readonly run: string; readonly rows: number; readonly left_out: readonly number[] } | null
}

/** A run as the ledger has it, and how to name it there. */
type NamedRun = ShownRun & { readonly named: RunName }

/** The counts as the ledger has them, so that the summary says what readers will say. */
export async function shownRun(url: string, run: string): Promise<NamedRun> {
  const reader = await openLedgerReader(url)
  try {
    const isHeld = await livingHolders(reader)
    return { ...(await showRun(new JoinedLedger(reader), run, isHeld)), named: await nameOfRun(reader, run) }
  } finally {
    await reader.close()
  }
}

/**
 * What `work` gives. With an error that it throws before it has called `begun` it is said that nothing was run; as JSON there is no run in
 * it anyway.
 */
export async function orNothingRun(
  { terminal, env, cwd, log }: Context,
  json: boolean,
  work: (begun: () => void) => Promise<number>,
): Promise<number> {
  let has_begun = false
  const begun = () => {
    has_begun = true
  }
  try {
    return await work(begun)
  } catch (error) {
    if (has_begun || json || log !== null || !isCustodyError(error) || error instanceof DiagnosticsError) throw error
    terminal.report(`${renderError(error, terminal.paint_stderr, env.CUSTODY_DEBUG === '1', cwd)}\nNothing was run.`)
    return exitCodeOf(error)
  }
}

/** Returns the exit code. */
export function reportResult(
  result: RunResult,
  shown: NamedRun,
  url: string,
  context: Context,
  plan: Plan,
  options: ReportOptions,
): number {
  const { terminal } = context
  const paint = terminal.paint_stderr
  const dry_run = options.dryRun === true
  const { summary, stopped_by, untouched, next_call_usd, lost_usd, discarded, warnings } = result
  const error = dry_run ? ofDryRun(result.error) : result.error
  const { drift = null, reruns = null } = options
  // From its first entry to its last, as `show` has it, whoever was at work in between.
  const { duration_ms } = shown
  const { calls, ...counts } = summary
  const facts_json = {
    ...counts,
    duration_ms,
    ...(calls === undefined ? {} : { calls }),
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(drift === null ? {} : { drift }),
    ...(reruns === null ? {} : { reruns }),
    ...(error === null ? {} : errorJson(error)),
  }
  context.log?.ended(facts_json)
  if (options.json === true) terminal.answerJson(facts_json)
  else if (context.log === null) {
    const writes_nothing = dry_run || options.outputs === false
    const sinks = writes_nothing ? intended(summary.sinks, plan) : shown.sinks
    const facts = { ...shown, sinks, writes_nothing, dry_run }
    if (untouched)
      terminal.report(untouchedText(error, { rows_read: shown.rows.read, sinks: facts.sinks }, context.cwd, paint))
    else
      terminal.report(
        [
          statusText({ ...shown, status: summary.status }, duration_ms * 1000, paint),
          '',
          ...renderSummary(facts, context.cwd, terminal.columns_stderr, paint),
        ].join('\n'),
      )
    for (const each of warnings) terminal.report(`${paint(['bold', 'yellow'], 'warning')} ${printable(each)}`)
    if (discarded.size > 0) terminal.report(discardedText(discarded).join('\n'))
    if (drift !== null) terminal.report(`\n${renderDrift(drift, terminal.columns_stderr, paint)}`)
    if (next_call_usd !== null) terminal.report(`\n${budgetText(plan, shown, next_call_usd, lost_usd)}`)
    if (shown.stopped?.reason === 'service') terminal.report(`\n${whereItStands(shown)}`)
    if (error !== null && !untouched)
      terminal.report(`\n${renderError(error, paint, context.env.CUSTODY_DEBUG === '1', context.cwd)}`)
    const unpublished = shown.status === 'failed' && UNPUBLISHED.has(shown.stopped?.reason ?? '') && !dry_run
    if (unpublished) terminal.report(unpublishedText(plan, shown.sinks, context.cwd))
    const next = dry_run
      ? []
      : nextSteps(shown, url, context, unpublished, error, setsOf(error, plan, next_call_usd), plan.splits !== null)
    if (next.length > 0) terminal.report(`\n${next.join('\n')}`)
  }
  if (error !== null) return exitCodeOf(error)
  if (summary.status === 'cancelled') return stopped_by === 'budget_exhausted' ? 1 : INTERRUPTED
  return 0
}

/** What `resume` needs, to get past what the run stopped at. */
function setsOf(error: CustodyError | null, plan: Plan, next_call_usd: number | null): readonly string[] {
  if (next_call_usd !== null) return [`limits.spend.usd=${moreToSpend(plan, next_call_usd)}`]
  return error instanceof GuardError ? error.sets : []
}

/** There is nothing to resume or to abandon. */
function ofDryRun(error: CustodyError | null): CustodyError | null {
  if (error?.code !== 'CUSTODY_GUARD' && error?.code !== 'CUSTODY_STRICT') return error
  const { code, message, where } = error
  return new CustodyError(code, message, { where, hint: 'A run would stop here, and publish nothing.', cause: error })
}

/** Why it stopped, where money was the reason. */
function budgetText({ limits }: Plan, { calls }: ShownRun, next_call_usd: number, lost_usd: number): string {
  const [spent, cap] = [calls?.cost_usd ?? 0, limits.spend_usd ?? 0]
  const lost =
    lost_usd === 0 ? '' : `, calls that were under way when the run broke off may have cost up to ${dollars(lost_usd)}`
  return `${dollars(spent)} of limits.spend (${dollars(cap)}) are spent${lost}, and the next call could cost up to ${dollars(next_call_usd)}`
}

/** `1,588 rows done, 412 open, $3.10 spent`: what the service leaves a run with. */
function whereItStands({ rows, tokens, calls }: ShownRun): string {
  const parts = [`${counted(tokens.ended, rowOrToken({ rows, tokens }))} done`, `${count(tokens.open)} open`]
  if ((calls?.cost_usd ?? 0) > 0) parts.push(`${dollars(calls?.cost_usd ?? 0)} spent`)
  return `${parts.join(', ')}; ${counted(rows.read, 'row')} read`
}

/** A cap that some more calls fit under. */
function moreToSpend({ limits }: Plan, next_call_usd: number): number {
  const cap = limits.spend_usd ?? 0
  return Number(Math.max(2 * cap, cap + 2 * next_call_usd).toPrecision(3))
}

/** Where nothing is written: paths as the pipeline file names them. */
function intended(sinks: ShownRun['sinks'], plan: Plan): ShownRun['sinks'] {
  return Object.fromEntries(
    Object.entries(sinks).map(([name, { rows }]) => {
      const path = optionOf(plan, name, 'path')
      return [name, typeof path === 'string' ? { rows, path } : { rows }]
    }),
  )
}

/** Of runs that would stop again at once: what comes before they are resumed. By the reason of the stop. */
const FIRST_FIX: { readonly [reason: string]: string | undefined } = {
  source: 'continue once the input is right',
  plugin: 'continue once the plugin is fixed',
}

/** The seventeenth, if there are so many: where the input is cut, of a source, as nobody knows yet which split has it. */
function rowToTry(
  { rows, nodes }: ShownRun,
  is_cut: boolean,
): { readonly argument: string; readonly text: string } | null {
  const source = is_cut ? nodes.find(each => each.kind === 'source' && each.in > 0) : undefined
  const row = Math.min(17, source?.in ?? rows.read)
  if (row === 0) return null
  const named = source === undefined ? null : `${source.node}:${row}`
  return { argument: named ?? idArgument(row), text: named ?? idText(row) }
}

/** `sets`: options that `resume` needs, to get past what the run stopped at. `is_cut`: whether its input is cut into splits. */
function nextSteps(
  shown: NamedRun,
  url: string,
  context: Context,
  unpublished: boolean,
  error: CustodyError | null,
  sets: readonly string[],
  is_cut: boolean,
): string[] {
  const ledger = ledgerArgument(context, url)
  const { id, shortest } = shown.named
  const command = (words: string) => `${context.command} ${words}${ledger}`
  const row = rowToTry(shown, is_cut)
  const steps: Array<readonly [string, string]> = []
  if (shown.status === 'failed' && error?.final === true) {
    steps.push([command(`abandon ${id}`), 'end what is open; all that happened stays on record'])
  } else if (shown.status === 'cancelled' || shown.status === 'failed') {
    const set = sets.map(each => ` --set ${each}`).join('')
    const fix = FIRST_FIX[shown.stopped?.reason ?? '']
    const what = unpublished
      ? 'publish all the same'
      : `${fix ?? 'continue where it stopped'}${sets.length === 0 ? '' : ', with more to spend'}; nothing is lost, nothing is doubled`
    steps.push([command(`resume ${id}${set}`), what])
    // What stands in the pipeline file is part of the run: who corrects it begins another.
    if (shown.stopped?.reason === 'source')
      steps.push([command(`abandon ${id}`), 'give it up, to correct the pipeline file and run that'])
    if (unpublished) steps.push([command(`abandon ${id}`), 'drop what is staged'])
  }
  if (row !== null)
    steps.push([command(`explain ${shortest} --row ${row.argument}`), `why did row ${row.text} end where it did?`])
  steps.push([command(`verify ${shortest}`), 'does the record hold?'])
  steps.push([command('serve'), 'the same in the browser'])
  const width = Math.max(...steps.map(([words]) => words.length))
  return steps.map(([words, what], i) => `${i === 0 ? 'Try:' : '    '}  ${words.padEnd(width)}   ${what}`)
}
