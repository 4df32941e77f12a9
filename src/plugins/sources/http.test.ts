/** The `http` source against a server of the test's own: how pages are asked for, what ends them, and what is recorded. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Answer, json, serve } from '../../../test/support/web-server.ts'
import type { Json } from '../../model/row.ts'
import { OBSERVED, type RowSchema } from '../../model/schema.ts'
import type { Call, CallAnswer } from '../../sdk/call.ts'
import type { ResumePoint, SecretOption, SourceItem } from '../../sdk/spec.ts'
import { performing } from '../../sdk/testing/calling.ts'
import { testPlugin } from '../../sdk/testing.ts'
import { httpSource } from './http.ts'
import { nextLink } from './http-page.ts'

testPlugin(test, httpSource)

type Options = { readonly [option: string]: Json }
interface Recorded {
  readonly request: Json
  readonly answer: CallAnswer
}
interface More {
  readonly secrets?: readonly SecretOption[]
  readonly from?: ResumePoint
  readonly input?: RowSchema
}

/** Reads from a server, which `ORIGIN` stands for in the options. */
async function read(answer: Answer, options: Options, { secrets = [], from, input = OBSERVED }: More = {}) {
  const { origin, asked } = await serve(answer)
  const text = JSON.stringify({ url: 'ORIGIN/items', allow: ['127.0.0.1'], ...options }).replaceAll('ORIGIN', origin)
  const parsed = httpSource.options.parse(JSON.parse(text))
  expect(httpSource.check?.(parsed, secrets)).toEqual([])
  const source = await httpSource.create(parsed, { node: 'items', folder: '/', input, secrets })
  onTestFinished(() => source.close())
  const calls: Recorded[] = []
  const call: Call = (service, { request }, perform) =>
    performing(service, { request }, async attempt => {
      const got = await perform(attempt)
      calls.push({ request, answer: got })
      return got
    })
  const items: SourceItem[] = []
  let error: unknown = null
  try {
    for await (const chunk of source.read(from ?? null, { signal: new AbortController().signal, call }))
      items.push(...chunk)
  } catch (thrown) {
    error = thrown
  }
  const rows = items.flatMap(each => (each.kind === 'row' ? [each.row] : []))
  return { items, rows, error, calls, asked: asked.map(({ url }) => url), sent: asked, origin }
}

const numbers = (from: number, count: number) => Array.from({ length: count }, (_, i) => ({ n: from + i }))
const params = (url: string) => new URL(url, 'http://x').searchParams
/** Seven records, so many at a time. */
const seven = (first: number, size: number) => numbers(first, Math.max(0, Math.min(size, 7 - first)))
const ALL = numbers(0, 7)

