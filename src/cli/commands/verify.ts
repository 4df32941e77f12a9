/** `custody verify [RUN]`: the command and its options; verify-ledger.ts does the work. */
import { Command } from 'commander'
import { withLedgerOption } from '../arguments.ts'
import type { Context } from '../context.ts'
import type { VerifyOptions } from '../verify-ledger.ts'

export function verifyCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('verify'))
    .summary('check that the record holds')
    .description(
      'Recomputes everything from the stored bytes: entries, trees, signatures, values, endings, totals, views. Names what is wrong.',
    )
    .argument('[run]', 'a run: its id, a unique beginning of one, or latest (default: all)')
    .option('--files', 'compare the output files on disk, too, and say which input files are as they were read')
    .option('--root <dir>', 'with --files: the pipeline’s folder is now here, and its files with it')
    .option(
      '--decisions',
      'evaluate the expressions of gates again on what entered them, and keys of batches on what they hold',
    )
    .option('--since <file>', 'prove that it continues the checkpoint in this file, as `checkpoint` printed it once')
    .option('--key <file>', 'trust the verifier keys in this file, besides your own')
    .option(
      '--policy <file>',
      'check cosignatures of the witnesses in this policy (default: `witnesses` in your configuration folder)',
    )
    .option('--json', 'print the result as JSON')
    .action(async (run: string | undefined, options: VerifyOptions) => {
      const { printVerified } = await import('../verify-ledger.ts')
      done(await printVerified(context, run, options))
    })
}
