/** The URL of a ledger in PostgreSQL: `postgres://user:password@host:port/database?schema=custody&sslmode=verify-full`. */
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { CustodyError } from '../../model/error.ts'

export interface Address {
  readonly host: string | undefined
  readonly port: number | undefined
  readonly user: string | undefined
  /** Absent: what $PGPASSWORD or the user's file of passwords says. */
  readonly password: string | undefined
  readonly database: string | undefined
  readonly ssl: false | ConnectionOptions
  /** A ledger is one schema. */
  readonly schema: string
  /** For people: without the password. */
  readonly shown: string
}

export const DEFAULT_SCHEMA = 'custody'
/** PostgreSQL cuts longer names; what begins with pg_ is its own. Letters that need no quotes, so that people can write it in SQL. */
const SCHEMA = /^(?!pg_)[a-z_][a-z0-9_]{0,47}$/
const PARAMETERS = ['schema', 'sslmode', 'sslrootcert', 'host']
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]', '::1']

export function isPostgresUrl(url: string): boolean {
  return /^postgres(?:ql)?:/.test(url)
}

/**
 * What a URL says. Where it says nothing of TLS, another machine must prove who it is, and this one needn't unless an authority is named.
 * @throws CustodyError CUSTODY_LEDGER_URL
 */
export function addressOf(url: string): Address {
  const place = urlOf(url)
  const unknown = [...place.searchParams.keys()].filter(key => !PARAMETERS.includes(key))
  if (unknown.length > 0)
    throw wrong(
      `has parameters that Custody doesn’t know: ${unknown.join(', ')}`,
      `Known are ${PARAMETERS.join(', ')}.`,
    )
  const schema = place.searchParams.get('schema') ?? DEFAULT_SCHEMA
  if (!SCHEMA.test(schema))
    throw wrong(
      `names a schema that isn’t one: ${JSON.stringify(schema)}`,
      'Use up to 48 lower-case letters, digits and _.',
    )
  const socket = place.searchParams.get('host')
  const host = socket ?? decoded(place.hostname)
  return {
    host,
    port: place.port === '' ? undefined : Number(place.port),
    user: decoded(place.username),
    password: decoded(place.password),
    database: decoded(place.pathname.slice(1)),
    ssl: tlsOf(place.searchParams, host),
    schema,
    shown: shownOf(place),
  }
}

/** A URL as people may see it: without its password, whatever it is one of. The path of a file stays as it is. */
export function withoutPassword(url: string): string {
  if (!isPostgresUrl(url)) return url.replace(/^(?!sqlite:)([a-z][a-z0-9+.-]*:\/\/[^/?#@:]*):.*@/is, '$1@')
  const place = parsed(url)
  return place === null ? 'postgres://…' : shownOf(place)
}

/** @throws CustodyError CUSTODY_LEDGER_URL */
export function urlOf(url: string): URL {
  const place = parsed(url)
  if (place !== null) return place
  throw wrong(
    'isn’t a URL as in postgres://user@host/database',
    'In a password # is written as %23, / as %2F and ? as %3F.',
  )
}

/**
 * null of what isn't a URL of PostgreSQL, and of one that would be read otherwise than it was meant: `#`, `/` and `?` end a password, and the rest
 * of it stands where it would be shown.
 */
function parsed(url: string): URL | null {
  const place = URL.canParse(url) ? new URL(url) : null
  if (place === null || !/^postgres(?:ql)?:\/\//.test(url)) return null
  const { hash, pathname, searchParams } = place
  return [hash, pathname, ...searchParams.keys()].some(each => each.includes('@')) ? null : place
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part) || undefined
  } catch {
    throw wrong('has a % without two hex digits of a text in UTF-8', 'In a password % is written as %25.')
  }
}

function shownOf(place: URL): string {
  const shown = new URL(place)
  shown.password = ''
  return shown.href
}

function tlsOf(parameters: URLSearchParams, host: string | undefined): false | ConnectionOptions {
  const is_here = host === undefined || host.startsWith('/') || LOOPBACK.includes(host)
  const file = parameters.get('sslrootcert')
  const mode = parameters.get('sslmode') ?? (is_here && file === null ? 'disable' : 'verify-full')
  const ca = file === null ? {} : { ca: certificates(file) }
  switch (mode) {
    case 'disable':
      return false
    case 'verify-full':
      return ca
    case 'verify-ca':
      return { ...ca, checkServerIdentity: () => undefined }
    default:
      throw wrong(
        `has sslmode=${mode}, by which a server isn’t verified`,
        'Use sslmode=verify-full, with sslrootcert=FILE for an authority of your own; or sslmode=disable.',
      )
  }
}

function certificates(file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw wrong(`has an sslrootcert that can’t be read: ${file}`, PEM, cause)
  }
  // Node takes a text without any for no authority at all, and says only that nothing can be verified.
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw wrong(`has an sslrootcert without a certificate: ${file}`, PEM)
  return text
}

const PEM = 'Name a PEM file with the certificates of the authorities that vouch for the server.'

/** The URL isn't shown: it may have a password. */
function wrong(what: string, hint: string, cause?: unknown): CustodyError {
  return new CustodyError('CUSTODY_LEDGER_URL', `the ledger’s URL ${what}`, { hint, cause })
}
