/** Runs a pipeline, or replays a run on it, and reports the result. */
import { resolve } from 'node:path'
import { compilePipeline } from '../host/compile.ts'
import { ledgerUrl } from '../host/ledger.ts'
import { optionOf } from '../host/option-of.ts'
import { planOnRecord } from '../host/plan-on-record.ts'
import { replayRun } from '../host/replay.ts'
import type { WorkerCount } from '../host/splits/workers.ts'
import { type Again, type StartObserver, type StartRequest, startRun } from '../host/start.ts'
import { inTemporaryLedger } from '../host/temporary-ledger.ts'
import { CustodyError } from '../model/error.ts'
import type { Plan } from '../plan/plan.ts'
import { beginAnew } from './begin-anew.ts'
import type { Context } from './context.ts'
import { hostedBy } from './observe-run.ts'
import { reportWarnings } from './pipeline-warnings.ts'
import { headerText } from './render/header.ts'
import { orNothingRun, reportResult, shownRun } from './run-report.ts'
import { workerCommand } from './worker-command.ts'

export interface RunOptions {
  readonly ledger?: string
  readonly set?: readonly string[]
  readonly limit?: number
  readonly dryRun?: boolean
  readonly strict?: boolean
  readonly workers?: WorkerCount
  readonly distributed?: boolean
  /** A folder. */
  readonly pieces?: string
  readonly json?: boolean
  readonly logFormat?: 'text' | 'json'
  /** For a replay: the run whose answers are given, or compared with. */
  readonly from?: string
  readonly live?: boolean
  /** A folder; false: no output is written. */
  readonly outputs?: string | false
  /** Entries that the own log of an older copy of the ledger has. */
  readonly acceptRollback?: number
}

/** Returns the exit code. @throws DiagnosticsError of the file; with `json`, CustodyError if the run couldn't begin. */
export function runPipeline(context: Context, file: string, options: RunOptions): Promise<number> {
  return orNothingRun(context, options.json === true, async begun => {
    const plan = await compilePipeline(context.env, file, setsOf(context, options), each =>
      reportWarnings(context, each),
    )
    const url = ledgerUrl(context, options, { url: plan.ledger_url, folder: plan.folder })
    return run(context, plan, url, options, begun)
  })
}

/** The folder for pieces is on record as any other value that was set, for workers and whoever resumes the run. */
function setsOf({ cwd }: Context, { set = [], pieces }: RunOptions): readonly string[] {
  return pieces === undefined ? set : [...set, `splits.pieces=${JSON.stringify(resolve(cwd, pieces))}`]
}

/** Replays a run on the plan that it has on record, changed by `--set`. Returns the exit code. @throws as `runPipeline` */
export function replayOnRecord(context: Context, from: string, options: RunOptions): Promise<number> {
  return orNothingRun(context, options.json === true, async begun => {
    const url = ledgerUrl(context, options)
    const found = await planOnRecord(context.env, url, from, options.set ?? [], each => reportWarnings(context, each))
    // By its id: `latest` may be another when the replay begins.
    return run(context, found.plan, url, { ...options, from: found.run }, begun)
  })
}

async function run(context: Context, plan: Plan, url: string, options: RunOptions, begun: () => void): Promise<number> {
  refuse(plan, options)
  if (options.acceptRollback !== undefined) await beginAnew(context, url, options.acceptRollback)
  if (options.dryRun !== true) return runInto(context, plan, url, url, options, begun)
  return inTemporaryLedger(temporary => runInto(context, plan, temporary, url, options, begun))
}

/** Which run it takes from, if any. */
function repeated(again: Again | null): { readonly replays?: string; readonly reruns?: string } {
  if (again === null) return {}
  return again.kind === 'replay' ? { replays: again.run } : { reruns: again.repeats.run }
}

/** Whether it is only found out what would be written. */
function writesNothing({ dryRun, outputs }: RunOptions): boolean {
  return dryRun === true || outputs === false
}

/** Refuses what is sound, but can't be run with these options. */
function refuse(plan: Plan, options: RunOptions): void {
  const { json, acceptRollback, dryRun, distributed } = options
  if (distributed === true && dryRun === true)
    throw new CustodyError('CUSTODY_ARGUMENT', '--dry-run keeps no ledger that workers could share', {
      hint: 'Leave --distributed away.',
    })
  if (acceptRollback !== undefined && dryRun === true)
    throw new CustodyError('CUSTODY_ARGUMENT', '--accept-rollback begins a ledger, and --dry-run keeps none', {
      hint: 'Leave one of them away.',
    })
  if (json !== true) return
  const to_stdout = plan.nodes.find(each => each.kind === 'sink' && optionOf(plan, each.name, 'path') === '-')
  if (to_stdout !== undefined)
    throw new CustodyError(
      'CUSTODY_ARGUMENT',
      `sink \`${to_stdout.name}\` writes to standard output, and so does --json`,
      { hint: 'Leave --json away, or give the sink a file.' },
    )
}

/** Returns the exit code. `before_url`: the ledger that has the pipeline's earlier runs. */
async function runInto(
  context: Context,
  plan: Plan,
  url: string,
  before_url: string,
  options: RunOptions,
  begun: () => void,
): Promise<number> {
  const quiet = options.json === true
  const { ports, observer: common } = hostedBy(context, quiet, options.limit ?? null)
  const observer: StartObserver = {
    ...common,
    onStart: (_, again, run) => {
      if (context.log !== null) context.log.started({ run, pipeline: plan.name, ...repeated(again) })
      else if (!quiet) context.terminal.report(headerText(context, plan, options, again))
    },
  }
  const request: StartRequest = {
    plan,
    url,
    before_url,
    limit: options.limit ?? Number.POSITIVE_INFINITY,
    dry_run: writesNothing(options),
    kept: options.dryRun !== true,
    strict: options.strict === true,
    workers: options.workers,
    worker_command: workerCommand(context, url, options),
    outputs_folder: typeof options.outputs === 'string' ? resolve(context.cwd, options.outputs) : null,
  }
  const { run, result, drift } =
    options.from === undefined
      ? { ...(await startRun(request, null, ports, observer)), drift: null }
      : await replayRun({ ...request, from: options.from, live: options.live === true }, ports, observer)
  begun()
  return reportResult(result, await shownRun(url, run), url, context, plan, { ...options, drift })
}
