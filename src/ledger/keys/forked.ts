/** What is said of a ledger that has another history than the user saw. */
import { CustodyError } from '../../model/error.ts'
import { counted } from '../../model/number-text.ts'
import type { Remembered } from './trust.ts'

export function forked(url: string, size: number, remembered: Remembered): CustodyError {
  return new CustodyError(
    'CUSTODY_LEDGER_FORKED',
    `the first ${counted(size, 'entry', 'entries')} of ${url}’s own log aren’t those that you saw: it has another history`,
    { hint: hintOf(remembered) },
  )
}

function hintOf({ kept_in }: Remembered): string | undefined {
  if (kept_in === undefined) return undefined
  return `Put the newest copy back. If it is lost, and you want to continue from this one all the same, remove ${kept_in}.`
}
