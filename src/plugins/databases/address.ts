/** Where a server is and who asks it: from options, or from a URL as its own tools know it. */
import type { ServerOptions } from './options.ts'

export interface Tls {
  /** File of the authorities; null: those that Node trusts. */
  readonly ca: string | null
  /** Whether the certificate must be for the host that is named. */
  readonly names_host: boolean
  /** Files of what this side shows. */
  readonly cert: string | null
  readonly key: string | null
}

export interface Address {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  /** Absent: what the library finds by itself, as $PGPASSWORD. */
  readonly password: string | undefined
  /** null: none. */
  readonly tls: Tls | null
  /** For people: without the password. */
  readonly shown: string
}

export interface AddressProblem {
  readonly message: string
  readonly hint: string
}

type Kind = 'postgres' | 'mysql'

const PORTS: { readonly [kind in Kind]: number } = { postgres: 5432, mysql: 3306 }
const SCHEMES: { readonly [kind in Kind]: RegExp } = {
  postgres: /^postgres(?:ql)?:\/\//,
  mysql: /^(?:mysql|mariadb):\/\//,
}
const LOOPBACK = ['localhost', '127.0.0.1', '::1']
const PARAMETERS = ['sslmode', 'sslrootcert']

export const isAddress = (given: Address | AddressProblem): given is Address => 'host' in given

/** `connection`: options, or a URL. */
export function addressFrom(kind: Kind, connection: string | ServerOptions): Address | AddressProblem {
  if (typeof connection === 'string') return addressOfUrl(kind, connection)
  const { host, port = PORTS[kind], database, user, password, tls } = connection
  const is_here = LOOPBACK.includes(host) || isSocket(host)
  return addressOf(kind, { host, port, database, user, password, tls: tlsOf(tls, is_here) })
}

/** A socket of this machine has a path instead of a name. */
export const isSocket = (host: string): boolean => host.startsWith('/')

function addressOf(kind: Kind, where: Omit<Address, 'shown'>): Address {
  const { host, port, database, user } = where
  const place = isSocket(host) ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`
  return { ...where, shown: `${kind}://${encodeURIComponent(user)}@${place}/${database}` }
}

const VERIFIED: Tls = { ca: null, names_host: true, cert: null, key: null }

function tlsOf(tls: ServerOptions['tls'], is_here: boolean): Tls | null {
  if (tls === 'off') return null
  if (tls === 'verify') return VERIFIED
  if (tls === undefined) return is_here ? null : VERIFIED
  const { ca = null, verify, cert = null, key = null } = tls
  return { ca, names_host: verify === 'full', cert, key }
}

function addressOfUrl(kind: Kind, url: string): Address | AddressProblem {
  const place = SCHEMES[kind].test(url) && URL.canParse(url) ? new URL(url) : null
  const parts = place === null ? [] : [place.hash, place.pathname, ...place.searchParams.keys()]
  // What ends a password early leaves the rest of it where it would be shown.
  if (place === null || parts.some(part => part.includes('@')))
    return {
      message: `the connection isn’t a URL as in ${kind}://user:password@host/database`,
      hint: 'In a password # is written as %23, / as %2F, ? as %3F and % as %25.',
    }
  const unknown = [...place.searchParams.keys()].filter(key => !PARAMETERS.includes(key))
  if (unknown.length > 0)
    return {
      message: `the URL of the connection has parameters that Custody doesn’t know: ${unknown.join(', ')}`,
      hint: `Known are ${PARAMETERS.join(', ')}; name host, database, user and password apart for more.`,
    }
  const host = decoded(place.hostname).replace(/^\[|\]$/g, '') || 'localhost'
  const database = decoded(place.pathname.slice(1))
  const user = decoded(place.username)
  if (database === '' || user === '')
    return {
      message: `the URL of the connection names no ${database === '' ? 'database' : 'user'}`,
      hint: `Write ${kind}://user:password@host/database.`,
    }
  const tls = tlsOfUrl(place.searchParams, LOOPBACK.includes(host))
  if (tls !== null && 'message' in tls) return tls
  const port = place.port === '' ? PORTS[kind] : Number(place.port)
  return addressOf(kind, { host, port, database, user, password: decoded(place.password) || undefined, tls })
}

function tlsOfUrl(parameters: URLSearchParams, is_here: boolean): Tls | null | AddressProblem {
  const ca = parameters.get('sslrootcert')
  const mode = parameters.get('sslmode') ?? (is_here && ca === null ? 'disable' : 'verify-full')
  if (mode === 'disable') return null
  if (mode === 'verify-full' || mode === 'verify-ca') return { ...VERIFIED, ca, names_host: mode === 'verify-full' }
  return {
    message: `the URL of the connection has sslmode=${mode}, by which a server isn’t verified`,
    hint: 'Use sslmode=verify-full, with sslrootcert=FILE for an authority of your own; or sslmode=disable.',
  }
}

/** A % without two hex digits stands for itself. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
