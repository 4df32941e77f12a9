/**
 * One question to a model, as one call: what is recorded of it, how it is asked, and what its answer was. Keys, headers and
 * the secret parts of a URL are no part of what is recorded.
 */
import type { JSONObject, LanguageModelV4CallOptions, LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import { CustodyError } from '../../model/error.ts'
import type { Json } from '../../model/row.ts'
import type { Call, CallAnswer, CallFailure, CallTry, CallUsage } from '../../sdk/call.ts'
import type { PluginContext, RowError, SecretOption } from '../../sdk/spec.ts'
import { type Masked, Masks, maskedNames } from '../masks.ts'
import { Connections } from '../web/exchange.ts'
import { proxySecrets } from '../web/proxy.ts'
import { type Endpoint, endpointOf } from './endpoint.ts'
import { shownBody } from './extra-body.ts'
import { failure, failureOf } from './failures.ts'
import { endedBadly } from './finish.ts'
import type { JsonMap } from './json-map.ts'
import { type ModelOptions, outputLimitOf, priceOf, serviceOf, timeoutOf } from './model-options.ts'
import { modelSecrets } from './model-secrets.ts'
import type { OutputShape } from './output-shape.ts'
import { costOf, mostOf } from './prices.ts'
import { loadModel, type MakeModel } from './providers.ts'
import { formatOf, type Reading } from './reading.ts'
import type { Tokens } from './tokens.ts'
import { Unanswered, Wire } from './wire.ts'

export interface Message {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

export interface Question {
  readonly messages: readonly Message[]
  /** Null: a text. */
  readonly shape: OutputShape | null
}

export type Answer = { readonly kind: 'text'; readonly text: string } | RowError

export class Model {
  readonly #options: ModelOptions
  readonly #secrets: readonly SecretOption[]
  readonly #endpoint: Endpoint
  readonly #masks: Masks
  readonly #connections = new Connections()
  #loading: Promise<MakeModel> | null = null

  /** @throws CustodyError CUSTODY_PLUGIN_OPTIONS if the base URL isn't one. */
  constructor(options: ModelOptions, { node, secrets }: Pick<PluginContext, 'node' | 'secrets'>) {
    const endpoint = endpointOf(options.base_url)
    if (endpoint === null)
      throw new CustodyError('CUSTODY_PLUGIN_OPTIONS', 'base_url isn’t the URL of a web server.', { where: { node } })
    this.#options = options
    this.#secrets = secrets
    this.#endpoint = endpoint
    this.#masks = new Masks([...modelSecrets(options, endpoint, secrets), ...proxySecrets(process.env)])
  }

  async close(): Promise<void> {
    this.#connections.close()
  }

  async ask(call: Call, asked: Question): Promise<Answer> {
    const question = this.#worded(asked)
    const { messages, shape } = question
    const price = priceOf(this.#options)
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
    const instruction = `Answer with JSON only. It must fit this JSON Schema:\n${JSON.stringify(shape.schema)}`
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
      ...(shape === null ? {} : { output: { structured, schema: shape.schema as Json } }),
    }
  }

  async #perform(question: Question, { signal }: CallTry): Promise<CallAnswer> {
    const timeout = AbortSignal.timeout(timeoutOf(this.#options))
    const abortSignal = AbortSignal.any([signal, timeout])
    const wire = this.#wire(abortSignal)
    try {
      this.#loading ??= loadModel(this.#options, this.#endpoint)
      const model = (await this.#loading)(wire.fetch)
      const { warnings } = await model.doGenerate({ ...callOptions(this.#options, question), abortSignal })
      if (wire.reading === null) throw new TypeError('the library sent no request')
      return this.#answer(wire.reading, warnings)
    } catch (error) {
      const gave_up = signal.aborted ? 'run' : timeout.aborted ? 'timeout' : null
      const whom = this.#endpoint.host ?? this.#options.provider
      const failed =
        error instanceof Unanswered && gave_up === null
          ? error.failure
          : failureOf(error, this.#masks.beside, whom, gave_up)
      const { unbilled, ...rest } = this.#marked(failed)
      const counted = this.#usage(wire.tokens)
      // LLM tokens that were counted were used, whatever the answer was.
      return { ...rest, ...counted, ...(unbilled === true && counted.usage === undefined ? { unbilled } : {}) }
    }
  }

  /** With the names of secrets in whose places marks stand in what came back. */
  #marked(failed: CallFailure): CallFailure {
    const response = failed.response as JsonMap | undefined
    if (response === undefined) return failed
    return { ...failed, response: { ...response, ...maskedNames(this.#masks.marksIn(response)) } }
  }

  #wire(signal: AbortSignal): Wire {
    const { provider, body } = this.#options
    return new Wire({
      format: formatOf(provider),
      endpoint: this.#endpoint,
      connections: this.#connections,
      masks: this.#masks.beside,
      body: (body as JsonMap | undefined) ?? null,
      output_limit: outputLimitOf(this.#options),
      signal,
    })
  }

  #answer(reading: Reading, warnings: LanguageModelV4GenerateResult['warnings']): CallAnswer {
    const { provider, accept_finish_reasons = [] } = this.#options
    const { finish, model } = reading
    const failed = unsupported(warnings) ?? endedBadly(reading, formatOf(provider), accept_finish_reasons)
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
    const price = priceOf(this.#options)
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
  const text = JSON.stringify(shape.schema)
  return [text, text]
}

function settingsOf({ max_output_tokens, temperature, top_p, seed, reasoning }: ModelOptions): Json {
  const settings = { max_output_tokens, temperature, top_p, seed, reasoning }
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Json
}

function callOptions(options: ModelOptions, { messages, shape }: Question): LanguageModelV4CallOptions {
  const { max_output_tokens, temperature, top_p, seed, reasoning, structured } = options
  const strict = { strictJsonSchema: shape?.strict ?? false }
  const schema = structured === 'schema' && shape !== null ? { schema: shape.schema as object } : {}
  return {
    prompt: messages.map(promptMessage),
    maxOutputTokens: max_output_tokens,
    ...(temperature === undefined ? {} : { temperature }),
    ...(top_p === undefined ? {} : { topP: top_p }),
    ...(seed === undefined ? {} : { seed }),
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(shape === null || structured === 'text' ? {} : { responseFormat: { type: 'json', ...schema } }),
    providerOptions: { openai: strict, azure: strict, openaiCompatible: strict, ...bedrockBody(options) },
  }
}

/** Its requests are signed with all that is in them: the library has to put it in. */
const bedrockBody = ({ provider, body }: ModelOptions) =>
  provider === 'amazon-bedrock' && body !== undefined
    ? { amazonBedrock: { additionalModelRequestFields: body as JSONObject } }
    : {}

function promptMessage({ role, content }: Message): LanguageModelV4CallOptions['prompt'][number] {
  return role === 'system' ? { role, content } : { role, content: [{ type: 'text', text: content }] }
}

/** Settings that a library may leave out of a request, with a warning only. */
const SETTINGS: { readonly [feature: string]: string } = {
  temperature: 'temperature',
  topP: 'top_p',
  seed: 'seed',
  reasoning: 'reasoning',
  maxOutputTokens: 'max_output_tokens',
}

function unsupported(warnings: LanguageModelV4GenerateResult['warnings']): CallFailure | null {
  for (const warning of warnings) {
    const setting = warning.type === 'unsupported' ? SETTINGS[warning.feature] : undefined
    if (setting !== undefined)
      return failure(
        'LLM_UNSUPPORTED',
        `the model doesn’t take \`${setting}\` as it is set: change it, or leave it out`,
      )
  }
  return null
}
