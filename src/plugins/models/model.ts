/**
 * One question to a model, as one call: what is recorded of it, how it is asked, and what its answer was. Keys, headers and
 * the secret parts of a URL are no part of what is recorded.
 */
import { CustodyError } from '../../model/error.ts'
import type { Json } from '../../model/row.ts'
import type { Call, CallAnswer, CallFailure, CallTry, CallUsage } from '../../sdk/call.ts'
import type { Probed } from '../../sdk/probe.ts'
import type { PluginContext, RowError, SecretOption } from '../../sdk/spec.ts'
import { type Masked, Masks, maskedNames } from '../masks.ts'
import { EVERY_ADDRESS } from '../web/addresses.ts'
import { Deadline } from '../web/deadline.ts'
import { Connections, exchange } from '../web/exchange.ts'
import { there, unanswered } from '../web/probe.ts'
import { proxySecrets } from '../web/proxy.ts'
import type { Client } from './client.ts'
import { type Endpoint, endpointOf } from './endpoint.ts'
import { shownBody } from './extra-body.ts'
import { failureOf } from './failures.ts'
import { endedBadly } from './finish.ts'
import type { JsonMap } from './json-map.ts'
import { type ModelOptions, outputLimitOf, priceOf, serviceOf, timeoutOf } from './model-options.ts'
import { modelSecrets } from './model-secrets.ts'
import type { OutputShape } from './output-shape.ts'
import { costOf, mostOf, type Price } from './prices.ts'
import { loadClient } from './providers.ts'
import type { Question } from './question.ts'
import { formatOf, type Reading } from './reading.ts'
import type { Tokens } from './tokens.ts'
import { Unanswered, Wire, type WireSettings } from './wire.ts'

export type Answer = { readonly kind: 'text'; readonly text: string } | RowError

/** An answer to HEAD has none. */
const PROBE_MAX_BYTES = 65_536

export class Model {
  readonly #options: ModelOptions
  readonly #secrets: readonly SecretOption[]
  readonly #endpoint: Endpoint
  readonly #masks: Masks
  readonly #connections = new Connections()
  readonly #price: Price | null
  readonly #timeout_ms: number
  readonly #wired: WireSettings
  #loading: Promise<Client> | null = null

