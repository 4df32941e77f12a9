/** `custody ledger init`: the command and its options; begin-ledger.ts does the work. */
import { Command } from 'commander'
import { withLedgerOption } from '../arguments.ts'
import type { LedgerInitOptions } from '../begin-ledger.ts'
import type { Context } from '../context.ts'

export function ledgerCommand(context: Context, done: (exit: number) => void): Command {
  const init = withLedgerOption(new Command('init'))
    .summary('make a ledger before the first run does')
    .description('Makes an empty ledger, to name a recovery key, or the ledger in whose place it is.')
    .option('--recovery <file>', 'verifier keys of the recovery key (default: the one that `key new --recovery` made)')
    .option('--succeeds <url>', 'a ledger whose keys are lost: the new one names its id and its last head')
    .option('--json', 'print what it is as JSON')
    .action(async (options: LedgerInitOptions) => {
      await (await import('../begin-ledger.ts')).beginLedger(context, options)
      done(0)
    })
  return new Command('ledger').summary('make a ledger').description('Makes a ledger.').addCommand(init)
}
