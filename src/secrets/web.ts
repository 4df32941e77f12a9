/** One request, with an end of time and of what is read. Over a proxy where the environment names one, but never to this machine itself. */
import { type ClientRequest, type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import type { Environment } from './environment.ts'

export interface WebRequest {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly body?: string
  readonly tls?: TlsFiles
}

/** In PEM; absent: as Node has it. */
export interface TlsFiles {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
}

export interface WebAnswer {
  readonly status: number
  /** Where it sends to; absent: nowhere. */
  readonly location?: string | undefined
  readonly body: string
}

/** @throws Unanswered */
export type Ask = (request: WebRequest, signal: AbortSignal) => Promise<WebAnswer>

/** There was no answer, or none that could be read. Its message ends a sentence: `can’t be reached: connect ECONNREFUSED …`. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered'
}

/** No secret is that large: Vault takes 1 MiB, the others 64 KiB and less. */
const MOST_BYTES = 2 ** 21

export function webAsk(env: Environment): Ask {
  return (request, signal) => exchange(request, env, signal).then(answerOf, refuse)
}

function exchange({ method, url, headers, body, tls }: WebRequest, env: Environment, signal: AbortSignal) {
  const target = new URL(url)
  const proxyEnv = isThisMachine(target.hostname) ? {} : { proxyEnv: env }
  const common = { method, headers: { ...headers, 'user-agent': 'custody' }, signal }
  return new Promise<IncomingMessage>((resolve, reject) => {
    const sent: ClientRequest =
      target.protocol === 'https:'
        ? tlsRequest(target, { ...common, ...tls, agent: new TlsAgent({ ...proxyEnv, ...tls }) }, resolve)
        : plainRequest(target, { ...common, agent: new PlainAgent(proxyEnv) }, resolve)
    sent.on('error', reject)
    sent.end(body)
  })
}

async function answerOf(response: IncomingMessage): Promise<WebAnswer> {
  const parts: Buffer[] = []
  let bytes = 0
  try {
    for await (const part of response) {
      const chunk: Buffer = part
      bytes += chunk.length
      if (bytes > MOST_BYTES) throw new Unanswered(`answers with more than ${MOST_BYTES} bytes`)
      parts.push(chunk)
    }
  } catch (error) {
    if (error instanceof Unanswered) throw error
    return refuse(error)
  }
  const { statusCode = 0, headers } = response
  return { status: statusCode, location: headers.location, body: Buffer.concat(parts).toString('utf8') }
}

/** What Node says of a connection has hosts and ports in it, and nothing of what was sent. */
function refuse(error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const [message = ''] = error instanceof Error ? error.message.split('\n') : []
  // `…:error:0A00010B:SSL routines:…:wrong version number:…`
  const [, of_tls] = /:error:\w+:[^:]*:[^:]*:([^:]+):/.exec(message) ?? []
  throw new Unanswered(`can’t be reached: ${of_tls ?? (message || code || 'no reason is given')}`)
}

function isThisMachine(hostname: string): boolean {
  return /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)
}
