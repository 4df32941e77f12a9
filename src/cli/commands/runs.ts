/** `custody runs`: the command and its options; list-runs.ts does the work. */
import { Command } from 'commander'
import { integerFrom, withLedgerOption } from '../arguments.ts'
import type { Context } from '../context.ts'
import type { RunsOptions } from '../list-runs.ts'

/** Runs that are listed unless an option says otherwise: more than anybody reads. */
const LISTED = 1_000

export function runsCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('runs'))
    .summary('list the runs of a ledger')
    .description('Lists the runs of a ledger, newest first.')
    .option('--limit <n>', `list the newest n runs (default: ${LISTED})`, integerFrom(1))
    .option('--json', 'print them as JSON')
    .action(async (options: Partial<RunsOptions>) => {
      const { printRuns } = await import('../list-runs.ts')
      done(await printRuns(context, { limit: LISTED, ...options }))
    })
}
