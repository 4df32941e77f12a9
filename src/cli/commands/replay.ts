/** `custody replay [FILE] --from RUN`: the command and its options; run-pipeline.ts does the work. */
import { Command } from 'commander'
import { collect, integerFrom, withLedgerOption } from '../arguments.ts'
import type { Context } from '../context.ts'
import { reporting, withLogFormat } from '../log-format.ts'
import type { RunOptions } from '../run-pipeline.ts'

export function replayCommand(context: Context, done: (exit: number) => void): Command {
  const command = new Command('replay')
    .summary('run again on recorded answers')
    .description(
      'Runs a pipeline, as it was or changed, on the answers that another run recorded: no service is asked. A row that asks for what is not on record fails.',
    )
    .argument('[file]', 'the pipeline file (default: the plan that the run has on record)')
    .requiredOption('--from <run>', 'the run whose answers are given; latest is the latest that is no replay')
    .option('--live', 'ask the services again, and show which answers differ from the record')
    .option(
      '--outputs <folder>',
      "write to this folder instead of the pipeline file's: relative paths of sinks start there",
    )
    .option('--no-outputs', 'write no output: what would be written is only recorded')
  return withLogFormat(withLedgerOption(command))
    .option(
      '--set <path=value>',
      'replace a value of the pipeline file, as in --set retry.attempts=5; repeatable',
      collect,
    )
    .option('--limit <n>', 'read at most n records, as if input ended there', integerFrom(0))
    .option('--strict', 'exit with 3 if any row ended in failure')
    .option('--json', 'print the summary as JSON')
    .action(async (file: string | undefined, options: RunOptions & { readonly from: string }) => {
      const { replayOnRecord, runPipeline } = await import('../run-pipeline.ts')
      done(
        await reporting(context, options, each =>
          file === undefined ? replayOnRecord(each, options.from, options) : runPipeline(each, file, options),
        ),
      )
    })
}
