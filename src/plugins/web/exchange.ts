/**
 * One request and its answer over HTTP/1.1, without redirects. All of it happens before the deadline has passed, and no more
 * than `max_bytes` of decompressed body are ever held.
 */
import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { AgentOptions } from 'node:https'
import { pipeline, type Readable, type Transform } from 'node:stream'
import { counted } from '../../model/number-text.ts'
import type { CallFailure } from '../../sdk/call.ts'
import { http, https, zlib } from '../node-on-demand.ts'
import { AddressRefused, type Guard } from './addresses.ts'
import type { Deadline } from './deadline.ts'
import { failure } from './failures.ts'
import { ProxyProblem, proxyFor, type WebProxy } from './proxy.ts'

export interface Outgoing {
  readonly method: string
  readonly url: URL
  readonly headers: { readonly [name: string]: string }
  readonly body: Buffer | null
  /** Whether making it twice is the same as making it once. */
  readonly idempotent: boolean
}

export interface Incoming {
  readonly kind: 'incoming'
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Decompressed. */
  readonly body: Buffer
}

/** Connections, kept open for requests that may be made again should one prove closed. */
export class Connections {
  /** By scheme, proxy, and whether they are kept. */
  readonly #agents = new Map<string, Agent>()

  agent(protocol: 'http:' | 'https:', kept: boolean, proxy: WebProxy | null): Agent {
    const name = `${protocol} ${kept} ${proxy?.url ?? ''}`
    const known = this.#agents.get(name)
    if (known !== undefined) return known
    const options = proxy === null ? (kept ? KEPT : {}) : throughProxy(proxy, kept)
    const agent = protocol === 'https:' ? new (https().Agent)(options) : new (http().Agent)(options)
    this.#agents.set(name, agent)
    return agent
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy()
  }
}
/** Less than what servers keep unused connections for, as a rule. */
const KEPT = { keepAlive: true, timeout: 4000 }

/** Milliseconds; within this time a proxy must have made its way, too. */
const PROXIED_MS = 30_000
/** Older versions would bypass the proxy silently. */
const KNOWS_PROXIES = [24, 5] as const

function throughProxy({ url }: WebProxy, kept: boolean): AgentOptions {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const [least_major, least_minor] = KNOWS_PROXIES
  if (major < least_major || (major === least_major && minor < least_minor))
    throw new ProxyProblem(`proxies need Node ${KNOWS_PROXIES.join('.')} or newer`)
  return { keepAlive: kept, timeout: PROXIED_MS, proxyEnv: { http_proxy: url, https_proxy: url } }
}

const ACCEPT_ENCODING = 'gzip, br, zstd'
const DECODERS: { readonly [coding: string]: () => Transform } = {
  gzip: () => zlib().createGunzip(),
  'x-gzip': () => zlib().createGunzip(),
  br: () => zlib().createBrotliDecompress(),
  zstd: () => zlib().createZstdDecompress(),
  deflate: () => zlib().createInflate(),
}

export interface ExchangeLimits {
  readonly guard: Guard
  readonly connections: Connections
  /** Where proxies are named. */
  readonly env: NodeJS.ProcessEnv
  readonly max_bytes: number
  readonly deadline: Deadline
  /** Keep connections open also for requests that aren't idempotent. */
  readonly kept?: boolean
}

/** A request without an answer that can be used. */
export interface Broken extends CallFailure {
  /** How far it came: nothing was sent; it was sent, perhaps in part; or this status came back. */
  readonly reached: 'nothing' | 'service' | number
  /** The error of a connection that couldn't be made, or broke. */
  readonly system_code?: string
  /** Whether it went where it was meant to go at first, and not on from there. */
  readonly direct: boolean
}

/** The answer to a request; a redirect's without its body. */
export async function exchange(outgoing: Outgoing, limits: ExchangeLimits): Promise<Incoming | Broken> {
  const { url, method, headers, idempotent, body } = outgoing
  let sent = false
  let status: number | null = null
  let proxy: WebProxy | null = null
  try {
    limits.guard.judgeUrl(url)
    proxy = proxyFor(url, limits.env)
    if (proxy !== null) await limits.guard.judgeName(url)
    const protocol = url.protocol === 'https:' ? 'https:' : 'http:'
    const request = (protocol === 'https:' ? https() : http()).request(url, {
      method,
      headers: {
        ...headers,
        'accept-encoding': ACCEPT_ENCODING,
        ...(body === null ? {} : { 'content-length': body.length }),
      },
      agent: limits.connections.agent(protocol, idempotent || limits.kept === true, proxy),
      // Through a proxy it would be asked for the proxy's name.
      ...(proxy === null && limits.guard.lookup !== undefined ? { lookup: limits.guard.lookup } : {}),
    })
    request.on('socket', socket => {
      if (!socket.connecting) sent = true
      else
        socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', () => {
          sent = true
        })
    })
    const answered = responseTo(request, limits.deadline)
    request.end(body ?? undefined)
    const response = await answered
    status = response.statusCode ?? 0
    if (isRedirect(response)) {
      response.destroy()
      return { kind: 'incoming', status, headers: response.headers, body: Buffer.alloc(0) }
    }
    const read = await readBody(response, method, url.origin, limits.max_bytes)
    if (!Buffer.isBuffer(read)) return { ...read, reached: status, direct: true }
    return { kind: 'incoming', status, headers: response.headers, body: read }
  } catch (error) {
    const reached = status ?? (sent ? 'service' : 'nothing')
    const broken = brokenOff(error, outgoing, { sent, proxied: proxy !== null }, limits.deadline)
    const { code } = error as NodeJS.ErrnoException
    return { ...broken, reached, direct: true, ...(typeof code === 'string' ? { system_code: code } : {}) }
  } finally {
    // The connection may be another request's by now.
    limits.deadline.unwatch()
  }
}

