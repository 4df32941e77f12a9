/**
 * A service that machines of a test ask: a model, and a register that answers POST with JSON. It hears everything, and says afterwards what it was asked, by
 * whom and when.
 *
 * FAR-SIDE-1. What is answered is a function of the request. How it fails is one of the request and of how often it was heard: some fail once or
 *     twice, in whatever order they come, and some are always refused.
 * FAR-SIDE-2. Each request has a number, which comes back in what callers record and don't pass on: it is in no row.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { sha256Hex } from '../../src/model/sha256.ts'

/** `failure`: with a status that says so; `break`: the connection is closed instead. Both are for a while only. */
export type Met = 'answer' | 'refusal' | 'failure' | 'break'

export interface Heard {
  /** From 1. */
  readonly number: number
  /** Which of its services: `model`, `register`, or whatever else the path says. */
  readonly service: string
  /** The key by which it was asked says who did. */
  readonly who: string
  /** What it was asked about: `step2 17` (`questionIn`). */
  readonly question: string
  /** Header `Idempotency-Key`; empty: none. */
  readonly key: string
  readonly body: string
  readonly met: Met
  /** By the clock of this process, as all that happens to machines is. */
  readonly began_ms: number
  /** When its answer was on its way, or whoever had asked was gone; Infinity until then. */
  ended_ms: number
  is_answered: boolean
}

/** What one answer of the model costs, at a dollar for each of its tokens. */
export const ANSWER_USD = 5
export const MOST_USD = 20

const PATTERN = /ask ([\w-]+ \d+)/

/** What a request is about, in what is sent as in what is recorded of it. */
export const questionIn = (text: string): string => PATTERN.exec(text)?.[1] ?? ''

/** The secret of whoever asks. */
export const keyOf = (who: string): string => `key-of-${who}`

export class FarSide {
  heard: Heard[] = []
  readonly #server: Server
  /** How often each request was heard. */
  #times = new Map<string, number>()

  private constructor() {
    this.#server = createServer((request, response) => this.#serve(request, response))
    // None shall break that isn't meant to.
    this.#server.keepAliveTimeout = 120_000
  }

  static async begin(): Promise<FarSide> {
    const side = new FarSide()
    side.#server.listen(0, '127.0.0.1')
    await once(side.#server, 'listening')
    return side
  }

  get url(): string {
    // cast: it listens on TCP.
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** As if nobody had ever asked. */
  forget(): void {
    this.heard = []
    this.#times = new Map()
  }

  /** Resolves when all that was heard has ended. */
  async idle(): Promise<void> {
    while (this.heard.some(({ ended_ms }) => ended_ms === Number.POSITIVE_INFINITY)) await sleep(20)
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const began_ms = performance.now()
    let body = ''
    try {
      for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) body += chunk
    } catch {
      // Whoever asked was gone before all of it was here: nothing was asked.
      return
    }
    const heard = this.#hear(request, body, began_ms)
    const end = () => {
      heard.ended_ms = Math.min(heard.ended_ms, performance.now())
    }
    response.once('close', end)
    await sleep(5 + (byteOf(heard.body, 2) * 145) / 255)
    if (response.destroyed) return
    heard.is_answered = heard.met !== 'break'
    end()
    if (heard.met === 'break') response.destroy()
    else this.#answer(heard, response)
  }

  #hear({ headers, url }: IncomingMessage, body: string, began_ms: number): Heard {
    const nth = (this.#times.get(body) ?? 0) + 1
    this.#times.set(body, nth)
    const service = url === MODEL_PATH ? 'model' : (url?.slice(1) ?? '')
    const heard = {
      ...{ number: this.heard.length + 1, service, who: String(headers.authorization).replace(/^Bearer key-of-/, '') },
      ...{ question: questionIn(body), key: String(headers['idempotency-key'] ?? ''), body, began_ms },
      ...{ met: metBy(body, nth, service === 'model'), ended_ms: Number.POSITIVE_INFINITY, is_answered: false },
    }
    this.heard.push(heard)
    return heard
  }

  #answer({ number, service, body, met }: Heard, response: ServerResponse): void {
    const status = met === 'answer' ? 200 : met === 'refusal' ? 422 : [500, 502, 503][byteOf(body, 3) % 3]
    const value = sha256Hex(Buffer.from(body)).slice(8, 20)
    const said =
      met !== 'answer'
        ? { error: { message: `number ${number}`, type: 'none' } }
        : service === 'model'
          ? completion(value, number)
          : { value }
    response.writeHead(status ?? 500, { 'content-type': 'application/json', 'x-request-id': `number ${number}` })
    response.end(JSON.stringify(said))
  }
}

const MODEL_PATH = '/v1/chat/completions'

/** One of ten fails at first, and one of twenty is refused; what the model is asked isn't, since its refusals would quote the number. */
function metBy(body: string, nth: number, is_model: boolean): Met {
  const chance = byteOf(body, 0)
  if (chance < 13 && !is_model) return 'refusal'
  if (chance < 13 || chance >= 39) return 'answer'
  if (nth > 1 + (chance % 2)) return 'answer'
  return byteOf(body, 1) < 64 ? 'break' : 'failure'
}

const byteOf = (body: string, at: number): number =>
  Number.parseInt(sha256Hex(Buffer.from(body)).slice(2 * at, 2 * at + 2), 16)

const completion = (value: string, number: number) => ({
  ...{ id: 'one', object: 'chat.completion', created: 1, model: `number ${number}` },
  choices: [{ index: 0, message: { role: 'assistant', content: value }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: ANSWER_USD, total_tokens: 10 + ANSWER_USD },
})

/** The number of the request that a recorded answer or failure came back to; null where none came back. */
export function numberIn(response: unknown): number | null {
  const found = /number (\d+)/.exec(JSON.stringify(response))
  return found === null ? null : Number(found[1])
}
