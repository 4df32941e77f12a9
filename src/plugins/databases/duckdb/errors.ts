/** What DuckDB's errors mean: its messages begin with the kind of error. */
import { DatabaseError, type DatabaseErrorKind, messageOf } from '../database-error.ts'

const KINDS: ReadonlyArray<readonly [RegExp, DatabaseErrorKind]> = [
  [/^IO Error: .*(?:Could not set lock|Conflicting lock|being used by another process)/s, 'unreachable'],
  [/^(?:IO Error: .*No space left|Out of Memory Error)/s, 'full'],
  [/^(?:IO Error: .*Permission denied|Permission Error)/s, 'denied'],
  [/read-only (?:mode|database)/, 'denied'],
  [/^IO Error: .*not a valid DuckDB database file/s, 'login'],
  [/^IO Error/, 'login'],
  [/^(?:TransactionContext Error|Transaction conflict|.*Conflict on)/, 'conflict'],
  [/^Catalog Error: .*does not exist/s, 'missing'],
  [/^Binder Error: .*(?:not found|does not exist|does not have a column)/s, 'missing'],
  [/^Constraint Error/, 'constraint'],
  [/^(?:Conversion|Out of Range|Invalid Input|Type Mismatch) Error/, 'value'],
  [/^INTERRUPT Error/, 'lost'],
]

const FILE = 'Check the path, which is relative to the pipeline file’s folder.'
const LOCKED = 'Another process has the file open: DuckDB lets several read it, or one write.'

export function duckdbError(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error
  const message = messageOf(error)
  // cast: whatever was thrown is asked for what it may have.
  const { code } = error as { code?: unknown }
  if (code === 'ENOENT' || code === 'ENOTDIR') return new DatabaseError('login', message, { hint: FILE, cause: error })
  if (code === 'EACCES' || code === 'EPERM') return new DatabaseError('denied', message, { cause: error })
  const kind = KINDS.find(([text]) => text.test(message))?.[1] ?? 'statement'
  const hint = kind === 'unreachable' ? LOCKED : kind === 'login' ? FILE : undefined
  return new DatabaseError(kind, message, { hint, cause: error })
}
