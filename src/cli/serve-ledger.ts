/** Serves the explorer and the API of a ledger until Ctrl-C. */
import { once } from 'node:events'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type GivenLedgerKey, keyVariable } from '../host/key-place.ts'
import { ledgerUrl } from '../host/ledger.ts'
import { Operator } from '../host/operate/operator.ts'
import { PipelinesFolder } from '../host/operate/pipelines-folder.ts'
import { CustodyError } from '../model/error.ts'
import { ownFile } from '../model/own-file.ts'
import { type Serving, serve } from '../server/serve.ts'
import { oidcSettings } from '../server/sign-in/oidc-settings.ts'
import type { Context } from './context.ts'
import { stopOnSignals } from './interrupt.ts'
import type { LedgerOptions } from './ledger-access.ts'
import { asCustodyError, renderError } from './render/error.ts'

export interface ServeOptions extends LedgerOptions, GivenLedgerKey {
  readonly port?: number
  readonly json?: boolean
  readonly host?: string
  readonly pipelines?: string
  /** Commander's `--no-index`. */
  readonly index: boolean
}

/** Returns the exit code. @throws CustodyError CUSTODY_SERVE, CUSTODY_ARGUMENT, and those of opening a ledger */
export async function serveLedger(context: Context, options: ServeOptions): Promise<0> {
  const { terminal, env, cwd, version } = context
  const { port = 0, host = '127.0.0.1', json = false } = options
  if (port > 65_535) throw new CustodyError('CUSTODY_ARGUMENT', `--port ${port}: ports end at 65535`)
  const url = ledgerUrl(context, options)
  const stopping = stopOnSignals(context, true)
  stopping.listen()
  let serving: Serving | null = null
  try {
    serving = await serve({
      url,
      env,
      host,
      port,
      index: options.index,
      explorer: fileURLToPath(ownFile('explorer')),
      version,
      oidc: oidcSettings(env),
      operator: operatorOf(context, url, options),
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

/** Runs are begun as this program was: by the same Node, from the same script. */
function operatorOf({ host, cwd, env }: Context, url: string, { pipelines, ...given }: ServeOptions): Operator | null {
  if (pipelines === undefined) return null
  const folder = new PipelinesFolder(resolve(cwd, pipelines), env)
  // What proves this server to those who sign people in is no business of plugins.
  const secret = env.CUSTODY_OIDC_CLIENT_SECRET
  const rest = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== secret))
  const program = {
    executable: process.execPath,
    script: resolve(cwd, host.script),
    env: { ...rest, ...keyVariable({ cwd, env }, given) },
    cwd: folder.folder,
  }
  return new Operator({ url, program, pipelines: folder })
}
