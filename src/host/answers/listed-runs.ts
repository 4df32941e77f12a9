/** Pages of the runs of a ledger, newest first: what `runs` prints. The ends of each run are compared with what log 0 says of them; all else is for `verify`. */
import { CustodyError } from '../../model/error.ts'
import { pageOfRuns, type RunLine, type UnreadableRun } from '../../read/runs/list.ts'
import { livingHolders } from '../ledger.ts'
import type { Asked } from './asked.ts'
import type { Moment } from './moment.ts'
import { problemsWithoutValues } from './without-values.ts'

type Wanted = Asked['runs']['params']

/** @throws CustodyError CUSTODY_ARGUMENT if the cursor is none. */
export async function listedRuns({ reader, ends }: Moment, { name, status, cursor, limit }: Wanted, values: boolean) {
  const wanted = { below: belowOf(cursor), most: limit, name: name ?? null, status: status ?? null }
  const { runs, below } = await pageOfRuns(reader, await livingHolders(reader), wanted, ends)
  const shown = values ? runs : runs.map(withoutValues)
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

function withoutValues(line: RunLine | UnreadableRun): RunLine | UnreadableRun {
  if ('problem' in line) return { ...line, problem: problemsWithoutValues([line.problem]).join() }
  const { staged: _, ...rest } = line
  return rest
}
