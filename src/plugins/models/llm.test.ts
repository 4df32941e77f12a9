import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ModelServer, says } from '../../../test/support/model-server.ts'
import { leaving, refusals, schemaOf, tryOut } from '../../../test/support/try-out.ts'
import type { Json } from '../../model/row.ts'
import { OBSERVED } from '../../model/schema.ts'
import type { Call } from '../../sdk/call.ts'
import { performing } from '../../sdk/testing/calling.ts'
import { llm } from './llm.ts'

let server: ModelServer
beforeAll(async () => {
  server = await ModelServer.start()
})
afterAll(() => server.close())

type Options = { [option: string]: Json }
const local = (options: Options): Options => ({ provider: 'compatible', model: 'm', base_url: server.url, ...options })
const prompts = () => server.heard.map((_heard, n) => server.messages(n))

describe('options', () => {
  const hosted = { provider: 'openai', model: 'm', api_key: 'k', prompt: 'p' }
  test.each<[Options, RegExp]>([
    [{ provider: 'compatible', model: 'm', prompt: 'p' }, /needs a `base_url`/],
    [{ provider: 'compatible', model: 'm', base_url: 'ftp://host/', prompt: 'p' }, /isn’t the URL/],
    [{ provider: 'compatible', model: 'm', base_url: '127.0.0.1:8080/v1', prompt: 'p' }, /isn’t the URL/],
    [{ provider: 'openai', model: 'm', prompt: 'p' }, /needs an `api_key`/],
    [{ provider: 'azure', model: 'm', api_key: 'k', prompt: 'p' }, /needs `azure` or a `base_url`/],
    [{ ...hosted, azure: { resource: 'r' } }, /no use for `azure`/],
    [{ ...hosted, aws: { region: 'r' } }, /no use for `aws`/],
    [{ provider: 'amazon-bedrock', model: 'm', prompt: 'p' }, /needs `aws` with a region/],
    [{ provider: 'amazon-bedrock', model: 'm', prompt: 'p', aws: { region: 'r' } }, /access key’s id/],
    [{ provider: 'other', model: 'm', prompt: 'p' }, /Invalid option/],
    [{ ...hosted, prompt: undefined as never }, /either a `prompt` or `queries`/],
    [{ ...hosted, queries: { a: { prompt: 'p' } } }, /either a `prompt` or `queries`/],
    [
      { ...hosted, prompt: undefined as never, queries: { a: { prompt: 'p' } }, field: 'x' },
      /each of them has its own/,
    ],
    [{ ...hosted, prompt: undefined as never, queries: {} }, /has none/],
    [{ ...hosted, prompt: '{{ a' }, /not closed/],
    [{ ...hosted, system: '{{ a | shout }}' }, /there is no filter/],
    [{ ...hosted, schema: { a: 'strin' } }, /isn’t a type/],
    [{ ...hosted, timeout: '10' }, /duration/],
    [{ ...hosted, timeout: '61m' }, /up to 1h/],
    [{ ...hosted, max_output_tokens: 0 }, /./],
    [{ ...hosted, prompt: { file: 'p.liquid' } }, /not been read/],
  ])('%j', (options, message) => {
    expect(refusals(llm, options).join()).toMatch(message)
  })

  test('a secret that isn’t set is no wrong URL', () => {
    expect(
      refusals(llm, { provider: 'compatible', model: 'm', base_url: 'a-secret-that-is-not-set', prompt: 'p' }),
    ).toEqual([])
  })

  test.each<[Options, readonly (readonly string[])[]]>([
    [{ prompt: 'Well?' }, [['prompt']]],
    [{ prompt: '{note}' }, [['prompt']]],
    [{ prompt: '{{ parameters.question }}', parameters: { question: 'q' } }, [['prompt']]],
    [{ prompt: '{{ note }}' }, []],
    [{ prompt: '{{ row }}' }, []],
    [{ prompt: '{% for each in row %}{{ each }}{% endfor %}' }, []],
    [{ prompt: 'Well?', system: '{{ note }}' }, []],
    [{ prompt: '{{ a' }, []],
    [
      { prompt: undefined as never, queries: { a: { prompt: 'Well?' }, b: { prompt: '{{ x }}' } } },
      [['queries', 'a', 'prompt']],
    ],
  ])('%j asks the same for all rows at %j', (more, expected) => {
    const problems = llm.check?.(llm.options.parse({ ...hosted, ...more }), []) ?? []
    expect(problems.filter(({ severity }) => severity === 'warning').map(({ path }) => path)).toEqual(expected)
  })

  test('the service has the provider’s name, or its own', () => {
    const services = (more: Options) => llm.services?.(llm.options.parse({ ...hosted, ...more }))
    expect(services({})).toEqual(['openai'])
    expect(services({ service: 'desk' })).toEqual(['desk'])
  })

  test.each<[Options, boolean]>([
    [{ model: 'gpt-4.1' }, true],
    [{ model: 'gpt-99' }, false],
    [{ model: 'gpt-99', price: { input_usd_per_million: 1, output_usd_per_million: 1 } }, true],
    [{ provider: 'azure', azure: { resource: 'r' } }, false],
    [{ provider: 'compatible', base_url: 'http://localhost:1/v1' }, true],
    [{ provider: 'compatible', base_url: 'http://ollama:11434/v1' }, true],
    [{ provider: 'compatible', base_url: 'http://[::1]:1/v1' }, true],
    [{ provider: 'compatible', base_url: 'http://192.168.0.9/v1' }, true],
    [{ provider: 'compatible', base_url: 'https://api.example.com/v1' }, false],
    [{ provider: 'compatible', base_url: 'https://8.8.8.8/v1' }, false],
  ])('%j: its price is known: %s', (more, known) => {
    expect(llm.unpriced?.(llm.options.parse({ ...hosted, ...more })) === null).toBe(known)
  })

  test('fields of templates are required, at the option that names them', () => {
    const options = llm.options.parse({
      ...hosted,
      prompt: undefined,
      system: '{{ tone }}',
      parameters: { kinds: ['a'] },
      queries: {
        a: { prompt: '{{ text }} {{ parameters.kinds }}' },
        b: { prompt: '{{ row.text }}{{ id }}', system: 'S' },
      },
    })
    expect(llm.requires?.(options, [])).toEqual([
      { field: 'tone', path: ['system'] },
      { field: 'text', path: ['queries', 'a', 'prompt'] },
      { field: 'id', path: ['queries', 'b', 'prompt'] },
    ])
  })

  test('what is known of rows that leave', () => {
    const input = schemaOf({ text: 'string' })
    const fields = (more: Options) => leaving(llm, { ...hosted, ...more }, input).fields
    expect(fields({})).toEqual({ text: 'string', answer: 'string' })
    expect(fields({ field: 'text' })).toEqual({ text: 'string' })
    expect(fields({ schema: { a: 'integer', b: 'array?' } })).toEqual({
      text: 'string',
      a: 'integer',
      b: 'array,null?',
    })
    expect(fields({ schema: { a: 'integer' }, field: 'all' })).toEqual({ text: 'string', all: 'object' })
    const queries = { a: { prompt: 'p' }, b: { prompt: 'p', schema: { n: 'integer' } } }
    expect(fields({ prompt: undefined as never, queries })).toEqual({ text: 'string', a: 'string', b: 'object' })
  })
})

