/**
 * What a chaos peer does with each request.
 *
 * CHAOS-SERVICE-1. Which fault a request meets is for `behaviour.ts` to say; bursts and the limit (`admission.ts`) are what depends on when
 *     a request arrives. Requests that these refuse don't count as attempts, so what a request meets by itself stays the same.
 * CHAOS-SERVICE-2. Every request is recorded, once, and what it met is what was really done to it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { Admission } from './admission.ts'
import { type Answerer, makeAnswerer } from './answer.ts'
import { type Decision, decide, requestKey } from './behaviour.ts'
import type { ModelReply } from './chat.ts'
import { deliver, deliveryFault, mangled } from './delivery.ts'
import type { FaultKind } from './faults.ts'
import type { ChaosSettings } from './options.ts'
import { type OpenRequest, RequestLog } from './record.ts'
import { errorReply, type Reply } from './reply.ts'
import { replyTo } from './routes.ts'

const MAX_BODY_BYTES = 16 * 1024 * 1024

/** A request that is being answered. */
interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly record: OpenRequest
  /** Aborted when the client is gone, or has all it gets. */
  readonly signal: AbortSignal
}

export class Service {
  readonly log: RequestLog
  readonly #settings: ChaosSettings
  readonly #answerer: Answerer
  readonly #admission: Admission
  /** How often each request was let through, by its key. */
  readonly #attempts = new Map<string, number>()

  constructor(settings: ChaosSettings) {
    this.#settings = settings
    this.#answerer = makeAnswerer(settings)
    this.#admission = new Admission(settings)
    this.log = new RequestLog(settings.keep)
  }

  /** Never throws, and never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const record = this.log.open(now(), request.method ?? 'GET', request.url ?? '/', request.headers)
    const over = new AbortController()
    response.once('close', () => {
      this.log.close(record, now(), response.writableFinished && record.fault !== 'cut_body')
      over.abort()
    })
    const exchange = { request, response, record, signal: over.signal }
    try {
      await this.#answer(exchange)
    } catch (error) {
      // Without its end the client has gone, and nobody is there to get an error; else the answer function threw.
      if (!request.complete || over.signal.aborted) return
      const reason = error instanceof Error ? error.message : String(error)
      await this.#send(exchange, errorReply(500, 'no_answer', `no answer could be made: ${reason}`), null, 0)
    }
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { request, record, signal } = exchange
    const body = await bodyOf(request)
    if (body === null) return this.#send(exchange, errorReply(413, 'too_large', 'the body is too large'), null, 0)
    record.body = body.toString()
    const key = requestKey(record.method, record.path, body)
    const decision = this.#admit(key, record)
    if (typeof decision === 'number') return this.#send(exchange, this.#tooMany(decision), null, 0)
    const { reply, fault } = this.#reply(exchange, key, body, decision)
    const { detail, latency_ms } = decision
    const on_the_way = fault === null ? deliveryFault(decision.fault, reply, record.method) : null
    if (latency_ms > 0) await wait(latency_ms, undefined, { signal })
    record.fault = fault ?? on_the_way
    await this.#send(exchange, mangled(reply, on_the_way, detail), on_the_way, detail)
  }

  /** What is decided of it, or if it is refused how many seconds it should wait. */
  #admit(key: string, record: OpenRequest): Decision | number {
    const { retry_after } = this.#settings
    const at_ms = now()
    const verdict = this.#admission.ask(at_ms)
    if (verdict.kind !== 'through') {
      record.fault = verdict.kind
      return verdict.kind === 'over_limit' ? Math.ceil(verdict.wait_ms / 1000) : retry_after.seconds
    }
    const attempt = (this.#attempts.get(key) ?? 0) + 1
    this.#attempts.set(key, attempt)
    record.attempt = attempt
    const decision = decide(this.#settings, key, attempt)
    if (decision.fault !== 'rate_limited') return decision
    this.#admission.beginBurst(at_ms)
    record.fault = 'rate_limited'
    return retry_after.seconds
  }

  #tooMany(seconds: number): Reply {
    const { form } = this.#settings.retry_after
    const value = form === 'date' ? new Date(Math.ceil(now() / 1000 + seconds) * 1000).toUTCString() : String(seconds)
    const headers = form === 'none' ? {} : { 'retry-after': value }
    return errorReply(429, 'rate_limit_exceeded', 'too many requests', headers)
  }

  #reply({ request, record }: Exchange, key: string, body: Buffer, decision: Decision): ModelReply {
    const { seed, statuses } = this.#settings
    if (decision.fault === 'server_error') {
      const status = statuses[Math.floor(decision.detail * statuses.length)] as number
      return { reply: errorReply(status, 'server_error', 'the server had an error'), fault: decision.fault }
    }
    if (decision.fault === 'unauthorized')
      return { reply: errorReply(401, 'invalid_api_key', 'the key is wrong'), fault: decision.fault }
    if (decision.fault === 'no_quota')
      return { reply: errorReply(429, 'insufficient_quota', 'the quota is used up'), fault: decision.fault }
    const { method, path } = record
    // What isn't a path (`OPTIONS *`) is nowhere.
    const url = new URL(`http://chaos${path.startsWith('/') ? path : '/'}`)
    const asked = { method, url, headers: request.headers, body, key, decision }
    return replyTo({ ...asked, seed, statuses, answerer: this.#answerer })
  }

  async #send(
    { response, record, signal }: Exchange,
    reply: Reply,
    on_the_way: FaultKind | null,
    detail: number,
  ): Promise<void> {
    record.status = reply.status
    const fault = record.fault === null ? {} : { 'x-chaos-fault': record.fault }
    const marked = { ...reply, headers: { ...reply.headers, ...fault } }
    const hangUp = await deliver(response, marked, on_the_way, detail, this.#settings.drip, signal)
    if (hangUp === null) return
    // Before the client sees it: its next request isn't in flight together with this one.
    this.log.close(record, now(), false)
    hangUp()
  }
}

/** Milliseconds since 1970; never goes back. */
function now(): number {
  return performance.timeOrigin + performance.now()
}

/** Null if it is too large. @throws Error if the client goes away meanwhile. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let size_bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size_bytes += chunk.length
    // Read to its end all the same: a client that still sends doesn't look for an answer.
    if (size_bytes <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  return size_bytes <= MAX_BODY_BYTES ? Buffer.concat(chunks) : null
}
