import { describe, expect, onTestFinished, test } from 'vitest'
import { leaving, refusals, schemaOf } from '../../../test/support/try-out.ts'
import { type Answer, json, serve } from '../../../test/support/web-server.ts'
import { type Json, type Row, withoutPrototypes } from '../../model/row.ts'
import { OBSERVED } from '../../model/schema.ts'
import type { Call, CallAnswer } from '../../sdk/call.ts'
import type { SecretOption, TransformResult } from '../../sdk/spec.ts'
import { performing, visitContext } from '../../sdk/testing/calling.ts'
import { http } from './http.ts'

type Options = { readonly [option: string]: Json }

/** What was asked and answered, as a run would record it. */
interface Recorded {
  readonly service: string
  readonly request: Json
  readonly answer: CallAnswer
}

function recording(into: Recorded[]): Call {
  return (service, asked, perform) =>
    performing(service, asked, async attempt => {
      const answer = await perform(attempt)
      into.push({ service, request: asked.request, answer })
      return answer
    })
}

/** Runs one row against a server of the test's own, which `ORIGIN` in the options stands for. */
async function ask(answer: Answer, options: Options, row: Json = {}, secrets: readonly SecretOption[] = []) {
  const { origin, asked } = await serve(answer)
  const text = JSON.stringify({ allow: ['127.0.0.1'], ...options }).replaceAll('ORIGIN', origin)
  const parsed = http.options.parse(JSON.parse(text))
  expect(http.check?.(parsed, secrets)).toEqual([])
  const transform = await http.create(parsed, { node: 'ask', folder: '/', input: OBSERVED, secrets })
  onTestFinished(async () => transform.close?.())
  const calls: Recorded[] = []
  const result: TransformResult = await transform.process(withoutPrototypes(row) as Row, visitContext(recording(calls)))
  return { result, asked, calls, origin }
}

const always =
  (value: unknown, status = 200): Answer =>
  (_, response) =>
    json(response, value, status)

describe('requests', () => {
  test('are made from the row, and recorded as they were sent', async () => {
    const { asked, calls, origin } = await ask(
      always({ id: 7 }),
      {
        method: 'PUT',
        url: 'ORIGIN/items/{{ row.id }}?fixed=1',
        query: { q: '{{ row.q }}' },
        headers: { 'X-Tenant': '{{ row.tenant }}' },
        body: { n: '{{ row.n }}', text: 'n is {{ row.n }}' },
        extract: { new_id: '/id' },
      },
      { id: 'a/b c', q: 'x&y=z#', tenant: 't1', n: 5 },
    )
    expect(asked).toMatchObject([
      {
        method: 'PUT',
        url: '/items/a%2Fb%20c?fixed=1&q=x%26y%3Dz%23',
        headers: { 'x-tenant': 't1', 'content-type': 'application/json' },
        body: '{"n":5,"text":"n is 5"}',
      },
    ])
    expect(calls).toMatchObject([
      {
        service: origin.slice('http://'.length),
        request: {
          method: 'PUT',
          url: `${origin}/items/a%2Fb%20c?fixed=1&q=x%26y%3Dz%23`,
          headers: { 'x-tenant': 't1' },
          body: { n: 5, text: 'n is 5' },
          as: 'json',
        },
        answer: { kind: 'answer', response: { status: 200, body: { id: 7 } } },
      },
    ])
  })

  test('have a text for a body where a text is given', async () => {
    const options = { method: 'POST', url: 'ORIGIN/', body: '{{ row.x }}', status_field: 'status' }
    const { asked } = await ask(always({}), options, { x: { a: 1 } })
    expect(asked).toMatchObject([{ body: '{"a":1}', headers: { 'content-type': 'text/plain; charset=utf-8' } }])
  })

  test.each([
    [{ id: '..' }, 'HTTP_URL'],
    [{ id: '.' }, 'HTTP_URL'],
    [{ id: 'a/../../admin' }, 'HTTP_URL'],
    [{ id: 'a\\..\\b' }, 'HTTP_URL'],
    [{ id: '' }, 'HTTP_URL'],
    [{ id: null }, 'HTTP_URL'],
    [{ id: ['a'] }, 'HTTP_URL'],
    [{}, 'HTTP_URL'],
    [{ id: 1, note: 'a\r\nX-Injected: 1' }, 'HTTP_TEMPLATE'],
    [{ id: 1, note: '漢' }, 'HTTP_TEMPLATE'],
    [{ id: 1, note: null }, 'HTTP_TEMPLATE'],
  ])('%j makes none', async (row, code) => {
    const options = { url: 'ORIGIN/items/{{ row.id }}', headers: { 'x-note': '{{ row.note }}' }, field: 'all' }
    const { result, asked } = await ask(always({}), options, row)
    expect(result).toMatchObject({ kind: 'error', code, retryable: false })
    expect(asked).toEqual([])
  })

  test.each(['@evil.example/', '//evil.example', 'http://evil.example/', '?x=1', '#', '%2e%2e', ';a', '\t/'])(
    'a value such as %j stays one piece of the path',
    async id => {
      const { asked } = await ask(always({}), { url: 'ORIGIN/items/{{ row.id }}', field: 'all' }, { id })
      expect(asked.map(({ url }) => url)).toEqual([`/items/${encodeURIComponent(id)}`])
    },
  )
})