describe('over HTTP', () => {
  test('an answer goes into its field, the others stay', async () => {
    server.plan(says('Oui'), says('Non'))
    const options = local({ prompt: 'Say yes or no: {{ text }}', system: 'In {{ language }}.', field: 'said' })
    const rows = [
      { text: 'a', language: 'French', said: 'old' },
      { text: 'b', language: 'French' },
    ]
    expect(await tryOut(llm, options, rows)).toEqual([
      [{ text: 'a', language: 'French', said: 'Oui' }],
      [{ text: 'b', language: 'French', said: 'Non' }],
    ])
    expect(prompts()[0]).toEqual([
      { role: 'system', content: 'In French.' },
      { role: 'user', content: 'Say yes or no: a' },
    ])
  })

  test('a row that a template can’t do without is asked nothing', async () => {
    server.plan()
    expect(await tryOut(llm, local({ prompt: '{{ text }}' }), [{}, { text: null }])).toEqual([
      'LLM_TEMPLATE',
      'LLM_TEMPLATE',
    ])
    expect(server.heard).toEqual([])
  })

  test('properties become fields; what is left out is null', async () => {
    server.plan(says('{"a": "1"}'))
    const schema = { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'string' } }, required: ['a'] }
    expect(await tryOut(llm, local({ prompt: 'p', schema }), [{ id: 1, b: 'old' }])).toEqual([
      [{ id: 1, b: null, a: 1 }],
    ])
  })

  test('an answer that doesn’t fit is repaired once, with its problem stated', async () => {
    server.plan(says('Well, {"a": 1,}'), says('{"a": 2}'))
    expect(await tryOut(llm, local({ prompt: 'p', schema: { a: 'integer' } }), [{}])).toEqual([[{ a: 2 }]])
    const [, again] = prompts()
    expect(again).toEqual([
      { role: 'user', content: 'p' },
      { role: 'assistant', content: 'Well, {"a": 1,}' },
      { role: 'user', content: expect.stringMatching(/isn’t valid JSON.*offset 0/) },
    ])
  })

  test('and not twice', async () => {
    server.plan(says('{"a": "x"}'), says('{"a": "y"}'), says('{"a": 1}'))
    expect(await tryOut(llm, local({ prompt: 'p', schema: { a: 'integer' } }), [{}])).toEqual(['LLM_INVALID_OUTPUT'])
    expect(server.heard).toHaveLength(2)
  })
})

