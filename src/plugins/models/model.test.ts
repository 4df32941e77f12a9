import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Asking, askOnce } from '../../../test/support/ask-model.ts'
import { json, ModelServer, type Reply, says } from '../../../test/support/model-server.ts'
import { canonicalize } from '../../model/canonical.ts'
import type { Json } from '../../model/row.ts'
import type { SecretOption } from '../../sdk/spec.ts'
import { type ModelOptions, modelOptions } from './model-options.ts'
import { type OutputShape, outputShape } from './output-shape.ts'

const type = z.strictObject(modelOptions)
let server: ModelServer
beforeAll(async () => {
  server = await ModelServer.start()
})
afterAll(() => server.close())

const optionsWith = (options: object = {}): ModelOptions =>
  type.parse({ provider: 'compatible', base_url: server.url, model: 'model-1', ...options })

function made(
  options: object = {},
  shape: OutputShape | null = null,
  signal?: AbortSignal,
  secrets?: readonly SecretOption[],
): Promise<Asking> {
  return askOnce(optionsWith(options), shape, signal, secrets)
}

const shape = outputShape({ label: 'string', sure: 'boolean?' }) as OutputShape

describe('what is asked', () => {
  test('a text', async () => {
    server.plan(says('Hi'))
    const { service, request, answer } = await made({
      temperature: 0,
      seed: 7,
      api_key: 'key-12345\n',
      service: 'mine',
    })
    expect(service).toBe('mine')
    expect(request).toEqual({
      provider: 'compatible',
      model: 'model-1',
      base_url: server.url,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello' },
      ],
      settings: { max_output_tokens: 1024, temperature: 0, seed: 7 },
    })
    expect(answer).toEqual({
      kind: 'answer',
      response: { text: 'Hi', finish_reason: 'stop', model: 'model-1' },
      usage: { input_tokens: 100, output_tokens: 20, cost_usd: 0 },
    })
    const [heard] = server.heard
    expect(heard?.url).toBe('/v1/chat/completions')
    expect(heard?.headers.authorization).toBe('Bearer key-12345')
    expect(heard?.body).toMatchObject({ model: 'model-1', max_tokens: 1024, temperature: 0, seed: 7 })
  })

  test.each([
    ['schema', { type: 'json_schema', json_schema: { name: 'response', strict: true, schema: shape.schema } }, false],
    ['json', { type: 'json_object' }, true],
    ['text', undefined, true],
  ])('an object, structured: %s', async (structured, response_format, expected) => {
    server.plan(says('{}'))
    const { request } = await made({ structured }, shape)
    const [heard] = server.heard
    expect(heard?.body.response_format).toEqual(response_format)
    expect(server.messages(0)[0]?.content.includes('JSON Schema')).toBe(expected)
    expect(request).toMatchObject({ output: { structured, schema: shape.schema } })
  })

  test.each([
    ['openai', {}, '/v1/chat/completions', 'authorization', 'Bearer key-12345'],
    ['azure', {}, '/v1/chat/completions', 'api-key', 'key-12345'],
    ['openrouter', {}, '/v1/chat/completions', 'authorization', 'Bearer key-12345'],
    ['anthropic', {}, '/v1/messages', 'x-api-key', 'key-12345'],
    ['google', {}, '/v1/models/model-1:generateContent', 'x-goog-api-key', 'key-12345'],
    [
      'amazon-bedrock',
      { aws: { region: 'eu-central-1' } },
      '/v1/model/model-1/converse',
      'authorization',
      'Bearer key-12345',
    ],
  ])('%s', async (provider, more, url, header, value) => {
    server.plan(json(500, { error: { message: 'no' } }))
    const { answer } = await made({ provider, api_key: 'key-12345', ...more })
    expect(answer).toMatchObject({ kind: 'failure', code: 'LLM_SERVER' })
    expect(server.heard.map(heard => [heard.url, heard.headers[header]])).toEqual([[url, value]])
  })

  test.each<[string, object, object, object]>([
    [
      'anthropic',
      { model: 'claude-haiku-4-5' },
      {
        type: 'message',
        id: 'msg_1',
        model: 'claude-haiku-4-5-20251001',
        role: 'assistant',
        content: [{ type: 'text', text: '{"label":"a","sure":null}' }],
        stop_reason: 'end_turn',
        stop_sequence: null,
        usage: { input_tokens: 1000, output_tokens: 100 },
      },
      { model: 'claude-haiku-4-5-20251001', finish_reason: 'end_turn' },
    ],
    [
      'google',
      { model: 'gemini-2.5-flash' },
      {
        candidates: [
          { content: { role: 'model', parts: [{ text: '{"label":"a","sure":null}' }] }, finishReason: 'STOP' },
        ],
        usageMetadata: { promptTokenCount: 1000, candidatesTokenCount: 100, totalTokenCount: 1100 },
      },
      { finish_reason: 'STOP' },
    ],
    [
      'amazon-bedrock',
      { model: 'amazon.nova-lite-v1:0', aws: { region: 'eu-central-1' } },
      {
        output: {
          message: {
            role: 'assistant',
            content: [{ toolUse: { toolUseId: 't', name: 'json', input: { label: 'a', sure: null } } }],
          },
        },
        stopReason: 'tool_use',
        usage: { inputTokens: 1000, outputTokens: 100, totalTokens: 1100 },
      },
      { finish_reason: 'end_turn' },
    ],
  ])('an object of %s', async (provider, more, response, said) => {
    server.plan(json(200, response))
    const price = { input_usd_per_million: 1, output_usd_per_million: 5 }
    const { answer } = await made({ provider, api_key: 'key-12345', price, ...more }, shape)
    expect(answer).toMatchObject({
      kind: 'answer',
      response: { text: '{"label":"a","sure":null}', ...said },
      usage: { input_tokens: 1000, output_tokens: 100, cost_usd: 0.0015 },
    })
  })

  test('Bedrock’s requests are signed where there is an access key', async () => {
    server.plan(json(500, {}))
    const aws = { region: 'eu-central-1', access_key_id: 'AKIAIDIDIDIDID', secret_access_key: 'very-secret-key' }
    await made({ provider: 'amazon-bedrock', aws })
    expect(server.heard[0]?.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIAIDIDIDIDID/)
  })
})