describe('answers', () => {
  const answered = async (options: Options, answer: Answer) =>
    (await ask(answer, { url: 'ORIGIN/', ...options }, { a: 1 })).result
  const text =
    (body: string | Buffer, type = 'text/plain', status = 200): Answer =>
    (_, response) =>
      response.writeHead(status, { 'content-type': type }).end(body)

  test('are taken apart by pointers', async () => {
    const body = { data: [{ 'a/b': { '~': 1 } }], none: null, __proto__x: 2 }
    const extract = { one: '/data/0/a~1b/~0', none: '/none', all: '' }
    expect(await answered({ extract }, always(body))).toEqual({
      kind: 'row',
      row: { a: 1, one: 1, none: null, all: body },
    })
    for (const pointer of [
      '/data/1',
      '/data/-',
      '/data/00',
      '/data/length',
      '/none/x',
      '/toString',
      '/data/0/a~1b/~0/x',
    ])
      expect(await answered({ extract: { x: pointer } }, always(body))).toMatchObject({ code: 'HTTP_POINTER_MISSING' })
    expect(await answered({ extract: { x: '/gone' }, missing: 'null' }, always(body))).toMatchObject({
      row: { x: null },
    })
  })

  test('are read as json, text or bytes', async () => {
    expect(await answered({ field: 'b' }, text('5'))).toMatchObject({ row: { b: 5 } })
    expect(
      await answered({ field: 'b', as: 'text' }, text(Buffer.from('e9', 'hex'), 'text/plain; charset=latin1')),
    ).toMatchObject({ row: { b: 'é' } })
    expect(await answered({ field: 'b', as: 'base64' }, text(Buffer.from('ff00', 'hex')))).toMatchObject({
      row: { b: '/wA=' },
    })
    expect(await answered({ field: 'b' }, text('', 'text/plain', 204))).toMatchObject({ row: { b: null } })
  })

  test.each([
    ['json', '<html>', 'HTTP_NOT_JSON'],
    ['json', '', 'HTTP_NOT_JSON'],
    ['json', '{"a":1,"a":2}', 'HTTP_NOT_JSON'],
    ['json', '12345678901234567890', 'HTTP_NOT_JSON'],
    ['json', `${'['.repeat(199)}${']'.repeat(199)}`, 'HTTP_NOT_JSON'],
    ['json', Buffer.from('22ff22', 'hex'), 'HTTP_NOT_TEXT'],
    ['text', Buffer.from('ff', 'hex'), 'HTTP_NOT_TEXT'],
  ])('as %s %j is an error', async (as, body, code) => {
    expect(await answered({ field: 'b', as }, text(body))).toMatchObject({ code, retryable: false })
  })

  test('with statuses that are wanted', async () => {
    const options = { ok: ['2xx', 404], status_field: 's', field: 'b' }
    expect(await answered(options, always('gone', 404))).toMatchObject({ row: { s: 404, b: 'gone' } })
    expect(await answered(options, always('gone', 410))).toMatchObject({ code: 'HTTP_STATUS_4XX', retryable: false })
  })

  test.each([
    ['GET', 400, {}, { code: 'HTTP_STATUS_4XX', retryable: false }],
    ['GET', 408, {}, { code: 'HTTP_STATUS_4XX', retryable: true }],
    ['GET', 429, {}, { code: 'HTTP_RATE_LIMITED', retryable: true, throttled: true }],
    ['GET', 429, { 'retry-after': '7' }, { code: 'HTTP_RATE_LIMITED', retry_after_ms: 7000, throttled: true }],
    ['GET', 500, {}, { code: 'HTTP_STATUS_5XX', retryable: true }],
    ['GET', 501, {}, { code: 'HTTP_STATUS_5XX', retryable: false }],
    ['GET', 503, {}, { code: 'HTTP_STATUS_5XX', retryable: true }],
    ['GET', 503, { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }, { code: 'HTTP_RATE_LIMITED', retry_after_ms: 0 }],
    ['GET', 503, { 'retry-after': 'soon' }, { code: 'HTTP_STATUS_5XX', retryable: true }],
    ['GET', 304, {}, { code: 'HTTP_STATUS_3XX', retryable: false }],
    ['POST', 500, {}, { code: 'HTTP_STATUS_5XX', retryable: false }],
    ['POST', 502, {}, { code: 'HTTP_STATUS_5XX', retryable: false }],
    ['POST', 503, {}, { code: 'HTTP_STATUS_5XX', retryable: true }],
    ['POST', 429, {}, { code: 'HTTP_RATE_LIMITED', throttled: true }],
  ])('to %s with status %i and %j are failures', async (method, status, headers, expected) => {
    const answer: Answer = (_, response) => response.writeHead(status, headers).end('why')
    const { calls } = await ask(answer, { method, url: 'ORIGIN/', field: 'b' })
    expect(calls).toMatchObject([{ answer: { kind: 'failure', ...expected } }])
    expect('throttled' in (calls[0]?.answer ?? {})).toBe(
      'throttled' in expected || expected.code === 'HTTP_RATE_LIMITED',
    )
  })

  test('with a body that can’t be read are failures by their status', async () => {
    const gateway: Answer = (_, response) =>
      response.writeHead(502, { 'content-encoding': 'gzip' }).end('<html>bad gateway</html>')
    expect(await answered({ field: 'b' }, gateway)).toMatchObject({ code: 'HTTP_STATUS_5XX', retryable: true })
  })

  test('can’t be answers and stop the run', () => {
    const options = http.options.parse({
      url: 'https://one.example/',
      ok: ['2xx', 404],
      stop_on: [403, 404],
      field: 'b',
    })
    expect(http.check?.(options, [])).toMatchObject([{ path: ['stop_on'], message: expect.stringContaining('404') }])
  })

  test('to a POST that may be repeated are retried like others', async () => {
    for (const more of [{ idempotent: true }, { headers: { 'Idempotency-Key': '{{ row.k }}' } }, { retry_on: [500] }]) {
      const { result } = await ask(always('', 500), { method: 'POST', url: 'ORIGIN/', field: 'b', ...more }, { k: '1' })
      expect(result).toMatchObject({ retryable: true })
    }
    expect(await answered({ retry_on: [], field: 'b' }, always('', 429))).toMatchObject({
      code: 'HTTP_STATUS_4XX',
      retryable: false,
    })
  })
})