describe('pages', () => {
  test('by number, until one is empty, or shorter than `size`', async () => {
    const answer: Answer = ({ url }, response) => json(response, seven(3 * (Number(params(url).get('p')) - 1), 3))
    const empty = await read(answer, { pages: { by: 'page', param: 'p' } })
    expect(empty.rows).toEqual(ALL)
    expect(empty.asked).toEqual(['/items?p=1', '/items?p=2', '/items?p=3', '/items?p=4'])
    const short = await read(answer, { pages: { by: 'page', param: 'p', size: 3 } })
    expect(short.rows).toEqual(ALL)
    expect(short.asked).toHaveLength(3)
  })

  test('by offset, until one is shorter than the limit', async () => {
    const answer: Answer = ({ url }, response) =>
      json(response, { hits: { list: seven(Number(params(url).get('offset')), Number(params(url).get('limit'))) } })
    const { rows, asked } = await read(answer, {
      url: 'ORIGIN/items?sort=n',
      records: '/hits/list',
      pages: { by: 'offset', limit: 4 },
    })
    expect(rows).toEqual(ALL)
    expect(asked).toEqual(['/items?sort=n&offset=0&limit=4', '/items?sort=n&offset=4&limit=4'])
  })

  test.each([null, '', false])('by a cursor, through empty pages, until it is %j', async last => {
    const next = ['b', 'c', last]
    const list = [seven(0, 4), [], seven(4, 3)]
    const answer: Answer = ({ url }, response) => {
      const page = ['a', 'b', 'c'].indexOf(params(url).get('after') ?? 'a')
      json(response, { data: list[page], meta: { next: next[page] } })
    }
    const { rows, asked } = await read(answer, {
      records: '/data',
      pages: { by: 'cursor', at: '/meta/next', param: 'after' },
    })
    expect(rows).toEqual(ALL)
    expect(asked).toEqual(['/items', '/items?after=b', '/items?after=c'])
  })

  test('by links, in a header or in the page, relative and absolute', async () => {
    const header: Answer = ({ url }, response) => {
      const page = Number(params(url).get('page') ?? 0)
      if (page < 2) response.setHeader('link', `<?page=${page + 1}>; rel="next", </items>; rel=first`)
      json(response, seven(page * 3, 3))
    }
    expect((await read(header, { pages: { by: 'link' } })).rows).toEqual(ALL)
    const inside: Answer = ({ url, headers }, response) => {
      const page = Number(params(url).get('page') ?? 0)
      const next = page < 2 ? { next: `http://${headers.host}/items?page=${page + 1}` } : {}
      json(response, { list: seven(page * 3, 3), ...next })
    }
    const { rows, asked } = await read(inside, { records: '/list', pages: { by: 'link', at: '/next' } })
    expect(rows).toEqual(ALL)
    expect(asked).toHaveLength(3)
  })

  test('in the body of a POST', async () => {
    const answer: Answer = ({ body }, response) => {
      const { window } = JSON.parse(body) as { window: { from: number; size: number } }
      json(response, { hits: seven(window.from, window.size) })
    }
    const { rows, sent, calls } = await read(answer, {
      ...{ method: 'POST', body: { text: 'x', window: { size: 9 } }, records: '/hits' },
      pages: { by: 'offset', param: '/window/from', limit_param: '/window/size', limit: 5 },
    })
    expect(rows).toEqual(ALL)
    expect(sent.map(({ body }) => body)).toEqual([
      '{"text":"x","window":{"size":5,"from":0}}',
      '{"text":"x","window":{"size":5,"from":5}}',
    ])
    expect(calls[1]?.request).toMatchObject({ body: { window: { size: 5, from: 5 } } })
  })

  test('one only, where nothing says otherwise; and no more than `most_pages`', async () => {
    const answer: Answer = (_, response) => json(response, numbers(0, 2))
    expect((await read(answer, {})).asked).toEqual(['/items'])
    const other: Answer = ({ url }, response) => json(response, numbers(Number(params(url).get('page')), 2))
    expect((await read(other, { pages: { by: 'page' }, most_pages: 5 })).asked).toHaveLength(5)
  })

  test('of JSON Lines: each line that is no object is a rejected record', async () => {
    const { items } = await read((_, response) => response.end('{"n":1}\n\n[2]\n{"n":\n{"n":4}'), { format: 'jsonl' })
    expect(items.map(each => (each.kind === 'reject' ? [each.code, each.raw] : each.kind))).toEqual([
      'row',
      ['NOT_AN_OBJECT', '[2]'],
      ['JSON_SYNTAX', '{"n":'],
      'row',
    ])
  })

  test('keep numbers as their schema has them', async () => {
    const fields = new Map([['id', { schema: { type: 'string', format: 'big_integer' }, optional: false }]])
    const body = '{"list":[{"id":12345678901234567890}],"other":1.5}'
    const input: RowSchema = { ...OBSERVED, fields }
    const { rows, error } = await read((_, response) => response.end(body), { records: '/list' }, { input })
    expect(error).toBeNull()
    expect(rows).toEqual([{ id: '12345678901234567890' }])
  })
})

test('reading on from any record gives the rest, whatever comes then', async () => {
  const answer: Answer = ({ url }, response) => {
    const page = Number(params(url).get('c') ?? 0)
    json(response, { list: seven(page * 3, 3), next: page < 2 ? page + 1 : null })
  }
  const options = { records: '/list', pages: { by: 'cursor', at: '/next', param: 'c' } }
  const { items } = await read(answer, options)
  for (const [i, { position }] of items.entries()) {
    const { rows } = await read(answer, options, { from: { records: i + 1, position } })
    expect(rows).toEqual(ALL.slice(i + 1))
  }
})

