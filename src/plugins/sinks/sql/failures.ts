/** What a database’s errors mean for a request, and for a run that is about to begin. */
import { CustodyError } from '../../../model/error.ts'
import type { Sent } from '../../../sdk/spec.ts'
import type { DatabaseError, DatabaseErrorKind } from '../../databases/database-error.ts'

/** Errors of rows, and of requests. */
export const SQL_ERRORS = {
  SQL_COLUMN: 'The row has a field for which the table has no column.',
  SQL_VALUE: 'A value doesn’t fit its column.',
  SQL_CONSTRAINT: 'The row breaks a rule of the table: a key that is there already, a null, a reference, a check.',
  SQL_UNREACHABLE:
    'The database can’t be reached, or the connection was lost; the rows are sent again when it is back.',
  SQL_BUSY: 'Others stood in the way: a lock, a deadlock, a statement that was cancelled; the rows are sent again.',
  SQL_LOGIN: 'The database refuses the connection: user, password, name or certificate. The run stops.',
  SQL_DENIED: 'The user of the connection may not write there. The run stops.',
  SQL_MISSING: 'The table, or a column of it, isn’t there any more. The run stops.',
  SQL_FULL: 'There is no space left where the database is kept. The run stops.',
  SQL_STATEMENT: 'The database refuses the statement, whatever the row. The run stops.',
  SQL_REPLACED: 'Another process has taken the run over, and has written since. This one stops.',
} as const

type Code = keyof typeof SQL_ERRORS

const CODES: { readonly [kind in DatabaseErrorKind]: Code } = {
  unreachable: 'SQL_UNREACHABLE',
  lost: 'SQL_UNREACHABLE',
  conflict: 'SQL_BUSY',
  timeout: 'SQL_BUSY',
  login: 'SQL_LOGIN',
  tls: 'SQL_LOGIN',
  denied: 'SQL_DENIED',
  missing: 'SQL_MISSING',
  full: 'SQL_FULL',
  constraint: 'SQL_STATEMENT',
  value: 'SQL_STATEMENT',
  statement: 'SQL_STATEMENT',
}

/**
 * Of a request that wasn't taken. Rows are never lost to what passes: then the service is down, and the request is made again when it
 * is back. All else is no row's doing, and stops the run. `doubt`: it may have been taken after all.
 */
export function notSent({ kind, message, hint }: DatabaseError, doubt: boolean): Sent {
  const code = CODES[kind]
  const said = hint === undefined ? message : `${message}. ${hint}`
  if (code === 'SQL_UNREACHABLE' || code === 'SQL_BUSY')
    return doubt
      ? { kind: 'in_doubt', message, outage: 'surely' }
      : { kind: 'rejected', code, message, retryable: true, outage: 'surely' }
  const stops = code === 'SQL_LOGIN' || code === 'SQL_DENIED' ? 'auth' : code === 'SQL_FULL' ? 'quota' : 'model'
  return { kind: 'rejected', code, message: said, retryable: true, stops }
}

export const REPLACED: Sent = {
  kind: 'rejected',
  code: 'SQL_REPLACED',
  message: 'another process has taken the run over, and has written to this table since',
  retryable: false,
  stops: 'status',
}

/** Of a run that doesn't begin. `where`: the database, for people. */
export function notPrepared(error: DatabaseError, node: string, where: string): CustodyError {
  const { kind, message, hint } = error
  const code = kind === 'missing' ? 'CUSTODY_TABLE' : 'CUSTODY_SINK'
  const what = kind === 'unreachable' || kind === 'lost' ? 'can’t be reached' : 'refuses what the sink needs'
  return new CustodyError(code, `${where} ${what}: ${message}`, { where: { node }, hint, cause: error })
}