describe('secrets', () => {
  const CANARIES = {
    BEARER: 'canary-bearer-"quoted"&<more>',
    PASSWORD: 'canary/password+ with spaces?',
    KEY: 'canary=key&{{ row.x }}',
    HEADER: 'canary-header-{% if %}',
    BODY: 'canary-body-ünïcode\\',
  }
  /** All that may leave the plugin, in any form in which a canary could be hidden. */
  function found(evidence: unknown): readonly string[] {
    const text = JSON.stringify(evidence)
    const decoded = text.replaceAll(/[A-Za-z0-9+/]{16,}={0,2}/g, part => part + Buffer.from(part, 'base64').toString())
    const plain = [decoded, decodeURIComponent(decoded.replaceAll(/%(?![0-9a-f]{2})/gi, '%25'))].join()
    return [...plain.matchAll(/canary.{0,12}/g)].map(([each]) => each)
  }
  /** Repeats all that it was sent, in each form that services have for it. */
  const echo: Answer = ({ url, headers, body }, response) => {
    const sent = { url, decoded: decodeURIComponent(url), headers, body }
    const html = [headers.authorization ?? '', String(headers['x-secret'])].map(text =>
      text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
    )
    const status = url.startsWith('/fail') ? 418 : 200
    response.writeHead(status, { 'content-type': 'application/json', etag: `"${String(headers['x-secret'])}"` })
    response.end(JSON.stringify({ ...sent, html, [CANARIES.HEADER]: 1, basic: headers.authorization }))
  }
  const at = (path: string, name: keyof typeof CANARIES): SecretOption => ({ path: path.split('.'), name })
  const options = {
    method: 'POST',
    query: { key: CANARIES.KEY },
    headers: { 'X-Secret': CANARIES.HEADER },
    body: { password: CANARIES.BODY, other: '{{ row.x }}' },
    field: 'all',
  }
  const secrets = [at('query.key', 'KEY'), at('headers.X-Secret', 'HEADER'), at('body.password', 'BODY')]
  const bearer = { auth: { bearer: CANARIES.BEARER } }
  const basic = { auth: { basic: { username: 'user', password: CANARIES.PASSWORD } } }

  test.each([
    ['bearer, an answer', { ...options, ...bearer, url: 'ORIGIN/' }, [...secrets, at('auth.bearer', 'BEARER')]],
    ['basic, an answer', { ...options, ...basic, url: 'ORIGIN/' }, [...secrets, at('auth.basic.password', 'PASSWORD')]],
    ['as bytes', { ...options, ...bearer, as: 'base64', url: 'ORIGIN/' }, [...secrets, at('auth.bearer', 'BEARER')]],
    ['an error', { ...options, ...bearer, url: 'ORIGIN/fail' }, [...secrets, at('auth.bearer', 'BEARER')]],
  ])('%s: are sent, and are in nothing else', async (_what, given, named) => {
    const { result, calls, asked } = await ask(echo, given as Options, { x: 'y' }, named)
    expect(asked).toHaveLength(1)
    expect(asked[0]?.headers['x-secret']).toBe(CANARIES.HEADER)
    expect(new URL(asked[0]?.url ?? '', 'http://h').searchParams.get('key')).toBe(CANARIES.KEY)
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({ password: CANARIES.BODY, other: 'y' })
    expect(found(asked).length).toBeGreaterThan(4)
    expect(found([result, calls])).toEqual([])
    expect(calls).toMatchObject([
      {
        request: {
          query: { key: { secret: 'KEY' } },
          headers: { 'x-secret': { secret: 'HEADER' } },
          body: { password: { secret: 'BODY' } },
        },
      },
    ])
  })

  test('are in no message of a connection that fails, and not in the URL after a redirect', async () => {
    const broken = await ask((_, response) => response.destroy(), { ...options, url: 'ORIGIN/' }, { x: 'y' }, secrets)
    expect(broken.result).toMatchObject({ code: 'HTTP_NETWORK' })
    expect(found([broken.result, broken.calls])).toEqual([])
    const within: Answer = ({ url }, response) =>
      url.startsWith('/?') ? response.writeHead(307, { location: `/next${url.slice(1)}` }).end() : json(response, {})
    const moved = await ask(within, { ...options, url: 'ORIGIN/' }, { x: 'y' }, secrets)
    expect(moved.calls).toMatchObject([{ answer: { response: { url: expect.stringContaining('[secret KEY]') } } }])
    expect(found([moved.result, moved.calls])).toEqual([])
  })

  test('aren’t taken where they would be recorded, and are no templates', () => {
    const parsed = http.options.parse({ ...options, url: 'https://h.example/' })
    const pathsOf = (named: readonly SecretOption[]) => (http.check?.(parsed, named) ?? []).map(({ path }) => path)
    expect(pathsOf(secrets)).toEqual([])
    expect(pathsOf([...secrets, at('url', 'KEY'), at('service', 'KEY')])).toEqual([['url'], ['service']])
    expect(http.requires?.(parsed, secrets)).toEqual([{ field: 'x', path: ['body', 'other'] }])
  })
})

