/** What PostgreSQL's errors mean (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
import {
  DatabaseError,
  type DatabaseErrorKind,
  messageOf,
  metWhile,
  networkError,
  UNCIPHERED,
} from '../database-error.ts'

const KINDS: ReadonlyArray<readonly [RegExp, DatabaseErrorKind]> = [
  // A server that begins, or has too many guests already.
  [/^(?:57P03|53300)$/, 'unreachable'],
  // An administrator who ends a backend, one that crashed, a server that ends.
  [/^(?:57P0[1245]|08...)$/, 'lost'],
  [/^(?:40...|55P03)$/, 'conflict'],
  [/^(?:28...|3D000)$/, 'login'],
  [/^(?:42501|25006)$/, 'denied'],
  [/^(?:42P01|42703|3F000|42883|42704)$/, 'missing'],
  [/^(?:23...|44000)$/, 'constraint'],
  // 21: a record that an upsert meets twice.
  [/^(?:22...|21000|428C9)$/, 'value'],
  [/^(?:53100|53200|54...)$/, 'full'],
  [/^(?:57014|25P0[34])$/, 'timeout'],
]

/** Of `pg`, which has no codes for them. */
const CUT = /^(?:Connection terminated|Client was closed|Client has encountered a connection error|timeout expired)/
const NO_TLS = 'The server does not support SSL connections'
/** Of a server that lets somebody in by TLS alone. */
const TLS_DEMANDED = /pg_hba\.conf.*no encryption/
/** Of a server that lets somebody in by a certificate alone. */
const CERTIFICATE_DEMANDED = /requires a valid client certificate/
const UNCERTIFIED =
  'Name a certificate by an authority that the server trusts, and its key: `tls: {cert: FILE, key: FILE}`.'
const NO_PASSWORD = /client password must be a/

export function postgresError(error: unknown, doing: 'connecting' | 'asking'): DatabaseError {
  return metWhile(doing, fromLibrary(error))
}

function fromLibrary(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error
  const message = messageOf(error)
  // cast: whatever was thrown is asked for what it may have.
  const { code, severity } = error as { code?: unknown; severity?: unknown }
  if (typeof severity === 'string' && typeof code === 'string') {
    if (TLS_DEMANDED.test(message))
      return new DatabaseError('tls', message, { state: code, hint: UNCIPHERED, cause: error })
    if (CERTIFICATE_DEMANDED.test(message))
      return new DatabaseError('tls', message, { state: code, hint: UNCERTIFIED, cause: error })
    const kind = KINDS.find(([states]) => states.test(code))?.[1] ?? 'statement'
    return new DatabaseError(kind, message, { state: code, cause: error })
  }
  if (NO_PASSWORD.test(message))
    return new DatabaseError('login', 'the server asks for a password, and there is none', { cause: error })
  if (message === NO_TLS) return new DatabaseError('tls', 'the server has no TLS', { hint: TLS_HINT, cause: error })
  return networkError(error, CUT.test(message)) ?? new DatabaseError('statement', message, { cause: error })
}

const TLS_HINT = 'Switch TLS on at the server; or, where nobody is in between, write `tls: off`.'
