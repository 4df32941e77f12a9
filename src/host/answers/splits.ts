/** Splits of a run, checked: a page of them, since there may be very many. */
import type { SplitsPage } from '../../api/splits.ts'
import { openingOf } from '../../read/runs/run-log.ts'
import { type ShownSplit, splitsOf } from '../../read/show/splits.ts'
import { checkedRun, UNOBSERVED } from '../checked-run.ts'
import type { Asked } from './asked.ts'
import type { Moment } from './moment.ts'

/** @throws UnsoundRecord; CustodyError as `findRun`. */
export async function splitsPage(
  { reader: inner, env }: Moment,
  { run: name, cursor, at = 0, limit }: Asked['splits']['params'],
): Promise<SplitsPage> {
  const { reader, log, run } = await checkedRun(env, inner, name, UNOBSERVED, 'stories')
  const { splits: count = 0 } = await openingOf(reader, log)
  const before = cursor === undefined ? at : Number(cursor)
  const to = Math.min(count, before + limit)
  const splits: ShownSplit[] = []
  if (before < to) for await (const each of splitsOf(reader, log, { from: before + 1, to })) splits.push(each)
  return { run, count, splits, next_cursor: before < to && to < count ? `${to}` : null, holds: true }
}
