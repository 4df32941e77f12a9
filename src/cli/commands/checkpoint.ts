/** `custody checkpoint`: the command and its options; print-checkpoint.ts does the work. */
import { Command } from 'commander'
import { withLedgerOption } from '../arguments.ts'
import type { Context } from '../context.ts'
import type { CheckpointOptions } from '../print-checkpoint.ts'

export function checkpointCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('checkpoint'))
    .summary('print the ledger’s signed head')
    .description(
      'Prints the signed head of the ledger’s own log, as a C2SP checkpoint. Whoever keeps it can prove later that nothing that was there then has changed since: `verify --since`.',
    )
    .option('--json', 'print it as JSON')
    .action(async (options: CheckpointOptions) => {
      const { printCheckpoint } = await import('../print-checkpoint.ts')
      await printCheckpoint(context, options)
      done(0)
    })
}
