/** `custody diff OLD NEW`: which rows of two runs differ, and where they parted. */

import { Command } from 'commander'
import { checkedRun, unsoundness } from '../../host/checked-run.ts'
import { ledgerUrl } from '../../host/ledger.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { diffRuns } from '../../read/diff/diff.ts'
import type { RunDiff } from '../../read/diff/difference.ts'
import { integerFrom } from '../arguments.ts'
import { checkLine, runNamed, unsoundText } from '../checked.ts'
import type { Context } from '../context.ts'
import { type LedgerOptions, ledgerArgument, reading, withLedgerOption } from '../ledger-access.ts'
import { differs, renderDiff } from '../render/diff.ts'
import { count } from '../render/text.ts'

/** Differences that the JSON tells one by one, if nothing else is said. */
const LISTED_AS_JSON = 1000

interface DiffCommandOptions extends LedgerOptions {
  readonly list?: number
  readonly json?: boolean
}

export function diffCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('diff'))
    .summary('tell which rows of two runs differ, and why')
    .description(
      'Compares two runs row by row: the path through the pipeline, the outcome, and the data as they were written. Counts what differs by the decision at which it parted. Exits with 1 if anything differs.',
    )
    .argument('<old>', 'a run: its id, a unique beginning of one, or latest')
    .argument('<new>', 'the run to compare with it')
    .option(
      '--list <n>',
      `tell the first n rows that differ one by one (default: none; as JSON ${LISTED_AS_JSON})`,
      integerFrom(0),
    )
    .option('--json', 'print the differences as JSON')
    .action(async (old_run: string, new_run: string, options: DiffCommandOptions) => {
      const { terminal } = context
      try {
        const diff = await reading(context, options, inner =>
          compare(context, inner, { old: old_run, new: new_run }, options),
        )
        tell(context, diff, options)
        done(differs(diff) ? 1 : 0)
      } catch (error) {
        const problems = unsoundness(error)
        if (problems === null) throw error
        const what = `R${runNamed(old_run).slice(1)} or ${runNamed(new_run)}`
        if (options.json === true) terminal.answerJson({ old: old_run, new: new_run, holds: false, problems })
        else terminal.answer(unsoundText(context, what, null, problems))
        done(1)
      }
    })
}

async function compare(
  context: Context,
  inner: LedgerReader,
  runs: { readonly old: string; readonly new: string },
  options: DiffCommandOptions,
): Promise<RunDiff> {
  const { terminal } = context
  const { reader } = await checkedRun(context.env, inner, runs.old, checkLine(context.terminal))
  await checkedRun(context.env, inner, runs.new, checkLine(context.terminal))
  const found = await diffRuns(reader, runs, {
    // What to try next needs one of them.
    list: options.list ?? (options.json === true ? LISTED_AS_JSON : 1),
    onProgress: ({ rows, of }) => terminal.live(`  comparing  ${count(rows)} of ${count(of)} rows`),
  })
  terminal.clearLive()
  return found
}

function tell(context: Context, diff: RunDiff, options: DiffCommandOptions): void {
  const { terminal } = context
  if (options.json === true) return terminal.answerJson({ ...diff, holds: true })
  const ledger = ledgerArgument(context, ledgerUrl(context, options))
  const explain = (run: string, what: string) => `${context.command} explain ${run} ${what}${ledger}`
  const { columns, paint } = terminal
  terminal.answer(renderDiff(diff, { columns, paint, list: options.list ?? 0, explain }))
}
