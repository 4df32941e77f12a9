/** Works on splits of runs that others coordinate, and reports what becomes of them. */
import { systemClock } from '../engine/ports/ports.ts'
import type { WorkSaid } from '../host/distributed/work-messages.ts'
import { type WorkerObserver, workOnRuns as work } from '../host/distributed/worker.ts'
import { type GivenLedger, ledgerUrl } from '../host/ledger.ts'
import { isPostgresUrl, withoutPassword } from '../ledger/postgres/address.ts'
import { errorOf } from '../ledger/thread/messages.ts'
import { CustodyError } from '../model/error.ts'
import type { Context } from './context.ts'
import { stopOnSignals } from './interrupt.ts'
import { asCustodyError, renderError } from './render/error.ts'
import { noticeText } from './render/restored.ts'
import { serviceText } from './render/service.ts'
import { counted, printable, shortRun } from './render/text.ts'

export interface WorkerOptions extends GivenLedger {
  readonly threads?: number
  readonly untilIdle?: boolean
  readonly json?: boolean
}

/** Returns the exit code: 1 if it ends while runs are there that it can't work on. @throws CustodyError of the ledger; CUSTODY_DISTRIBUTED */
export async function workOnRuns(context: Context, options: WorkerOptions): Promise<number> {
  const { terminal, cwd, env, version } = context
  const url = ledgerUrl(context, options)
  if (!isPostgresUrl(url))
    throw new CustodyError('CUSTODY_DISTRIBUTED', `workers share a ledger in PostgreSQL, and ${url} isn’t one`, {
      hint: 'Name it with --ledger postgres://… or $CUSTODY_LEDGER.',
    })
  const quiet = options.json === true
  const stopping = stopOnSignals(context, quiet)
  const ports = { cwd, env, custody: version, clock: systemClock(), signal: stopping.signal }
  const request = { url, threads: options.threads ?? 1, until_idle: options.untilIdle === true }
  try {
    const { closed, refused } = await work(
      request,
      ports,
      observerOf(context, quiet, url, () => stopping.listen()),
    )
    if (quiet) terminal.answerJson({ splits: closed, runs_refused: refused })
    else terminal.report(`worked on ${counted(closed, 'split')}`)
    return refused > 0 ? 1 : 0
  } finally {
    stopping.close()
  }
}

function observerOf(context: Context, quiet: boolean, url: string, onReady: () => void): WorkerObserver {
  const { terminal, env, cwd } = context
  const paint = terminal.paint_stderr
  const asError = (error: unknown) => renderError(asCustodyError(error), paint, env.CUSTODY_DEBUG === '1', cwd)
  return {
    onReady: () => {
      onReady()
      if (!quiet) terminal.report(`process ${process.pid} works on runs in ${withoutPassword(url)} · Ctrl-C ends it`)
    },
    onSaid: (run, said) => {
      const text = saidText(said)
      if (text !== null && !quiet) terminal.report(`run ${printable(shortRun(run))} · ${text}`)
      if (said.kind === 'service' && !quiet) terminal.report(serviceText(said.state))
      if (said.kind === 'notice' && !quiet) terminal.report(noticeText(said.notice, paint))
      if (said.kind === 'left' && said.failure !== null) terminal.report(asError(errorOf(said.failure)))
      if (said.kind === 'late') terminal.report(`after the run: ${said.what}`)
    },
    onRefused: (run, error) =>
      terminal.report(`run ${printable(shortRun(run))} can’t be worked on here\n${asError(error)}`),
    onLetGo: run => {
      if (!quiet)
        terminal.report(
          `run ${printable(shortRun(run))} isn’t coordinated as it was: what is under way of it is stopped`,
        )
    },
    onTrouble: why => terminal.report(`warning: ${why}`),
  }
}

/** Null for what is reported otherwise, or not at all. */
function saidText(said: Exclude<WorkSaid, { kind: 'ended' }>): string | null {
  if (said.kind === 'closed') return `split ${said.part} is done · ${counted(said.rows, 'row')}`
  if (said.kind === 'left') return `split ${said.part} is left${said.failure === null ? '' : ', for this:'}`
  return null
}
