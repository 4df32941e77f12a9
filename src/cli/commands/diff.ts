/** `custody diff OLD NEW`: the command and its options; diff-runs.ts does the work. */
import { Command, InvalidArgumentError } from 'commander'
import { integerFrom, withLedgerOption } from '../arguments.ts'
import type { Context } from '../context.ts'
import type { LedgerOptions } from '../ledger-access.ts'

/** Differences that the JSON lists one by one unless an option says otherwise. */
const LISTED_AS_JSON = 1000

interface DiffCommandOptions extends LedgerOptions {
  readonly list?: number
  readonly json?: boolean
  readonly key?: readonly string[]
}

export function diffCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('diff'))
    .summary('show which rows of two runs differ, and why')
    .description(
      'Compares two runs row by row: the path through the pipeline, the outcome, and the data as they were written. Counts what differs by the decision at which it parted. Exits with 1 if anything differs.',
    )
    .argument('<old>', 'a run: its id, a unique beginning of one, or latest')
    .argument('<new>', 'the run to compare with it')
    .option(
      '--list <n>',
      `list the first n rows that differ one by one (default: none; as JSON ${LISTED_AS_JSON})`,
      integerFrom(0),
    )
    .option(
      '--key <field,…>',
      'match rows by the values of these fields as they were ingested (default: by their number)',
      fieldNames,
    )
    .option('--json', 'print the differences as JSON')
    .action(async (old_run: string, new_run: string, { list, key, ...options }: DiffCommandOptions) => {
      const { printDiff } = await import('../diff-runs.ts')
      const listed = list ?? (options.json === true ? LISTED_AS_JSON : null)
      done(await printDiff(context, { old: old_run, new: new_run }, { ...options, list: listed, key: key ?? null }))
    })
}

/** Names with commas between them. */
function fieldNames(text: string): readonly string[] {
  const names = text.split(',').map(each => each.trim())
  if (names.some(each => each === ''))
    throw new InvalidArgumentError('It must be names of fields, with commas between.')
  return [...new Set(names)]
}
