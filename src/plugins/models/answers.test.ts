/** What providers answer with status 200: a whole answer is used, and everything else has a code of its own. */
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { askOnce } from '../../../test/support/ask-model.ts'
import { json, ModelServer, type Reply } from '../../../test/support/model-server.ts'
import { canonicalize } from '../../model/canonical.ts'
import type { Json } from '../../model/row.ts'
import type { CallAnswer } from '../../sdk/call.ts'
import { modelOptions, type Provider } from './model-options.ts'

const type = z.strictObject(modelOptions)
let server: ModelServer
beforeAll(async () => {
  server = await ModelServer.start()
})
afterAll(() => server.close())

const OPTIONS: { readonly [provider in Provider]: object } = {
  openai: { api_key: 'key-12345' },
  azure: { api_key: 'key-12345' },
  anthropic: { api_key: 'key-12345' },
  google: { api_key: 'key-12345' },
  'amazon-bedrock': { api_key: 'key-12345', aws: { region: 'eu-central-1' } },
  openrouter: { api_key: 'key-12345' },
  compatible: {},
}

async function answered(provider: Provider, reply: Reply, more: object = {}): Promise<CallAnswer> {
  server.plan(reply)
  const options = { provider, base_url: server.url, model: 'model-1', ...OPTIONS[provider], ...more }
  return (await askOnce(type.parse(options))).answer
}

// ── what each provider's answer looks like ──────────────────────────────────────────────────────────────────────────

type Map = { readonly [name: string]: Json }

const chat = (content: Json, finish_reason: Json = 'stop', message: Map = {}, more: Map = {}): Map => ({
  id: 'x',
  object: 'chat.completion',
  created: 1,
  model: 'fake',
  choices: [{ index: 0, message: { role: 'assistant', content, ...message }, finish_reason }],
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  ...more,
})
const anthropic = (content: Json, stop_reason: Json = 'end_turn', usage: Map = {}): Map => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude',
  content,
  stop_reason,
  stop_sequence: null,
  usage: { input_tokens: 10, output_tokens: 5, ...usage },
})
const google = (parts: Json, finishReason: Json = 'STOP', usage: Map = {}): Map => ({
  candidates: [{ content: { parts, role: 'model' }, finishReason, index: 0 }],
  usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15, ...usage },
  modelVersion: 'gemini',
})
const bedrock = (content: Json, stopReason: Json = 'end_turn'): Map => ({
  output: { message: { role: 'assistant', content } },
  stopReason,
  usage: { inputTokens: 10, outputTokens: 5, totalTokens: 15 },
  metrics: { latencyMs: 1 },
})
const saidBy = (provider: Provider, text: string, reason: Json): Map => {
  switch (provider) {
    case 'anthropic':
      return anthropic([{ type: 'text', text }], reason)
    case 'google':
      return google([{ text }], reason)
    case 'amazon-bedrock':
      return bedrock([{ text }], reason)
    default:
      return chat(text, reason)
  }
}

// ── reasons to end ──────────────────────────────────────────────────────────────────────────────────────────────────

const CHATS = ['openai', 'azure', 'openrouter', 'compatible'] as const

const NORMAL: { readonly [provider in Provider]?: readonly string[] } = {
  anthropic: ['end_turn', 'stop_sequence'],
  google: ['STOP'],
  'amazon-bedrock': ['end_turn', 'stop_sequence'],
}
const reasonsOf = (provider: Provider, reasons: { readonly [reason: string]: string }) =>
  Object.entries(reasons).map(([reason, code]) => [provider, reason, code] as const)

const CHAT_REASONS = {
  length: 'LLM_LENGTH',
  max_tokens: 'LLM_LENGTH',
  model_length: 'LLM_LENGTH',
  content_filter: 'LLM_CONTENT_FILTER',
  SAFETY: 'LLM_CONTENT_FILTER',
  sensitive: 'LLM_CONTENT_FILTER',
  error: 'LLM_SERVER',
  abort: 'LLM_SERVER',
  network_error: 'LLM_SERVER',
  insufficient_system_resource: 'LLM_SERVER',
  tool_calls: 'LLM_INCOMPLETE',
  function_call: 'LLM_INCOMPLETE',
  unknown: 'LLM_INCOMPLETE',
  'something new': 'LLM_INCOMPLETE',
}