describe('several queries', () => {
  const queries = {
    mood: { prompt: 'mood {{ text }}', schema: { mood: 'string' } },
    reply: { prompt: 'reply {{ text }}' },
    size: { prompt: 'size {{ text }}', schema: { n: 'integer' }, system: 'Own' },
  }

  /** Answers by what is asked; remembers the order in which calls begin, and how many were under way at once. */
  function scripted(answers: {
    readonly [prompt: string]: string | { readonly code: string; readonly retryable: boolean }
  }) {
    const begun: string[] = []
    let under_way = 0
    let most = 0
    const call: Call = async (_service, { request }) => {
      const messages = (request as { readonly messages: readonly { readonly content: string }[] }).messages
      const last = messages.at(-1)?.content ?? ''
      const key = last.startsWith('That can’t be used') ? `repair ${messages.at(-3)?.content}` : last
      begun.push(key)
      most = Math.max(most, ++under_way)
      await new Promise(resolve => setTimeout(resolve, key.startsWith('mood') ? 5 : 0))
      under_way -= 1
      const answer = answers[key]
      if (answer === undefined) throw new Error(`nothing was planned for ${key}`)
      if (typeof answer === 'string') return { kind: 'answer', response: { text: answer } }
      return { kind: 'error', message: 'refused', ...answer }
    }
    return { call, begun, most: () => most }
  }
  const options = () => local({ queries, system: 'Common' })

  test('are asked at once, and merged under their names', async () => {
    const { call, begun, most } = scripted({ 'mood a': '{"mood": "good"}', 'reply a': 'Hi', 'size a': '{"n": 1}' })
    expect(await tryOut(llm, options(), [{ text: 'a' }], { call })).toEqual([
      [{ text: 'a', mood: { mood: 'good' }, reply: 'Hi', size: { n: 1 } }],
    ])
    expect(begun).toEqual(['mood a', 'reply a', 'size a'])
    expect(most()).toBe(3)
  })

  test('are repaired in their order, whichever answered first', async () => {
    const { call, begun } = scripted({
      'mood a': '{}',
      'reply a': 'Hi',
      'size a': '{}',
      'repair mood a': '{"mood": "good"}',
      'repair size a': '{"n": 1}',
    })
    expect(await tryOut(llm, options(), [{ text: 'a' }], { call })).toMatchObject([[{ mood: { mood: 'good' } }]])
    expect(begun.slice(3)).toEqual(['repair mood a', 'repair size a'])
  })

  test('one that fails for good counts before one that could be tried again', async () => {
    const { call, begun } = scripted({
      'mood a': { code: 'LLM_SERVER', retryable: true },
      'reply a': { code: 'LLM_REFUSAL', retryable: false },
      'size a': '{}',
    })
    const transform = await llm.create(llm.options.parse(options()), {
      node: 'n',
      folder: '/',
      input: OBSERVED,
      secrets: [],
    })
    const visit = { attempt: 1, signal: new AbortController().signal, call }
    expect(await transform.process({ text: 'a' }, visit)).toMatchObject({
      code: 'LLM_REFUSAL',
      message: 'reply: refused',
    })
    // Nothing more is paid for a row that has failed.
    expect(begun).toHaveLength(3)
  })

  test('have their own system prompts, or the common one', async () => {
    server.plan(says('{"mood": "good"}'), says('Hi'), says('{"n": 1}'))
    await tryOut(llm, options(), [{ text: 'a' }], { call: performing })
    const systems = prompts().map(([system, user]) => [user?.content.split(' ')[0], system?.content])
    expect(Object.fromEntries(systems)).toEqual({ mood: 'Common', reply: 'Common', size: 'Own' })
  })
})
