/** Runs rows of a finished run again, and tells what came of it. */
import { ledgerUrl } from '../host/ledger.ts'
import { type RerunNews, rerunRows } from '../host/rerun.ts'
import { type ChosenRows, numberOfRows } from '../read/recorded/repeats.ts'
import type { Context } from './context.ts'
import { headerText } from './render/header.ts'
import { counted, shortRun } from './render/text.ts'
import { hostedBy } from './run-news.ts'
import type { RunOptions } from './run-pipeline.ts'
import { shownRun, tellResult } from './tell-run.ts'

export interface RerunOptions extends Pick<RunOptions, 'ledger' | 'set' | 'strict' | 'json'> {
  readonly where?: string
  readonly pipeline?: string
  readonly fresh?: boolean
  readonly includeWritten?: boolean
  readonly outputs: 'numbered' | 'append'
}

/** Of the rows that are left out, so many are named. */
const NAMED = 20

/** Returns the exit code. @throws CustodyError if the run couldn't begin. */
export async function rerunPipeline(context: Context, name: string, options: RerunOptions): Promise<number> {
  const url = ledgerUrl(context, options)
  const quiet = options.json === true
  const { ports, news: common } = hostedBy(context, quiet, null)
  const news: RerunNews = {
    ...common,
    onChosen: rows => tellLeftOut(context, rows, options),
    onStart: (plan, again) => {
      if (!quiet) context.terminal.tell(headerText(context, plan, {}, again))
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
  const rerun = await rerunRows(request, ports, news)
  if (rerun.kind === 'nothing') return tellNothing(context, rerun.rows, options)
  const { run, result, plan, rows } = rerun
  const reruns = { run: rows.run, rows: numberOfRows(rows.rows), left_out: rows.left_out }
  const { strict = false } = options
  return tellResult(result, await shownRun(url, run), url, context, plan, { strict, json: quiet, reruns })
}

function tellLeftOut({ terminal }: Context, { left_out }: ChosenRows, { json }: RerunOptions): void {
  if (left_out.length === 0 || json === true) return
  const named = left_out.slice(0, NAMED).join(', ')
  const more = left_out.length > NAMED ? ` and ${counted(left_out.length - NAMED, 'more')}` : ''
  terminal.tell(
    `left out: ${counted(left_out.length, 'row')} with a token in a sink already, or perhaps: ${named}${more}\n  with --include-written they are run again, too\n`,
  )
}

function tellNothing({ terminal }: Context, { run, left_out }: ChosenRows, { json, where }: RerunOptions): number {
  if (json === true) terminal.answerJson({ run: null, reruns: { run, rows: 0, left_out } })
  else terminal.tell(`nothing to run again: no row of run ${shortRun(run)}… ${where === undefined ? 'failed' : 'fits'}`)
  return 0
}