describe('an answer that begins well isn’t used if it ended', () => {
  test.each([
    ...reasonsOf('compatible', CHAT_REASONS),
    ...(['openai', 'azure', 'openrouter'] as const).flatMap(provider => reasonsOf(provider, { abort: 'LLM_SERVER' })),
    ...reasonsOf('anthropic', {
      max_tokens: 'LLM_LENGTH',
      model_context_window_exceeded: 'LLM_LENGTH',
      refusal: 'LLM_REFUSAL',
      pause_turn: 'LLM_INCOMPLETE',
      tool_use: 'LLM_INCOMPLETE',
      compaction: 'LLM_INCOMPLETE',
      'something new': 'LLM_INCOMPLETE',
    }),
    ...reasonsOf('google', {
      MAX_TOKENS: 'LLM_LENGTH',
      SAFETY: 'LLM_CONTENT_FILTER',
      RECITATION: 'LLM_CONTENT_FILTER',
      BLOCKLIST: 'LLM_CONTENT_FILTER',
      PROHIBITED_CONTENT: 'LLM_CONTENT_FILTER',
      SPII: 'LLM_CONTENT_FILTER',
      LANGUAGE: 'LLM_CONTENT_FILTER',
      MALFORMED_FUNCTION_CALL: 'LLM_MALFORMED',
      UNEXPECTED_TOOL_CALL: 'LLM_MALFORMED',
      TOO_MANY_TOOL_CALLS: 'LLM_INCOMPLETE',
      FINISH_REASON_UNSPECIFIED: 'LLM_INCOMPLETE',
      OTHER: 'LLM_INCOMPLETE',
    }),
    ...reasonsOf('amazon-bedrock', {
      max_tokens: 'LLM_LENGTH',
      model_context_window_exceeded: 'LLM_LENGTH',
      guardrail_intervened: 'LLM_CONTENT_FILTER',
      content_filtered: 'LLM_CONTENT_FILTER',
      malformed_model_output: 'LLM_MALFORMED',
      malformed_tool_use: 'LLM_MALFORMED',
      tool_use: 'LLM_INCOMPLETE',
    }),
  ])('%s: %s', async (provider, reason, code) => {
    const answer = await answered(provider, json(200, saidBy(provider, 'The contract says that the', reason)))
    const again = code === 'LLM_SERVER' || code === 'LLM_MALFORMED'
    expect(answer).toMatchObject({ kind: 'failure', code, retryable: again })
    // What was paid for is counted, and what came is kept.
    expect(answer.usage).toMatchObject({ input_tokens: 10, output_tokens: 5 })
    expect(answer.response).toMatchObject({ text: 'The contract says that the', finish_reason: reason })
  })

  test.each([...CHATS, 'anthropic', 'google', 'amazon-bedrock'] as const)('%s: without a reason', async provider => {
    for (const none of [null, '']) {
      const answer = await answered(provider, json(200, saidBy(provider, 'The contract says', none)))
      expect(answer).toMatchObject({ code: 'LLM_INCOMPLETE', retryable: false })
      const is_chat = (CHATS as readonly string[]).includes(provider)
      expect((answer as { message: string }).message.includes('accept_finish_reasons: [none]')).toBe(is_chat)
    }
  })
})

