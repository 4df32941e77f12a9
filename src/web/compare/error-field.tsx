/** What `_error` is, wherever a comparison names it: once on the screen. */
import type { RowDifference, RunDiff } from '../../api/diff.ts'

const ERROR_FIELD = '_error'

export const isInGroups = (groups: RunDiff['groups']): boolean => groups.some(each => each.fields.includes(ERROR_FIELD))
export const isInRows = (rows: readonly RowDifference[]): boolean => rows.some(each => ERROR_FIELD in each.changed)

export function AboutErrorField() {
  return (
    <p className="quiet small">
      <code>{ERROR_FIELD}</code> is what a row carries of the error that it met: its code, its message, and the node. A
      row that met none has no such field.
    </p>
  )
}
