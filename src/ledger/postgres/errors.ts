/** What PostgreSQL's errors mean for people (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
import { CustodyError, type ErrorCode, isCustodyError } from '../../model/error.ts'
import { type HandshakeFailure, handshakeFailure, withoutWrapping } from '../../model/handshake.ts'
import { DEFECT, LOST, STALE } from './functions.ts'

/** SQLSTATE of an error that the server reported; null for others, as of the network. */
export function stateOf(error: unknown): string | null {
  // cast: whatever was thrown is asked for what it may have.
  const { code, severity } = error as { code?: unknown; severity?: unknown }
  return typeof severity === 'string' && typeof code === 'string' ? code : null
}

/** Of an administrator who ends a backend, of one that crashed, and of a server that begins or ends. */
const ENDED = /^(?:57P0[1-5]|08...)$/
/** Too many connections: somebody will be gone soon. */
const FULL = '53300'
export const DISK_FULL = '53100'
/** Of the system: ECONNRESET, EPIPE, ETIMEDOUT, ENOTFOUND. */
const NETWORK = /^E[A-Z]+(?:_AGAIN)?$/
/** Of `pg`, which has no codes for them. */
const CUT =
  /^(?:Connection terminated|Client was closed|Client has encountered a connection error|Query read timeout|timeout expired)/

/** Whether the connection is gone, or none can be had just now: what was asked may have happened or not. */
export function isCut(error: unknown): boolean {
  if (isCustodyError(error)) return false
  const state = stateOf(error)
  if (state !== null) return ENDED.test(state) || state === FULL
  // cast: the same.
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (typeof code === 'string' && NETWORK.test(code)) return true
  return typeof message === 'string' && CUT.test(message)
}

type Meaning = readonly [code: ErrorCode, what: string, hint?: string]

function meaningOf(state: string, what: string, doing: 'read' | 'write'): Meaning {
  const trouble = doing === 'write' ? 'CUSTODY_LEDGER_WRITE' : 'CUSTODY_LEDGER_READ'
  const cant = doing === 'write' ? 'can’t be written' : 'can’t be read'
  if (state === LOST) return ['CUSTODY_RUN_LOST', `refuses what was to be written: ${what}`]
  if (state === DEFECT || /^2[123]/.test(state)) return ['CUSTODY_ENGINE_DEFECT', `refuses what it was given: ${what}`]
  if (/^(?:55P03|57014|40...)$/.test(state)) return ['CUSTODY_LEDGER_BUSY', `is locked by another process: ${what}`]
  if (state === '3D000')
    return ['CUSTODY_LEDGER_NOT_FOUND', `isn’t there: ${what}`, 'Make the database first, or name another.']
  if (/^28/.test(state) && TLS_DEMANDED.test(what)) return [trouble, `${cant}: ${what}`, UNCIPHERED]
  if (/^28/.test(state) && CERTIFICATE_DEMANDED.test(what)) return [trouble, `${cant}: ${what}`, UNCERTIFIED]
  if (/^28/.test(state) && CERTIFICATE_OF_OTHERS.test(what)) return [trouble, `${cant}: ${what}`, OTHER_USER]
  if (/^28/.test(state) && /pg_hba\.conf/.test(what))
    return [trouble, `${cant}: ${what}`, 'The server’s pg_hba.conf must let this user in from this machine.']
  if (/^28/.test(state))
    return [trouble, `${cant}: ${what}`, 'Check the user and the password of the URL, or $PGPASSWORD.']
  if (state === '42501')
    return [trouble, `${cant}: ${what}`, 'The user of the URL needs more rights there: see docs/postgres.md.']
  if (state === DISK_FULL)
    return [trouble, `${cant}: ${what}`, 'Make room on the server’s disk; then `custody resume` continues a run.']
  if (state === '25006')
    return [trouble, `${cant}: ${what}`, 'This server is a replica: name the one that can be written.']
  if (/^XX00[12]$/.test(state))
    return [
      'CUSTODY_LEDGER_FORMAT',
      `isn’t a sound ledger: ${what}`,
      'The server finds its files damaged: restore the database from a backup that is whole.',
    ]
  if (/^42/.test(state) && doing === 'write') return ['CUSTODY_ENGINE_DEFECT', `can’t take this: ${what}`]
  return [trouble, `${cant}: ${what}`]
}

/** The error to raise for one that came while the ledger that people know as `url` was used; others than PostgreSQL's stay as they are. */
export function asLedgerError(error: unknown, url: string, doing: 'read' | 'write'): unknown {
  if (isCustodyError(error)) return error
  const state = stateOf(error)
  const what = error instanceof Error && error.message !== '' ? error.message : String(error)
  if (state !== null && state !== STALE && !isCut(error)) {
    const [code, message, hint] = meaningOf(state, what, doing)
    return new CustodyError(code, `${url} ${message}`, { cause: error, ...(hint === undefined ? {} : { hint }) })
  }
  const hint = refusal(error, what)
  if (hint === null) return error
  const code = doing === 'write' ? 'CUSTODY_LEDGER_WRITE' : 'CUSTODY_LEDGER_READ'
  return new CustodyError(code, `${url} can’t be reached: ${withoutWrapping(what)}`, { cause: error, hint })
}

/** Why there is no connection, as a hint; null: that isn't what the error says. */
function refusal(error: unknown, what: string): string | null {
  // Of `pg`, where the server asks for a password and there is none, or an empty one.
  if (/client password must be a/.test(what)) return UNSAID
  if (what === NO_TLS) return WITHOUT_TLS
  const failure = handshakeFailure(error)
  if (failure !== null) return OF_HANDSHAKE[failure]
  return isCut(error) ? UNREACHED : null
}

const UNREACHED = 'Check that the server runs, and the host and the port of the URL.'
const UNSAID = 'The server asks for a password: set $PGPASSWORD.'
/** Of a server that lets somebody in by TLS alone. */
const TLS_DEMANDED = /pg_hba\.conf.*no encryption/
const UNCIPHERED =
  'The server takes nobody without TLS: write sslmode=verify-full, with sslrootcert=FILE for an authority of your own.'
/** Of `pg`, which has no code for it. */
const NO_TLS = 'The server does not support SSL connections'
const WITHOUT_TLS = 'Switch TLS on at the server; or, where nobody is in between, write sslmode=disable.'
const OF_HANDSHAKE: { readonly [failure in HandshakeFailure]: string } = {
  version: 'The server must speak TLS 1.2 or newer, as Node does.',
  other_name: 'Name the server as its certificate does.',
  server_certificate:
    'The server must show a certificate by an authority that Node trusts, or that sslrootcert=FILE of the URL names: see docs/postgres.md.',
  own_certificate:
    'The server refuses the certificate that was shown, or that none was: name one by an authority that it trusts, with sslcert=FILE and sslkey=FILE.',
  other: 'Check how TLS is set up at the server; its log says more.',
}
/** Of a server that lets somebody in by a certificate alone (`cert`, or `clientcert` in pg_hba.conf). */
const CERTIFICATE_DEMANDED = /requires a valid client certificate/
const UNCERTIFIED = 'Name a certificate by an authority that the server trusts, with sslcert=FILE and sslkey=FILE.'
const CERTIFICATE_OF_OTHERS = /certificate authentication failed/
const OTHER_USER =
  'The certificate must be for the user of the URL: its common name is the user’s, or the server’s pg_ident.conf says that it stands for him.'
