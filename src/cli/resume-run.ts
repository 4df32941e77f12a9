/** Resumes a run that stopped, or abandons it, and reports the result. */
import type { Restored } from '../engine/run/resume.ts'
import { ledgerUrl } from '../host/ledger.ts'
import { type ResumeObserver, resumeStopped } from '../host/resume.ts'
import type { WorkerCount } from '../host/splits/workers.ts'
import type { Plan } from '../plan/plan.ts'
import type { Context } from './context.ts'
import { hostedBy } from './observe-run.ts'
import { restoredText } from './render/restored.ts'
import { renderSummary, statusText } from './render/summary.ts'
import { reportResult, shownRun } from './run-report.ts'
import { workerCommand } from './worker-command.ts'

export interface ResumeOptions {
  readonly ledger?: string
  readonly set?: readonly string[]
  readonly fromLedgerOnly?: boolean
  readonly strict?: boolean
  readonly workers?: WorkerCount
  readonly distributed?: boolean
  readonly json?: boolean
  readonly logFormat?: 'text' | 'json'
}

/** Returns the exit code. @throws CustodyError if the run can't be resumed. */
export async function resumeCommand(
  context: Context,
  name: string,
  options: ResumeOptions,
  abandon: boolean,
): Promise<number> {
  const url = ledgerUrl(context, options)
  const quiet = options.json === true
  const { ports, observer: common } = hostedBy(context, quiet, null)
  const observer: ResumeObserver = {
    ...common,
    onRestored: (restored, plan) => {
      if (context.log !== null) context.log.started(restoredFacts(restored, plan, abandon))
      else if (!quiet) context.terminal.report(restoredText(restored, plan.name, abandon))
    },
  }
  const request = {
    url,
    name,
    sets: options.set ?? [],
    from_ledger_only: options.fromLedgerOnly === true,
    abandon,
    strict: options.strict === true,
    workers: options.workers,
    worker_command: workerCommand(context, url, options),
  }
  const resumed = await resumeStopped(request, ports, observer)
  if (resumed.kind === 'sealed') return reportSealed(context, url, resumed.run, options, abandon)
  return reportResult(resumed.result, await shownRun(url, resumed.run), url, context, resumed.plan, options)
}

function restoredFacts({ rows_read, open, sinks }: Restored, plan: Plan, abandon: boolean) {
  const begins = abandon ? { abandons: true } : { resumes: true }
  return { pipeline: plan.name, ...begins, rows_read, open_tokens: open, outputs_wound_back: sinks }
}

/** A run that is sealed has nothing to resume: its summary. */
async function reportSealed(
  context: Context,
  url: string,
  run: string,
  { json }: ResumeOptions,
  abandon: boolean,
): Promise<number> {
  const shown = await shownRun(url, run)
  const { terminal } = context
  const { status, rows, tokens, outcomes, causes, sinks, checkpoint, result_digest, duration_ms, calls } = shown
  const digest = result_digest === undefined ? {} : { result_digest }
  const counts = { run, status, rows, tokens, outcomes, causes, sinks, checkpoint, ...digest, duration_ms }
  const summary = calls === undefined ? counts : { ...counts, calls }
  context.log?.ended(summary)
  if (json === true) terminal.answerJson(summary)
  if (json === true || context.log !== null) return 0
  const paint = terminal.paint_stderr
  terminal.report(
    [
      `nothing to ${abandon ? 'abandon' : 'resume'}: the run is sealed`,
      statusText(shown, shown.duration_ms * 1000, paint),
      '',
      ...renderSummary(
        { ...shown, writes_nothing: false, dry_run: false },
        context.cwd,
        terminal.columns_stderr,
        paint,
      ),
    ].join('\n'),
  )
  return 0
}
