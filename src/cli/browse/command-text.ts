/** Which command prints what a screen shows. */
import type { Context } from '../context.ts'
import { ledgerArgument } from '../ledger-access.ts'
import { quoted } from '../render/shell.ts'
import { shortRun } from '../render/text.ts'
import type { Screen } from './state.ts'

/** `row`: the one that is chosen among rows. */
export function commandText(context: Context, url: string, screen: Screen, row: number | null): string {
  const words = wordsOf(screen, row)
  return `${context.command} ${words}${ledgerArgument(context, url)}`
}

function wordsOf(screen: Screen, row: number | null): string {
  switch (screen.kind) {
    case 'runs':
      return 'runs'
    case 'run':
      return `show ${shortRun(screen.place.run)}`
    case 'rows': {
      const { where, ...rest } = screen.place.filter
      const run = shortRun(screen.place.run)
      if (where !== undefined && Object.keys(rest).length === 0) return `explain ${run} --where ${quoted(where)}`
      return row === null ? `show ${run}` : `explain ${run} --row ${row}`
    }
    case 'story':
      return `explain ${shortRun(screen.place.run)} --row ${screen.place.row}`
    case 'verify':
      return `verify ${shortRun(screen.place.run)}`
  }
}
