/** `custody show RUN`: the command; show-run.ts does the work. */
import { Command } from 'commander'
import { withLedgerOption } from '../arguments.ts'
import type { Context } from '../context.ts'
import type { ShowOptions } from '../show-run.ts'

export function showCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('show'))
    .summary('show what a run came to')
    .description('Shows one run: counts per node, outcome, cause and output, timing, and the seal.')
    .argument('<run>', 'a run: its id, a unique beginning of one, or latest')
    .option('--splits', 'of a run with splits: list all of them')
    .option('--json', 'print it as JSON')
    .action(async (run: string, options: ShowOptions) => {
      const { printRun } = await import('../show-run.ts')
      done(await printRun(context, run, options))
    })
}
