/** What a peer answers as long as nothing goes wrong, over HTTP. */
import { describe, expect, test } from 'vitest'
import { chat, completed, peerStarter, post, refused, SCHEMA, WITH_SCHEMA } from '../../test/support/chaos-client.ts'
import { compileJsonSchema } from '../sdk/field-type.ts'
import type { ChaosPeer } from './peer.ts'

const start = peerStarter()

describe('answers of the model', () => {
  test('are the same for the same request and seed, and others else', async () => {
    const [a, b, other] = [await start(), await start(), await start({ seed: 2 })]
    const text = async (peer: ChaosPeer, prompt: string) => (await chat(peer, prompt)).text()
    const first = await text(a, 'one')
    expect(await text(a, 'one')).toBe(first)
    expect(await text(b, 'one')).toBe(first)
    expect(await text(a, 'two')).not.toBe(first)
    expect(await text(other, 'one')).not.toBe(first)
  })

  test('report the usage, an LLM token being four bytes, and keep to the limit', async () => {
    const peer = await start({ answer: 'is twelve é…' })
    const { content, finish_reason, usage } = await completed(chat(peer, 'twelve bytes'))
    expect({ content, finish_reason }).toEqual({ content: 'is twelve é…', finish_reason: 'stop' })
    expect(usage).toEqual({ prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 })
    const cut = await completed(chat(peer, 'twelve bytes', { max_tokens: 3 }))
    expect(cut).toMatchObject({ content: 'is twelve é', finish_reason: 'length', usage: { completion_tokens: 3 } })
  })

  test('fit the schema that is asked for', async () => {
    const peer = await start()
    const compiled = compileJsonSchema(SCHEMA)
    if ('problem' in compiled) throw new Error(compiled.problem)
    const contents: string[] = []
    for (const prompt of ['a', 'b', 'c', 'd']) {
      const { content } = await completed(chat(peer, prompt, WITH_SCHEMA))
      contents.push(content ?? '')
      expect(compiled.validate(JSON.parse(content ?? ''))).toBe(true)
    }
    expect(new Set(contents).size).toBeGreaterThan(1)
    const { content } = await completed(chat(peer, 'any', { response_format: { type: 'json_object' } }))
    expect(JSON.parse(content ?? '')).toEqual({ answer: expect.any(String) })
  })

  test('come from the first rule that matches the prompt, else from `answer`', async () => {
    const peer = await start({
      answers: [
        { model: 'other', match: '', answer: 'of another model' },
        { match: '(?i)refund', answer: { intent: 'refund', quotes: ['“{{ prompt }}”'] } },
        { match: 'refund|return', answer: 'return' },
      ],
      answer: ({ prompt, body }) => `${prompt} for ${String(body.model)}`,
    })
    const content = async (prompt: string) => (await completed(chat(peer, prompt))).content
    expect(JSON.parse((await content('My "REFUND" $&')) ?? '')).toEqual({
      intent: 'refund',
      quotes: ['“My "REFUND" $&”'],
    })
    expect(await content('a return')).toBe('return')
    expect(await content('hello')).toBe('hello for m')
    const { content: others } = await completed(chat(peer, 'refund', { model: 'other' }))
    expect(others).toBe('of another model')
  })

  test('look at the last message of the user, in parts or whole', async () => {
    const peer = await start({ answer: '<{{prompt}}>' })
    const parts = [{ type: 'text', text: 'a' }, { type: 'image_url' }, { type: 'text', text: 'b' }]
    const messages = [
      { role: 'user', content: 'first' },
      { role: 'assistant', content: null },
      { role: 'user', content: parts },
      { role: 'tool', content: 'x' },
    ]
    expect((await completed(chat(peer, '', { messages }))).content).toBe('<a\nb>')
    expect((await completed(chat(peer, '', { messages: [{ role: 'system', content: 's' }] }))).content).toBe('<s>')
  })

  test('are sent as events where that is asked for', async () => {
    const peer = await start({ answer: 'one two  three' })
    const response = await chat(peer, 'x', { stream: true, stream_options: { include_usage: true } })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const events = (await response.text()).split('\n\n').filter(each => each !== '')
    expect(events.at(-1)).toBe('data: [DONE]')
    const chunks = events.slice(0, -1).map(each => JSON.parse(each.slice('data: '.length)))
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('one two  three')
    expect(chunks.at(-2).choices[0].finish_reason).toBe('stop')
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 4 } })
  })

  test('that can’t be given say why', async () => {
    const peer = await start()
    const impossible = { type: 'json_schema', json_schema: { schema: { type: 'string', pattern: '^[0-9]{40}$' } } }
    expect(await refused(post(peer, '/v1/chat/completions', '{'))).toEqual({
      status: 400,
      message: 'the body isn’t JSON',
    })
    expect(await refused(chat(peer, 'x', { messages: [] }))).toEqual({
      status: 400,
      message: expect.stringMatching(/^messages: /),
    })
    expect(await refused(chat(peer, 'x', { n: 2 }))).toMatchObject({ status: 400 })
    expect(await refused(chat(peer, 'x', { response_format: impossible }))).toEqual({
      status: 400,
      message: expect.stringContaining('more than this test server can make up'),
    })
    const throws = await start({
      answer: () => {
        throw new Error('no idea')
      },
    })
    expect(await refused(chat(throws, 'x'))).toEqual({ status: 500, message: 'no answer could be made: no idea' })
    expect(throws.requests[0]).toMatchObject({ status: 500, fault: null })
  })
})

