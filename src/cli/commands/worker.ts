/** `custody worker`: the command and its options; work-on-runs.ts does the work. */
import { Command } from 'commander'
import { threadsFrom, withLedgerOption } from '../arguments.ts'
import type { Context } from '../context.ts'
import type { WorkerOptions } from '../work-on-runs.ts'

export function workerCommand(context: Context, done: (exit: number) => void): Command {
  const command = new Command('worker')
    .summary('work on the splits of runs that others coordinate')
    .description(
      'Works on splits of runs that were begun with `custody run --distributed` on any machine, until Ctrl-C. It needs the ledger, a signing key that is in force there, the plugins, what the pipelines read, and the folder for pieces.',
    )
  return withLedgerOption(command)
    .option('--threads <n>', 'how many splits it works on at once (default: 1)', threadsFrom)
    .option('--until-idle', 'end when no run is left that it could work on')
    .option('--json', 'print what it has done as JSON')
    .action(async (options: WorkerOptions) => {
      const { workOnRuns } = await import('../work-on-runs.ts')
      done(await workOnRuns(context, options))
    })
}
