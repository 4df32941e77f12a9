/**
 * One request and its answer over HTTP/1.1, without redirects. All of it happens before `signal` is aborted, and no more
 * than `max_bytes` of decompressed body are ever held.
 */
import http, { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import https from 'node:https'
import { pipeline, type Readable, type Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import type { CallFailure } from '../../sdk/call.ts'
import { type AddressGuard, AddressRefused } from './addresses.ts'
import { failure } from './failures.ts'

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
  readonly #kept = { 'http:': new http.Agent(KEPT), 'https:': new https.Agent(KEPT) }
  readonly #fresh = { 'http:': new http.Agent(), 'https:': new https.Agent() }

  agent(protocol: 'http:' | 'https:', idempotent: boolean): http.Agent {
    return idempotent ? this.#kept[protocol] : this.#fresh[protocol]
  }

  close(): void {
    for (const agent of [...Object.values(this.#kept), ...Object.values(this.#fresh)]) agent.destroy()
  }
}
/** Less than what servers keep unused connections for, as a rule. */
const KEPT = { keepAlive: true, timeout: 4000 }

export const ACCEPT_ENCODING = 'gzip, br, zstd'
const DECODERS: { readonly [coding: string]: () => Transform } = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
  deflate: createInflate,
}

export interface ExchangeLimits {
  readonly guard: AddressGuard
  readonly connections: Connections
  readonly max_bytes: number
  readonly signal: AbortSignal
}

/** A request without an answer that can be used. */
export interface Broken extends CallFailure {
  /** How far it came: nothing was sent; it was sent, perhaps in part; or this status came back. */
  readonly reached: 'nothing' | 'service' | number
  /** Whether it went where it was meant to go at first, and not on from there. */
  readonly direct: boolean
}

/** The answer to a request; a redirect's without its body. */
export async function exchange(outgoing: Outgoing, limits: ExchangeLimits): Promise<Incoming | Broken> {
  const { url, method, headers, idempotent, body } = outgoing
  let sent = false
  let status: number | null = null
  try {
    limits.guard.judgeUrl(url)
    const protocol = url.protocol === 'https:' ? 'https:' : 'http:'
    const request = (protocol === 'https:' ? https : http).request(url, {
      method,
      headers: {
        ...headers,
        'accept-encoding': ACCEPT_ENCODING,
        ...(body === null ? {} : { 'content-length': body.length }),
      },
      agent: limits.connections.agent(protocol, idempotent),
      lookup: limits.guard.lookup,
      signal: limits.signal,
    })
    request.once('socket', socket => {
      if (!socket.connecting) sent = true
      else
        socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', () => {
          sent = true
        })
    })
    const answered = responseTo(request)
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
    return { ...brokenOff(error, outgoing, sent, limits.signal), reached, direct: true }
  }
}

/** Listens for errors to the end: one that comes when nobody waits for it any more would end the process. */
function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request.once('response', resolve).on('error', reject)
  request.once('upgrade', (_response, socket) => {
    socket.destroy()
    reject(Object.assign(new Error('another protocol, which nobody asked for'), { code: 'UPGRADE' }))
  })
  return promise
}

export const isRedirect = ({ statusCode, headers }: Pick<IncomingMessage, 'statusCode' | 'headers'>): boolean =>
  [301, 302, 303, 307, 308].includes(statusCode ?? 0) && headers.location !== undefined

async function readBody(
  response: IncomingMessage,
  method: string,
  origin: string,
  max_bytes: number,
): Promise<Buffer | CallFailure> {
  const body = decoded(response, method)
  if (body === null) {
    response.destroy()
    return failure('HTTP_ENCODING', `${origin} answers in an encoding that wasn’t asked for`, false)
  }
  const chunks: Buffer[] = []
  let size_bytes = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size_bytes += chunk.length
    if (size_bytes > max_bytes) {
      response.destroy()
      return failure('HTTP_TOO_LARGE', `${origin} answers with more than ${max_bytes} bytes`, false)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
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

/** Only codes of the system are told: its messages may repeat what was sent. */
function brokenOff(error: unknown, { url, idempotent }: Outgoing, sent: boolean, signal: AbortSignal): CallFailure {
  const { origin } = url
  // Whether a request that was sent took effect can't be known.
  const again = idempotent || !sent
  if (error instanceof AddressRefused) return failure('HTTP_ADDRESS_REFUSED', `${origin}: ${error.message}`, false)
  if (signal.aborted) return failure('HTTP_TIMEOUT', `${origin} didn’t answer in time`, again)
  const { code } = error as NodeJS.ErrnoException
  if (typeof code !== 'string') throw error
  if (code.startsWith('HPE_HEADER_OVERFLOW'))
    return failure('HTTP_TOO_LARGE', `${origin} answers with too many headers`, false)
  if (TLS.test(code)) return failure('HTTP_TLS', `no trusted connection to ${origin} (${code})`, false)
  if (code === 'Z_DATA_ERROR' || code.startsWith('ERR_BROTLI') || code.startsWith('ZSTD_error'))
    return failure('HTTP_ENCODING', `${origin} answers with something that can’t be decompressed (${code})`, false)
  const lasting = code === 'ENOTFOUND'
  return failure('HTTP_NETWORK', `the connection to ${origin} failed (${code})`, again && !lasting)
}
