/**
 * Rows of the views for auditors, in the order that SQLite gives them in. They are read by the text of a view, not by the view that is stored,
 * which whoever owns the schema may have changed.
 */
import type { ViewName } from '../read-port.ts'
import { type Extent, quoted, tokenRanges } from '../views.ts'
import type { Asking } from './asking.ts'
import { QUERIES } from './queries.ts'
import { listing, VIEWS } from './views.ts'

/** At a time at least: a statement takes some milliseconds to be planned. */
const TOKENS = 10_000

export async function* viewRows(
  asking: Asking,
  name: ViewName,
  run: string,
  where?: { readonly column: string; readonly value: string | number },
): AsyncIterable<Record<string, unknown>> {
  const { columns, order } = VIEWS[name]
  if (where !== undefined && !columns.includes(where.column))
    throw new TypeError(`view ${name} has no column ${where.column}`)
  const select = (condition: string, ...values: ReadonlyArray<string | number>) =>
    asking.stream<Record<string, unknown>>(listing(name, `run_id = $1${condition}`), run, ...values)
  if (where !== undefined) yield* select(` AND ${quoted(where.column)} = $2`, where.value)
  else if (order[0] !== 'token_id') yield* select('')
  else {
    const extent = await asking.get<Extent>(QUERIES.extent_of_tokens, run)
    for (const [first, last] of tokenRanges(extent, TOKENS))
      yield* last === null
        ? select(' AND token_id >= $2', first)
        : select(' AND token_id BETWEEN $2 AND $3', first, last)
  }
}
