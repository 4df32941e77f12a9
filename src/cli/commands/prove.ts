/** `custody prove RUN --row N` and `custody check FILE…`: the commands and their options; prove-row.ts and check-files.ts do the work. */
import { Command, InvalidArgumentError } from 'commander'
import { integerFrom, withLedgerOption } from '../arguments.ts'
import type { CheckFileOptions } from '../check-files.ts'
import type { Context } from '../context.ts'
import type { ProveRowOptions } from '../prove-row.ts'

export function proveCommand(context: Context, done: (exit: number) => void): Command {
  const command = new Command('prove')
    .summary('write a proof of one row, for somebody without the ledger')
    .description(
      'Writes one file that tells a row’s whole story, and proves it to whoever trusts the key of this ledger: `custody check` needs nothing else. The run must be sealed.',
    )
    .argument('<run>', 'a run: its id, a unique beginning of one, or latest')
    .requiredOption('--row <n>', 'the row with this number', integerFrom(1))
    .option('--out <file>', 'write it to this file (default: standard output)')
    .option('--force', 'overwrite the file if it exists')
    .option(
      '--withhold <n,…>',
      'leave these values out, by their numbers in `explain --values`, and with them what repeats their fields',
      numbersIn,
    )
    .option('--only-exact', 'with --withhold: leave out these values only, whatever repeats them')
    .option(
      '--include-shared',
      'show values, too, in which other rows have a part: of batches, of joins, of requests with several rows',
    )
  return withLedgerOption(command).action(async (run: string, options: ProveRowOptions) => {
    const { writeProof } = await import('../prove-row.ts')
    done(await writeProof(context, run, options))
  })
}

function numbersIn(text: string): readonly number[] {
  const number = integerFrom(1)
  const numbers = text.split(',').map(each => number(each.trim()))
  if (new Set(numbers).size < numbers.length) throw new InvalidArgumentError('A value stands there twice.')
  return numbers
}

export function checkCommand(context: Context, done: (exit: number) => void): Command {
  return new Command('check')
    .summary('check a proof, without the ledger')
    .description(
      'Tells the story that a proof tells, and says what of it is proven and by whose key, what isn’t, and what is withheld. Needs no ledger.',
    )
    .argument('<file...>', 'files that `custody prove` wrote')
    .option('--key <file>', 'the verifier keys to trust, and no others (default: those that you trust)')
    .option('--since <file>', 'check, too, that the ledger’s own log extends the checkpoint in this file')
    .option('--json', 'print the result as JSON; of several files a list')
    .action(async (files: readonly string[], options: CheckFileOptions) => {
      const { checkFiles } = await import('../check-files.ts')
      done(await checkFiles(context, files, options))
    })
}
