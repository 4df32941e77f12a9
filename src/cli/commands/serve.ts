/** `custody serve`: the command and its options; serve-ledger.ts does the work. */
import { Command } from 'commander'
import { integerFrom, withLedgerOption } from '../arguments.ts'
import type { Context } from '../context.ts'
import type { ServeOptions } from '../serve-ledger.ts'

export function serveCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('serve'))
    .summary('look at runs in a browser, and answer programs')
    .description(
      'Serves the explorer and the API of a ledger until Ctrl-C, to this machine only. The printed URL signs one browser in; `--json` prints a token for programs.',
    )
    .option('--port <n>', 'the port to listen on (default: one that is free)', integerFrom(0))
    .option(
      '--pipelines <dir>',
      'let operators start the pipelines below this folder, and stop, resume, re-run and try changes of runs',
    )
    .option('--no-index', 'keep no index beside the ledger: rows are looked through one by one')
    .option(
      '--host <address>',
      'the address to listen on (default: 127.0.0.1); any but of this machine takes sign-in by OIDC',
    )
    .option('--json', 'print the URL and the token as JSON')
    .action(async (options: ServeOptions) => {
      const { serveLedger } = await import('../serve-ledger.ts')
      done(await serveLedger(context, options))
    })
}
