/** Rows of the views for auditors in SQLite: which statements give them, in their order. */
import type { SQLInputValue } from 'node:sqlite'
import type { ViewName } from '../read-port.ts'
import { quoted } from '../view-columns.ts'
import { type Extent, listingsOf, listingText, tokenRanges, type Where } from '../view-parts.ts'
import { ofPart, VIEWS } from './views.ts'

/** Whose rows of a view are sorted at a time, at least. */
const TOKENS = 2_000

/** The logs of a run. */
export interface RunLogs {
  /** The numbers of their parts, in order. */
  readonly parts: () => readonly number[]
  /** Of one of them, asked for where rows are sorted some tokens at a time. */
  readonly extentOf: (part: number) => Extent | null
}

/** One after the other. @throws TypeError if the view has no such column. */
export function* viewQueries(
  name: ViewName,
  run: string,
  { parts, extentOf }: RunLogs,
  asked?: Where,
): Generator<readonly [text: string, values: readonly SQLInputValue[]]> {
  const view = VIEWS[name]
  const by = view.order.map(each => `v.${quoted(each)}`)
  for (const { part, where } of listingsOf(name, view, parts(), asked ?? null)) {
    const of_part = part === null ? '' : ` AND ${ofPart('v', part)}`
    const select = (condition: string, ...values: SQLInputValue[]) =>
      [listingText(view, part, { condition: `v.run_id = ?${of_part}${condition}`, by }), [run, ...values]] as const
    if (where !== null) yield select(` AND v.${quoted(where.column)} = ?`, where.value)
    else if (part === null || view.order[0] !== 'token_id') yield select('')
    else
      for (const [first, last] of tokenRanges(extentOf(part), TOKENS))
        yield last === null
          ? select(' AND v.token_id >= ?', first)
          : select(' AND v.token_id BETWEEN ? AND ?', first, last)
  }
}
