/** Rows of a run that fit a filter: a page of their lines. */
import type { z } from 'zod'
import type { RowFilter } from '../../api/rows.ts'
import { LedgerRowFinder } from '../../search/ledger-row-finder.ts'
import type { RowFinder } from '../../search/row-finder.ts'
import { checkedRun, UNOBSERVED } from '../checked-run.ts'
import { rowPredicate } from '../row-predicate.ts'
import type { Asked } from './asked.ts'
import type { Moment } from './moment.ts'
import { mayFilter } from './no-values.ts'
import { RowLines } from './row-lines.ts'

type Wanted = Asked['rows']['params']
type Filter = z.output<typeof RowFilter>

/** Of one moment: what finds rows of a run, and what shows them. */
export interface RunRows {
  readonly run: string
  readonly log: number
  readonly finder: RowFinder
  readonly lines: RowLines
}

/** @throws UnsoundRecord; CustodyError CUSTODY_VALUES_WITHHELD, or as `findRun`. */
export async function rowsOf(
  { reader: stored, env, search }: Moment,
  name: string,
  filter: Filter,
  values: boolean,
): Promise<RunRows> {
  mayFilter(filter, values)
  const { reader: checked, log, run } = await checkedRun(env, stored, name, UNOBSERVED, 'stories')
  const finder = new LedgerRowFinder({ stored, checked, predicateOf: rowPredicate, ...search })
  return { run, log, finder, lines: await RowLines.of(checked, log, values) }
}

/** Who gives the question up isn't waited for: the time that a page takes is limited. */
const NEVER = new AbortController().signal

/** @throws as `rowsOf`, and as `RowFinder.find`. */
export async function rowsPage(moment: Moment, { run: name, cursor, at, limit, ...filter }: Wanted, values: boolean) {
  const { run, log, finder, lines } = await rowsOf(moment, name, filter, values)
  const page = { after: cursor ?? null, at: at ?? null, limit, counts: true }
  const found = await finder.find(log, filter, page, NEVER)
  return {
    run,
    rows: lines.of(found.entries).map(({ line }) => line),
    next_cursor: found.next,
    matches: found.matches,
    looked_at: found.looked_at,
    index: found.index,
    holds: true as const,
  }
}
