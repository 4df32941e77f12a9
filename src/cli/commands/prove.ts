/** `custody prove RUN [--row N]` and `custody check FILE…`: the commands and their options; prove-row.ts, prove-record.ts and check-files.ts do the work. */
import { Command, InvalidArgumentError } from 'commander'
import { collect, integerFrom, rowFrom } from '../arguments.ts'
import type { CheckFileOptions } from '../check-files.ts'
import type { Context } from '../context.ts'
import type { ProveOptions } from '../write-evidence.ts'

export function proveCommand(context: Context, done: (exit: number) => void): Command {
  return new Command('prove')
    .summary('write a proof of one row, or the record of all, for somebody without the ledger')
    .description(
      'With --row: writes one file that tells a row’s whole story. Without: the completeness record, all entries of the run and the ledger’s own log, in which there are no values. `custody check` needs nothing else, and whoever trusts the key of this ledger has it proven. The run must be sealed.',
    )
    .argument('[run]', 'a run: its id, a unique beginning of one, or latest')
    .option('--row <n>', 'the row with this number, or record 42 of a source as in orders:42', rowFrom)
    .option('--out <file>', 'write it to this file (default: standard output)')
    .option('--force', 'overwrite the file if it exists')
    .option(
      '--html',
      'with --row: write a letter to the person concerned, to be read and printed, with the proof inside it',
    )
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
    .option(
      '--latest-head',
      'end in the newest head of the ledger’s own log, even if witnesses have cosigned only an older one',
    )
    .option(
      '--disclose <what>',
      'of a record: source:NAME (hashes of what was read), output:NAME (hashes of what was published), options:NAME (a node’s options), or plan (the pipeline file); can be given several times',
      collect,
    )
    .option(
      '--ledger [url]',
      'the ledger, sqlite:PATH or postgres://… (default: $CUSTODY_LEDGER, else sqlite:./custody.db); without a run: the record of its own log alone',
    )
    .option('--ledger-key <ref>', 'the key of encrypted values: a file, or secret:NAME (default: $CUSTODY_LEDGER_KEY)')
    .action(async (run: string | undefined, options: ProveOptions) => {
      const { writeEvidence } = await import('../write-evidence.ts')
      done(await writeEvidence(context, run, options))
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
    .summary('check a proof or a record, without the ledger')
    .description(
      'Tells the story that a proof tells, recounts all that a record has, and says what of it is proven and by whose key, what isn’t, and what is withheld. Needs no ledger.',
    )
    .argument('<file...>', 'files that `custody prove` wrote: proofs, letters, records; or certificates of erasure')
    .option('--key <file>', 'the verifier keys to trust, and no others (default: those that you trust)')
    .option(
      '--policy <file>',
      'demand what this policy says: whose log it is, and how many witnesses have cosigned its head (with --key, the keys count, too)',
    )
    .option(
      '--tsa <file>',
      'certificates of timestamp authorities to trust, or of who certifies them, in PEM (default: `authorities.pem` in your configuration folder)',
    )
    .option('--since <file>', 'check, too, that the ledger’s own log extends the checkpoint in this file')
    .option('--source <name=path>', 'of a record: whether this file is what the source read', collect)
    .option('--output <name=path>', 'of a record: whether this file is what the sink published', collect)
    .option('--json', 'print the result as JSON; of several files a list')
    .action(async (files: readonly string[], options: CheckFileOptions) => {
      const { checkFiles } = await import('../check-files.ts')
      done(await checkFiles(context, files, options))
    })
}
