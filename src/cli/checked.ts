/** Commands that show what a ledger says: of a record that isn't what was signed they say so, and nothing else. */
import type { CheckNews } from '../host/checked-run.ts'
import type { Context } from './context.ts'
import { count, counted, printable, shorten, shortRun } from './render/text.ts'

/** How far a check is stands in the live line. */
export function checkLine(terminal: Context['terminal']): CheckNews {
  return {
    onChecking: entries => terminal.live(`  checking  ${count(entries)} entries`),
    onChecked: () => terminal.clearLive(),
  }
}

/** In the place of an answer, or of what is left of one. `what` begins the sentence: `Row 17 of run 0193f0…`. `told`: rows that were told, and hold. */
export function unsoundText(
  context: Context,
  what: string,
  name: string | null,
  problems: readonly string[],
  told = 0,
): string {
  const { columns, paint } = context.terminal
  const lines = problems.map(each => `  ${paint('red', '✗')} ${shorten(printable(each), columns * 3)}`)
  const counts = `${counted(problems.length, 'problem')}; all that is wrong is named by: ${context.command} verify${name === null ? '' : ` ${printable(name)}`}`
  const bad = paint(['bold', 'red'], 'the record doesn’t hold')
  const all = told === 1 ? 'the row above holds' : `the ${count(told)} rows above hold`
  return [
    told === 0
      ? `${what}: ${bad}, so that it isn’t shown`
      : `${what}: ${all}, and from there on ${bad}, so that no more of it is looked at or shown`,
    ...lines,
    counts,
  ].join('\n')
}

/** `run 0193f0…`, as it was named. */
export function runNamed(name: string): string {
  return `run ${printable(name.startsWith('latest') ? name : shortRun(name))}`
}
