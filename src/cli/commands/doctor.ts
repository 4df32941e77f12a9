/** `custody doctor`: the command; check-installation.ts does the work. */
import { Command } from 'commander'
import { withLedgerOption } from '../arguments.ts'
import type { DoctorOptions } from '../check-installation.ts'
import type { Context } from '../context.ts'

export function doctorCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('doctor'))
    .summary('check the installation')
    .description('Checks the installation: Node, SQLite, the ledger, the signing key, the folder, the terminal.')
    .option('--json', 'print the findings as JSON')
    .action(async (options: DoctorOptions) => {
      const { printFindings } = await import('../check-installation.ts')
      done(await printFindings(context, options))
    })
}
