/** Shows the result of a run. */

import { findShownRun, shownRunJson } from '../host/answers/shown-run.ts'
import { unsoundness } from '../host/checked-run.ts'
import { checkLine, runNamed, unsoundText } from './checked.ts'
import type { Context } from './context.ts'
import { type LedgerOptions, reading } from './ledger-access.ts'
import { renderShown } from './render/shown.ts'

export interface ShowOptions extends LedgerOptions {
  readonly json?: boolean
  readonly splits?: boolean
}

/** Returns the exit code. */
export function printRun(context: Context, name: string, options: ShowOptions): Promise<0 | 1> {
  const { terminal, cwd } = context
  return reading(context, options, async (inner, { sight }) => {
    try {
      const found = await findShownRun(context.env, inner, name, checkLine(terminal), options)
      if (options.json === true) terminal.answerJson(shownRunJson(found, sight))
      else terminal.answer(renderShown(found.shown, found, cwd, terminal.columns, terminal.paint))
      return 0
    } catch (error) {
      const problems = unsoundness(error)
      if (problems === null) throw error
      if (options.json === true) terminal.answerJson({ run: name, holds: false, problems })
      else terminal.answer(unsoundText(context, `R${runNamed(name).slice(1)}`, name, problems))
      return 1
    }
  })
}
