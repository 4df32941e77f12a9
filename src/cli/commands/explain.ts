/** `custody explain RUN --row N | --token N | --where CEL`: the command and its options; explain-rows.ts does the work. */
import { Command } from 'commander'
import { idFrom, rowFrom, withLedgerOption } from '../arguments.ts'
import type { Context } from '../context.ts'
import type { ExplainOptions } from '../explain-rows.ts'

export function explainCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('explain'))
    .summary('tell the whole story of a row')
    .description(
      'Tells the whole story of a row: where it came from, its data at each step, each decision, and how it ended.',
    )
    .argument('<run>', 'a run: its id, a unique beginning of one, or latest')
    .option('--row <n>', 'the row with this number, or record 42 of a source as in orders:42', rowFrom)
    .option('--token <n>', 'the token with this number', idFrom)
    .option('--where <cel>', "all rows for which an expression over their data holds, as in 'row.amount > 5000'")
    .option('--values', 'list its values with their numbers, by which `prove --withhold` names them')
    .option('--json', 'print the story as JSON')
    .action(async (run: string, options: ExplainOptions) => {
      const { printStories } = await import('../explain-rows.ts')
      done(await printStories(context, run, options))
    })
}
