/** Shows the result of a run. */

import { checkedRun, unsoundness } from '../host/checked-run.ts'
import { isHeld } from '../host/ledger.ts'
import { type StillFailed, stillFailed } from '../read/runs/reruns.ts'
import { openingOf } from '../read/runs/run-log.ts'
import { gradeOf } from '../read/show/grade.ts'
import { showRun } from '../read/show/show.ts'
import { boundJson, checkLine, runNamed, unsoundText } from './checked.ts'
import type { Context } from './context.ts'
import { type LedgerOptions, reading, rolledBack } from './ledger-access.ts'
import { renderShown } from './render/shown.ts'

export interface ShowOptions extends LedgerOptions {
  readonly json?: boolean
}

/** Returns the exit code. */
export function printRun(context: Context, name: string, options: ShowOptions): Promise<0 | 1> {
  const { terminal, cwd } = context
  return reading(context, options, async (inner, { sight }) => {
    try {
      const { reader, log, run } = await checkedRun(context.env, inner, name, checkLine(context.terminal))
      const { topology } = await openingOf(reader, log)
      const [shown, grade] = [await showRun(reader, run, isHeld), await gradeOf(reader, log, topology)]
      const { repeatable, reason } = grade
      const { bound } = await reader.check(log)
      const reruns = await stillFailed(reader, inner, { run, log })
      if (options.json === true)
        terminal.answerJson({
          ...shown,
          ...boundJson(bound),
          ...rolledBack(sight),
          ...rerunsJson(reruns),
          repeatable,
          repeatable_reason: reason,
          holds: true,
        })
      else terminal.answer(renderShown(shown, { grade, reruns, bound }, cwd, terminal.columns, terminal.paint))
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

function rerunsJson(found: StillFailed | null) {
  if (found === null) return {}
  const { reruns, failed, still_failed } = found
  return { reruns: { runs: reruns.map(({ run }) => run), failed_rows: failed, still_failed_rows: still_failed } }
}
