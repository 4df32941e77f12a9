/** `custody runs`: the runs of a ledger, newest first. */
import { Command } from 'commander'
import { listRuns, type RunLine } from '../../read/runs/list.ts'
import type { Context } from '../context.ts'
import { isHeld, type LedgerOptions, reading, withLedgerOption } from '../ledger-access.ts'
import { stagedLines } from '../render/shown.ts'
import { renderTable } from '../render/table.ts'
import { count, printable, shortRun } from '../render/text.ts'

export function runsCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('runs'))
    .summary('list the runs of a ledger')
    .description('Lists the runs of a ledger, newest first.')
    .option('--json', 'print them as JSON')
    .action(async (options: LedgerOptions & { readonly json?: boolean }) => {
      const runs = await reading(context, options, reader => listRuns(reader, isHeld))
      if (options.json === true) context.terminal.answerJson(runs)
      else context.terminal.answer(table(runs, context))
      done(0)
    })
}

function table(runs: readonly RunLine[], { cwd, terminal }: Context): string {
  if (runs.length === 0) return 'The ledger has no run yet.'
  const { paint } = terminal
  // As much of each id as tells them apart, and never less than the usual beginning.
  const ids = new Set(runs.map(each => shortRun(each.run)))
  const id = ids.size === runs.length ? shortRun : (run: string) => run
  const rows = runs.map(each => [
    id(each.run),
    printable(each.name),
    each.status,
    each.started_at.replace('T', ' ').replace(/\.\d+Z$/, 'Z'),
    count(each.rows.read),
    count(each.tokens.born),
  ])
  const lines = renderTable(
    [
      { title: 'run' },
      { title: 'pipeline' },
      { title: 'status' },
      { title: 'started' },
      { title: 'rows', align: 'right' },
      { title: 'row instances', align: 'right' },
    ],
    rows,
    terminal.columns,
    paint,
  )
  for (const { run, staged = [] } of runs) {
    if (staged.length === 0) continue
    const [, title, ...files] = stagedLines(staged, cwd, paint)
    lines.push('', `${id(run)}${title?.slice(1)}`, ...files.map(file => file.slice(2)))
  }
  return lines.join('\n')
}
