/**
 * What a reader asks of the views of a run that has several logs, each a part of it (model/part-ids.ts).
 *
 * VIEW-PARTS-1. In the views that are stored an id of part 0 is the number in its log, as it stands: what is filtered by it is found by an index. Of
 *     other parts it is a sum, in which no database finds the number. So a reader asks part by part for numbers there, and adds what makes ids of them.
 */
import { idOf, numberOf, partOf } from '../model/part-ids.ts'
import type { ViewName } from './read-port.ts'
import { idsAmong, quoted } from './view-columns.ts'
import type { View } from './views.ts'

/** What is asked of a view besides the run: an equality. */
export interface Where {
  readonly column: string
  readonly value: string | number
}

const list = (columns: readonly string[]) => columns.map(quoted).join(', ')
/** Whether a view tells of each log of a run, and not of the run as a whole. */
export const hasParts = ({ selected }: View) => selected.includes('part')
/** The column that `number` is said of. */
const ownId = ({ columns }: View) => idsAmong(columns)[0] ?? 'number'

/** Rows of a view, of one part of a run. */
export interface Listing {
  /** Null: of a view that tells of the run as a whole. */
  readonly part: number | null
  /** In numbers of that part; null: all rows. */
  readonly where: Where | null
}

/** What is to be listed, one after the other. `parts`: those that the run has. @throws TypeError if the view has no such column. */
export function listingsOf(
  name: ViewName,
  view: View,
  parts: readonly number[],
  where: Where | null,
): readonly Listing[] {
  if (where !== null && !view.columns.includes(where.column))
    throw new TypeError(`view ${name} has no column ${where.column}`)
  if (!hasParts(view)) return [{ part: null, where }]
  const all = (column: string, value: string | number) => parts.map(part => ({ part, where: { column, value } }))
  if (where === null) return parts.map(part => ({ part, where: null }))
  const { column, value } = where
  if (column === 'number') return all(ownId(view), value)
  if (column === 'part') return parts.filter(part => part === Number(value)).map(part => ({ part, where: null }))
  if (!idsAmong(view.columns).includes(column)) return all(column, value)
  const [of, number] = [partOf(Number(value)), numberOf(Number(value))]
  return parts.filter(part => part === of).map(part => ({ part, where: { column, value: number } }))
}

/**
 * A statement for rows of a part. `condition`: on columns that `select` gives, those of `v`, the part among them. `by` likewise; `more` columns stand
 * behind those of `select`.
 */
export function listingText(
  view: View,
  part: number | null,
  {
    condition,
    by,
    more = [],
  }: { readonly condition: string; readonly by: readonly string[]; readonly more?: readonly string[] },
): string {
  const ids = part === null || part === 0 ? [] : idsAmong(view.columns)
  const columns = view.columns.map(each => {
    if (each === 'number') return `v.${quoted(ownId(view))} AS ${quoted(each)}`
    return ids.includes(each) ? `v.${quoted(each)} + ${idOf(part ?? 0, 0)} AS ${quoted(each)}` : `v.${quoted(each)}`
  })
  return `WITH v (${list([...view.selected, ...more])}) AS (
${view.select}
)
SELECT ${columns.join(', ')} FROM v WHERE ${condition}${by.length === 0 ? '' : ` ORDER BY ${by.join(', ')}`}`
}

/** The highest number of a token of a run, and of a batch; 0: it has none. */
export interface Extent {
  readonly token: number
  readonly batch: number
}

const TOKENS_A_BATCH = 4

/**
 * Tokens whose rows of a view are sorted together, which an index finds: to sort all of millions takes several times as long, and gigabytes. Each
 * time all batches are looked at, too, so that of many batches there are more than `least` at a time. Null: all that come behind.
 */
export function* tokenRanges(
  extent: Extent | null,
  least: number,
): Generator<readonly [first: number, last: number | null]> {
  const { token, batch } = extent ?? { token: 0, batch: 0 }
  const at_once = Math.max(least, TOKENS_A_BATCH * batch)
  let first = 0
  for (; first + at_once <= token; first += at_once) yield [first, first + at_once - 1]
  yield [first, null]
}
