/** `custody doctor`: the command; check-installation.ts does the work. */
import { Command } from 'commander'
import { collect, withLedgerOption } from '../arguments.ts'
import type { DoctorOptions } from '../check-installation.ts'
import type { Context } from '../context.ts'

export function doctorCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('doctor'))
    .summary('check the installation, and what a pipeline reads and writes')
    .description(
      `Checks the installation: Node, SQLite, the ledger, the signing key, the folder, the terminal. With a pipeline file, also asks each \
place that it reads from, asks or writes to, as a run would before it begins, or whether it answers; it sends no row, and leaves nothing there.`,
    )
    .argument('[file]', 'a pipeline file')
    .option('--set <path=value>', 'replace a value of the pipeline file; repeatable', collect)
    .option('--json', 'print the findings as JSON')
    .action(async (file: string | undefined, options: DoctorOptions) => {
      const { printFindings } = await import('../check-installation.ts')
      done(await printFindings(context, file ?? null, options))
    })
}