describe('a whole answer', () => {
  test.each([...CHATS, 'anthropic', 'google', 'amazon-bedrock'] as const)('of %s', async provider => {
    for (const reason of NORMAL[provider] ?? ['stop', 'eos', 'eos_token', 'COMPLETE']) {
      const answer = await answered(provider, json(200, saidBy(provider, 'fine', reason)))
      expect(answer).toMatchObject({ kind: 'answer', response: { text: 'fine', finish_reason: reason } })
    }
  })

  test('may end for other reasons, if the pipeline says so', async () => {
    for (const [reason, accepted] of [
      ['max_tokens', 'MAX_TOKENS'],
      ['done', 'done'],
      [null, 'none'],
    ] as const) {
      const more = { accept_finish_reasons: [accepted] }
      const answer = await answered('compatible', json(200, chat('fine', reason)), more)
      expect(answer).toMatchObject({ kind: 'answer', response: { text: 'fine' } })
    }
  })

  test.each<[string, Provider, Map]>([
    [
      'a content of parts',
      'compatible',
      chat([
        { type: 'text', text: 'fi' },
        { type: 'text', text: 'ne' },
      ]),
    ],
    ['no role', 'compatible', chat('fine', 'stop', { role: null })],
    [
      'an id and times of other types',
      'openai',
      chat('fine', 'stop', {}, { id: 12, created: '2026-01-01', model: null }),
    ],
    ['tool calls that are null', 'compatible', chat('fine', 'stop', { tool_calls: null, function_call: null })],
    ['reasoning of any form', 'compatible', chat('fine', 'stop', { reasoning: 7, reasoning_content: [] })],
    [
      'blocks that are new',
      'anthropic',
      anthropic([
        { type: 'new_block', data: {} },
        { type: 'text', text: 'fine' },
      ]),
    ],
    ['thoughts', 'google', google([{ text: 'hm', thought: true }, { text: 'fine' }])],
    ['reasoning', 'amazon-bedrock', bedrock([{ reasoningContent: { hm: 1 } }, { text: 'fine' }])],
    ['an error that is null', 'compatible', chat('fine', 'stop', {}, { error: null })],
    [
      'a second choice',
      'compatible',
      { ...chat('fine'), choices: [...(chat('fine').choices as Json[]), { index: 1 }] },
    ],
  ])('with %s, that nobody needs', async (_, provider, body) => {
    expect(await answered(provider, json(200, body))).toMatchObject({ kind: 'answer', response: { text: 'fine' } })
  })
})

describe('nothing to use', () => {
  test.each<[string, Provider, Json, string, boolean]>([
    ['an empty text', 'compatible', chat(''), 'LLM_INVALID_OUTPUT', false],
    ['no content', 'openai', chat(null), 'LLM_INVALID_OUTPUT', false],
    ['no blocks', 'anthropic', anthropic([]), 'LLM_INVALID_OUTPUT', false],
    ['an empty part', 'google', google([{ text: '' }]), 'LLM_INVALID_OUTPUT', false],
    ['a refusal', 'openai', chat(null, 'stop', { refusal: 'I can’t.' }), 'LLM_REFUSAL', false],
    ['a tool', 'compatible', chat(null, 'stop', { tool_calls: [{ id: 'c' }] }), 'LLM_INCOMPLETE', false],
    ['a call for a tool', 'google', google([{ functionCall: { name: 'f' } }]), 'LLM_INCOMPLETE', false],
    ['a prompt that is blocked', 'google', { promptFeedback: { blockReason: 'SAFETY' } }, 'LLM_CONTENT_FILTER', false],
    [
      'one that is blocked, with an empty list',
      'google',
      { candidates: [], promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } },
      'LLM_CONTENT_FILTER',
      false,
    ],
    ['choices that are null', 'compatible', { ...chat(''), choices: null }, 'LLM_MALFORMED', true],
    ['no choice', 'compatible', { ...chat(''), choices: [] }, 'LLM_MALFORMED', true],
    ['content of another type', 'compatible', chat(7), 'LLM_MALFORMED', true],
    ['no candidates', 'google', {}, 'LLM_MALFORMED', true],
    ['no output', 'amazon-bedrock', { stopReason: 'end_turn' }, 'LLM_MALFORMED', true],
    ['a list', 'anthropic', [], 'LLM_MALFORMED', true],
  ])('%s', async (_, provider, body, code, retryable) => {
    expect(await answered(provider, json(200, body))).toMatchObject({ kind: 'failure', code, retryable })
  })
})

