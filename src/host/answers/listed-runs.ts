/** Pages of the runs of a ledger, newest first: what `runs` prints. What stands there isn't checked against signatures: that is for `verify`. */
import { CustodyError } from '../../model/error.ts'
import { pageOfRuns } from '../../read/runs/list.ts'
import { isHeld } from '../ledger.ts'
import type { Asked } from './asked.ts'
import type { Moment } from './moment.ts'

type Wanted = Asked['runs']['params']

/** @throws CustodyError CUSTODY_ARGUMENT if the cursor is none. */
export async function listedRuns({ reader }: Moment, { name, status, cursor, limit }: Wanted, values: boolean) {
  const wanted = { below: belowOf(cursor), most: limit, name: name ?? null, status: status ?? null }
  const { runs, below } = await pageOfRuns(reader, isHeld, wanted)
  const shown = values ? runs : runs.map(each => ('staged' in each ? without(each, 'staged') : each))
  return { runs: shown, next_cursor: below === null ? null : String(below) }
}

/** A cursor is the number of the log of the last run that was looked at. */
function belowOf(cursor: string | undefined): number | null {
  if (cursor === undefined) return null
  if (/^[1-9]\d{0,15}$/.test(cursor)) return Number(cursor)
  throw new CustodyError('CUSTODY_ARGUMENT', `${JSON.stringify(cursor)} is no cursor of a page of runs`, {
    hint: 'Take it from the page before.',
  })
}

function without<T extends object, K extends keyof T>(of: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = of
  return rest
}
