/** Runs a pipeline, tells how it goes, and what came of it. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../engine/ports.ts'
import { type RunResult, runPlan } from '../engine/run.ts'
import { signingKey } from '../ledger/keys.ts'
import { openLedger, openLedgerReader } from '../ledger/open.ts'
import type { LedgerPorts } from '../ledger/write-port.ts'
import { CustodyError } from '../model/error.ts'
import { uuidv7 } from '../model/uuid.ts'
import { notExecutable } from '../plan/compile.ts'
import type { Plan } from '../plan/plan.ts'
import { showRun } from '../read/show/show.ts'
import type { ShownRun } from '../read/show/summary.ts'
import type { Context } from './context.ts'
import { stopOnSignals } from './interrupt.ts'
import { isHeld, ledgerArgument, ledgerUrl } from './ledger-access.ts'
import { preparePlan } from './pipeline-access.ts'
import { ProgressLine } from './progress.ts'
import { errorJson, exitCodeOf, renderError } from './render/error.ts'
import { renderSummary, statusText } from './render/summary.ts'
import { counted, printable, shortRun } from './render/text.ts'

export interface RunOptions {
  readonly ledger?: string
  readonly set?: readonly string[]
  readonly limit?: number
  readonly dryRun?: boolean
  readonly strict?: boolean
  readonly json?: boolean
}

const INTERRUPTED = 130

/** Returns the exit code. @throws CustodyError if the run couldn't begin. */
export async function runPipeline(context: Context, file: string, options: RunOptions): Promise<number> {
  const plan = await preparePlan(context, file, options.set ?? [], () => signingKey(context.env))
  refuse(plan, options)
  const dry_run = options.dryRun === true
  const temporary = dry_run ? mkdtempSync(join(tmpdir(), 'custody-dry-run-')) : null
  try {
    const url =
      temporary === null
        ? ledgerUrl(context, options, { url: plan.ledger_url, folder: plan.folder })
        : `sqlite:${join(temporary, 'custody.db')}`
    return await runInto(url, context, plan, options)
  } finally {
    if (temporary !== null) rmSync(temporary, { recursive: true, force: true })
  }
}

/** What is sound, and yet can't be run (so). */
function refuse(plan: Plan, { json }: RunOptions): void {
  const [node] = notExecutable(plan)
  if (node !== undefined)
    throw new CustodyError('CUSTODY_NOT_EXECUTABLE', `this version can't run \`${node.name}\`, a ${node.kind}`, {
      where: { file: plan.file, node: node.name },
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

function optionOf(plan: Plan, node: string, option: string): unknown {
  const options = plan.value.options[node]
  return typeof options === 'object' && options !== null && Object.hasOwn(options, option)
    ? (options as { readonly [option: string]: unknown })[option]
    : undefined
}

async function runInto(url: string, context: Context, plan: Plan, options: RunOptions): Promise<number> {
  const clock = systemClock()
  const run = uuidv7(Math.floor(clock.now_us() / 1000), randomBytes(10))
  const quiet = options.json === true
  if (!quiet) context.terminal.tell(header(context, plan, options))
  const ports: LedgerPorts = {
    now_us: () => clock.now_us(),
    entropy: size => randomBytes(size),
    signer: signingKey(context.env),
  }
  const ledger = await openLedger(url, ports, { create: true })
  const progress = new ProgressLine(context.terminal, options.limit ?? null)
  const stopping = stopOnSignals(context, quiet)
  let result: RunResult
  try {
    result = await runPlan({
      plan,
      run,
      ledger,
      clock,
      custody: context.version,
      limit: options.limit ?? Number.POSITIVE_INFINITY,
      dry_run: options.dryRun === true,
      signal: stopping.signal,
      onProgress: each => progress.show(each),
    })
  } finally {
    stopping.close()
    await ledger.close()
  }
  progress.clear()
  return tellResult(result, await shownRun(url, run), url, context, plan, options)
}

/** The counts as the ledger has them, so that the summary says what readers will say. */
async function shownRun(url: string, run: string): Promise<ShownRun> {
  const reader = await openLedgerReader(url)
  try {
    return await showRun(reader, run, isHeld)
  } finally {
    await reader.close()
  }
}

function tellResult(
  { summary, error }: RunResult,
  shown: ShownRun,
  url: string,
  context: Context,
  plan: Plan,
  options: RunOptions,
): number {
  const { terminal } = context
  const paint = terminal.paint_told
  const dry_run = options.dryRun === true
  if (options.json === true) terminal.answerJson(error === null ? summary : { ...summary, ...errorJson(error) })
  else {
    const facts = { ...shown, ...(dry_run ? { sinks: intended(summary.sinks, plan) } : {}), dry_run }
    terminal.tell(
      [
        statusText(summary.status, summary.duration_ms * 1000, paint),
        '',
        ...renderSummary(facts, context.cwd, terminal.columns_told, paint),
      ].join('\n'),
    )
    if (error !== null) terminal.tell(`\n${renderError(error, paint, context.env.CUSTODY_DEBUG === '1')}`)
    const next = nextSteps(shown, url, context, dry_run)
    if (next.length > 0) terminal.tell(`\n${next.join('\n')}`)
  }
  if (error !== null) return exitCodeOf(error)
  if (summary.status === 'cancelled') return INTERRUPTED
  return options.strict === true && summary.status === 'completed_with_failures' ? 3 : 0
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

function header({ version, terminal }: Context, plan: Plan, { dryRun, limit }: RunOptions): string {
  const number = (...kinds: readonly string[]) => plan.nodes.filter(node => kinds.includes(node.kind)).length
  const gates = number('gate')
  const parts = [
    `Custody ${version}`,
    terminal.paint_told('bold', printable(plan.name)),
    `${counted(number('transform', 'gate', 'fork', 'coalesce', 'aggregate'), 'node')}${gates > 0 ? `, ${counted(gates, 'gate')} among them` : ''}`,
    counted(number('sink'), 'output'),
    ...(limit === undefined ? [] : [`at most ${counted(limit, 'record')}`]),
    ...(dryRun === true ? ['dry run: nothing is written'] : []),
  ]
  return parts.join(' · ')
}

function nextSteps(shown: ShownRun, url: string, context: Context, dry_run: boolean): string[] {
  if (dry_run) return []
  const ledger = ledgerArgument(context, url)
  const command = (words: string) => `${context.command} ${words}${ledger}`
  const row = Math.min(17, shown.rows.read)
  const steps: Array<readonly [string, string]> = []
  if (row > 0) steps.push([command(`explain latest --row ${row}`), `why did row ${row} end where it did?`])
  if (shown.status === 'cancelled' || shown.status === 'failed')
    steps.push([command(`show ${shortRun(shown.run)}`), 'how far did it come?'])
  steps.push([command('verify latest'), 'does the record hold?'])
  const width = Math.max(...steps.map(([words]) => words.length))
  return steps.map(([words, what], i) => `${i === 0 ? 'Try:' : '    '}  ${words.padEnd(width)}   ${what}`)
}