// ── other things than an answer ─────────────────────────────────────────────────────────────────────────────────────

describe('an error with status 200 has the code of its own status', () => {
  const with_usage = { usage: { prompt_tokens: 10, completion_tokens: 5 } }
  test.each<[string, Provider, Json, object]>([
    [
      'a number',
      'openrouter',
      { error: { code: 429, message: 'slow' } },
      { code: 'LLM_RATE_LIMITED', throttled: true },
    ],
    ['a number as a text', 'compatible', { error: { code: '429', message: 'slow' } }, { code: 'LLM_RATE_LIMITED' }],
    ['no money', 'openrouter', { error: { code: 402, message: 'no credits' } }, { code: 'LLM_QUOTA', stops: 'quota' }],
    [
      'beside no choices',
      'compatible',
      { error: { code: 503, message: 'x' }, choices: [] },
      { code: 'LLM_SERVER', outage: true },
    ],
    [
      'a timeout of a gateway',
      'openrouter',
      { error: { code: 524, message: 'x' } },
      { code: 'LLM_SERVER', outage: true },
    ],
    ['a text', 'compatible', { error: 'Unexpected endpoint or method' }, { code: 'LLM_SERVER', retryable: true }],
    [
      'words',
      'anthropic',
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
      { code: 'LLM_RATE_LIMITED', throttled: true },
    ],
    [
      'words for a key',
      'compatible',
      { error: { type: 'authentication_error', message: 'x' } },
      { code: 'LLM_AUTH', stops: 'auth' },
    ],
    [
      'of a choice',
      'openrouter',
      {
        ...with_usage,
        choices: [{ finish_reason: 'error', message: { content: 'half' }, error: { code: 502, message: 'x' } }],
      },
      { code: 'LLM_SERVER', usage: { input_tokens: 10 } },
    ],
    [
      'vLLM’s',
      'compatible',
      { object: 'error', message: 'too long', type: 'BadRequestError', code: 400 },
      { code: 'LLM_BAD_REQUEST' },
    ],
    [
      'a message alone',
      'compatible',
      { message: 'Model is loading', status: 503 },
      { code: 'LLM_SERVER', outage: true },
    ],
    [
      'Google’s',
      'google',
      { error: { code: 503, message: 'x', status: 'UNAVAILABLE' } },
      { code: 'LLM_SERVER', outage: true },
    ],
    ['in a list', 'compatible', { errors: [{ message: 'slow', code: 429 }] }, { code: 'LLM_RATE_LIMITED' }],
  ])('%s', async (_, provider, body, expected) => {
    const answer = await answered(provider, json(200, body))
    expect(answer).toMatchObject({ kind: 'failure', ...expected })
    expect((answer as { message: string }).message).toMatch(/^HTTP 200 with an error inside: /)
  })

  test('a guess is no outage', async () => {
    const answer = await answered('compatible', json(200, { error: 'it went wrong with this text' }))
    expect(answer).toMatchObject({ code: 'LLM_SERVER' })
    expect(answer).not.toHaveProperty('outage')
  })
})

