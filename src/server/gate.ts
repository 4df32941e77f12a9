/**
 * What each request passes before anything looks at what it asks.
 *
 * GATE-1. It names this server by a name that is its own: a page elsewhere whose name was made to lead here (DNS rebinding) doesn't.
 * GATE-2. What comes from a page of another origin, on another port of this machine too, gets nothing below /api and changes nothing.
 * GATE-3. Each answer says that it is to be run, framed, sniffed and kept by nobody but the page of this server.
 */
import type { MiddlewareHandler } from 'hono'
import { CustodyError } from '../model/error.ts'

/** How this server is called. */
export interface Names {
  /** Its origins: `http://127.0.0.1:7377`, `https://custody.example.com`. */
  readonly origins: ReadonlySet<string>
  /** Whether browsers reach it by https. */
  readonly https: boolean
}

/** Names of this machine for itself, as URLs have them. */
export const LOOPBACK: readonly string[] = ['127.0.0.1', 'localhost', '[::1]']

/** Of a server on this machine. */
export function loopbackNames(port: number): Names {
  return { origins: new Set(LOOPBACK.map(host => new URL(`http://${host}:${port}`).origin)), https: false }
}

/** Of one behind a public name; those of this machine remain, for whoever watches over it. */
export function publicNames(url: URL, port: number): Names {
  return { origins: new Set([url.origin, ...loopbackNames(port).origins]), https: url.protocol === 'https:' }
}

const POLICY = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'"],
  ...["connect-src 'self'", "worker-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"],
].join('; ')

const HEADERS: ReadonlyArray<readonly [name: string, value: string]> = [
  ['content-security-policy', POLICY],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['permissions-policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()'],
]

/** A year; only where https is what browsers use. */
const HSTS = 'max-age=31536000'

export function gate({ origins, https }: Names): MiddlewareHandler {
  const hosts = new Set([...origins].map(origin => new URL(origin).host))
  return async (context, next) => {
    for (const [name, value] of HEADERS) context.header(name, value)
    if (https) context.header('strict-transport-security', HSTS)
    const { path, method } = context.req
    // Whether the server lives is asked by machines that know no name of it.
    if (path !== '/healthz') {
      refuseHost(context.req.header('host'), hosts)
      const changes = method !== 'GET' && method !== 'HEAD'
      if (changes || path.startsWith('/api/'))
        refuseOrigin(context.req.header('origin'), context.req.header('sec-fetch-site'), origins)
    }
    await next()
  }
}

function refuseHost(host: string | undefined, hosts: ReadonlySet<string>): void {
  if (host !== undefined && hosts.has(host.toLowerCase())) return
  throw new CustodyError('CUSTODY_HOST', 'this server isn’t called so')
}

/** Browsers say where a request comes from; what says nothing isn't one, and has no cookie that somebody could abuse. */
function refuseOrigin(origin: string | undefined, site: string | undefined, origins: ReadonlySet<string>): void {
  const is_own = (origin === undefined || origins.has(origin)) && (site === undefined || OWN_SITES.has(site))
  if (!is_own) throw new CustodyError('CUSTODY_FORBIDDEN', 'the request comes from a page of another origin')
}

/** `none`: from the address line. */
const OWN_SITES: ReadonlySet<string> = new Set(['same-origin', 'none'])
