/** `custody test FILE`: the command and its options; run-tests.ts does the work. */
import { Command, Option } from 'commander'
import { rowFrom } from '../arguments.ts'
import type { Context } from '../context.ts'
import type { TestOptions } from '../run-tests.ts'

export function testCommand(context: Context, done: (exit: number) => void): Command {
  return new Command('test')
    .summary('run the cases beside a pipeline')
    .description(
      'Runs the cases of NAME.test.yaml beside the pipeline NAME.yaml, each through the real engine, with the rows and answers that it gives. Sinks write nothing, sources read no files but those that a case names, and no service is asked. Exits with 1 if a case fails.',
    )
    .argument('<file>', 'the pipeline file, or its test file')
    .option('--update', 'write what cases come to into the test file, where they expect something else or nothing')
    .option('--junit <file>', 'also write the results as JUnit XML, for CI')
    .addOption(
      new Option('--watch', 'run them again whenever a file of theirs has changed').conflicts([
        'update',
        'json',
        'from',
      ]),
    )
    .addOption(
      new Option('--from <run>', 'add a case made of a row of this run; with --row').conflicts([
        'update',
        'json',
        'junit',
      ]),
    )
    .option('--row <n>', 'the number of that row, or record 42 of a source as in orders:42', rowFrom)
    .option('--ledger <url>', 'the ledger that has the run (default: as for `run`)')
    .option('--ledger-key <ref>', 'the key of its values, if they are encrypted: a file, or secret:NAME')
    .option('--json', 'print the results as JSON')
    .action(async (file: string, options: TestOptions) => {
      if (options.from !== undefined || options.row !== undefined) {
        const { addCase } = await import('../add-case.ts')
        done(await addCase(context, file, options))
      } else if (options.watch === true) {
        const { watchTests } = await import('../watch-tests.ts')
        done(await watchTests(context, file, options))
      } else {
        const { runTests } = await import('../run-tests.ts')
        done(await runTests(context, file, options))
      }
    })
}
