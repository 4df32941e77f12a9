/** Runs rows of a finished run again, and reports the result. */
import { ledgerUrl } from '../host/ledger.ts'
import { type RerunObserver, rerunRows } from '../host/rerun.ts'
import { type ChosenRows, numberOfRows } from '../read/recorded/repeats.ts'
import type { Context } from './context.ts'
import { hostedBy } from './observe-run.ts'
import { headerText } from './render/header.ts'
import { counted, shortRun } from './render/text.ts'
import type { RunOptions } from './run-pipeline.ts'
import { orNothingRun, reportResult, shownRun } from './run-report.ts'

export interface RerunOptions extends Pick<RunOptions, 'ledger' | 'set' | 'strict' | 'json' | 'logFormat'> {
  readonly where?: string
  readonly pipeline?: string
  readonly fresh?: boolean
  readonly includeWritten?: boolean
  readonly outputs: 'numbered' | 'append'
}

/** How many of the rows that are left out are named. */
const NAMED = 20

/** Returns the exit code. @throws DiagnosticsError of the file; with `json`, CustodyError if the run couldn't begin. */
export function rerunPipeline(context: Context, name: string, options: RerunOptions): Promise<number> {
  return orNothingRun(context, options.json === true, begun => rerun(context, name, options, begun))
}

async function rerun(context: Context, name: string, options: RerunOptions, begun: () => void): Promise<number> {
  const url = ledgerUrl(context, options)
  const quiet = options.json === true
  const { ports, observer: common } = hostedBy(context, quiet, null)
  const observer: RerunObserver = {
    ...common,
    onChosen: rows => reportLeftOut(context, rows, options),
    onStart: (plan, again, run) => {
      if (context.log !== null) context.log.started({ run, pipeline: plan.name, reruns: name })
      else if (!quiet) context.terminal.report(headerText(context, plan, {}, again))
    },
  }
  const { where = null, includeWritten = false, fresh = false, set: sets = [] } = options
  const request = {
    url,
    name,
    chosen: { where, include_written: includeWritten, fresh },
    pipeline: options.pipeline ?? null,
    sets,
    outputs: options.outputs,
    strict: options.strict === true,
  }
  const again = await rerunRows(request, ports, observer)
  begun()
  if (again.kind === 'nothing') return reportNothing(context, again.rows, options)
  const { run, result, plan, rows } = again
  const reruns = { run: rows.run, rows: numberOfRows(rows.rows), left_out: rows.left_out }
  const { strict = false } = options
  return reportResult(result, await shownRun(url, run), url, context, plan, { strict, json: quiet, reruns })
}

function reportLeftOut({ terminal }: Context, { left_out }: ChosenRows, { json }: RerunOptions): void {
  if (left_out.length === 0 || json === true) return
  const named = left_out.slice(0, NAMED).join(', ')
  const more = left_out.length > NAMED ? ` and ${counted(left_out.length - NAMED, 'more')}` : ''
  terminal.report(
    `left out: ${counted(left_out.length, 'row')} with a token in a sink already, or perhaps: ${named}${more}\n  with --include-written they are run again, too\n`,
  )
}

function reportNothing({ terminal }: Context, { run, left_out }: ChosenRows, { json, where }: RerunOptions): number {
  if (json === true) terminal.answerJson({ run: null, reruns: { run, rows: 0, left_out } })
  else
    terminal.report(`nothing to run again: no row of run ${shortRun(run)}… ${where === undefined ? 'failed' : 'fits'}`)
  return 0
}
