/** Rows of the views for auditors in SQLite: which statements give them, in their order. */
import type { SQLInputValue } from 'node:sqlite'
import type { ViewName } from '../read-port.ts'
import { type Extent, quoted, tokenRanges } from '../views.ts'
import { VIEWS } from './views.ts'

/** Whose rows of a view are sorted at a time, at least. */
const TOKENS = 2_000

/** One after the other. `extentOf`: of the run, asked for where rows are sorted some tokens at a time. @throws TypeError if the view has no such column. */
export function* viewQueries(
  name: ViewName,
  run: string,
  extentOf: () => Extent | null,
  where?: { readonly column: string; readonly value: string | number },
): Generator<readonly [text: string, values: readonly SQLInputValue[]]> {
  const { columns, order } = VIEWS[name]
  if (where !== undefined && !columns.includes(where.column)) {
    throw new TypeError(`view ${name} has no column ${where.column}`)
  }
  const sorted = order.length === 0 ? '' : ` ORDER BY ${order.map(quoted).join(', ')}`
  const select = (condition: string, ...values: SQLInputValue[]) =>
    [`SELECT * FROM ${name} WHERE run_id = ?${condition}${sorted}`, [run, ...values]] as const
  if (where !== undefined) yield select(` AND ${quoted(where.column)} = ?`, where.value)
  else if (order[0] !== 'token_id') yield select('')
  else
    for (const [first, last] of tokenRanges(extentOf(), TOKENS))
      yield last === null ? select(' AND token_id >= ?', first) : select(' AND token_id BETWEEN ? AND ?', first, last)
}
