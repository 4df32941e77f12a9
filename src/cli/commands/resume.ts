/** `custody resume RUN` and `custody abandon RUN`; resume-run.ts does the work. */
import { Command } from 'commander'
import { collect, withLedgerOption, workersFrom } from '../arguments.ts'
import type { Context } from '../context.ts'
import { reporting, withLogFormat } from '../log-format.ts'
import type { ResumeOptions } from '../resume-run.ts'

export function resumeCommand(context: Context, done: (exit: number) => void): Command {
  const command = new Command('resume')
    .summary('resume a run that stopped')
    .description(
      'Resumes a run that was stopped, crashed or lost its power: nothing is lost, nothing is doubled. A finished run: its summary.',
    )
    .argument('<run>', "a run's id, a unique beginning of one, or latest")
  return withLogFormat(withLedgerOption(command))
    .option(
      '--set <path=value>',
      'change limits, retry, guards or ledger, as in --set guards.failed=10%; repeatable',
      collect,
    )
    .option('--from-ledger-only', 'finish what was read, and read no source further')
    .option('--strict', 'publish nothing and exit with 3 if any row ended in failure')
    .option(
      '--workers <n>',
      'work on its splits in so many threads; auto: one for each processor, where there is enough to read (default: auto)',
      workersFrom,
    )
    .option('--distributed', 'have its splits worked on by `custody worker` on any machines')
    .option('--json', 'print the summary as JSON')
    .action(async (run: string, options: ResumeOptions) => {
      const { resumeCommand: resume } = await import('../resume-run.ts')
      done(await reporting(context, options, each => resume(each, run, options, false)))
    })
}

export function abandonCommand(context: Context, done: (exit: number) => void): Command {
  const command = new Command('abandon')
    .summary('end what a stopped run left open, and seal it')
    .description(
      'Ends every open token of a run that stopped as FAILED / abandoned, drops what is staged, cuts back what was appended, and seals the run.',
    )
    .argument('<run>', "a run's id, a unique beginning of one, or latest")
  return withLogFormat(withLedgerOption(command))
    .option('--json', 'print the summary as JSON')
    .action(async (run: string, options: ResumeOptions) => {
      const { resumeCommand: resume } = await import('../resume-run.ts')
      done(await reporting(context, options, each => resume(each, run, options, true)))
    })
}