const body =
  (text: string, headers: object = {}): Reply =>
  response => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers })
    response.write(text)
    setTimeout(() => response.destroy(), 20)
  }
const whole =
  (text: string): Reply =>
  response => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(text)
  }
const error = (status: number, code: string, headers = {}) =>
  json(status, { error: { message: `refused: ${code}`, type: code, code } }, headers)
/** 40 MiB of blanks, which JSON may begin with. */
const endless: Reply = response => {
  response.writeHead(200, { 'content-type': 'application/json' })
  for (let i = 0; i < 40; i++) response.write(' '.repeat(1024 * 1024))
  response.end('{}')
}
const never: Reply = () => undefined

describe('what can go wrong', () => {
  test.each<[string, Reply, string, object]>([
    [
      'a limit',
      error(429, 'rate_limit', { 'retry-after': '3' }),
      'LLM_RATE_LIMITED',
      { throttled: true, retry_after_ms: 3000 },
    ],
    ['a limit without a time', error(429, 'rate_limit'), 'LLM_RATE_LIMITED', { throttled: true }],
    ['no quota', error(429, 'insufficient_quota'), 'LLM_QUOTA', { stops: 'quota' }],
    ['no money', error(402, 'payment_required'), 'LLM_QUOTA', { stops: 'quota' }],
    ['a wrong key', error(401, 'invalid_api_key'), 'LLM_AUTH', { stops: 'auth' }],
    ['a key that may do nothing', error(403, 'forbidden'), 'LLM_AUTH', { stops: 'auth' }],
    ['no such model', error(404, 'model_not_found'), 'LLM_NO_MODEL', { stops: 'model' }],
    ['a prompt that is filtered', error(400, 'content_filter'), 'LLM_CONTENT_FILTER', {}],
    ['a prompt that is too long', error(400, 'context_length_exceeded'), 'LLM_BAD_REQUEST', {}],
    ['a redirect', json(307, {}, { location: 'http://127.0.0.1:9/' }), 'LLM_BAD_REQUEST', {}],
    [
      'a server that asks to be left alone',
      error(503, 'unavailable', { 'retry-after-ms': '250' }),
      'LLM_RATE_LIMITED',
      { throttled: true, retry_after_ms: 250 },
    ],
    ['a server that is down', error(503, 'unavailable'), 'LLM_SERVER', { outage: true }],
    ['a server that is overloaded', error(529, 'overloaded_error'), 'LLM_RATE_LIMITED', { throttled: true }],
    ['a gateway’s page', response => response.writeHead(502).end('<html>Bad gateway'), 'LLM_SERVER', { outage: true }],
    ['a body that isn’t JSON', whole('{"choices": [{'), 'LLM_MALFORMED', {}],
    ['a body of another kind', whole('{"hello": 1}'), 'LLM_MALFORMED', {}],
    ['no choices', whole('{"choices": []}'), 'LLM_MALFORMED', {}],
    ['a body without end', endless, 'LLM_MALFORMED', {}],
    ['a reset within the body', body('{"choices": ['), 'LLM_NETWORK', {}],
    ['a body that is cut short', body('{"choices": [', { 'content-length': '500' }), 'LLM_NETWORK', {}],
    ['a reset before', response => response.destroy(), 'LLM_NETWORK', {}],
    ['a filtered answer', says('Well', 'content_filter'), 'LLM_CONTENT_FILTER', {}],
    ['a refusal', says(null, 'stop', { refusal: 'I won’t.' }), 'LLM_REFUSAL', {}],
    ['an answer that is cut off', says('Once upon', 'length'), 'LLM_LENGTH', {}],
    ['an empty answer', says(''), 'LLM_INVALID_OUTPUT', {}],
  ])('%s', async (_what, reply, code, more) => {
    server.plan(reply)
    const { answer } = await made()
    const again = ['LLM_RATE_LIMITED', 'LLM_SERVER', 'LLM_NETWORK', 'LLM_MALFORMED', 'LLM_TIMEOUT'].includes(code)
    expect(answer).toMatchObject({ kind: 'failure', code, retryable: again, ...more })
    expect('throttled' in answer).toBe('throttled' in more)
    expect('retry_after_ms' in answer).toBe('retry_after_ms' in more)
    expect(() => canonicalize(answer as unknown as Json)).not.toThrow()
    expect(server.heard).toHaveLength(1)
  })

  test('an answer that was paid for and can’t be used has its usage', async () => {
    server.plan(says('Once upon', 'length'))
    const { answer } = await made()
    expect(answer).toMatchObject({ usage: { input_tokens: 100, output_tokens: 20 }, response: { text: 'Once upon' } })
  })

  test('nobody is there', async () => {
    const gone = await ModelServer.start()
    const { url } = gone
    await gone.close()
    const { host } = new URL(url)
    const { answer } = await made({ base_url: `${url.replace('//', '//user:secret-word@')}?key=secret-key` })
    const message = `${host} can’t be reached, or broke off (ECONNREFUSED)`
    expect(answer).toMatchObject({ code: 'LLM_NETWORK', retryable: true, message })
  })

  test('no answer in time, and one that drips', async () => {
    server.plan(never)
    expect((await made({ timeout: '50ms' })).answer).toMatchObject({ code: 'LLM_TIMEOUT', retryable: true })
    server.plan(response => {
      const drip = setInterval(() => response.write(' '), 10)
      response.on('close', () => clearInterval(drip))
    })
    expect((await made({ timeout: '100ms' })).answer).toMatchObject({ code: 'LLM_TIMEOUT' })
  })

  test('the run stops', async () => {
    server.plan(never)
    const stopping = new AbortController()
    const asking = made({}, null, stopping.signal)
    await expect.poll(() => server.heard.length).toBe(1)
    stopping.abort()
    expect((await asking).answer).toMatchObject({ kind: 'failure', code: 'LLM_NETWORK', retryable: true })
  })

  test('a setting that the library leaves out of the request', async () => {
    server.plan(says('Hi'))
    const { answer } = await made({ provider: 'openai', model: 'o3', api_key: 'key-12345', temperature: 0 })
    expect(server.heard[0]?.body).not.toHaveProperty('temperature')
    expect(answer).toMatchObject({
      code: 'LLM_UNSUPPORTED',
      retryable: false,
      message: expect.stringContaining('temperature'),
    })
  })
})

