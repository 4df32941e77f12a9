import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ModelServer, says } from '../../../test/support/model-server.ts'
import { leaving, refusals, schemaOf, tryOut } from '../../../test/support/try-out.ts'
import type { Json } from '../../model/row.ts'
import { classify } from './classify.ts'

let server: ModelServer
beforeAll(async () => {
  server = await ModelServer.start()
})
afterAll(() => server.close())

type Options = { [option: string]: Json }
const local = (options: Options): Options => ({
  provider: 'compatible',
  model: 'm',
  base_url: server.url,
  labels: { bug: 'something is broken', wish: '' },
  fields: ['title', 'body'],
  ...options,
})
const label = (name: string, confidence: Json) => says(JSON.stringify({ label: name, confidence }))

describe('options', () => {
  test.each<[Options, RegExp]>([
    [{ labels: [] }, /at least one label/],
    [{ labels: ['a', 'a'] }, /there twice/],
    [{ labels: ['a', 'unsure'] }, /one of the labels/],
    [{ text: '{{ a }}' }, /either `text` or `fields`/],
    [{ fields: undefined as never }, /either `text` or `fields`/],
    [{ fields: undefined as never, text: '{{ a' }, /not closed/],
    [{ confidence_field: 'label' }, /a field each/],
    [{ threshold: 1.5 }, /./],
    [{ base_url: undefined as never }, /needs a `base_url`/],
  ])('%j', (options, message) => expect(refusals(classify, local(options)).join()).toMatch(message))

  test('a text without a field is the same for all rows', () => {
    const warnings = (more: Options) =>
      (classify.check?.(classify.options.parse(local(more)), []) ?? []).map(({ path, severity }) => [severity, ...path])
    expect(warnings({})).toEqual([])
    expect(warnings({ fields: undefined as never, text: 'a text' })).toEqual([['warning', 'text']])
    expect(warnings({ fields: undefined as never, text: '{{ a }}' })).toEqual([])
  })

  test('fields and templates are required', () => {
    const requires = (more: Options) => classify.requires?.(classify.options.parse(local(more)), [])
    expect(requires({ instructions: '{{ tone }} {{ title }}' })).toEqual([
      { field: 'title', path: ['fields', 0] },
      { field: 'body', path: ['fields', 1] },
      { field: 'tone', path: ['instructions'] },
    ])
    expect(requires({ fields: undefined as never, text: '{{ a }}' })).toEqual([{ field: 'a', path: ['text'] }])
  })

  test('a gate on the label knows all that can come', () => {
    const input = schemaOf({ title: 'string', body: 'string?' })
    expect(leaving(classify, local({}), input).fields).toEqual({
      title: 'string',
      body: 'string?',
      label: 'string',
      confidence: 'number',
    })
    const { fields } =
      classify.guarantees?.(classify.options.parse(local({ unsure: 'ask' })), input, new Map()) ?? input
    expect(fields.get('label')?.schema.enum).toEqual(['bug', 'wish', 'ask'])
  })
})

describe('over HTTP', () => {
  const rows = [{ title: 'Crash', body: null }]
  const classified = async (...replies: ReturnType<typeof says>[]) => {
    server.plan(...replies)
    return (await tryOut(classify, local({ threshold: 0.6 }), rows))[0]
  }

  test('what is sent', async () => {
    await classified(label('bug', 0.9))
    const messages = server.messages(0)
    expect(messages.map(({ role }) => role)).toEqual(['system', 'user'])
    expect(messages[0]?.content).toMatch(/- bug: something is broken\n- wish\n- unsure: /)
    expect(messages[1]?.content).toBe('title: Crash\nbody: null')
    expect(server.heard[0]?.body.response_format).toMatchObject({
      json_schema: { schema: { properties: { label: { enum: ['bug', 'wish', 'unsure'] } } } },
    })
  })

  test('a label with enough confidence, with too little, and one that the model calls unsure', async () => {
    expect(await classified(label('bug', 0.6))).toEqual([{ ...rows[0], label: 'bug', confidence: 0.6 }])
    expect(await classified(label('bug', 0.59))).toEqual([{ ...rows[0], label: 'unsure', confidence: 0.59 }])
    expect(await classified(label('unsure', 0.99))).toEqual([{ ...rows[0], label: 'unsure', confidence: 0.99 }])
  })

  test('a label in other case, and a confidence in quotes', async () => {
    expect(await classified(label('Bug', '0.9'))).toEqual([{ ...rows[0], label: 'bug', confidence: 0.9 }])
  })

  test('another label, or a confidence beyond 1, is asked for again once', async () => {
    expect(await classified(label('praise', 0.9), label('wish', 0.8))).toMatchObject([{ label: 'wish' }])
    expect(await classified(label('bug', 90), label('bug', 0.9))).toMatchObject([{ confidence: 0.9 }])
    expect(await classified(label('praise', 0.9), label('praise', 0.9))).toBe('LLM_INVALID_OUTPUT')
  })

  test('instructions come after the labels', async () => {
    server.plan(label('bug', 1))
    await tryOut(classify, local({ instructions: 'We sell {{ product }}.' }), [
      { title: 'a', body: 'b', product: 'lifts' },
    ])
    expect(server.messages(0)[0]?.content).toMatch(/right\.\n\nWe sell lifts\.$/)
  })
})
