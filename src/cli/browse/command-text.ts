/** Which command prints what a screen shows. */
import type { RowFilter } from '../../api/rows.ts'
import { idArgument } from '../../model/part-ids.ts'
import type { Context } from '../context.ts'
import { ledgerArgument } from '../ledger-access.ts'
import { quoted } from '../render/shell.ts'
import { shortRun } from '../render/text.ts'
import type { Screen } from './state.ts'

/** `row`: the one that is chosen among rows. Of rows that were searched otherwise than by an expression no command prints the list: that is said. */
export function commandText(context: Context, url: string, screen: Screen, row: number | null): string {
  const printing = `${context.command} ${wordsOf(screen, row)}${ledgerArgument(context, url)}`
  if (screen.kind !== 'rows' || whereOf(screen.place.filter) !== null) return printing
  if (Object.keys(screen.place.filter).length === 0) return printing
  return `no command lists rows by this filter; ${row === null ? 'the run' : 'the chosen one'}: ${printing}`
}

/** The expression by which rows are found, and by nothing else. */
function whereOf({ where, ...rest }: RowFilter): string | null {
  return where !== undefined && Object.keys(rest).length === 0 ? where : null
}

function wordsOf(screen: Screen, row: number | null): string {
  switch (screen.kind) {
    case 'runs':
      return 'runs'
    case 'run':
      return `show ${shortRun(screen.place.run)}`
    case 'rows': {
      const where = whereOf(screen.place.filter)
      const run = shortRun(screen.place.run)
      if (where !== null) return `explain ${run} --where ${quoted(where)}`
      return row === null ? `show ${run}` : `explain ${run} --row ${idArgument(row)}`
    }
    case 'story':
      return `explain ${shortRun(screen.place.run)} --row ${idArgument(screen.place.row)}`
    case 'verify':
      return `verify ${shortRun(screen.place.run)}`
  }
}
