/** `custody show RUN`: what a run came to. */
import { Command } from 'commander'
import { findRun } from '../../read/runs/list.ts'
import { openingOf } from '../../read/runs/run-log.ts'
import { gradeOf } from '../../read/show/grade.ts'
import { showRun } from '../../read/show/show.ts'
import type { Context } from '../context.ts'
import { isHeld, type LedgerOptions, reading, withLedgerOption } from '../ledger-access.ts'
import { renderShown } from '../render/shown.ts'

export function showCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('show'))
    .summary('show what a run came to')
    .description('Shows one run: counts per node, outcome, cause and output, timing, and the seal.')
    .argument('<run>', 'a run: its id, a unique beginning of one, or latest')
    .option('--json', 'print it as JSON')
    .action(async (name: string, options: LedgerOptions & { readonly json?: boolean }) => {
      const { shown, grade } = await reading(context, options, async reader => {
        const { log, run } = await findRun(reader, name)
        const { topology } = await openingOf(reader, log)
        return { shown: await showRun(reader, run, isHeld), grade: await gradeOf(reader, log, topology) }
      })
      const { terminal, cwd } = context
      if (options.json === true)
        terminal.answerJson({ ...shown, repeatable: grade.repeatable, repeatable_reason: grade.reason })
      else terminal.answer(renderShown(shown, grade, cwd, terminal.columns, terminal.paint))
      done(0)
    })
}