  /** @throws CustodyError CUSTODY_PLUGIN_OPTIONS if the base URL isn't one. */
  constructor(options: ModelOptions, { node, secrets }: Pick<PluginContext, 'node' | 'secrets'>) {
    const endpoint = endpointOf(options.base_url)
    if (endpoint === null)
      throw new CustodyError('CUSTODY_PLUGIN_OPTIONS', 'base_url isn’t the URL of a web server.', { where: { node } })
    this.#options = options
    this.#secrets = secrets
    this.#endpoint = endpoint
    this.#masks = new Masks([...modelSecrets(options, endpoint, secrets), ...proxySecrets(process.env)])
    this.#price = priceOf(options)
    this.#timeout_ms = timeoutOf(options)
    this.#wired = {
      format: formatOf(options.provider),
      endpoint,
      connections: this.#connections,
      masks: this.#masks.beside,
      body: (options.body as JsonMap | undefined) ?? null,
      output_limit: outputLimitOf(options),
    }
  }

  async close(): Promise<void> {
    this.#connections.close()
  }

  /** Of a base URL the origin, without a question: that would have to be paid for. */
  async probe(signal: AbortSignal): Promise<Probed> {
    const { url } = this.#endpoint
    if (url === null) return { state: 'ok', message: `${this.#options.provider} isn’t asked before rows come` }
    const { origin } = new URL(url)
    const deadline = new Deadline(signal, this.#timeout_ms)
    try {
      const answer = await exchange(
        { method: 'HEAD', url: new URL(origin), headers: {}, body: null, idempotent: true },
        {
          ...{ guard: EVERY_ADDRESS, connections: this.#connections, env: process.env },
          ...{ max_bytes: PROBE_MAX_BYTES, deadline },
        },
      )
      return answer.kind === 'failure' ? unanswered(answer) : there(origin)
    } finally {
      deadline.end()
    }
  }

  async ask(call: Call, asked: Question): Promise<Answer> {
    const question = this.#worded(asked)
    const { messages, shape } = question
    const price = this.#price
    const { body, max_output_tokens } = this.#options
    const more = body === undefined ? [] : [JSON.stringify(body)]
    const texts = [...messages.map(({ content }) => content), ...schemaTexts(shape), ...more]
    const most = price === null ? null : mostOf(price, texts, max_output_tokens)
    const bound = most === null ? {} : { at_most_usd: most }
    const result = await call(serviceOf(this.#options), { request: this.#request(question), ...bound }, attempt =>
      this.#perform(question, attempt),
    )
    if (result.kind === 'error') return result
    return { kind: 'text', text: (result.response as { readonly text: string }).text }
  }

  /** Where a request has no separate place for the schema, the messages state it. */
  #worded({ messages, shape }: Question): Question {
    if (shape === null || this.#options.structured === 'schema') return { messages, shape }
    const instruction = `Answer with JSON only. It must fit this JSON Schema:\n${JSON.stringify(shape.asked)}`
    const [first, ...others] = messages
    // Some servers take one system message, at the beginning.
    return first?.role === 'system'
      ? { messages: [{ ...first, content: `${first.content}\n\n${instruction}` }, ...others], shape }
      : { messages: [{ role: 'system', content: instruction }, ...messages], shape }
  }

  #request({ messages, shape }: Question): Json {
    const { provider, model, structured, body } = this.#options
    const { url } = this.#endpoint
    return {
      provider,
      model,
      ...(url === null ? {} : { base_url: url }),
      messages: messages as unknown as Json,
      settings: settingsOf(this.#options),
      ...(body === undefined ? {} : { body: shownBody(body, this.#secrets) }),
      ...(shape === null ? {} : { output: { structured, schema: shape.asked as Json } }),
    }
  }

  async #perform(question: Question, { signal }: CallTry): Promise<CallAnswer> {
    const deadline = new Deadline(signal, this.#timeout_ms)
    const wire = new Wire(this.#wired, deadline)
    try {
      this.#loading ??= loadClient(this.#options, this.#endpoint)
      const failed = await (await this.#loading).ask(question, wire)
      if (wire.reading === null) throw new TypeError('the library sent no request')
      return this.#answer(wire.reading, failed)
    } catch (error) {
      const whom = this.#endpoint.host ?? this.#options.provider
      const failed =
        error instanceof Unanswered && deadline.passed === null
          ? error.failure
          : failureOf(error, this.#masks.beside, whom, deadline.passed)
      const { unbilled, ...rest } = this.#marked(failed)
      const counted = this.#usage(wire.tokens)
      // LLM tokens that were counted were used, whatever the answer was.
      return { ...rest, ...counted, ...(unbilled === true && counted.usage === undefined ? { unbilled } : {}) }
    } finally {
      deadline.end()
    }
  }

  /** With the names of secrets in whose places marks stand in what came back. */
  #marked(failed: CallFailure): CallFailure {
    const response = failed.response as JsonMap | undefined
    if (response === undefined) return failed
    return { ...failed, response: { ...response, ...maskedNames(this.#masks.marksIn(response)) } }
  }

  /** `unlike`: why it isn't an answer to all that was asked, if it isn't. */
  #answer(reading: Reading, unlike: CallFailure | null): CallAnswer {
    const { provider, accept_finish_reasons = [] } = this.#options
    const { finish, model } = reading
    const failed = unlike ?? endedBadly(reading, formatOf(provider), accept_finish_reasons)
    // Without an answer there is no data either.
    const [masks, masked]: [Masks, Masked] = [failed === null ? this.#masks : this.#masks.beside, new Set()]
    const response: Json = {
      text: masks.text(reading.text || reading.refusal, masked).toWellFormed(),
      ...(finish === null ? {} : { finish_reason: this.#masks.beside.text(finish, masked) }),
      ...(model === null ? {} : { model: this.#masks.text(model, masked) }),
      ...maskedNames(masked),
    }
    const usage = this.#usage(reading.tokens)
    if (failed === null) return { kind: 'answer', response, ...usage }
    return { ...failed, message: this.#masks.beside.text(failed.message), response, ...usage }
  }

  /** The cost that a provider reports comes before that of the table. The run works out what isn't known here. */
  #usage({ input, output, cost_usd }: Tokens): { readonly usage?: CallUsage } {
    const price = this.#price
    const listed =
      price === null || input === undefined || output === undefined ? undefined : costOf(price, input, output)
    const cost = (this.#options.provider === 'openrouter' ? cost_usd : undefined) ?? listed
    const usage = {
      ...(input === undefined ? {} : { input_tokens: input }),
      ...(output === undefined ? {} : { output_tokens: output }),
      ...(cost === undefined ? {} : { cost_usd: cost }),
    }
    return Object.keys(usage).length === 0 ? {} : { usage }
  }
}

/** Providers may state the schema in their own words as well. */
function schemaTexts(shape: OutputShape | null): readonly string[] {
  if (shape === null) return []
  const text = JSON.stringify(shape.asked)
  return [text, text]
}

function settingsOf({ max_output_tokens, temperature, top_p, seed, reasoning }: ModelOptions): Json {
  const settings = { max_output_tokens, temperature, top_p, seed, reasoning }
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Json
}
