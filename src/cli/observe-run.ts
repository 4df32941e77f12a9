/** Shows the progress of a run, and stops it when the user says so. */
import { systemClock } from '../engine/ports/ports.ts'
import type { HostPorts, RunObserver } from '../host/ports.ts'
import { checkLine } from './checked.ts'
import type { Context } from './context.ts'
import { stopOnSignals } from './interrupt.ts'
import { reportWarnings } from './pipeline-warnings.ts'
import { ProgressLine } from './progress.ts'
import { noticeText } from './render/restored.ts'

/** `quiet`: JSON is wanted, so that nothing but problems is reported. `limit`: records that will be read at most; null if there is none. */
export function hostedBy(
  context: Context,
  quiet: boolean,
  limit: number | null,
): { readonly ports: HostPorts; readonly observer: RunObserver } {
  const { terminal, cwd, env, version, log } = context
  const progress = new ProgressLine(terminal, limit)
  const stopping = stopOnSignals(context, quiet)
  return {
    ports: { cwd, env, custody: version, clock: systemClock(), signal: stopping.signal },
    observer: {
      ...checkLine(terminal),
      onWarnings: checked => reportWarnings(context, checked),
      onOpen: () => stopping.listen(),
      onProgress: each => (log === null ? progress.show(each) : log.progress(each)),
      onNotice: notice => {
        if (!quiet) terminal.report(noticeText(notice, terminal.paint_stderr))
      },
      onService: each => {
        if (log !== null) log.service(each)
        else if (!quiet) progress.showService(each)
      },
      onClosing: () => {
        progress.clear()
        stopping.close()
      },
      onTrouble: why => terminal.report(`warning: ${why}`),
      onLate: what => terminal.report(`after the run: ${what}`),
    },
  }
}
