/** Lists the runs of a ledger, newest first. */

import { livingHolders } from '../host/ledger.ts'
import { listRuns, type RunLine } from '../read/runs/list.ts'
import { madeFrom } from '../read/words/text.ts'
import type { Context } from './context.ts'
import { type LedgerOptions, reading } from './ledger-access.ts'
import { stagedLines } from './render/shown.ts'
import { renderTable } from './render/table.ts'
import { count, counted, printable, shortRun } from './render/text.ts'

export interface RunsOptions extends LedgerOptions {
  /** How many of the newest are listed. */
  readonly limit: number
  readonly json?: boolean
}

/** Runs that can't be read are listed one by one up to this number. */
const MOST_UNREADABLE = 20

/** Returns the exit code. */
export async function printRuns(context: Context, options: RunsOptions): Promise<0 | 1> {
  const { terminal } = context
  const { limit } = options
  const { runs, unreadable, left_out } = await reading(context, options, async (reader, { sight }) => {
    if (sight.kind === 'unsound')
      terminal.report(`warning: the ledger’s own log doesn’t hold: \`${context.command} verify\` names what is wrong`)
    return listRuns(reader, await livingHolders(reader), limit)
  })
  if (options.json === true) terminal.answerJson([...runs, ...unreadable])
  else terminal.answer(table(runs, context))
  const listed = options.json === true ? [] : unreadable.slice(0, MOST_UNREADABLE)
  for (const { run, problem } of listed) terminal.report(`run ${printable(run)} can’t be read: ${printable(problem)}`)
  if (unreadable.length > listed.length && options.json !== true)
    terminal.report(`and ${counted(unreadable.length - listed.length, 'run')} more can’t be read`)
  if (left_out > 0)
    terminal.report(`${counted(left_out, 'older run')} left out: \`--limit ${limit + left_out}\` lists all.`)
  return unreadable.length === 0 ? 0 : 1
}

function table(runs: readonly RunLine[], { cwd, terminal }: Context): string {
  if (runs.length === 0) return 'The ledger has no run yet.'
  const { paint } = terminal
  // As much of each id as tells them apart, and never less than the usual beginning.
  const ids = new Set(runs.map(each => shortRun(each.run)))
  const id = (run: string) => printable(ids.size === runs.length ? shortRun(run) : run)
  const any_made = runs.some(each => madeFrom(each) !== null)
  const rows = runs.map(each => [
    id(each.run),
    printable(each.name),
    each.status,
    each.started_at.replace('T', ' ').replace(/\.\d+Z$/, 'Z'),
    count(each.rows.read),
    count(each.tokens.born),
    ...(any_made ? [origin(each)] : []),
  ])
  const lines = renderTable(
    [
      { title: 'run' },
      { title: 'pipeline' },
      { title: 'status' },
      { title: 'started' },
      { title: 'rows', align: 'right' },
      { title: 'tokens', align: 'right' },
      ...(any_made ? [{ title: 'made from' }] : []),
    ],
    rows,
    terminal.columns,
    paint,
  )
  for (const each of runs) {
    const [, title, ...files] = stagedLines(each, cwd, paint)
    if (title === undefined) continue
    lines.push('', `${id(each.run)}${title.slice(1)}`, ...files.map(file => file.slice(2)))
  }
  return lines.join('\n')
}

function origin(line: RunLine): string {
  const from = madeFrom(line)
  return from === null ? '' : `${from.how} ${printable(shortRun(from.run))}`
}
