/** What SQLite's errors mean for people (https://www.sqlite.org/rescode.html). */
import { CustodyError } from '../../model/error.ts'

const ERROR = 1
const BUSY = 5
const LOCKED = 6
const CORRUPT = 11
const CONSTRAINT = 19
const NOT_A_DATABASE = 26

/** The primary result code of an error of node:sqlite; null for other errors. */
function resultCode(error: unknown): number | null {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  return code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' ? errcode & 0xff : null
}

/** The error to raise for one that came while `url` was used; others than SQLite's stay as they are. */
export function asLedgerError(error: unknown, url: string, doing: 'read' | 'write'): unknown {
  const code = resultCode(error)
  if (code === null) return error
  const cause = { cause: error }
  const what = (error as Error).message
  switch (code) {
    case BUSY:
    case LOCKED:
      return new CustodyError('CUSTODY_LEDGER_BUSY', `${url} is locked by another process`, cause)
    case CORRUPT: {
      const hint = 'The file is damaged, or was cut off: put a copy of it in its place that is whole.'
      return new CustodyError('CUSTODY_LEDGER_FORMAT', `${url} isn't a sound ledger: ${what}`, { ...cause, hint })
    }
    case NOT_A_DATABASE:
      return new CustodyError('CUSTODY_LEDGER_FORMAT', `${url} isn't a sound ledger: ${what}`, cause)
    case CONSTRAINT:
      return new CustodyError('CUSTODY_ENGINE_DEFECT', `${url} refuses what it was given: ${what}`, cause)
    case ERROR:
      if (doing === 'write') return new CustodyError('CUSTODY_ENGINE_DEFECT', `${url} can't take this: ${what}`, cause)
      return new CustodyError('CUSTODY_LEDGER_READ', `${url} can't be read: ${what}`, cause)
    default:
      return doing === 'write'
        ? new CustodyError('CUSTODY_LEDGER_WRITE', `${url} can't be written: ${what}`, cause)
        : new CustodyError('CUSTODY_LEDGER_READ', `${url} can't be read: ${what}`, cause)
  }
}

/** An integer that no number of JavaScript holds exactly: nothing of ours writes one. */
export function isOutOfRange(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ERR_OUT_OF_RANGE'
}
