import { describe, expect, onTestFinished, test } from 'vitest'
import { type Answer, json, serve } from '../../../test/support/web-server.ts'
import { type Json, type Row, withoutPrototypes } from '../../model/row.ts'
import { OBSERVED } from '../../model/schema.ts'
import type { Keyed, Outgoing, SecretOption } from '../../sdk/spec.ts'
import { testPlugin } from '../../sdk/testing.ts'
import { httpSink } from './http.ts'

type Options = { readonly [option: string]: Json }
const KEY = '01890000-0000-7000-8000-000000000000-17-5'

const contextWith = (secrets: readonly SecretOption[]) => ({
  ...{ node: 'hook', folder: '/', input: OBSERVED, secrets, run: 'any', placed: null, originalNames: () => ({}) },
})

/** Sends one row, or several in one request, to a server of the test's own, which `ORIGIN` in the options stands for. */
async function send(
  answer: Answer,
  options: Options = {},
  row: Json = { n: 1 },
  secrets: readonly SecretOption[] = [],
) {
  const rows = (Array.isArray(row) ? row : [row]) as readonly Row[]
  const { origin, asked } = await serve(answer)
  const text = JSON.stringify({ url: 'ORIGIN/hook', allow: ['127.0.0.1'], ...options }).replaceAll('ORIGIN', origin)
  const parsed = httpSink.options.parse(JSON.parse(text))
  expect(httpSink.check?.(parsed, secrets)).toEqual([])
  const sink = await httpSink.create(parsed, contextWith(secrets))
  onTestFinished(async () => sink.close?.())
  const all: Keyed<Outgoing>[] = []
  for (const [i, each] of rows.entries()) {
    const outgoing = sink.request(withoutPrototypes(each) as Row)
    if (outgoing.kind === 'error') return { sent: outgoing, asked, request: null, requests: [], origin }
    all.push({ outgoing, key: `${KEY}${i === 0 ? '' : i}` })
  }
  const sent = await sink.send(all as unknown as Parameters<typeof sink.send>[0], {
    signal: new AbortController().signal,
    epoch: 1,
  })
  const requests = all.map(({ outgoing }) => outgoing.request)
  return { sent, asked, request: requests[0], requests, origin }
}

const status =
  (code: number, headers: { readonly [name: string]: string } = {}): Answer =>
  (_, response) => {
    response.writeHead(code, headers).end('{"said":1}')
  }
const problemsWith = (options: Options, secrets: readonly SecretOption[] = []) =>
  httpSink
    .check?.(httpSink.options.parse({ url: 'https://desk.example/', ...options }), secrets)
    .map(each => each.message)

testPlugin(test, httpSink)

describe('what is sent', () => {
  test('is the row as JSON, with its key', async () => {
    const { sent, asked, request, origin } = await send(status(201), {}, { b: 1, a: ['x', null] })
    expect(sent).toMatchObject({ kind: 'accepted', response: { status: 201, body: '{"said":1}' } })
    expect(asked).toMatchObject([{ method: 'POST', url: '/hook', body: '{"b":1,"a":["x",null]}' }])
    expect(asked[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'idempotency-key': KEY })
    // What a replay would find again: nothing of this run.
    expect(request).toEqual({ method: 'POST', url: `${origin}/hook`, headers: {}, body: { b: 1, a: ['x', null] } })
  })

  test('is what the templates say', async () => {
    const options = {
      ...{ method: 'PUT', url: 'ORIGIN/claims/{{ row.id }}', body: { amount: '{{ row.amount }}' } },
      ...{ headers: { 'X-Tenant': '{{ row.tenant }}' }, idempotency_header: 'X-Once' },
    }
    const { asked } = await send(status(204), options, { id: 'a/b', amount: 5, tenant: 't' })
    expect(asked).toMatchObject([{ method: 'PUT', url: '/claims/a%2Fb', body: '{"amount":5}' }])
    expect(asked[0]?.headers).toMatchObject({ 'x-tenant': 't', 'x-once': KEY })
  })

  test('can’t be made of every row', async () => {
    const { sent, asked } = await send(status(200), { url: 'ORIGIN/{{ row.id }}' }, { n: 1 })
    expect(sent).toMatchObject({ kind: 'error', code: 'HTTP_URL' })
    expect(asked).toEqual([])
  })

  test('is recorded without secrets, whatever the service repeats', async () => {
    const canary = 'canary-5e4d3c2b1a'
    const repeat: Answer = (asked, response) => json(response, { sent: asked.headers, url: asked.url }, 400)
    const secrets = [
      { path: ['headers', 'X-Key'], name: 'A' },
      { path: ['query', 'token'], name: 'B' },
      { path: ['auth', 'bearer'], name: 'C' },
    ]
    const options = { headers: { 'X-Key': canary }, query: { token: canary }, auth: { bearer: canary } }
    const { sent, asked, request } = await send(repeat, options, { n: 1 }, secrets)
    expect(JSON.stringify(asked)).toContain(canary)
    expect(JSON.stringify([sent, request])).not.toContain(canary)
    expect(request).toMatchObject({ headers: { 'x-key': { secret: 'A' } }, query: { token: { secret: 'B' } } })
  })
})