describe('bodies', () => {
  const text =
    (body: string | Buffer, headers: object = {}, status = 200): Reply =>
    response =>
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)

  test.each<[string, Reply, object]>([
    ['nothing', text(''), { code: 'LLM_MALFORMED', retryable: true }],
    ['status 204', text('', {}, 204), { code: 'LLM_MALFORMED' }],
    ['a page', text('<html>Sign in</html>', { 'content-type': 'text/html' }), { code: 'LLM_MALFORMED', outage: true }],
    ['JSON that is cut', text('{"choices": [{'), { code: 'LLM_MALFORMED', retryable: true }],
    ['an encoding that isn’t so', text('{}', { 'content-encoding': 'gzip' }), { code: 'LLM_MALFORMED', outage: true }],
    ['an encoding of an error', text('no', { 'content-encoding': 'gzip' }, 502), { code: 'LLM_SERVER', outage: true }],
    ['a strange status', text('{}', {}, 999), { code: 'LLM_SERVER' }],
    ['an error nested deep', text(`${'['.repeat(900)}${']'.repeat(900)}`, {}, 500), { code: 'LLM_SERVER' }],
    ['that it is queued', text('{"status": "queued", "id": "r"}', {}, 202), { code: 'LLM_MALFORMED' }],
  ])('%s', async (_, reply, expected) => {
    const answer = await answered('compatible', reply)
    expect(answer).toMatchObject({ kind: 'failure', ...expected })
    // Whatever came can be recorded.
    expect(() => canonicalize(answer as unknown as Json)).not.toThrow()
  })

  test.each<[string, Reply]>([
    ['a byte order mark', text(`\ufeff${JSON.stringify(chat('fine'))}`)],
    [
      'numbers that JSON doesn’t have',
      text(JSON.stringify(chat('fine', 'stop', {}, { p: 7 })).replace('"p":7', '"p":NaN')),
    ],
    ['gzip', text(gzipSync(JSON.stringify(chat('fine'))), { 'content-encoding': 'gzip' })],
    ['the content type of a stream', text(JSON.stringify(chat('fine')), { 'content-type': 'text/event-stream' })],
    ['blanks before it', text(`\n    \n    ${JSON.stringify(chat('fine'))}`)],
  ])('%s', async (_, reply) => {
    expect(await answered('compatible', reply)).toMatchObject({ kind: 'answer', response: { text: 'fine' } })
  })
})

describe('a stream that nobody asked for', () => {
  const stream = (events: readonly (Json | string)[], content_type = 'text/event-stream'): Reply => {
    const lines = events.map(each => `data: ${typeof each === 'string' ? each : JSON.stringify(each)}\n\n`)
    return response => response.writeHead(200, { 'content-type': content_type }).end(lines.join(''))
  }
  const chunk = (content: string, finish_reason: Json = null): Json => ({
    model: 'fake',
    choices: [{ index: 0, delta: { content }, finish_reason }],
  })
  const usage = { choices: [], usage: { prompt_tokens: 10, completion_tokens: 5 } }

  test('is put together', async () => {
    const answer = await answered('compatible', stream([chunk('fi'), chunk('ne'), chunk('', 'stop'), usage, '[DONE]']))
    expect(answer).toMatchObject({
      kind: 'answer',
      response: { text: 'fine', finish_reason: 'stop', model: 'fake' },
      usage: { input_tokens: 10, output_tokens: 5 },
    })
  })

  test.each<[string, readonly (Json | string)[], string, boolean]>([
    ['that ends too early', [chunk('fi')], 'LLM_MALFORMED', true],
    ['that is cut off', [chunk('fi', 'length'), '[DONE]'], 'LLM_LENGTH', false],
    ['that doesn’t say why it ends', [chunk('fine'), '[DONE]'], 'LLM_INCOMPLETE', false],
    ['with an error', [chunk('fi'), { error: { code: 429, message: 'slow' } }], 'LLM_RATE_LIMITED', true],
    ['with something else', [chunk('fi'), 'hello'], 'LLM_MALFORMED', true],
    [
      'of a refusal',
      [{ choices: [{ delta: { refusal: 'No' }, finish_reason: 'stop' }] }, '[DONE]'],
      'LLM_REFUSAL',
      false,
    ],
  ])('%s is told apart', async (_, events, code, retryable) => {
    expect(await answered('openai', stream(events))).toMatchObject({ kind: 'failure', code, retryable })
  })

  test('whatever its content type says', async () => {
    const answer = await answered('compatible', stream([chunk('fine', 'stop'), '[DONE]'], 'application/json'))
    expect(answer).toMatchObject({ kind: 'answer', response: { text: 'fine' } })
  })

  test('of another form isn’t asked for again', async () => {
    const answer = await answered('anthropic', stream([{ type: 'message_start' }]))
    expect(answer).toMatchObject({ code: 'LLM_MALFORMED', retryable: false })
  })

  test('is asked for where a server gives nothing else', async () => {
    const answer = await answered('compatible', stream([chunk('fine', 'stop'), '[DONE]']), { body: { stream: true } })
    expect(server.heard[0]?.body.stream).toBe(true)
    expect(answer).toMatchObject({ kind: 'answer' })
    const refused = json(400, { error: { message: 'This model only support stream mode' } })
    expect(await answered('compatible', refused)).toMatchObject({
      code: 'LLM_BAD_REQUEST',
      message: expect.stringMatching(/write `body: \{stream: true\}`$/),
    })
  })
})

