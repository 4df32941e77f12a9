/**
 * A database of SQLite that only this process sees, most of it in a file that has no name.
 *
 * UNNAMED-FILE-1. The file goes with the process, whatever ends it: SQLite removes its name when it is made. It lies where SQLite puts
 *     temporary files (SQLITE_TMPDIR, TMPDIR, /var/tmp, /tmp), so that nothing is written beside a ledger that is only read.
 */
import { DatabaseSync } from 'node:sqlite'
import { CustodyError } from '../../model/error.ts'

/** What stays in memory of it. */
const CACHE_KIB = 8 * 1024
/** There is nothing to go back to: what can't be written ends the work. */
const SETUP = `PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -${CACHE_KIB}`

/** `statements` make what is in it. All that follows is one transaction, which nobody ends. */
export function openUnnamed(statements: readonly string[]): DatabaseSync {
  const database = new DatabaseSync('')
  database.exec(SETUP)
  for (const each of [...statements, 'BEGIN']) database.exec(each)
  return database
}

/** `what` of it can’t be `done`, it says else. @throws CustodyError CUSTODY_SPILL */
export function inUnnamed<T>(what: string, done: 'written' | 'read', work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const why = cause instanceof Error ? `: ${cause.message}` : ''
    throw new CustodyError('CUSTODY_SPILL', `${what} can’t be ${done}${why}`, {
      cause,
      hint: 'Make room where temporary files lie, or name another folder for them with SQLITE_TMPDIR.',
    })
  }
}
