/** What can't be decoded was changed by somebody: `verify` tells all of it. */
import { CustodyError } from '../../model/error.ts'
import { DecodeError } from '../decode.ts'

/** @throws CustodyError CUSTODY_VERIFY_FAILED */
export function readable<T>(log: number, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (error instanceof DecodeError) throw damaged(log, `entry ${error.seq}: ${error.message}`, error)
    throw error
  }
}

export function damaged(log: number, what: string, cause?: unknown): CustodyError {
  return new CustodyError('CUSTODY_VERIFY_FAILED', `the ledger is damaged (log ${log}, ${what})`, {
    hint: 'Run `custody verify` to see all that is wrong.',
    cause,
  })
}