describe('circles', () => {
  test.each([
    [1, 1],
    [2, 0],
    [3, 2],
    [5, 7],
  ])('of %i pages behind %i others are found', async (length, before) => {
    const answer: Answer = ({ url }, response) => {
      const page = Number(params(url).get('c') ?? 0)
      json(response, { list: [{ page }], next: page + 1 < before + length ? page + 1 : before === 0 ? '0' : before })
    }
    const { error, asked } = await read(answer, { records: '/list', pages: { by: 'cursor', at: '/next', param: 'c' } })
    expect(error).toMatchObject({ code: 'CUSTODY_PAGE_LOOP', message: expect.stringContaining('`items`') })
    expect(asked.length).toBeLessThanOrEqual(3 * (before + length) + 1)
  })

  test('of a service that doesn’t know the parameter are found', async () => {
    const { error, asked } = await read((_, response) => json(response, numbers(0, 3)), { pages: { by: 'page' } })
    expect(error).toMatchObject({ code: 'CUSTODY_PAGE_LOOP' })
    expect(asked).toHaveLength(2)
  })
})

describe('what can’t be read', () => {
  const answers: readonly (readonly [string, Answer, Options, { readonly code: string; readonly message: RegExp }])[] =
    [
      ['no JSON', (_, r) => r.end('{"a":'), {}, { code: 'CUSTODY_INPUT_FORMAT', message: /HTTP_NOT_JSON/ }],
      ['a web page', (_, r) => r.end('<!doctype html>'), {}, { code: 'CUSTODY_INPUT_FORMAT', message: /a web page/ }],
      [
        'no list',
        (_, r) => json(r, { data: 1 }),
        { records: '/data' },
        { code: 'CUSTODY_INPUT_FORMAT', message: /HTTP_NO_RECORDS/ },
      ],
      [
        'too much',
        (_, r) => json(r, numbers(0, 99)),
        { max_bytes: 100 },
        { code: 'CUSTODY_SOURCE', message: /HTTP_TOO_LARGE/ },
      ],
      ['a status', (_, r) => json(r, {}, 404), {}, { code: 'CUSTODY_SOURCE', message: /404 \(HTTP_STATUS_4XX\)/ }],
      ['nothing in time', () => undefined, { timeout: '50ms' }, { code: 'CUSTODY_SOURCE', message: /HTTP_TIMEOUT/ }],
      ['a cut connection', (_, r) => r.destroy(), {}, { code: 'CUSTODY_SOURCE', message: /HTTP_NETWORK/ }],
      [
        'a next page elsewhere',
        (_, r) => json(r, { list: [{}], next: 'http://127.0.0.1:9/x' }),
        { records: '/list', pages: { by: 'link', at: '/next' } },
        { code: 'CUSTODY_SOURCE', message: /HTTP_NEXT_ELSEWHERE/ },
      ],
      [
        'a next page that is none',
        (_, r) => json(r, { list: [{}], next: { page: 2 } }),
        { records: '/list', pages: { by: 'cursor', at: '/next', param: 'c' } },
        { code: 'CUSTODY_INPUT_FORMAT', message: /HTTP_NO_NEXT/ },
      ],
    ]
  test.each(answers)('%s stops reading, and says why', async (_what, answer, options, { code, message }) => {
    const { error } = await read(answer, options)
    expect(error).toMatchObject({ code, message: expect.stringMatching(message), where: { node: 'items' } })
    expect(error).toMatchObject({ message: expect.stringMatching(/^page [12] of `items` can’t be read: /) })
  })
})

describe('secrets', () => {
  const SECRET = 'sesame-0123456789'
  const secrets = [
    { path: ['query', 'key'], name: 'DESK_KEY' },
    { path: ['headers', 'X-Token'], name: 'DESK_TOKEN' },
  ]
  const options = { query: { key: SECRET, q: 'a b' }, headers: { 'X-Token': `t-${SECRET}` }, records: '/list' }

  test('are sent with each page, also where the service repeats them, and recorded with none', async () => {
    const answer: Answer = ({ url, headers }, response) => {
      const page = Number(params(url).get('page') ?? 0)
      const { host } = headers
      const next = `http://${host}/items?key=${SECRET}&q=a+b&page=${page + 1}`
      json(response, { list: [{ page, me: headers['x-token'] }], next: page < 2 ? next : null })
    }
    const { rows, asked, sent, calls, error } = await read(
      answer,
      { ...options, pages: { by: 'link', at: '/next' } },
      { secrets },
    )
    expect(error).toBeNull()
    expect(rows.map(({ page }) => page)).toEqual([0, 1, 2])
    expect(asked.map(url => params(url).get('key'))).toEqual([SECRET, SECRET, SECRET])
    expect(sent.map(({ headers }) => headers['x-token'])).toEqual(Array.from({ length: 3 }, () => `t-${SECRET}`))
    expect(JSON.stringify(calls)).not.toContain(SECRET)
    expect(calls[2]?.request).toMatchObject({
      url: expect.stringMatching(/\/items\?q=a\+b&page=2$/),
      query: { key: { secret: 'DESK_KEY' } },
      headers: { 'x-token': { secret: 'DESK_TOKEN' } },
    })
  })

  test('that stand elsewhere in the next URL can’t be followed', async () => {
    const { error, calls } = await read(
      (_, response) => json(response, { list: [{}], next: `/items/${SECRET}/2` }),
      { ...options, pages: { by: 'link', at: '/next' } },
      { secrets },
    )
    expect(error).toMatchObject({ code: 'CUSTODY_INPUT_FORMAT', message: expect.stringMatching(/HTTP_NO_NEXT/) })
    expect(JSON.stringify(calls)).not.toContain(SECRET)
  })
})