test.each([
  [{ url: '{{ row.url }}' }, /host that is written out/],
  [{ url: 'https://{{ row.host }}/' }, /host that is written out/],
  [{ url: 'https://h.example{{ row.path }}' }, /host that is written out/],
  [{ url: 'https://h.example:{{ row.port }}/' }, /host that is written out/],
  [{ url: 'ftp://h.example/' }, /host that is written out/],
  [{ url: '/relative' }, /host that is written out/],
  [{ url: 'https://user:word@h.example/' }, /no user name/],
  [{ url: 'https://h.example/#{{ row.x }}' }, /is never sent/],
  [{ headers: { Host: 'x' } }, /set by what sends/],
  [{ headers: { 'a b': 'x' } }, /no header/],
  [{ headers: { a: 'x', A: 'y' } }, /twice/],
  [{ headers: { Authorization: 'x' }, auth: { bearer: 'y' } }, /set by `auth`/],
  [{ body: 'x' }, /no body/],
  [{ method: 'HEAD' }, /no body/],
  [{ as: 'text', extract: { x: '/a' } }, /json/],
  [{ extract: { x: 'a' } }, /JSON Pointer/],
  [{ field: undefined }, /nothing becomes/],
  [{ extract: { all: '/a' } }, /two values/],
  [{ timeout: '0s' }, /duration/],
  [{ timeout: '61m' }, /up to 1h/],
  [{ timeout: 'soon' }, /duration/],
  [{ allow: ['http://x'] }, /hosts, addresses/],
])('%j is refused', (more, message) => {
  const problems = refusals(http, { url: 'https://h.example/', field: 'all', ...more } as Json)
  expect(problems.join('; ')).toMatch(message)
})

test('what is known before the run', () => {
  const options = http.options.parse({
    url: 'https://h.example:8443/{{ row.id }}',
    field: 'b',
    extract: { e: '/e' },
    status_field: 's',
  })
  expect(http.services?.(options)).toEqual(['h.example:8443'])
  expect(http.services?.({ ...options, service: 'desk' })).toEqual(['desk'])
  expect(http.requires?.(options, [])).toEqual([{ field: 'id', path: ['url'] }])
  expect(leaving(http, options as unknown as Json, schemaOf({ id: 'integer' })).fields).toEqual({
    id: 'integer',
    s: 'integer',
    b: 'any?',
    e: 'any?',
  })
})
