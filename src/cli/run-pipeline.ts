/** Runs a pipeline, tells how it goes, and what came of it. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { systemClock } from '../engine/ports/ports.ts'
import { type RunResult, runPlan } from '../engine/run/start.ts'
import { codeOf } from '../host/plugins/plugin-code.ts'
import { signingKey } from '../ledger/keys.ts'
import { openLedgerReader } from '../ledger/open.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { CustodyError, isCustodyError } from '../model/error.ts'
import { uuidv7 } from '../model/uuid.ts'
import type { Plan } from '../plan/plan.ts'
import { recordsBefore } from '../read/runs/before.ts'
import type { Placed } from '../sdk/spec.ts'
import { Closing } from './closing.ts'
import type { Context } from './context.ts'
import { filesInUse } from './files-in-use.ts'
import { boundHeap } from './heap.ts'
import { stopOnSignals } from './interrupt.ts'
import { laterLedger } from './later-ledger.ts'
import { ledgerUrl } from './ledger-access.ts'
import { ledgerPorts } from './ledger-ports.ts'
import { limiterOf } from './limiter.ts'
import { preparePlan } from './pipeline-access.ts'
import { ProgressLine } from './progress.ts'
import { noticeText } from './render/restored.ts'
import { counted, printable, shortRun } from './render/text.ts'
import type { Repeating } from './repeating.ts'
import { type Replayed, replaying } from './replaying.ts'
import { watchPlugins } from './strays.ts'
import { optionOf, shownRun, type TellOptions, tellResult } from './tell-run.ts'

export interface RunOptions {
  readonly ledger?: string
  readonly set?: readonly string[]
  readonly limit?: number
  readonly dryRun?: boolean
  readonly strict?: boolean
  readonly json?: boolean
  /** Of a replay: the run whose answers are given, or compared with. */
  readonly from?: string
  readonly live?: boolean
  readonly outputs?: string
}

/** Returns the exit code. @throws CustodyError if the run couldn't begin. */
export async function runPipeline(context: Context, file: string, options: RunOptions): Promise<number> {
  const plan = await preparePlan(context, file, options.set ?? [], () => signingKey(context.env))
  refuse(plan, options)
  const dry_run = options.dryRun === true
  const temporary = dry_run ? mkdtempSync(join(tmpdir(), 'custody-dry-run-')) : null
  try {
    const before_url = ledgerUrl(context, options, { url: plan.ledger_url, folder: plan.folder })
    const url = temporary === null ? before_url : `sqlite:${join(temporary, 'custody.db')}`
    const { from } = options
    const common = { url, before_url, context, plan, options }
    if (from === undefined) return await runInto({ ...common, replay: null, rerun: null })
    return await replaying(context, url, from, replay => runInto({ ...common, replay, rerun: null }))
  } finally {
    if (temporary !== null) rmSync(temporary, { recursive: true, force: true })
  }
}

/** What is sound, and yet can't be run so. */
function refuse(plan: Plan, { json }: RunOptions): void {
  if (json !== true) return
  const to_stdout = plan.nodes.find(each => each.kind === 'sink' && optionOf(plan, each.name, 'path') === '-')
  if (to_stdout !== undefined)
    throw new CustodyError(
      'CUSTODY_ARGUMENT',
      `sink \`${to_stdout.name}\` writes to standard output, and so does --json`,
      { hint: 'Leave --json away, or give the sink a file.' },
    )
}

interface RunInto {
  readonly url: string
  /** The ledger that has the pipeline's runs before. */
  readonly before_url: string
  readonly context: Context
  readonly plan: Plan
  readonly options: RunOptions
  readonly replay: Replayed | null
  readonly rerun: Rerun | null
}

/** Rows of another run, and where their results are written. */
export interface Rerun extends Repeating {
  readonly placed: Placed
}

