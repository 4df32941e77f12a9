/**
 * One request to a model on its way out, and what comes back. Whoever makes the request and signs it, it is sent from here, and what
 * comes back is judged and read here: only then is it known what was complete, what was paid for, and whose fault an error is.
 */

import { parseJson } from '../../model/json.ts'
import { type Json, withoutPrototypes } from '../../model/row.ts'
import type { CallFailure } from '../../sdk/call.ts'
import type { Masks } from '../masks.ts'
import { EVERY_ADDRESS } from '../web/addresses.ts'
import type { Deadline } from '../web/deadline.ts'
import { type Connections, exchange, type Incoming, type Outgoing } from '../web/exchange.ts'
import { decodeText } from '../web/response.ts'
import { authorized, type Endpoint, urlAt } from './endpoint.ts'
import { errorWithin } from './error-within.ts'
import { assembled, isEventStream } from './event-stream.ts'
import { withExtra } from './extra-body.ts'
import { failure, failureOfBroken, failureOfStatus } from './failures.ts'
import { hintOf } from './hints.ts'
import { isMap, type JsonMap } from './json-map.ts'
import type { OutputLimit } from './model-options.ts'
import { type Format, type Reading, readAnswer } from './reading.ts'
import { type Tokens, tokensOf } from './tokens.ts'

export interface WireSettings {
  readonly format: Format
  readonly endpoint: Endpoint
  readonly connections: Connections
  /** Masks for errors. */
  readonly masks: Masks
  /** To add to what a library makes; null: nothing. */
  readonly body: JsonMap | null
  /** What the limit of an answer is called; null: as the library has it. */
  readonly output_limit: OutputLimit | null
}

/** An answer of a model is far shorter. */
const BODY_MAX_BYTES = 32 * 1024 * 1024
/** In UTF-16 units: enough of a response to see what it is. */
const SHOWN_MAX = 2_000

/** Thrown to whoever asked, through the library where there is one. */
export class Unanswered extends Error {
  readonly failure: CallFailure

  constructor(failure: CallFailure) {
    super(failure.message)
    this.failure = failure
  }
}

export class Wire {
  readonly #settings: WireSettings
  readonly #deadline: Deadline
  #reading: Reading | null = null
  #tokens: Tokens = {}

  constructor(settings: WireSettings, deadline: Deadline) {
    this.#settings = settings
    this.#deadline = deadline
  }

  /** What came back; null if nothing did that can be read. */
  get reading(): Reading | null {
    return this.#reading
  }

  /** What was counted, as far as the answer says it; also of answers that can't be read. */
  get tokens(): Tokens {
    return this.#tokens
  }

  /** The `fetch` that the library gets. It answers with an empty complete answer of its kind. */
  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const { endpoint, format } = this.#settings
    await this.send({
      method: init?.method ?? 'POST',
      url: urlAt(input instanceof Request ? input.url : String(input), endpoint),
      headers: Object.fromEntries(authorized(new Headers(init?.headers), endpoint)),
      body: Buffer.from(this.#bodyOf(String(init?.body ?? ''))),
      idempotent: false,
    })
    return Response.json(WHOLE[format])
  }

  /**
   * Sends it, and reads what comes back. Follows no redirect, because they would take prompts and keys to where nobody said they
   * should go. @throws Unanswered
   */
  async send(outgoing: Outgoing): Promise<void> {
    const { connections } = this.#settings
    const incoming = await exchange(outgoing, {
      ...{ guard: EVERY_ADDRESS, connections, env: process.env, max_bytes: BODY_MAX_BYTES },
      ...{ deadline: this.#deadline, kept: true },
    })
    if (incoming.kind === 'failure') throw new Unanswered(failureOfBroken(incoming, outgoing.url.host))
    const reading = this.#read(incoming)
    if ('kind' in reading) throw new Unanswered(reading)
    this.#reading = reading
  }

  /** Signed requests have both of these in them already: their body stays. */
  #bodyOf(text: string): string {
    const { body, output_limit, format } = this.#settings
    if (format === 'bedrock' || (body === null && output_limit === null)) return text
    const own = parseJson(text) as JsonMap
    const { max_tokens, max_completion_tokens, ...rest } = own
    const most = max_tokens ?? max_completion_tokens
    const limited = output_limit === null || most === undefined ? own : { ...rest, [output_limit]: most }
    return JSON.stringify(body === null ? limited : withExtra(limited, body))
  }

