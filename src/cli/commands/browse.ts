/** `custody browse [RUN]`: the command and its options; browse-ledger.ts does the work. */
import { Command } from 'commander'
import { withLedgerOption } from '../arguments.ts'
import type { BrowseOptions } from '../browse-ledger.ts'
import type { Context } from '../context.ts'

export function browseCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('browse'))
    .summary('look around in the terminal: runs, rows, stories')
    .description(
      'Looks around in a ledger, in the terminal: from runs to a run, its rows and the story of one. Needs the packages ink and react; `--plain` needs neither.',
    )
    .argument('[run]', 'a run to begin with: its id, a unique beginning of one, or latest')
    .option('--plain', 'as a conversation, a screen after the other, for screen readers; so it is on dumb terminals')
    .action(async (run: string | undefined, options: BrowseOptions) => {
      const { browseLedger } = await import('../browse-ledger.ts')
      done(await browseLedger(context, run, options))
    })
}
