/** What `--set` may change of a run that is resumed: all else is part of its plan. */
import { setPath } from '../config/set.ts'
import { CustodyError } from '../model/error.ts'

const OF_WORK = ['limits', 'retry', 'guards']

/** Whether it says how rows are processed, wherever that is done: not where the ledger is. */
export function concernsWork(argument: string): boolean {
  const [first = '', , third] = setPath(argument) ?? []
  return OF_WORK.includes(first) || (first === 'sources' && third === 'guards')
}

/** @throws CustodyError CUSTODY_BAD_SET */
export function refuseSet(argument: string): void {
  if (concernsWork(argument) || setPath(argument)?.[0] === 'ledger') return
  throw new CustodyError('CUSTODY_BAD_SET', `--set ${argument} would change what the run does`, {
    hint: 'When a run is resumed, --set may change limits, retry, guards (those of sources, too) and ledger only.',
  })
}
