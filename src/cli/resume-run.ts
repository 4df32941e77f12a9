/** Resumes a run that stopped, or gives it up: finds its pipeline file by the ledger, and tells how it ends. */
import { basename, join } from 'node:path'
import { setPath } from '../config/set.ts'
import { systemClock } from '../engine/ports/ports.ts'
import { resumeRun } from '../engine/run/resume.ts'
import type { RunResult } from '../engine/run/start.ts'
import type { PlanValue, RerunValue } from '../format/entry.ts'
import { codeOf } from '../host/plugins/plugin-code.ts'
import { signingKey } from '../ledger/keys.ts'
import { openLedger, openLedgerReader } from '../ledger/open.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { CustodyError } from '../model/error.ts'
import type { Plan } from '../plan/plan.ts'
import { recordsBefore } from '../read/runs/before.ts'
import { findRun } from '../read/runs/list.ts'
import { closingOf, openingOf, planOf } from '../read/runs/run-log.ts'
import { showRun } from '../read/show/show.ts'
import { checkedRun } from './checked.ts'
import { Closing } from './closing.ts'
import type { Context } from './context.ts'
import { boundHeap } from './heap.ts'
import { stopOnSignals } from './interrupt.ts'
import { isHeld, ledgerUrl } from './ledger-access.ts'
import { ledgerPorts } from './ledger-ports.ts'
import { limiterOf } from './limiter.ts'
import { preparePlan } from './pipeline-access.ts'
import { ProgressLine } from './progress.ts'
import { noticeText, restoredText } from './render/restored.ts'
import { renderSummary, statusText } from './render/summary.ts'
import { type Repeating, repeating } from './repeating.ts'
import { onRecord } from './replaying.ts'
import { watchPlugins } from './strays.ts'
import { shownRun, tellResult } from './tell-run.ts'

export interface ResumeOptions {
  readonly ledger?: string
  readonly set?: readonly string[]
  readonly fromLedgerOnly?: boolean
  readonly strict?: boolean
  readonly json?: boolean
}

/** `--set` may change these only: all else is part of the plan. */
const MAY_CHANGE = ['limits', 'retry', 'guards', 'ledger']

/** Returns the exit code. @throws CustodyError if the run can't be resumed. */
export async function resumeCommand(
  context: Context,
  name: string,
  options: ResumeOptions,
  abandon: boolean,
): Promise<number> {
  for (const argument of options.set ?? []) refuseSet(argument)
  const url = ledgerUrl(context, options)
  const reader = await openLedgerReader(url)
  try {
    const { run, log } = await findRun(reader, name)
    if ((await closingOf(reader, log)).last?.k === 'seal')
      return await tellSealed(reader, run, context, options, abandon)
    const plan = await planOfRun(context, await planOf(reader, log), options)
    const result = await goOn(context, { url, reader, run, plan, options, abandon })
    return tellResult(result, await shownRun(url, run), url, context, plan, options)
  } finally {
    await reader.close()
  }
}

function refuseSet(argument: string): void {
  const [first, , third] = setPath(argument) ?? []
  const of_source = first === 'sources' && third === 'guards'
  if (first === undefined || (!of_source && !MAY_CHANGE.includes(first)))
    throw new CustodyError('CUSTODY_BAD_SET', `--set ${argument} would change what the run does`, {
      hint: 'When a run is resumed, --set may change limits, retry, guards (those of sources, too) and ledger only.',
    })
}

/** A run that is sealed has nothing to resume: its summary. */
async function tellSealed(
  reader: LedgerReader,
  run: string,
  context: Context,
  { json }: ResumeOptions,
  abandon: boolean,
): Promise<number> {
  const shown = await showRun(reader, run, isHeld)
  const { terminal } = context
  if (json === true) {
    const { status, rows, tokens, outcomes, causes, sinks, checkpoint, duration_ms, calls } = shown
    const summary = { run, status, rows, tokens, outcomes, causes, sinks, checkpoint, duration_ms }
    terminal.answerJson(calls === undefined ? summary : { ...summary, calls })
    return 0
  }
  const paint = terminal.paint_told
  terminal.tell(
    [
      `nothing to ${abandon ? 'abandon' : 'resume'}: the run is sealed`,
      statusText(shown, shown.duration_ms * 1000, paint),
      '',
      ...renderSummary({ ...shown, dry_run: false }, context.cwd, terminal.columns_told, paint),
    ].join('\n'),
  )
  return 0
}

async function planOfRun(context: Context, value: PlanValue | null, { set = [] }: ResumeOptions): Promise<Plan> {
  if (value === null || value.folder === '')
    throw new CustodyError('CUSTODY_VERIFY_FAILED', 'the ledger no longer has the plan that the run began with')
  const sets = [...(value.set ?? []), ...set]
  return preparePlan(context, join(value.folder, basename(value.file)), sets, () => signingKey(context.env))
}

interface GoOn {
  readonly url: string
  readonly reader: LedgerReader
  readonly run: string
  readonly plan: Plan
  readonly options: ResumeOptions
  readonly abandon: boolean
}

async function goOn(context: Context, { url, reader, run, plan, options, abandon }: GoOn): Promise<RunResult> {
  boundHeap()
  const clock = systemClock()
  const quiet = options.json === true
  const ports = ledgerPorts(context)
  const closing = new Closing(context.terminal)
  const progress = new ProgressLine(context.terminal, null)
  try {
    const ledger = closing.add(await openLedger(url, ports, { create: false }))
    const stopping = closing.add(stopOnSignals(context, quiet))
    const strays = closing.add(watchPlugins(context.terminal, plan))
    const shared = closing.add(limiterOf(plan))
    const { log } = await findRun(reader, run)
    const { replays, reruns } = await openingOf(reader, log)
    const { rerun } = (await planOf(reader, log)) ?? {}
    const again =
      reruns === undefined || rerun === undefined ? {} : await repeatedRows(context, reader, reruns.run, rerun)
    return await resumeRun({
      plan,
      codeOf: spec => codeOf(spec, context.version),
      ...(replays === undefined ? {} : await onRecord((await checkedRun(context, reader, replays)).reader, replays)),
      ...again,
      run,
      ledger,
      reader,
      clock,
      shared,
      signal: stopping.signal,
      strays,
      from_ledger_only: options.fromLedgerOnly === true,
      abandon,
      strict: options.strict === true,
      recordsBefore: () => recordsBefore(reader, run, plan.name),
      onRestored: restored => {
        if (!quiet) context.terminal.tell(restoredText(restored, plan.name, abandon))
      },
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
}

/** Of a run that repeats rows of another. */
async function repeatedRows(context: Context, inner: LedgerReader, run: string, rerun: RerunValue): Promise<Repeating> {
  const { reader, ...found } = await checkedRun(context, inner, run)
  return repeating(reader, found, rerun)
}
