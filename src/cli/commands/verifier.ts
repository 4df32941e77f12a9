/** `custody verifier`: the command and its options; write-verifier.ts does the work. */
import { Command } from 'commander'
import type { Context } from '../context.ts'
import type { VerifierOptions } from '../write-verifier.ts'

export function verifierCommand(context: Context, done: (exit: number) => void): Command {
  return new Command('verifier')
    .summary('write the page that checks proofs in a browser')
    .description(
      'Writes one HTML file that checks proofs, letters and records in a browser: opened from the disk, without a network, without Custody. Whoever checks should have it from elsewhere than the proof.',
    )
    .option('--out <file>', 'write it to this file (default: custody-verifier.html)')
    .option('--force', 'overwrite the file if it exists')
    .option('--json', 'print where it is, and its SHA-256, as JSON')
    .action(async (options: VerifierOptions) => {
      const { writeVerifier } = await import('../write-verifier.ts')
      writeVerifier(context, options)
      done(0)
    })
}