describe('the result', () => {
  test.each<[number, object]>([
    [200, { kind: 'accepted' }],
    [301, { kind: 'rejected', code: 'HTTP_STATUS_3XX', retryable: false }],
    [400, { kind: 'rejected', code: 'HTTP_STATUS_4XX', retryable: false, response: { status: 400 } }],
    [408, { kind: 'rejected', code: 'HTTP_STATUS_4XX', retryable: true }],
    [429, { kind: 'rejected', code: 'HTTP_RATE_LIMITED', retryable: true, throttled: true, retry_after_ms: 7000 }],
    [503, { kind: 'rejected', code: 'HTTP_RATE_LIMITED', retryable: true, throttled: true }],
    [500, { kind: 'in_doubt', response: { status: 500 } }],
    [502, { kind: 'in_doubt' }],
    [504, { kind: 'in_doubt' }],
  ])('after status %i', async (code, expected) => {
    const { sent } = await send(status(code, { 'retry-after': '7', location: '/elsewhere' }))
    expect(sent).toMatchObject(expected)
  })

  test('is reported by other statuses, if the options say so', async () => {
    expect((await send(status(409), { ok: [200, 409] })).sent).toMatchObject({ kind: 'accepted' })
    expect((await send(status(204), { ok: [200] })).sent).toMatchObject({ kind: 'rejected', code: 'HTTP_STATUS' })
    expect((await send(status(502), { retry_on: [502] })).sent).toMatchObject({ kind: 'rejected', retryable: true })
  })

  test('nobody knows, if the connection breaks before a status', async () => {
    const { sent } = await send((_, response) => response.socket?.destroy())
    expect(sent).toMatchObject({ kind: 'in_doubt', message: /failed \(ECONNRESET\)/ })
  })

  test('nobody knows, if no answer comes in time', async () => {
    expect((await send(() => undefined, { timeout: '200ms' })).sent).toMatchObject({ kind: 'in_doubt' })
  })

  test('the status decides, whatever happens to the rest of the answer', async () => {
    const broken: Answer = (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{')
      setTimeout(() => response.socket?.destroy(), 50)
    }
    expect((await send(broken)).sent).toMatchObject({ kind: 'accepted', response: { status: 200, body: null } })
    expect((await send(status(200), { max_bytes: 3 })).sent).toMatchObject({ kind: 'accepted' })
    expect((await send(status(422), { max_bytes: 3 })).sent).toMatchObject({ kind: 'rejected' })
  })

  test('nothing, if nobody was reached', async () => {
    const { sent, asked } = await send(status(200), { allow: [] })
    expect(sent).toMatchObject({ kind: 'rejected', code: 'HTTP_ADDRESS_REFUSED', retryable: false })
    expect(asked).toEqual([])
    const closed = await send(status(200), { url: 'http://127.0.0.1:9/' })
    expect(closed.sent).toMatchObject({ kind: 'rejected', code: 'HTTP_NETWORK', retryable: true })
  })
})

test('a PUT may be sent twice, a POST only if that is said', () => {
  const of = (options: Options) =>
    httpSink.idempotent(httpSink.options.parse({ url: 'https://a.example/', ...options }))
  expect([of({}), of({ method: 'PATCH' }), of({ method: 'PUT' })]).toEqual([false, false, true])
  expect([of({ idempotent: true }), of({ method: 'PUT', idempotent: false })]).toEqual([true, false])
})

describe('several rows in one request', () => {
  const ROWS = [{ n: 1 }, { n: 2, text: 'a\nb' }, { n: 3 }]
  const bodyOf = async (options: Options, rows: Json = ROWS) => {
    const { asked } = await send(status(200), options, rows)
    expect(asked).toHaveLength(1)
    return asked[0]!
  }

  test('are a JSON array, with the key of the first', async () => {
    const { asked, requests, origin } = await send(status(200), { batch: { rows: 3 } }, ROWS)
    expect(asked).toMatchObject([{ method: 'POST', url: '/hook', body: JSON.stringify(ROWS) }])
    expect(asked[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'idempotency-key': KEY })
    // Each row gets what a request of its own would have got.
    expect(requests).toEqual(ROWS.map(body => ({ method: 'POST', url: `${origin}/hook`, headers: {}, body })))
  })

  test('are an array of what `body` makes of each, in a field of an object, and each with its key', async () => {
    const batch = { rows: 3, field: 'records', key_field: 'id' }
    const { body } = await bodyOf({ body: { value: '{{ row.n }}' }, batch })
    const ids = [KEY, `${KEY}1`, `${KEY}2`]
    expect(JSON.parse(body)).toEqual({ records: ids.map((id, i) => ({ value: i + 1, id })) })
  })

  test('are lines', async () => {
    const { body, headers } = await bodyOf({ batch: { rows: 3, as: 'lines', key_field: '__proto__' } })
    const key = `"__proto__":"${KEY}`
    expect(body).toBe(`{"n":1,${key}"}\n{"n":2,"text":"a\\nb",${key}1"}\n{"n":3,${key}2"}\n`)
    expect(headers['content-type']).toBe('application/x-ndjson')
  })

  test('are lines of a template that is a text, as Elasticsearch wants them', async () => {
    const options = {
      ...{ body: '{"create":{"_id":{{ row.n }}}}\n{{ row }}\n', headers: { 'Content-Type': 'application/json' } },
      batch: { rows: 3, as: 'lines' },
    }
    const { body, headers } = await bodyOf(options, [{ n: 1 }, { n: 2 }])
    expect(body).toBe('{"create":{"_id":1}}\n{"n":1}\n{"create":{"_id":2}}\n{"n":2}\n')
    expect(headers['content-type']).toBe('application/json')
  })

  test('record the beginning of an answer only, without secrets', async () => {
    const canary = 'canary-5e4d3c2b1a'
    const long: Answer = (_, response) => response.end(`${'x'.repeat(495)}${canary}${'y'.repeat(5000)}`)
    const options = { headers: { 'X-Key': canary }, batch: { rows: 1000 } }
    const { sent } = await send(long, options, ROWS, [{ path: ['headers', 'X-Key'], name: 'A' }])
    expect(sent).toMatchObject({ kind: 'accepted', response: { body: `${'x'.repeat(495)}[secr` } })
  })

  test('can’t have one that has a field for the key', async () => {
    const { sent } = await send(status(200), { batch: { rows: 3, key_field: 'n' } }, ROWS)
    expect(sent).toMatchObject({ kind: 'error', code: 'HTTP_TEMPLATE', message: 'the row has a field n of its own' })
  })

  test('have nothing of one row but its item', () => {
    const batch = { rows: 2 }
    expect(
      problemsWith({ batch, url: 'https://desk.example/{{ row.id }}', headers: { 'X-A': '{{ row.a }}' } }),
    ).toEqual([
      'a request has several rows, and can’t have "id" of one here',
      'a request has several rows, and can’t have "a" of one here',
    ])
    expect(problemsWith({ batch, body: '{{ row }}' })).toEqual(['a text is no item of a JSON array'])
    expect(problemsWith({ batch: { ...batch, as: 'lines', field: 'x' } })).toEqual(['lines are in no object'])
    const key_field = 'id'
    expect(problemsWith({ batch: { ...batch, key_field }, body: [1] })).toEqual([
      'what `body` makes of a row has no fields',
    ])
    expect(problemsWith({ batch: { ...batch, key_field }, body: { id: '{{ row.id }}' } })).toEqual([
      '`body` has a field id of its own',
    ])
  })
})

test('options that can’t be right are refused', () => {
  expect(problemsWith({ url: 'https://{{ row.host }}/' })).toHaveLength(1)
  expect(problemsWith({ idempotency_header: 'two words' })).toEqual(['it isn’t the name of a header'])
  expect(problemsWith({ headers: { 'idempotency-key': 'x' } })).toEqual(['each row is given a key of its own'])
  const secrets = [{ path: ['url'], name: 'A' }]
  expect(problemsWith({ url: 'https://a.example/' }, secrets)).toEqual(['`url` is recorded, and can’t be a secret'])
})
