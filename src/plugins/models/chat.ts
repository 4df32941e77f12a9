/** Requests of OpenAI's chat completions, as any server takes them that speaks it: what is the same for all of them is made once. */
import type { Json } from '../../model/row.ts'
import type { Client } from './client.ts'
import { authorized, type Endpoint, urlAt } from './endpoint.ts'
import { withExtra } from './extra-body.ts'
import type { JsonMap } from './json-map.ts'
import { type ModelOptions, outputLimitOf } from './model-options.ts'
import type { OutputShape } from './output-shape.ts'
import type { Question } from './question.ts'

const USER_AGENT = 'custody'

/** `base`: the URL up to `/v1`. @throws TypeError for headers that can't be sent. */
export function chatClient(options: ModelOptions, endpoint: Endpoint, base: string): Client {
  const url = urlAt(`${base}/chat/completions`, endpoint)
  const headers = Object.fromEntries(headersOf(options, endpoint))
  const settings = settingsOf(options)
  return {
    async ask(question, wire) {
      const body = Buffer.from(JSON.stringify(bodyOf(question, settings, options)))
      await wire.send({ method: 'POST', url, headers, body, idempotent: false })
      return null
    },
  }
}

function headersOf({ api_key, headers }: ModelOptions, endpoint: Endpoint): Headers {
  const key = api_key?.trim() ?? ''
  const bearer = key === '' ? {} : { authorization: `Bearer ${key}` }
  const all = new Headers({ 'content-type': 'application/json', ...bearer, ...headers })
  if (!all.has('user-agent')) all.set('user-agent', USER_AGENT)
  return authorized(all, endpoint)
}

function settingsOf(options: ModelOptions): JsonMap {
  const { model, max_output_tokens, temperature, top_p, seed, reasoning } = options
  return {
    model,
    [outputLimitOf(options) ?? 'max_tokens']: max_output_tokens,
    ...(temperature === undefined ? {} : { temperature }),
    ...(top_p === undefined ? {} : { top_p }),
    ...(seed === undefined ? {} : { seed }),
    ...(reasoning === undefined ? {} : { reasoning_effort: reasoning }),
  }
}

/** @throws TypeError if `body` of the options sets what Custody sets. */
function bodyOf({ messages, shape }: Question, settings: JsonMap, { structured, body }: ModelOptions): JsonMap {
  const own: JsonMap = {
    ...settings,
    ...(shape === null || structured === 'text' ? {} : { response_format: formatOf(shape, structured) }),
    messages: messages.map(({ role, content }) => ({ role, content })),
  }
  return body === undefined ? own : withExtra(own, body)
}

function formatOf({ schema, strict }: OutputShape, structured: 'schema' | 'json'): Json {
  if (structured === 'json') return { type: 'json_object' }
  return { type: 'json_schema', json_schema: { schema: schema as Json, strict, name: 'response' } }
}