/** Listens for errors to the end: one that comes when nobody waits for it any more would end the process. */
function responseTo(request: ClientRequest, deadline: Deadline): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  deadline.watch(() => {
    const given_up = new GivenUp()
    request.destroy(given_up)
    // It hears nothing of that before it has a connection, which a proxy may take long to give.
    reject(given_up)
  })
  request.on('response', resolve).on('error', reject)
  request.on('upgrade', (_response, socket) => {
    socket.destroy()
    reject(Object.assign(new Error('another protocol, which nobody asked for'), { code: 'UPGRADE' }))
  })
  return promise
}

export const isRedirect = ({ statusCode, headers }: Pick<IncomingMessage, 'statusCode' | 'headers'>): boolean =>
  REDIRECTS.includes(statusCode ?? 0) && headers.location !== undefined
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308]

async function readBody(
  response: IncomingMessage,
  method: string,
  origin: string,
  max_bytes: number,
): Promise<Buffer | CallFailure> {
  // For an error the status is what counts, whatever a gateway did to the body.
  const needed = (response.statusCode ?? 0) < 300
  const body = decoded(response, method)
  if (body === null) {
    response.destroy()
    return needed ? failure('HTTP_ENCODING', `${origin} answers in an encoding that wasn’t asked for`, false) : NOTHING
  }
  try {
    const bytes = await bytesOf(body, max_bytes)
    if (bytes !== null) return bytes
    response.destroy()
    return failure('HTTP_TOO_LARGE', `${origin} answers with more than ${counted(max_bytes, 'byte')}`, false)
  } catch (error) {
    if (needed || !isUndecodable(error)) throw error
    return NOTHING
  }
}
const NOTHING = Buffer.alloc(0)

/** Ends a request whose deadline has passed. */
class GivenUp extends Error {
  override readonly name = 'GivenUp'
  readonly code = 'ABORT_ERR'
}

/** A body that was closed before its end, without an error. */
class CutOff extends Error {
  override readonly name = 'CutOff'
  readonly code = 'ERR_STREAM_PREMATURE_CLOSE'
}

/** All of them, by events: an iterator would wait for each piece several times. Null if there are more than `max_bytes`. */
function bytesOf(body: Readable, max_bytes: number): Promise<Buffer | null> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | null>()
  const chunks: Buffer[] = []
  let size_bytes = 0
  let ended = false
  // Listens for errors to the end, as `responseTo` does.
  body.on('error', reject)
  body.on('data', (chunk: Buffer) => {
    size_bytes += chunk.length
    if (size_bytes <= max_bytes) chunks.push(chunk)
    else {
      body.destroy()
      resolve(null)
    }
  })
  body.on('end', () => {
    ended = true
    resolve(Buffer.concat(chunks, size_bytes))
  })
  body.on('close', () => {
    if (!ended) reject(new CutOff())
  })
  return promise
}

function isUndecodable(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' && /^Z_DATA_ERROR$|^Z_NEED_DICT$|^ERR_BROTLI|^ZSTD_error/.test(code)
}

/** The body's bytes without their content coding; null if that isn't known. */
function decoded(response: IncomingMessage, method: string): Readable | null {
  const coding = (response.headers['content-encoding'] ?? '').trim().toLowerCase()
  const bodyless = method === 'HEAD' || response.statusCode === 204 || response.statusCode === 304
  if (coding === '' || coding === 'identity' || bodyless) return response
  const decoder = Object.hasOwn(DECODERS, coding) ? DECODERS[coding] : undefined
  // Errors of either reach whoever reads.
  return decoder === undefined ? null : pipeline(response, decoder(), () => undefined)
}

const TLS = /^EPROTO$|CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|ERR_TLS_|ERR_SSL_/

interface Way {
  readonly sent: boolean
  readonly proxied: boolean
}

/** Only codes of the system are reported: its messages may repeat what was sent. */
function brokenOff(error: unknown, { url, idempotent }: Outgoing, way: Way, deadline: Deadline): CallFailure {
  const { origin } = url
  // Whether a request that was sent took effect can't be known.
  const again = idempotent || !way.sent
  if (error instanceof AddressRefused) return failure('HTTP_ADDRESS_REFUSED', `${origin}: ${error.message}`, false)
  if (error instanceof ProxyProblem) return failure('HTTP_NETWORK', error.message, false)
  if (deadline.passed !== null) return failure('HTTP_TIMEOUT', `${origin} didn’t answer in time`, again)
  const { code, statusCode } = error as NodeJS.ErrnoException & { readonly statusCode?: number }
  if (typeof code !== 'string') throw error
  if (code.startsWith('HPE_HEADER_OVERFLOW'))
    return failure('HTTP_TOO_LARGE', `${origin} answers with too many headers`, false)
  if (code === 'ERR_PROXY_TUNNEL') {
    const reason = statusCode === undefined ? code : `status ${statusCode}`
    return failure('HTTP_NETWORK', `the proxy gives no way to ${origin} (${reason})`, statusCode !== 407)
  }
  if (TLS.test(code)) return failure('HTTP_TLS', `no trusted connection to ${origin} (${code})`, false)
  if (isUndecodable(error))
    return failure('HTTP_ENCODING', `${origin} answers with something that can’t be decompressed (${code})`, again)
  const lasting = code === 'ENOTFOUND' && !way.proxied
  const whom = way.proxied ? `the proxy, on the way to ${origin},` : origin
  return failure('HTTP_NETWORK', `the connection to ${whom} failed (${code})`, again && !lasting)
}