/** Returns the exit code. @throws CustodyError if the run couldn't begin. */
export async function runInto({ url, before_url, context, plan, options, replay, rerun }: RunInto): Promise<number> {
  boundHeap()
  const clock = systemClock()
  const run = uuidv7(Math.floor(clock.wall_us() / 1000), randomBytes(10))
  const quiet = options.json === true
  const closing = new Closing(context.terminal)
  const progress = new ProgressLine(context.terminal, options.limit ?? null)
  let result: RunResult
  try {
    const ledger = closing.add(laterLedger(url, ledgerPorts(context, options.dryRun !== true)))
    const shared = closing.add(limiterOf(plan))
    const stopping = closing.add(stopOnSignals(context, quiet))
    const strays = closing.add(watchPlugins(context.terminal, plan))
    if (!quiet) context.terminal.tell(header(context, plan, options, replay, rerun))
    result = await runPlan({
      plan,
      run,
      ledger,
      clock,
      custody: context.version,
      codeOf: spec => codeOf(spec, context.version),
      limit: options.limit ?? Number.POSITIVE_INFINITY,
      dry_run: options.dryRun === true,
      strict: options.strict === true,
      recordsBefore: () => recordsOfLast(before_url, run, plan.name),
      in_use: filesInUse(context, url, plan),
      shared,
      ...(options.outputs === undefined ? {} : { outputs_folder: resolve(context.cwd, options.outputs) }),
      ...(replay === null || options.live === true ? {} : followed(replay)),
      ...(rerun === null ? {} : { repeats: rerun.repeats, answered: rerun.answered, placed: rerun.placed }),
      signal: stopping.signal,
      strays,
      onProgress: each => progress.show(each),
      onNotice: notice => {
        if (!quiet) context.terminal.tell(noticeText(notice, context.terminal.paint_told))
      },
      ...(quiet ? {} : { onService: each => progress.tellService(each) }),
    })
  } finally {
    progress.clear()
    await closing.close()
  }
  const drift = replay !== null && options.live === true ? await replay.compare(run) : null
  return tellResult(result, await shownRun(url, run), url, context, plan, {
    ...options,
    drift,
    reruns: rerun === null ? null : rerunTold(rerun),
  })
}

/** Without a ledger there was no run before. */
async function recordsOfLast(url: string, run: string, name: string): Promise<ReadonlyMap<string, number>> {
  let reader: LedgerReader
  try {
    reader = await openLedgerReader(url)
  } catch (thrown) {
    if (isCustodyError(thrown) && thrown.code === 'CUSTODY_LEDGER_NOT_FOUND') return new Map()
    throw thrown
  }
  try {
    return await recordsBefore(reader, run, name)
  } finally {
    await reader.close()
  }
}

function followed({ run, recordings, courses }: Replayed) {
  return { replays: run, recordings, courses }
}

function header(
  { version, terminal }: Context,
  plan: Plan,
  { dryRun, limit, live }: RunOptions,
  replay: Replayed | null,
  rerun: Rerun | null,
): string {
  const number = (...kinds: readonly string[]) => plan.nodes.filter(node => kinds.includes(node.kind)).length
  const gates = number('gate')
  const parts = [
    `Custody ${version}`,
    terminal.paint_told('bold', printable(plan.name)),
    `${counted(number('transform', 'gate', 'fork', 'coalesce', 'aggregate'), 'node')}${gates > 0 ? `, ${counted(gates, 'gate')} among them` : ''}`,
    counted(number('sink'), 'output'),
    ...(limit === undefined ? [] : [`at most ${counted(limit, 'record')}`]),
    ...(dryRun === true ? ['dry run: nothing is written'] : []),
    ...(rerun === null ? [] : [rerunWords(rerun, plan)]),
    ...(replay === null
      ? []
      : [`${live === true ? 'compared with run' : 'on the answers of run'} ${shortRun(replay.run)}…`]),
  ]
  return parts.join(' · ')
}

function rerunTold({ repeats: { run, rows, left_out } }: Rerun): NonNullable<TellOptions['reruns']> {
  return { run, rows: [...rows.values()].reduce((sum, each) => sum + each.length, 0), left_out }
}

/** Batches have other members than in the other run. */
function rerunWords(rerun: Rerun, { nodes }: Plan): string {
  const { run, rows } = rerunTold(rerun)
  const batches = nodes.some(({ kind }) => kind === 'aggregate') ? ', and aggregates see no others' : ''
  return `${counted(rows, 'row')} of run ${shortRun(run)}… again${batches}`
}
