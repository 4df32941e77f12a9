/**
 * One question to a model, as one call: what is recorded of it, how it is asked, and what its answer was. Keys, headers and
 * the secret parts of a URL are no part of what is recorded.
 */
import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import { CustodyError } from '../../model/error.ts'
import type { Json } from '../../model/row.ts'
import type { Call, CallAnswer, CallTry, CallUsage } from '../../sdk/call.ts'
import type { RowError } from '../../sdk/spec.ts'
import { Masks } from '../masks.ts'
import { type Endpoint, endpointOf } from './endpoint.ts'
import { failure, failureOf } from './failures.ts'
import { type ModelOptions, priceOf, serviceOf, timeoutOf } from './model-options.ts'
import type { OutputShape } from './output-shape.ts'
import { costOf, mostOf } from './prices.ts'
import { loadModel } from './providers.ts'

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
  readonly #endpoint: Endpoint
  readonly #masks: Masks
  #loading: Promise<LanguageModelV4> | null = null

  /** @throws CustodyError CUSTODY_PLUGIN_OPTIONS if the base URL isn't one. */
  constructor(options: ModelOptions, node: string) {
    const endpoint = endpointOf(options.base_url)
    if (endpoint === null)
      throw new CustodyError('CUSTODY_PLUGIN_OPTIONS', 'base_url isn’t the URL of a web server.', { where: { node } })
    this.#options = options
    this.#endpoint = endpoint
    const secrets = [...secretsOf(options), ...endpoint.secrets]
    this.#masks = new Masks(secrets.map(value => ({ name: null, value })))
  }

  async ask(call: Call, asked: Question): Promise<Answer> {
    const question = this.#worded(asked)
    const { messages, shape } = question
    const price = priceOf(this.#options)
    const texts = [...messages.map(({ content }) => content), ...schemaTexts(shape)]
    const most = price === null ? null : mostOf(price, texts, this.#options.max_output_tokens)
    const bound = most === null ? {} : { at_most_usd: most }
    const result = await call(serviceOf(this.#options), { request: this.#request(question), ...bound }, attempt =>
      this.#perform(question, most, attempt),
    )
    if (result.kind === 'error') return result
    return { kind: 'text', text: (result.response as { readonly text: string }).text }
  }

  /** Where the schema isn't told apart from the messages, it is told in them. */
  #worded({ messages, shape }: Question): Question {
    if (shape === null || this.#options.structured === 'schema') return { messages, shape }
    const told = `Answer with JSON only. It must fit this JSON Schema:\n${JSON.stringify(shape.schema)}`
    const [first, ...others] = messages
    // Some servers take one system message, at the beginning.
    return first?.role === 'system'
      ? { messages: [{ ...first, content: `${first.content}\n\n${told}` }, ...others], shape }
      : { messages: [{ role: 'system', content: told }, ...messages], shape }
  }

  #request({ messages, shape }: Question): Json {
    const { provider, model, structured } = this.#options
    const { url } = this.#endpoint
    return {
      provider,
      model,
      ...(url === null ? {} : { base_url: url }),
      messages: messages as unknown as Json,
      settings: settingsOf(this.#options),
      ...(shape === null ? {} : { output: { structured, schema: shape.schema as Json } }),
    }
  }

  async #perform(question: Question, most_usd: number | null, { signal }: CallTry): Promise<CallAnswer> {
    const timeout = AbortSignal.timeout(timeoutOf(this.#options))
    try {
      this.#loading ??= loadModel(this.#options, this.#endpoint)
      const model = await this.#loading
      const abortSignal = AbortSignal.any([signal, timeout])
      return this.#answer(await model.doGenerate({ ...callOptions(this.#options, question), abortSignal }), most_usd)
    } catch (error) {
      const whom = this.#endpoint.host ?? this.#options.provider
      return failureOf(error, this.#masks, whom, signal.aborted ? 'run' : timeout.aborted ? 'timeout' : null)
    }
  }

  #answer(result: LanguageModelV4GenerateResult, most_usd: number | null): CallAnswer {
    const { finishReason, content } = result
    const parts = content.map(part => (part.type === 'text' ? part.text : ''))
    const text = this.#masks.text(parts.join('')).toWellFormed()
    const response: Json = {
      text,
      finish_reason: finishReason.unified,
      ...(finishReason.raw === undefined ? {} : { raw_finish_reason: this.#masks.text(finishReason.raw) }),
      ...(result.response?.modelId === undefined ? {} : { model: this.#masks.text(result.response.modelId) }),
    }
    const failed = failedBy(result, text)
    const usage = this.#usage(result, most_usd)
    return failed === null ? { kind: 'answer', response, usage } : { ...failed, response, usage }
  }

  /**
   * What a provider says that it took comes before what a table says. An answer whose tokens weren't counted is taken to have
   * cost the most that it can have.
   */
  #usage({ usage }: LanguageModelV4GenerateResult, most_usd: number | null): CallUsage {
    const price = priceOf(this.#options)
    const [input, output] = [usage.inputTokens.total, usage.outputTokens.total]
    const said = this.#options.provider === 'openrouter' ? usage.raw?.cost : undefined
    const listed =
      price === null || input === undefined || output === undefined ? most_usd : costOf(price, input, output)
    const cost = typeof said === 'number' ? said : listed
    return {
      ...(input === undefined ? {} : { input_tokens: input }),
      ...(output === undefined ? {} : { output_tokens: output }),
      ...(cost === null ? {} : { cost_usd: cost }),
    }
  }
}

/** Providers may tell the schema in their own words as well. */
function schemaTexts(shape: OutputShape | null): readonly string[] {
  if (shape === null) return []
  const text = JSON.stringify(shape.schema)
  return [text, text]
}

function secretsOf({ api_key, headers, aws }: ModelOptions): readonly string[] {
  const { access_key_id, secret_access_key, session_token } = aws ?? {}
  const all = [
    api_key,
    api_key?.trim(),
    access_key_id,
    secret_access_key,
    session_token,
    ...Object.values(headers ?? {}),
  ]
  return all.filter(secret => secret !== undefined)
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
    providerOptions: { openai: strict, azure: strict, openaiCompatible: strict },
  }
}

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

function failedBy({ finishReason, warnings }: LanguageModelV4GenerateResult, text: string) {
  for (const warning of warnings) {
    const setting = warning.type === 'unsupported' ? SETTINGS[warning.feature] : undefined
    if (setting !== undefined)
      return failure(
        'LLM_UNSUPPORTED',
        `the model doesn’t take \`${setting}\` as it is set: change it, or leave it out`,
      )
  }
  switch (finishReason.unified) {
    case 'content-filter': {
      // A refusal ends as an answer does, or says its name; a filter does neither.
      const refused = finishReason.raw === 'stop' || finishReason.raw === 'refusal'
      return refused
        ? failure('LLM_REFUSAL', `the model refused: ${text.slice(0, 500)}`)
        : failure('LLM_CONTENT_FILTER', 'the provider’s filter blocked the prompt or the answer')
    }
    case 'length':
      return failure('LLM_LENGTH', 'the answer was cut off: raise `max_output_tokens`, or ask for less')
    case 'error':
      return failure('LLM_SERVER', 'the service broke its answer off with an error')
    case 'interrupted':
      return failure('LLM_MALFORMED', 'the answer is incomplete')
    case 'stop':
    case 'tool-calls':
    case 'other':
      return text.trim() === '' ? failure('LLM_INVALID_OUTPUT', 'the answer is empty') : null
  }
}
