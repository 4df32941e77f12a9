/** Commands that show what a ledger says: of a record that isn't what was signed they say so, and nothing else. */
import type { CheckObserver } from '../host/checked-run.ts'
import type { Context } from './context.ts'
import { count, counted, printable, shorten, shortRun } from './render/text.ts'

/** Shows in the live line how far a check is. */
export function checkLine(terminal: Context['terminal']): CheckObserver {
  return {
    onChecking: entries => terminal.live(`  checking  ${count(entries)} entries`),
    onChecked: () => terminal.clearLive(),
  }
}

/** In the place of an answer, or of what is left of one. `what` begins the sentence: `Row 17 of run 0193f0…`. `shown`: rows that were shown, and hold. */
export function unsoundText(
  context: Context,
  what: string,
  name: string | null,
  problems: readonly string[],
  shown = 0,
): string {
  const { columns, paint } = context.terminal
  const lines = problems.map(each => `  ${paint('red', '✗')} ${shorten(printable(each), columns * 3)}`)
  const counts = `${counted(problems.length, 'problem')}; all that is wrong is named by: ${context.command} verify${name === null ? '' : ` ${printable(name)}`}`
  const bad = paint(['bold', 'red'], 'the record doesn’t hold')
  const all = shown === 1 ? 'the row above holds' : `the ${count(shown)} rows above hold`
  return [
    shown === 0
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
