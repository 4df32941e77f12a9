/**
 * Asks the web: redirects are followed by hand, each hop is judged like the first, and what is meant for one origin isn't
 * sent to another. One time limit for everything.
 */
import { AddressGuard, type Resolve } from './addresses.ts'
import { Deadline } from './deadline.ts'
import {
  type Broken,
  Connections,
  type ExchangeLimits,
  exchange,
  type Incoming,
  isRedirect,
  type Outgoing,
} from './exchange.ts'
import { failure } from './failures.ts'

export interface WebLimits {
  /** For all hops and the body together. */
  readonly timeout_ms: number
  /** Size of the decompressed body. */
  readonly max_bytes: number
  /** How many redirects are followed; with 0 a redirect is an answer like others. */
  readonly redirects: number
  /** Hosts, addresses and ranges that may be asked though they aren't public. */
  readonly allow: readonly string[]
}

export interface WebAnswer extends Incoming {
  /** The URL that answered. */
  readonly url: URL
}

const USER_AGENT = 'custody'
/** What other origins may see of the headers. */
const HARMLESS = new Set(['accept', 'accept-language', 'user-agent'])

export class WebClient {
  readonly #connections = new Connections()
  readonly #guard: AddressGuard
  readonly #limits: WebLimits
  readonly #env: NodeJS.ProcessEnv

  /** `env`: where proxies are named. */
  constructor(limits: WebLimits, resolve?: Resolve, env: NodeJS.ProcessEnv = process.env) {
    this.#limits = limits
    this.#env = env
    this.#guard = new AddressGuard(limits.allow, resolve)
  }

  /** Never throws for what a service or a network does. Header names are in lower case. */
  async ask(first: Outgoing, stop: AbortSignal): Promise<WebAnswer | Broken> {
    const deadline = new Deadline(stop, this.#limits.timeout_ms)
    try {
      return await this.#follow(first, deadline)
    } finally {
      deadline.end()
    }
  }

  async #follow(first: Outgoing, deadline: Deadline): Promise<WebAnswer | Broken> {
    const limits: ExchangeLimits = {
      guard: this.#guard,
      connections: this.#connections,
      env: this.#env,
      max_bytes: this.#limits.max_bytes,
      deadline,
    }
    let outgoing: Outgoing = { ...first, headers: { 'user-agent': USER_AGENT, ...first.headers } }
    for (let left = this.#limits.redirects; ; left--) {
      const incoming = await exchange(outgoing, limits)
      if (incoming.kind === 'failure') return { ...incoming, direct: left === this.#limits.redirects }
      const redirects = this.#limits.redirects > 0 && isRedirect({ ...incoming, statusCode: incoming.status })
      if (!redirects) return { ...incoming, url: outgoing.url }
      const { origin } = outgoing.url
      if (left === 0) return astray(incoming, `${origin} still redirects after ${this.#limits.redirects} times`)
      const next = redirected(outgoing, incoming.status, incoming.headers.location ?? '')
      if (typeof next === 'string') return astray(incoming, `${origin} redirects ${next}`)
      outgoing = next
    }
  }

  close(): void {
    this.#connections.close()
  }
}

const astray = ({ status }: Incoming, message: string): Broken => ({
  ...failure('HTTP_REDIRECTS', message, false),
  reached: status,
  direct: false,
})

/** The request after a redirect, as browsers make it (Fetch Standard, HTTP-redirect fetch); or why there is none. */
function redirected(from: Outgoing, status: number, location: string): Outgoing | string {
  // Servers send UTF-8 here, which Node reads as Latin-1.
  const target = Buffer.from(location, 'latin1').toString('utf8')
  const url = URL.canParse(target, from.url) ? new URL(target, from.url) : null
  if (url === null || !isWebUrl(url)) return 'to what is no URL of the web'
  if (url.username !== '' || url.password !== '') return 'to a URL with a user name'
  url.hash = ''
  const becomesGet = status === 303 ? from.method !== 'HEAD' : status < 303 && from.method === 'POST'
  const next: Outgoing = becomesGet
    ? { ...from, url, method: 'GET', body: null, headers: without(from.headers, name => name.startsWith('content-')) }
    : { ...from, url }
  if (url.origin === from.url.origin) return next
  if (next.body !== null) return 'with the body to another origin'
  return { ...next, headers: without(next.headers, name => !HARMLESS.has(name)) }
}

export const isWebUrl = ({ protocol }: URL): boolean => protocol === 'http:' || protocol === 'https:'

function without(headers: Outgoing['headers'], drop: (name: string) => boolean): Outgoing['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !drop(name)))
}
