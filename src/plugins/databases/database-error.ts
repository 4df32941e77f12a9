/** What goes wrong with a database, by what can be done about it. */
import { type HandshakeFailure, handshakeFailure, withoutWrapping } from '../../model/handshake.ts'

/**
 * `unreachable`: there is no connection to be had now. `lost`: it was cut, and what was asked may have happened or not. `conflict`: others stood in
 * the way (a deadlock, a lock), and nothing happened. `login`: it refuses who asks, or has no such database. `tls`: it can't show who it is, or who asks can't.
 * `denied`: who asks may not do this. `missing`: there is no such table or column. `constraint`: a record breaks a rule of its table. `value`: a value
 * is none of its type. `full`: there is no space left. `timeout`: it took longer than it may. `statement`: the statement is wrong otherwise.
 */
export type DatabaseErrorKind =
  | 'unreachable'
  | 'lost'
  | 'conflict'
  | 'login'
  | 'tls'
  | 'denied'
  | 'missing'
  | 'constraint'
  | 'value'
  | 'full'
  | 'timeout'
  | 'statement'

const PASSING: readonly DatabaseErrorKind[] = ['unreachable', 'lost', 'conflict']

export interface DatabaseErrorDetails {
  /** SQLSTATE, or the database's own code. */
  readonly state?: string | null
  readonly hint?: string | undefined
  readonly cause?: unknown
}

export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  readonly kind: DatabaseErrorKind
  readonly state: string | null
  readonly hint: string | undefined

  /** `message`: the database's own, which may repeat values. */
  constructor(kind: DatabaseErrorKind, message: string, { state = null, hint, cause }: DatabaseErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.kind = kind
    this.state = state
    this.hint = hint ?? HINTS[kind]
  }

  /** Whether it may go well a little later, with nobody doing anything. */
  get isPassing(): boolean {
    return PASSING.includes(this.kind)
  }
}

const HINTS: { readonly [kind in DatabaseErrorKind]?: string } = {
  unreachable: 'Check that the server runs, and the host and the port.',
  lost: 'Check that the server runs.',
  conflict: 'Others use the same tables just now: try again later.',
  login: 'Check the user, the password and the name of the database.',
  tls: 'The server must show a certificate by an authority that Node trusts, or that `tls: {ca: FILE}` names, for the host that `connection` names.',
  denied: 'The user of the connection needs more rights there.',
  missing: 'Check the names; where the table lies in another schema, write schema.table.',
  full: 'Make room where the database is kept.',
  timeout: 'Allow it more time with `timeout`, or ask for less.',
}

/** Of a server that takes nobody without TLS. */
export const UNCIPHERED =
  'The server takes nobody without TLS: write `tls: verify`, or `tls: {ca: FILE}` for an authority of your own.'

/** A connection that is lost before anything was asked over it can’t be had. */
export function metWhile(doing: 'connecting' | 'asking', error: DatabaseError): DatabaseError {
  const { kind, message, state, hint, cause } = error
  if (doing === 'asking' || kind !== 'lost') return error
  return new DatabaseError('unreachable', message, { state, hint: hint === HINTS.lost ? undefined : hint, cause })
}

/** Of the system: ECONNRESET, EPIPE, ETIMEDOUT, ENOTFOUND, EAI_AGAIN. */
const NETWORK = /^E[A-Z]+(?:_AGAIN)?$/
const OF_HANDSHAKE: { readonly [failure in HandshakeFailure]?: string } = {
  version: 'The server must speak TLS 1.2 or newer, as Node does.',
  own_certificate:
    'The server refuses the certificate that was shown, or that none was: name one by an authority that it trusts, with `tls: {cert: FILE, key: FILE}`.',
  other: 'Check how TLS is set up at the server; its log says more.',
}

/** What the network, or TLS, says before a server does; null of all else. `is_lost`: whether the library's own code says so. */
export function networkError(error: unknown, is_lost: boolean): DatabaseError | null {
  const failure = handshakeFailure(error)
  if (failure !== null)
    return new DatabaseError('tls', withoutWrapping(messageOf(error)), { hint: OF_HANDSHAKE[failure], cause: error })
  // cast: whatever was thrown is asked for what it may have.
  const { code } = error as { code?: unknown }
  if (!is_lost && !(typeof code === 'string' && NETWORK.test(code))) return null
  return new DatabaseError('lost', messageOf(error), { cause: error })
}

export const messageOf = (error: unknown): string => {
  // Node tells of several addresses by several errors, and says nothing itself.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ')
  return error instanceof Error && error.message !== '' ? error.message : String(error)
}