describe('what it costs', () => {
  const price = { input_usd_per_million: 1, output_usd_per_million: 10 }

  test('by the price, and never more than was said before', async () => {
    server.plan(says('Hi'))
    const { at_most_usd, answer } = await made({ price, max_output_tokens: 100 }, shape)
    expect(answer.usage?.cost_usd).toBeCloseTo((100 + 20 * 10) / 1e6, 12)
    const bytes = 'Be brief.Hello'.length + 2 * JSON.stringify(shape.schema).length
    expect(at_most_usd).toBeCloseTo((bytes + 2000 + 100 * 10) / 1e6, 12)
  })

  test('by the built-in table', async () => {
    server.plan(says('Hi'))
    const { answer, at_most_usd } = await made({
      provider: 'openai',
      model: 'gpt-4.1-mini-2025-04-14',
      api_key: 'key-12345',
    })
    expect(answer.usage?.cost_usd).toBeCloseTo((100 * 0.4 + 20 * 1.6) / 1e6, 12)
    expect(at_most_usd).toBeGreaterThan(1024 * 1.6e-6)
  })

  test('by what OpenRouter says', async () => {
    server.plan((response, heard) =>
      json(200, {
        model: heard.body.model,
        choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 1, completion_tokens: 1, cost: 0.25 },
      })(response, heard),
    )
    const { answer } = await made({ provider: 'openrouter', api_key: 'key-12345', price })
    expect(answer.usage?.cost_usd).toBe(0.25)
  })

  test('is for the run to reckon where the LLM tokens weren’t counted', async () => {
    const choices = [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }]
    server.plan(json(200, { choices }))
    expect((await made({ price })).answer.usage).toBeUndefined()
  })

  test('unknown where there is no price', async () => {
    server.plan(says('Hi'))
    const { answer, at_most_usd } = await made({ provider: 'openai', model: 'gpt-99', api_key: 'key-12345' })
    expect(at_most_usd).toBeUndefined()
    expect(answer.usage).toEqual({ input_tokens: 100, output_tokens: 20 })
  })
})

