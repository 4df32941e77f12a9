/** `custody erase RUN` and `custody purge`: the commands and their options; erase-rows.ts and purge-runs.ts do the work. */
import { Command } from 'commander'
import type { NamedRow } from '../../read/recorded/named-row.ts'
import { rowFrom, withLedgerOption } from '../arguments.ts'
import type { Context } from '../context.ts'
import type { EraseOptions } from '../erase-rows.ts'
import type { PurgeOptions } from '../purge-runs.ts'

export function eraseCommand(context: Context, done: (exit: number) => void): Command {
  const command = new Command('erase')
    .summary('erase the data of rows, and keep the evidence')
    .description(
      'Erases all values that are on record of rows, in this run and in those that repeat or replay it, and writes a certificate of that. Evidence stays, and whoever verifies it sees what was erased. What was derived from the rows is listed. Without --row and --where it finishes what others were in the way of, and writes the certificate of what was erased of the run before.',
    )
    .argument('<run>', 'a run: its id, a unique beginning of one, or latest')
    .option(
      '--row <n>',
      'the row with this number, or record 42 of a source as in orders:42; repeatable',
      (text, before: readonly NamedRow[] = []) => [...before, rowFrom(text)],
    )
    .option('--where <cel>', "all rows for which an expression over their data holds, as in 'row.id == 17'")
    .option('--derived', 'also what was derived from them, in other rows and in batches; a terminal is asked first')
    .option('--yes', 'ask nothing')
  return withLedgerOption(command)
    .option('--out <file>', 'the certificate (default: erasure-RUN-N.json in this folder)')
    .option('--json', 'print what was erased as JSON')
    .action(async (run: string, options: EraseOptions) => {
      const { eraseOfRun } = await import('../erase-rows.ts')
      done(await eraseOfRun(context, run, options))
    })
}

export function purgeCommand(context: Context, done: (exit: number) => void): Command {
  const command = new Command('purge')
    .summary('erase the data of old runs, and keep the evidence')
    .description(
      'Erases all values of rows and batches of old runs, and writes a certificate of that: of the runs whose pipeline has a `retention` that has passed since they were sealed, or of all that were sealed so long ago.',
    )
    .option('--older-than <duration>', 'all runs that were sealed so long ago, as in 90d, whatever their pipelines say')
  return withLedgerOption(command)
    .option('--out <file>', 'the certificate (default: purge-N.json in this folder)')
    .option('--json', 'print what was purged as JSON')
    .action(async (options: PurgeOptions) => {
      const { purgeOldRuns } = await import('../purge-runs.ts')
      done(await purgeOldRuns(context, options))
    })
}
