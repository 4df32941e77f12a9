/** Serves the explorer and the API of a ledger until Ctrl-C. */
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { ledgerUrl } from '../host/ledger.ts'
import { CustodyError } from '../model/error.ts'
import { ownFile } from '../model/own-file.ts'
import { type Serving, serve } from '../server/serve.ts'
import type { Context } from './context.ts'
import { stopOnSignals } from './interrupt.ts'
import type { LedgerOptions } from './ledger-access.ts'
import { asCustodyError, renderError } from './render/error.ts'

export interface ServeOptions extends LedgerOptions {
  readonly port?: number
  readonly json?: boolean
}

/** Returns the exit code. @throws CustodyError CUSTODY_SERVE, CUSTODY_ARGUMENT, and those of opening a ledger */
export async function serveLedger(context: Context, options: ServeOptions): Promise<0> {
  const { terminal, env, cwd, version } = context
  const { port = 0, json = false } = options
  if (port > 65_535) throw new CustodyError('CUSTODY_ARGUMENT', `--port ${port}: ports end at 65535`)
  const url = ledgerUrl(context, options)
  const stopping = stopOnSignals(context, true)
  stopping.listen()
  let serving: Serving | null = null
  try {
    serving = await serve({
      url,
      env,
      host: '127.0.0.1',
      port,
      explorer: fileURLToPath(ownFile('explorer')),
      version,
      checks_answers: env.CUSTODY_DEBUG === '1',
      clock: {
        now_us: () => Date.now() * 1000,
        now_s: () => performance.now() / 1000,
        every: (ms, work) => {
          const timer = setInterval(work, ms)
          return () => clearInterval(timer)
        },
      },
      observer: {
        onTrouble: error =>
          terminal.report(renderError(asCustodyError(error), terminal.paint_stderr, env.CUSTODY_DEBUG === '1', cwd)),
        onSpent: () => {
          if (!json) terminal.report(`somebody signed in; for another browser: ${serving?.pageUrl()}`)
        },
      },
    })
    if (json) terminal.answerJson({ url: serving.pageUrl(), token: serving.token })
    else
      terminal.answer(
        `${url} is shown at\n\n  ${serving.pageUrl()}\n\nThe URL is good for one browser. Ctrl-C ends the server; runs continue.`,
      )
    if (!stopping.signal.aborted) await once(stopping.signal, 'abort')
    return 0
  } finally {
    stopping.close()
    await serving?.close()
  }
}