describe('secrets', () => {
  const CANARIES = [
    'canary-key-01',
    'canary-user-02',
    'canary-word-03',
    'canary-query-04',
    'canary-header-05',
    'canary-hash-06',
  ]
  const [key, user, word, query, header, hash] = CANARIES as [string, string, string, string, string, string]
  const secretly = () => ({
    api_key: key,
    headers: { 'x-tenant': header, 'x-more': `a"${header}\\` },
    base_url: `http://${user}:${word}@127.0.0.1:${server.port}/v1?token=${query}#${hash}`,
  })
  const named: readonly SecretOption[] = [
    { path: ['headers', 'x-tenant'], name: 'TENANT' },
    { path: ['headers', 'x-more'], name: 'MORE' },
  ]
  const never = new AbortController().signal
  /** Says all that it was sent, in several spellings. */
  const echo =
    (status: number): Reply =>
    (response, heard) => {
      const all = `${JSON.stringify(heard.headers)} ${heard.url} ${CANARIES.join(' ')} ${CANARIES.map(encodeURIComponent)}`
      const basic = Buffer.from(`${user}:${word}`).toString('base64')
      const content = `${all} ${basic} ${CANARIES.map(each => Buffer.from(each).toString('base64')).join(' ')}`
      if (status === 200) says(content)(response, heard)
      else json(status, { error: { message: content, [key]: content } })(response, heard)
    }
  const spellings = CANARIES.flatMap(each => [each, Buffer.from(each).toString('base64').replaceAll('=', '')])

  test.each([200, 400, 401, 429, 500])('are in nothing that is kept, whatever a service says with %s', async status => {
    server.plan(echo(status))
    const kept = canonicalize((await made(secretly(), null, never, named)) as unknown as Json)
    expect(server.heard[0]?.headers).toMatchObject({ authorization: `Bearer ${key}`, 'x-tenant': header })
    expect(server.heard[0]?.url).toBe(`/v1/chat/completions?token=${query}`)
    for (const secret of spellings) expect(kept).not.toContain(secret)
    if (status !== 401) expect(kept).toContain('[secret api_key]')
  })

  test('are in no error of the library', async () => {
    const bad = { ...secretly(), headers: { 'x-tenant': `${header}\n${header}` } }
    const kept = canonicalize((await made(bad, null, never, named)).answer as unknown as Json)
    for (const secret of spellings) expect(kept).not.toContain(secret)
    expect(kept).toContain('LLM_BAD_REQUEST')
  })

  test('a mark stands where one was, and the record says whose', async () => {
    server.plan(says(`Your key is ${key}.`))
    const { answer } = await made({ api_key: key }, null, never, [{ path: ['api_key'], name: 'KEY' }])
    expect(answer.kind === 'answer' && answer.response).toMatchObject({
      text: 'Your key is [secret KEY].',
      masked: ['KEY'],
    })
  })

  test('so it does in an error', async () => {
    server.plan(json(400, { error: { message: `bad: ${key}` } }))
    const { answer } = await made({ api_key: key }, null, never, [{ path: ['api_key'], name: 'KEY' }])
    expect(answer).toMatchObject({ message: 'HTTP 400: bad: [secret KEY]', response: { status: 400, masked: ['KEY'] } })
  })

  test('words that are no secrets stay in answers: dummy keys, plain headers, the version of an API', async () => {
    const text = 'To install ollama run: curl https://ollama.com/install.sh | sh; this is a preview-version, acme-team'
    server.plan(says(text))
    const { answer } = await made(
      {
        api_key: 'ollama',
        headers: { 'x-title': 'acme-team' },
        base_url: `${server.url}?api-version=preview-version`,
      },
      null,
      never,
      [{ path: ['api_key'], name: 'KEY' }],
    )
    expect(answer.kind === 'answer' && answer.response).toEqual({ text, finish_reason: 'stop', model: 'model-1' })
  })

  test('a password in a URL may have a % in it', async () => {
    server.plan(says('Hi'))
    await made({ base_url: server.url.replace('//', '//me:100%25%zz@') })
    expect(server.heard[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:100%%zz').toString('base64')}`)
  })

  test('of a URL are sent as a password where there is no key', async () => {
    server.plan(says('Hi'))
    await made({ base_url: secretly().base_url })
    const basic = Buffer.from(`${user}:${word}`).toString('base64')
    expect(server.heard[0]?.headers.authorization).toBe(`Basic ${basic}`)
  })
})