  #read({ status, headers, body }: Incoming): Reading | CallFailure {
    const { masks } = this.#settings
    const text = decodeText(body, null, false)
    const text_headers = textsOf(headers)
    if (status < 200 || status > 299) {
      const said = masks.text(errorMessage(text)).slice(0, SHOWN_MAX)
      return hinted(failureOfStatus({ status, body: text, headers: text_headers }, masks, said), text)
    }
    if (text.trim() === '') return this.#malformed(status, text, 'with nothing in it')
    if (isEventStream(text_headers['content-type'] ?? '', text)) return this.#readStream(status, text_headers, text)
    const parsed = parsedBody(text)
    if (parsed === undefined) {
      const is_page = /^\s*</.test(text)
      const unread = this.#malformed(status, text, is_page ? 'with a page in place of an answer' : 'that isn’t JSON')
      // A page of a gateway or a login: it comes whatever is asked.
      return is_page ? { ...unread, outage: true } : unread
    }
    return this.#readBody(status, text_headers, text, parsed)
  }

  #readStream(status: number, headers: Texts, text: string): Reading | CallFailure {
    if (this.#settings.format !== 'chat')
      return { ...this.#malformed(status, text, 'as a stream of events, which wasn’t asked for'), retryable: false }
    const whole = assembled(text)
    return typeof whole === 'string'
      ? this.#malformed(status, text, `as a stream of events: ${whole}`)
      : this.#readBody(status, headers, text, whole)
  }

  #readBody(status: number, headers: Texts, text: string, body: Json): Reading | CallFailure {
    const { format, masks } = this.#settings
    if (isMap(body)) this.#tokens = tokensOf(format, body)
    const within = errorWithin(body)
    if (within !== null) {
      const said = masks.text(within.message).slice(0, SHOWN_MAX)
      const as_status = { status: within.status, body: JSON.stringify(body), headers }
      const { outage, response, ...failed } = failureOfStatus(as_status, masks, said)
      return {
        ...hinted(failed, text),
        message: `HTTP ${status} with an error inside: ${failed.message}`,
        ...(isMap(response) ? { response: { ...response, status } } : {}),
        // A guess is no reason to take the service for one that is down.
        ...(outage === true && within.has_status ? { outage } : {}),
      }
    }
    const reading = readAnswer(format, body)
    return typeof reading === 'string' ? this.#malformed(status, text, `that can’t be read: ${reading}`) : reading
  }

  #malformed(status: number, text: string, what: string): CallFailure {
    const shown = this.#settings.masks.text(text).slice(0, SHOWN_MAX).toWellFormed()
    return { ...failure('LLM_MALFORMED', `HTTP ${status} ${what}`), response: { status, body: shown } }
  }
}

type Texts = { readonly [name: string]: string }

function textsOf(headers: Incoming['headers']): Texts {
  const texts: { [name: string]: string } = {}
  for (const [name, value] of Object.entries(headers)) if (typeof value === 'string') texts[name] = value
  return texts
}

function hinted(failed: CallFailure, text: string): CallFailure {
  const hint = hintOf(text)
  return hint === null || failed.code !== 'LLM_BAD_REQUEST'
    ? failed
    : { ...failed, message: `${failed.message.replace(/[.\s]+$/, '')}; ${hint}` }
}

/** Numbers that Python writes and JSON doesn't have; texts, so that nothing in them is taken for one. */
const STRANGE_NUMBERS = /("(?:[^"\\]+|\\.)*")|-?\b(?:NaN|Infinity)\b/g
/** In UTF-16 units; longer ones aren't worth a second look. */
const REPAIRED_MAX = 1_000_000

/** JSON, also with strange numbers, as null; undefined if it isn't JSON. */
function parsedBody(text: string): Json | undefined {
  const body = parsed(text)
  if (body !== undefined || text.length > REPAIRED_MAX || !/NaN|Infinity/.test(text)) return body
  return parsed(text.replaceAll(STRANGE_NUMBERS, (_, quoted) => quoted ?? 'null'))
}

/** Undefined for `null`, too, which is no answer. */
function parsed(text: string): Json | undefined {
  try {
    return withoutPrototypes(parseJson(text) as Json) ?? undefined
  } catch {
    return undefined
  }
}

function errorMessage(text: string): string {
  const parsed = parsedBody(text)
  const within = parsed === undefined ? null : errorWithin(parsed)
  return within?.message ?? (text.replaceAll(/<[^>]*>|\s+/g, ' ').trim() || 'no reason is given')
}

/** A whole answer of each kind with nothing in it: it is read here, not by the library. */
const WHOLE: { readonly [format in Format]: Json } = {
  chat: { choices: [{ index: 0, message: { role: 'assistant', content: '' }, finish_reason: 'stop' }] },
  anthropic: {
    type: 'message',
    id: '',
    model: '',
    role: 'assistant',
    content: [],
    stop_reason: 'end_turn',
    usage: { input_tokens: 0, output_tokens: 0 },
  },
  google: { candidates: [{ content: { role: 'model', parts: [] }, finishReason: 'STOP' }] },
  bedrock: {
    output: { message: { role: 'assistant', content: [] } },
    stopReason: 'end_turn',
    usage: { inputTokens: 0, outputTokens: 0, totalTokens: 0 },
  },
}