// ── counts ──────────────────────────────────────────────────────────────────────────────────────────────────────────

describe('LLM tokens', () => {
  const used = async (usage: Json, more: Map = {}) =>
    (
      await answered('compatible', json(200, chat('fine', 'stop', {}, { usage, ...more })), {
        price: { input_usd_per_million: 1, output_usd_per_million: 1 },
      })
    ).usage

  test.each<[string, Json, object | undefined]>([
    [
      'texts',
      { prompt_tokens: '10', completion_tokens: '5' },
      { input_tokens: 10, output_tokens: 5, cost_usd: 0.000015 },
    ],
    [
      'fractions',
      { prompt_tokens: 9.5, completion_tokens: 4.5 },
      { input_tokens: 10, output_tokens: 5, cost_usd: 0.000015 },
    ],
    ['other names', { input_tokens: 10, output_tokens: 5 }, { input_tokens: 10, output_tokens: 5, cost_usd: 0.000015 }],
    ['a sum', { prompt_tokens: 10, total_tokens: 15 }, { input_tokens: 10, output_tokens: 5, cost_usd: 0.000015 }],
    ['none', null, undefined],
    ['an empty map', {}, undefined],
    ['zeros', { prompt_tokens: 0, completion_tokens: 0 }, undefined],
    ['less than nothing', { prompt_tokens: -1, completion_tokens: -1 }, undefined],
    ['one that nobody can have', { prompt_tokens: 5e9, completion_tokens: 5 }, { output_tokens: 5 }],
    ['words', { prompt_tokens: 'many', completion_tokens: true }, undefined],
  ])('as %s', async (_, usage, expected) => {
    expect(await used(usage)).toEqual(expected)
  })

  test('in other places', async () => {
    expect(await used(null, { x_groq: { usage: { prompt_tokens: 10, completion_tokens: 5 } } })).toMatchObject({
      input_tokens: 10,
    })
  })

  test('of caches and thoughts', async () => {
    const cached = anthropic([{ type: 'text', text: 'fine' }], 'end_turn', {
      cache_read_input_tokens: 1000,
      cache_creation_input_tokens: 2000,
    })
    expect((await answered('anthropic', json(200, cached))).usage).toMatchObject({
      input_tokens: 3010,
      output_tokens: 5,
    })
    const thought = google([{ text: 'fine' }], 'STOP', { thoughtsTokenCount: 100 })
    expect((await answered('google', json(200, thought))).usage).toMatchObject({ input_tokens: 10, output_tokens: 105 })
  })

  test.each<[string, Map, number | undefined]>([
    ['less than nothing is none', { cost: -0.001 }, undefined],
    ['null is none', { cost: null }, undefined],
    [
      'one’s own key behind it is paid for, too',
      { cost: 0.01, is_byok: true, cost_details: { upstream_inference_cost: 0.5 } },
      0.51,
    ],
    ['a text', { cost: '0.25' }, 0.25],
  ])('cost as OpenRouter reports it: %s', async (_, expected, cost_usd) => {
    const body = chat('fine', 'stop', {}, { usage: { prompt_tokens: 10, completion_tokens: 5, ...expected } })
    expect((await answered('openrouter', json(200, body))).usage?.cost_usd).toBe(cost_usd)
  })

  test('of an answer that can’t be read', async () => {
    const body = { ...chat('fine'), choices: [] }
    expect((await answered('compatible', json(200, body))).usage).toMatchObject({ input_tokens: 10, output_tokens: 5 })
  })
})
