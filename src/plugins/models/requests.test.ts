/** What of the options reaches a request, and what is refused before. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { askOnce } from '../../../test/support/ask-model.ts'
import { json, ModelServer, says } from '../../../test/support/model-server.ts'
import type { SecretOption } from '../../sdk/spec.ts'
import { modelOptions, modelProblems, outputLimitOf } from './model-options.ts'

const type = z.strictObject(modelOptions)
let server: ModelServer
beforeAll(async () => {
  server = await ModelServer.start()
})
afterAll(() => server.close())

const hosted = (more: object) => type.parse({ provider: 'openai', api_key: 'key-12345', model: 'm', ...more })
const problems = (more: object, secrets: readonly SecretOption[] = []) =>
  modelProblems(hosted(more), secrets).map(({ path, message, hint, severity }) =>
    [path.join('.'), severity ?? 'error', message, hint ?? ''].join(' | '),
  )

async function asked(more: object, secrets: readonly SecretOption[] = []) {
  server.plan(says('Hi'))
  const { request, answer } = await askOnce(hosted({ base_url: server.url, ...more }), null, undefined, secrets)
  return { request, answer, sent: server.heard[0]?.body ?? {} }
}

describe('the limit of an answer is called', () => {
  const COMPLETION = { max_completion_tokens: 1024, max_tokens: undefined }
  const PLAIN = { max_tokens: 1024, max_completion_tokens: undefined }
  const named = async (more: object) => {
    const { max_tokens, max_completion_tokens } = (await asked(more)).sent
    return { max_tokens, max_completion_tokens }
  }

  test.each<[string, object, object]>([
    ['of a deployment, whose name says nothing', { provider: 'azure', model: 'my-deployment' }, COMPLETION],
    ['of one that reasons', { provider: 'azure', model: 'my-deployment', reasoning: 'low' }, COMPLETION],
    ['where a model is known to reason', { model: 'o4-mini' }, COMPLETION],
    ['where it is to reason', { model: 'ft:gpt-5:acme', reasoning: 'low' }, COMPLETION],
    ['of a gateway', { model: 'gpt-4o' }, PLAIN],
    ['of a server', { provider: 'compatible' }, PLAIN],
    ['as the option says', { provider: 'compatible', output_limit: 'max_completion_tokens' }, COMPLETION],
    ['as it says the other way round', { provider: 'azure', output_limit: 'max_tokens' }, PLAIN],
    ['as it says of a model that is known', { model: 'o4-mini', output_limit: 'max_tokens' }, PLAIN],
  ])('%s', async (_, more, expected) => expect(await named(more)).toEqual(expected))

  test('an old version of Azure’s API doesn’t know the new name, and OpenAI itself does', () => {
    const azure = (api_version?: string) =>
      outputLimitOf(hosted({ provider: 'azure', azure: { resource: 'r', api_version } }))
    expect([azure('2024-06-01'), azure('2024-10-21'), azure('v1'), azure()]).toEqual([
      'max_tokens',
      ...Array(3).fill('max_completion_tokens'),
    ])
    expect(outputLimitOf(hosted({ model: 'gpt-4o' }))).toBe('max_completion_tokens')
  })

  test('a service that wants the other name is told apart, with what to write', async () => {
    const message =
      'Unsupported parameter: ’max_tokens’ is not supported with this model. Use ’max_completion_tokens’ instead.'
    server.plan(json(400, { error: { message, code: 'unsupported_parameter' } }))
    const { answer } = await askOnce(hosted({ base_url: server.url }))
    expect(answer).toMatchObject({
      code: 'LLM_BAD_REQUEST',
      message: expect.stringMatching(/write `output_limit: max_completion_tokens`$/),
    })
  })

  test('others have no use for it', () => {
    expect(problems({ provider: 'google', output_limit: 'max_tokens' }).join()).toContain('no use for `output_limit`')
  })
})

describe('more for the body', () => {
  test('is sent, and recorded with secrets by their names', async () => {
    const secrets = [{ path: ['body', 'user'], name: 'TENANT' }]
    const body = { num_ctx: 8192, options: { mirostat: 2 }, user: 'tenant-secret-1' }
    const { sent, request } = await asked({ provider: 'compatible', body }, secrets)
    expect(sent).toMatchObject({ ...body, max_tokens: 1024 })
    expect(request).toMatchObject({ body: { ...body, user: { secret: 'TENANT' } } })
  })

  test('counts for what a request can cost', async () => {
    server.plan(says('Hi'), says('Hi'))
    const priced = { base_url: server.url, price: { input_usd_per_million: 1e6, output_usd_per_million: 0 } }
    const plain = await askOnce(hosted(priced))
    const more = await askOnce(hosted({ ...priced, body: { note: 'x'.repeat(90) } }))
    expect((more.at_most_usd ?? 0) - (plain.at_most_usd ?? 0)).toBeCloseTo(90 + '{"note":""}'.length, 6)
  })

  test('joins maps that are there already', async () => {
    const { sent } = await asked({ provider: 'google', body: { generationConfig: { topK: 5 } } })
    expect(sent.generationConfig).toMatchObject({ topK: 5, maxOutputTokens: 1024 })
  })

  test('goes to Bedrock’s models in the field that is theirs', async () => {
    const aws = { region: 'eu-central-1' }
    const { sent } = await asked({ provider: 'amazon-bedrock', aws, body: { top_k: 5 } })
    expect(sent.additionalModelRequestFields).toEqual({ top_k: 5 })
  })

  test.each<[string, string, RegExp]>([
    ['openai', 'model', /use the option `model`/],
    ['compatible', 'temperature', /use the option `temperature`/],
    ['compatible', 'max_tokens', /use the option `max_output_tokens`/],
    ['openrouter', 'messages', /leave it out/],
    ['compatible', 'n', /leave it out/],
    ['anthropic', 'system', /use the option `system`/],
    ['anthropic', 'stream', /leave it out/],
    ['google', 'contents', /leave it out/],
  ])('of %s can’t be what Custody sets: %s', (provider, name, hint) => {
    expect(problems({ provider, body: { [name]: 1 }, base_url: server.url }).join()).toMatch(hint)
  })

  test('nor what it sets in this request', async () => {
    const { answer } = await asked({ provider: 'google', body: { generationConfig: { maxOutputTokens: 5 } } })
    expect(answer).toMatchObject({
      code: 'LLM_BAD_REQUEST',
      message: expect.stringContaining('`body.generationConfig.maxOutputTokens` is set by Custody'),
    })
    expect(server.heard).toEqual([])
  })
})

describe('secrets that are none', () => {
  const at = (...path: string[]): readonly SecretOption[] => [{ path, name: 'KEY' }]

  test.each([
    ['ollama', /^api_key \| warning \| the value of KEY is an ordinary word/],
    ['short', /fewer than 8 characters/],
    ['a-real-key-1', /^$/],
  ])('%s', (api_key, expected) => expect(problems({ api_key }, at('api_key')).join()).toMatch(expected))

  test('of URLs the password counts', () => {
    const at_url = (base_url: string) => problems({ base_url }, at('base_url')).join()
    expect(at_url('http://me:short@models.example/v1')).toMatch(/^base_url \| warning .*fewer than 8/)
    expect(at_url('http://me:long-enough@models.example/v1')).toBe('')
    expect(at_url('http://models.example/v1')).toBe('')
  })

  test('of headers, too', () => {
    expect(problems({ headers: { 'x-team': 'test' } }, at('headers', 'x-team')).join()).toMatch(
      /^headers.x-team \| warning/,
    )
  })
})

test.each([
  ['Transfer-Encoding', /is set by what sends the request/],
  ['Host', /is set by what sends the request/],
  ['a b', /no header can be named/],
])('a header that can’t be sent is reported before the run: %s', (name, expected) => {
  expect(problems({ headers: { [name]: 'x' } }).join()).toMatch(expected)
})

test('an answer may take an hour', () => {
  expect(type.safeParse({ provider: 'openai', model: 'm', timeout: '1h' }).success).toBe(true)
  expect(type.safeParse({ provider: 'openai', model: 'm', timeout: '61m' }).success).toBe(false)
})
