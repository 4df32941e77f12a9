/** What SQLite's errors mean (https://sqlite.org/rescode.html), and the file system's before it is asked. */
import { DatabaseError, type DatabaseErrorKind, messageOf } from '../database-error.ts'

const BUSY = 5
const LOCKED = 6
const CONSTRAINT = 19

/** By primary result codes. */
const KINDS: { readonly [code: number]: DatabaseErrorKind } = {
  3: 'denied',
  [BUSY]: 'conflict',
  [LOCKED]: 'conflict',
  8: 'denied',
  10: 'lost',
  11: 'login',
  13: 'full',
  14: 'login',
  [CONSTRAINT]: 'constraint',
  18: 'value',
  20: 'value',
  23: 'denied',
  26: 'login',
}

const MISSING = /^no such (?:table|column|function)/
const FILE = 'Check the path, which is relative to the pipeline file’s folder.'

export function sqliteError(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error
  const message = messageOf(error)
  // cast: whatever was thrown is asked for what it may have.
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  if (code === 'ENOENT' || code === 'ENOTDIR') return new DatabaseError('login', message, { hint: FILE, cause: error })
  if (code === 'EACCES' || code === 'EPERM')
    return new DatabaseError('denied', message, { hint: 'Check the file’s permissions.', cause: error })
  if (typeof errcode !== 'number') return new DatabaseError('statement', message, { cause: error })
  const kind = MISSING.test(message) ? 'missing' : (KINDS[errcode & 0xff] ?? 'statement')
  const hint = kind === 'login' ? FILE : undefined
  return new DatabaseError(kind, message, { state: String(errcode), hint, cause: error })
}
