/** The URL of a ledger in PostgreSQL: `postgres://user:password@host:port/database?schema=custody&sslmode=verify-full`. */
import type { ConnectionOptions } from 'node:tls'
import { TLS_PARAMETERS, tlsOf, wrong } from './tls.ts'

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
  /** For people: without passwords. */
  readonly shown: string
}

export const DEFAULT_SCHEMA = 'custody'
/** PostgreSQL cuts longer names; what begins with pg_ is its own. Letters that need no quotes, so that people can write it in SQL. */
const SCHEMA = /^(?!pg_)[a-z_][a-z0-9_]{0,47}$/
const PARAMETERS: readonly string[] = ['schema', 'host', ...TLS_PARAMETERS]
const KNOWN = `Known are ${PARAMETERS.join(', ')}.`
/** What follows `&` may be the rest of a password. */
const SHOWN = PARAMETERS.filter(name => name !== 'sslpassword')

export function isPostgresUrl(url: string): boolean {
  return /^postgres(?:ql)?:/.test(url)
}

/** What a URL says. @throws CustodyError CUSTODY_LEDGER_URL */
export function addressOf(url: string): Address {
  const place = urlOf(url)
  const parameters = parametersOf(place)
  const unknown = [...parameters.keys()].filter(key => !PARAMETERS.includes(key))
  if (unknown.length > 0)
    throw parameters.has('sslpassword')
      ? // What stands there may be the rest of a password.
        wrong('has parameters that Custody doesn’t know', `${KNOWN} In a password & is written as %26.`)
      : wrong(`has parameters that Custody doesn’t know: ${unknown.join(', ')}`, KNOWN)
  const schema = parameters.get('schema') ?? DEFAULT_SCHEMA
  if (!SCHEMA.test(schema))
    throw wrong(
      `names a schema that isn’t one: ${JSON.stringify(schema)}`,
      'Use up to 48 lower-case letters, digits and _.',
    )
  const socket = parameters.get('host')
  const host = socket ?? decoded(place.hostname)
  return {
    host,
    port: place.port === '' ? undefined : Number(place.port),
    user: decoded(place.username),
    password: decoded(place.password),
    database: decoded(place.pathname.slice(1)),
    ssl: tlsOf(parameters, host),
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
  return hash !== '' || [pathname, ...searchParams.keys()].some(each => each.includes('@')) ? null : place
}

/** As libpq reads them: `+` is itself, in a password, say, or in the path of a file. */
function parametersOf({ search }: URL): URLSearchParams {
  return new URLSearchParams(search.replaceAll('+', '%2B'))
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
  const is_shown = (part: string) => SHOWN.some(name => new URLSearchParams(part).has(name))
  shown.search = place.search.slice(1).split('&').filter(is_shown).join('&')
  return shown.href
}
