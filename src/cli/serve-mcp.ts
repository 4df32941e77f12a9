/** Serves the record of a ledger to an assistant, over standard input and output. */
import { LedgerAnswers } from '../host/answers/ledger-answers.ts'
import { ledgerUrl } from '../host/ledger.ts'
import { serveStdio } from '../server/mcp/mcp-stdio.ts'
import type { Context } from './context.ts'
import { stopOnSignals } from './interrupt.ts'
import type { LedgerOptions } from './ledger-access.ts'

export interface McpCommandOptions extends LedgerOptions {
  readonly values: boolean
}

/** Returns the exit code, when the client has closed its end. @throws CustodyError as those of opening a ledger */
export async function serveMcp(context: Context, { values, ...options }: McpCommandOptions): Promise<0> {
  const { env, version } = context
  const answers = await LedgerAnswers.open({ url: ledgerUrl(context, options), env })
  const stopping = stopOnSignals(context, true)
  stopping.listen()
  try {
    const { stdin: input, stdout: output } = process
    await serveStdio({ answers, values, version, input, output, signal: stopping.signal })
    return 0
  } finally {
    stopping.close()
    await answers.close()
  }
}
