/** `custody run FILE`: the command and its options; run-pipeline.ts does the work. */
import { Command } from 'commander'
import { collect, integerFrom, workersFrom } from '../arguments.ts'
import type { Context } from '../context.ts'
import { reporting, withLogFormat } from '../log-format.ts'
import type { RunOptions } from '../run-pipeline.ts'

export function runCommand(context: Context, done: (exit: number) => void): Command {
  const command = new Command('run')
    .summary('run a pipeline')
    .description('Runs a pipeline. Every row ends in exactly one recorded outcome.')
    .argument('<file>', 'the pipeline file')
  return withLogFormat(command)
    .option(
      '--ledger <url>',
      "the ledger, sqlite:PATH or postgres://… (default: $CUSTODY_LEDGER, the pipeline's, sqlite:./custody.db)",
    )
    .option(
      '--ledger-key <ref>',
      "encrypt values with this key: a file, or secret:NAME (default: $CUSTODY_LEDGER_KEY, the pipeline's)",
    )
    .option(
      '--set <path=value>',
      'replace a value of the pipeline file, as in --set retry.attempts=5; repeatable',
      collect,
    )
    .option('--limit <n>', 'read at most n records, as if input ended there', integerFrom(0))
    .option('--dry-run', 'read and decide, but write no output and keep no ledger')
    .option('--strict', 'publish nothing and exit with 3 if any row ended in failure')
    .option(
      '--workers <n>',
      'work on its splits in so many threads; auto: one for each processor, where there is enough to read (default: auto)',
      workersFrom,
    )
    .option(
      '--distributed',
      'have its splits worked on by `custody worker` on any machines, which share the ledger in PostgreSQL',
    )
    .option(
      '--pieces <folder>',
      'keep what splits write in this folder until the end; with --distributed one that all machines see under this path',
    )
    .option(
      '--accept-rollback <size>',
      'where the newest copy of the ledger is lost, and one with so many entries of its own log is there: begin a new ledger that names it',
      integerFrom(1),
    )
    .option('--json', 'print the summary as JSON')
    .action(async (file: string, options: RunOptions) => {
      // Loaded when it is needed: commands that only read should be quick.
      const { runPipeline } = await import('../run-pipeline.ts')
      done(await reporting(context, options, each => runPipeline(each, file, options)))
    })
}
