/** Ctrl-C, SIGTERM, SIGHUP: the first stops the run safely, the second ends the process at once. Either way state is safe. */
import type { Context } from './context.ts'

const INTERRUPTED = 130

export interface Stopping {
  /** Aborted by the first signal that is listened to. */
  readonly signal: AbortSignal
  listen(): void
  close(): void
}

export function stopOnSignals({ host, terminal }: Context, quiet: boolean): Stopping {
  const stop = new AbortController()
  const onSignal = () => {
    if (stop.signal.aborted) {
      host.exit(INTERRUPTED)
      return
    }
    if (!quiet) terminal.report('finishing the commit in hand … (once more to end at once)')
    stop.abort()
  }
  let off: (() => void) | null = null
  return {
    signal: stop.signal,
    listen: () => {
      off = host.onSignal(onSignal)
    },
    close: () => off?.(),
  }
}
