/** `custody rerun RUN`: the command and its options; rerun-pipeline.ts does the work. */
import { Command, Option } from 'commander'
import { collect, withLedgerOption } from '../arguments.ts'
import type { Context } from '../context.ts'
import { reporting, withLogFormat } from '../log-format.ts'
import type { RerunOptions } from '../rerun-pipeline.ts'

export function rerunCommand(context: Context, done: (exit: number) => void): Command {
  const command = new Command('rerun')
    .summary('run rows of a finished run again')
    .description(
      'Begins a new run over rows of a finished one: those that failed, or those that fit. Answers on record are used again, outputs go beside the old ones, and the record of each run names the other.',
    )
    .argument('<run>', "a run's id, a unique beginning of one, or latest")
    .addOption(
      new Option('--failed', 'the rows with an ending of class failure, rejected records too (default)').conflicts(
        'where',
      ),
    )
    .option('--where <cel>', "the rows for which an expression over their data holds, as in 'row.amount > 5000'")
    .option(
      '--pipeline <file>',
      'a changed pipeline; its sources have the names of the old ones (default: the old one)',
    )
    .option('--fresh', 'ask services again, also for what they have answered')
    .option('--include-written', 'also rows that have a token in a sink already, or perhaps')
    .addOption(
      new Option(
        '--outputs <where>',
        'numbered: files beside the old ones, as in out.csv.rerun-1; append: to the old ones',
      )
        .choices(['numbered', 'append'])
        .default('numbered'),
    )
  return withLogFormat(withLedgerOption(command))
    .option(
      '--set <path=value>',
      'replace a value of the pipeline file, as in --set retry.attempts=5; repeatable',
      collect,
    )
    .option('--strict', 'exit with 3 if any row ended in failure')
    .option('--json', 'print the summary as JSON')
    .action(async (run: string, options: RerunOptions) => {
      const { rerunPipeline } = await import('../rerun-pipeline.ts')
      done(await reporting(context, options, each => rerunPipeline(each, run, options)))
    })
}
