/** Tells how a run goes while it is under way, and stops it when the user says so. */
import { systemClock } from '../engine/ports/ports.ts'
import type { HostPorts, RunNews } from '../host/ports.ts'
import { checkLine } from './checked.ts'
import type { Context } from './context.ts'
import { stopOnSignals } from './interrupt.ts'
import { tellWarnings } from './pipeline-warnings.ts'
import { ProgressLine } from './progress.ts'
import { noticeText } from './render/restored.ts'

/** `quiet`: JSON is wanted, so that nothing is told but what is wrong. `limit`: records that will be read at most; null if there is none. */
export function hostedBy(
  context: Context,
  quiet: boolean,
  limit: number | null,
): { readonly ports: HostPorts; readonly news: RunNews } {
  const { terminal, cwd, env, version } = context
  const progress = new ProgressLine(terminal, limit)
  const stopping = stopOnSignals(context, quiet)
  return {
    ports: { cwd, env, custody: version, clock: systemClock(), signal: stopping.signal },
    news: {
      ...checkLine(terminal),
      onWarnings: checked => tellWarnings(context, checked),
      onOpen: () => stopping.listen(),
      onProgress: each => progress.show(each),
      onNotice: notice => {
        if (!quiet) terminal.tell(noticeText(notice, terminal.paint_told))
      },
      onService: each => {
        if (!quiet) progress.tellService(each)
      },
      onClosing: () => {
        progress.clear()
        stopping.close()
      },
      onTrouble: why => terminal.tell(`warning: ${why}`),
      onLate: what => terminal.tell(`after the run: ${what}`),
    },
  }
}