test.each(['%FF', '%E0%A4', '%', '%zz'])(
  'a next URL that has %s in it, which is no text, is asked as it is',
  async odd => {
    const { rows, asked, error } = await read(
      ({ url }, response) =>
        json(response, { list: [{ url }], next: url.includes('?') ? null : `/items?after=${odd}` }),
      { records: '/list', pages: { by: 'link', at: '/next' } },
    )
    expect(error).toBeNull()
    expect(rows).toHaveLength(2)
    expect(asked[1]).toBe(`/items?after=${odd}`)
  },
)

test('a page behind a redirect to another origin gets no credentials, and its own links aren’t followed', async () => {
  const elsewhere = await serve((_, response) => json(response, { list: [{ n: 1 }], next: '?page=2' }))
  const { error, rows, calls } = await read(
    (_, response) => response.writeHead(302, { location: `${elsewhere.origin}/x` }).end(),
    { auth: { bearer: 'sesame-0123456789' }, records: '/list', pages: { by: 'link', at: '/next' } },
  )
  expect(rows).toEqual([{ n: 1 }])
  expect(error).toMatchObject({ message: expect.stringMatching(/HTTP_NEXT_ELSEWHERE/) })
  expect(elsewhere.asked.map(({ url, headers }) => [url, headers.authorization])).toEqual([['/x', undefined]])
  expect(calls).toHaveLength(1)
})

describe('options', () => {
  const problems = (options: Options, secrets: readonly SecretOption[] = []) =>
    httpSource
      .check?.(httpSource.options.parse({ url: 'https://x.example/a', ...options }), secrets)
      .map(({ path }) => path.join('.'))
  test.each<[Options, string[]]>([
    [{ body: { a: 1 } }, ['body']],
    [{ format: 'jsonl', records: '/a' }, ['records']],
    [{ format: 'jsonl', pages: { by: 'cursor', at: '/n', param: 'c' } }, ['pages.at']],
    [{ query: { page: '1' }, pages: { by: 'page' } }, ['pages.param']],
    [{ url: 'https://x.example/a?page=1', pages: { by: 'page' } }, ['pages.param']],
    [{ method: 'POST', body: 'text', pages: { by: 'page', param: '/page' } }, ['pages.param']],
    [{ pages: { by: 'offset', param: 'x', limit_param: 'x', limit: 3 } }, ['pages.limit_param']],
    [{ url: 'https://x.example/{{ row.id }}' }, ['url']],
    [{ url: 'ftp://x.example/' }, ['url']],
    [{ stop_on: [200] }, ['stop_on']],
    [{ pages: { by: 'link' } }, []],
  ])('%j: %j', (options, expected) => {
    expect(problems(options)).toEqual(expected)
  })
})

test.each([
  ['<https://a/x?p=2>; rel="next"', 'https://a/x?p=2'],
  ['</a>; rel=prev, </b>;rel=next', '/b'],
  ['</a,b;c>; title="a, \\"b\\" <c>"; rel="last next"', '/a,b;c'],
  ['<a>; rel="nextish"', null],
  ['<a>; rel="first"; rel="next"', null],
  ['<a>; REL=NEXT', 'a'],
  ['<>; rel="next"', ''],
  ['', null],
])('the next link of %s is %j', (header, expected) => {
  expect(nextLink(header)).toBe(expected)
})