describe('embeddings and models', () => {
  const embedded = async (peer: ChaosPeer, body: object) =>
    (await (await post(peer, '/v1/embeddings', JSON.stringify({ model: 'e', ...body }))).json()) as {
      readonly data: ReadonlyArray<{ readonly embedding: number[] | string }>
      readonly usage: object
    }

  test('vectors have length 1, and follow from the text', async () => {
    const peer = await start()
    const { data, usage } = await embedded(peer, { input: ['a', 'bb', 'a'] })
    const [a, bb, again] = data.map(({ embedding }) => embedding as number[])
    expect(a).toHaveLength(16)
    expect(Math.hypot(...(a ?? []))).toBeCloseTo(1, 10)
    expect(again).toEqual(a)
    expect(bb).not.toEqual(a)
    expect(usage).toEqual({ prompt_tokens: 3, total_tokens: 3 })
    const { data: packed } = await embedded(peer, { input: 'a', encoding_format: 'base64' })
    const bytes = Buffer.from(packed[0]?.embedding as string, 'base64')
    expect(bytes.readFloatLE(4)).toBeCloseTo(a?.[1] ?? 0, 6)
  })

  test('there is a model', async () => {
    const peer = await start()
    const { data } = (await (await fetch(`${peer.api_url}/models`)).json()) as { readonly data: readonly object[] }
    expect(data).toEqual([expect.objectContaining({ id: 'chaos', object: 'model' })])
  })
})

describe('plain HTTP', () => {
  test('the echo repeats what it got', async () => {
    const peer = await start()
    const response = await fetch(`${peer.url}/echo?a=1&b=ü`, {
      method: 'PUT',
      headers: { 'x-mine': 'yes' },
      body: 'wörds',
    })
    expect(await response.json()).toEqual({
      method: 'PUT',
      path: '/echo',
      query: { a: '1', b: 'ü' },
      headers: expect.objectContaining({ 'x-mine': 'yes' }),
      body: 'wörds',
    })
  })

  test('the page is a page, with a head where only that is asked for', async () => {
    const peer = await start()
    const page = await fetch(`${peer.url}/page`)
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const text = await page.text()
    expect(text).toContain('<h1>A page</h1>')
    const head = await fetch(`${peer.url}/page`, { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe(String(Buffer.byteLength(text)))
    expect(await head.text()).toBe('')
  })

  test.each([
    ['to=/page', 302, '/page'],
    ['to=/%C3%BC%20x%252F&status=308', 308, '/%C3%BC%20x%2F'],
    ['to=https://example.com/', 302, 'https://example.com/'],
    ['to=/page&status=200', 400, null],
    ['', 400, null],
  ])('/redirect?%s gives %i to %s', async (query, status, location) => {
    const peer = await start()
    const response = await fetch(`${peer.url}/redirect?${query}`, { redirect: 'manual' })
    expect([response.status, response.headers.get('location')]).toEqual([status, location])
  })

  test.each([200, 204, 304, 404, 503])('/status/%i gives it', async status => {
    const peer = await start()
    expect((await fetch(`${peer.url}/status/${status}`)).status).toBe(status)
  })

  test('elsewhere there is nothing, and allowed methods are named', async () => {
    const peer = await start()
    expect((await fetch(`${peer.url}/nothing`)).status).toBe(404)
    expect((await fetch(`${peer.url}/status/999`)).status).toBe(400)
    const wrong = await fetch(`${peer.api_url}/chat/completions`)
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST'])
  })
})
