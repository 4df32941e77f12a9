/** What is sent to servers that speak OpenAI's chat completions, and how questions share what is made once. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { askOnce } from '../../../test/support/ask-model.ts'
import { ModelServer, type Reply, says } from '../../../test/support/model-server.ts'
import type { Call } from '../../sdk/call.ts'
import { Model } from './model.ts'
import { modelOptions } from './model-options.ts'
import { type OutputShape, outputShape } from './output-shape.ts'

const type = z.strictObject(modelOptions)
let server: ModelServer
beforeAll(async () => {
  server = await ModelServer.start()
})
afterAll(() => server.close())

const optionsOf = (more: object) => type.parse({ provider: 'compatible', model: 'm', base_url: server.url, ...more })

async function sent(more: object, shape: Parameters<typeof askOnce>[1] = null) {
  server.plan(says('{}'))
  await askOnce(optionsOf(more), shape)
  const [heard] = server.heard
  if (heard === undefined) throw new Error('nothing was sent')
  return heard
}

const messages = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Hello' },
]

describe('a request', () => {
  test('has what the options say, and nothing else', async () => {
    const { body, url } = await sent({ temperature: 0.5, top_p: 0.9, seed: 3, reasoning: 'none' })
    const settings = { max_tokens: 1024, temperature: 0.5, top_p: 0.9, seed: 3, reasoning_effort: 'none' }
    expect(body).toEqual({ model: 'm', ...settings, messages })
    expect(url).toBe('/v1/chat/completions')
  })

  test('has the schema, its name, and whether it is strict', async () => {
    const { body } = await sent({}, outputShape({ label: 'string' }) as OutputShape)
    const schema = {
      type: 'object',
      properties: { label: { type: 'string' } },
      required: ['label'],
      additionalProperties: false,
    }
    expect(body.response_format).toEqual({
      type: 'json_schema',
      json_schema: { name: 'response', strict: true, schema },
    })
  })

  test.each<[string, object, object]>([
    ['without a key', {}, { authorization: undefined, 'user-agent': 'custody' }],
    ['with a key', { api_key: ' key-12345\n' }, { authorization: 'Bearer key-12345' }],
    ['with other headers', { headers: { 'X-Team': 'a', 'User-Agent': 'me' } }, { 'x-team': 'a', 'user-agent': 'me' }],
  ])('%s', async (_, more, expected) => {
    const { headers } = await sent(more)
    expect(headers).toMatchObject({ 'content-type': 'application/json' })
    for (const [name, value] of Object.entries(expected)) expect(headers[name]).toBe(value)
  })

  test('has the user and the parameters of its URL', async () => {
    const { url, headers } = await sent({ base_url: `http://u:p%40ss@127.0.0.1:${server.port}/v1/?api=2#x` })
    expect(url).toBe('/v1/chat/completions?api=2')
    expect(headers.authorization).toBe(`Basic ${Buffer.from('u:p@ss').toString('base64')}`)
  })
})

/** Answers with the last message, the later the earlier it was asked. */
const echo =
  (delay_ms: number): Reply =>
  (response, heard) => {
    const asked = (heard.body.messages as { readonly content: string }[]).at(-1)?.content ?? ''
    setTimeout(() => says(asked)(response, heard), delay_ms)
  }

test.each(['compatible', 'openai'])(
  'questions to %s at once, and one after another, get their own answers',
  async provider => {
    const model = new Model(optionsOf({ provider, api_key: 'key-12345' }), { node: 'node', secrets: [] })
    onTestFinished(() => model.close())
    const call: Call = async (_service, _request, perform) => {
      const answer = await perform({ signal: new AbortController().signal })
      return answer.kind === 'answer' ? { kind: 'answer', response: answer.response } : { ...answer, kind: 'error' }
    }
    const ask = async (content: string) => {
      const answer = await model.ask(call, { messages: [{ role: 'user', content }], shape: null })
      return answer.kind === 'text' ? answer.text : answer.code
    }
    for (const round of ['a', 'b']) {
      const asked = [0, 1, 2, 3, 4].map(n => `${round}${n}`)
      server.plan(...asked.map((_, i) => echo(5 * (5 - i))))
      expect(await Promise.all(asked.map(ask))).toEqual(asked)
    }
  },
)
