/** Tells what came of a run, new or gone on with: as JSON, or for people with what to try next. */
import type { RunResult } from '../engine/run.ts'
import { openLedgerReader } from '../ledger/open.ts'
import type { Plan } from '../plan/plan.ts'
import type { Drift } from '../read/recorded/drift.ts'
import { showRun } from '../read/show/show.ts'
import type { ShownRun } from '../read/show/summary.ts'
import type { Context } from './context.ts'
import { isHeld, ledgerArgument } from './ledger-access.ts'
import { renderDrift } from './render/drift.ts'
import { errorJson, exitCodeOf, renderError } from './render/error.ts'
import { renderSummary, statusText } from './render/summary.ts'
import { dollars, shortRun } from './render/text.ts'
import { untouchedText } from './render/untouched.ts'

const INTERRUPTED = 130

/** What of a command's options concerns telling. */
export interface TellOptions {
  readonly dryRun?: boolean
  readonly strict?: boolean
  readonly json?: boolean
  /** Of a replay that asked again: how answers differ from those on record. */
  readonly drift?: Drift | null
}

/** The counts as the ledger has them, so that the summary says what readers will say. */
export async function shownRun(url: string, run: string): Promise<ShownRun> {
  const reader = await openLedgerReader(url)
  try {
    return await showRun(reader, run, isHeld)
  } finally {
    await reader.close()
  }
}

/** Returns the exit code. */
export function tellResult(
  { summary, error, stopped_by, untouched, next_call_usd }: RunResult,
  shown: ShownRun,
  url: string,
  context: Context,
  plan: Plan,
  options: TellOptions,
): number {
  const { terminal } = context
  const paint = terminal.paint_told
  const dry_run = options.dryRun === true
  const { drift = null } = options
  // How long it took is what the ledger says, as `show` tells it.
  const { duration_ms } = shown
  if (options.json === true)
    terminal.answerJson({
      ...summary,
      duration_ms,
      ...(drift === null ? {} : { drift }),
      ...(error === null ? {} : errorJson(error)),
    })
  else {
    const facts = { ...shown, ...(dry_run ? { sinks: intended(summary.sinks, plan) } : {}), dry_run }
    if (untouched)
      terminal.tell(untouchedText(error, { rows_read: shown.rows.read, sinks: facts.sinks }, context.cwd, paint))
    else
      terminal.tell(
        [
          statusText(summary.status, summary.duration_ms * 1000, paint),
          '',
          ...renderSummary(facts, context.cwd, terminal.columns_told, paint),
        ].join('\n'),
      )
    if (drift !== null) terminal.tell(`\n${renderDrift(drift, terminal.columns_told, paint)}`)
    if (next_call_usd !== null) terminal.tell(`\n${budgetText(plan, shown, next_call_usd)}`)
    if (error !== null && !untouched) terminal.tell(`\n${renderError(error, paint, context.env.CUSTODY_DEBUG === '1')}`)
    const next = nextSteps(
      shown,
      url,
      context,
      dry_run,
      next_call_usd === null ? null : moreToSpend(plan, next_call_usd),
    )
    if (next.length > 0) terminal.tell(`\n${next.join('\n')}`)
  }
  if (error !== null) return exitCodeOf(error)
  if (summary.status === 'cancelled') return stopped_by === 'budget_exhausted' ? 1 : INTERRUPTED
  return options.strict === true && summary.status === 'completed_with_failures' ? 3 : 0
}

/** Why it stopped, where money was the reason. */
function budgetText({ limits }: Plan, { calls }: ShownRun, next_call_usd: number): string {
  const [spent, cap] = [calls?.cost_usd ?? 0, limits.spend_usd ?? 0]
  return `${dollars(spent)} of limits.spend (${dollars(cap)}) are spent, and the next call could cost up to ${dollars(next_call_usd)}`
}

/** A cap that some more calls fit under. */
function moreToSpend({ limits }: Plan, next_call_usd: number): number {
  const cap = limits.spend_usd ?? 0
  return Number(Math.max(2 * cap, cap + 2 * next_call_usd).toPrecision(3))
}

/** Of a dry run: paths as the pipeline file names them. */
function intended(sinks: ShownRun['sinks'], plan: Plan): ShownRun['sinks'] {
  return Object.fromEntries(
    Object.entries(sinks).map(([name, { rows }]) => {
      const path = optionOf(plan, name, 'path')
      return [name, typeof path === 'string' ? { rows, path } : { rows }]
    }),
  )
}

/** `spend_usd`: what `resume` may spend, where that is what it stopped for. */
function nextSteps(
  shown: ShownRun,
  url: string,
  context: Context,
  dry_run: boolean,
  spend_usd: number | null,
): string[] {
  if (dry_run) return []
  const ledger = ledgerArgument(context, url)
  const command = (words: string) => `${context.command} ${words}${ledger}`
  const row = Math.min(17, shown.rows.read)
  const steps: Array<readonly [string, string]> = []
  if (row > 0) steps.push([command(`explain latest --row ${row}`), `why did row ${row} end where it did?`])
  if (shown.status === 'cancelled' || shown.status === 'failed')
    steps.unshift([
      command(`resume ${shortRun(shown.run)}${spend_usd === null ? '' : ` --set limits.spend.usd=${spend_usd}`}`),
      `go on where it stopped${spend_usd === null ? '' : ', with more to spend'}; nothing is lost, nothing is doubled`,
    ])
  steps.push([command('verify latest'), 'does the record hold?'])
  const width = Math.max(...steps.map(([words]) => words.length))
  return steps.map(([words, what], i) => `${i === 0 ? 'Try:' : '    '}  ${words.padEnd(width)}   ${what}`)
}

/** An option as the plan's record has it. */
export function optionOf(plan: Plan, node: string, option: string): unknown {
  const options = plan.value.options[node]
  return typeof options === 'object' && options !== null && Object.hasOwn(options, option)
    ? (options as { readonly [option: string]: unknown })[option]
    : undefined
}
