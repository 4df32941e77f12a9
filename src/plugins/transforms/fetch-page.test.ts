import { describe, expect, test } from 'vitest'
import { leaving, refusals, schemaOf, tryOut } from '../../../test/support/try-out.ts'
import { type Answer, serve } from '../../../test/support/web-server.ts'
import type { Json } from '../../model/row.ts'
import { fetchPage } from './fetch-page.ts'

type Options = { readonly [option: string]: Json }

/** The row that leaves for `{link}` with the server's URL, or an error's code. */
async function fetched(answer: Answer, options: Options = {}, path = '/') {
  const { origin } = await serve(answer)
  const given = { url_field: 'link', allow: ['127.0.0.1'], ...options }
  const [result] = await tryOut(fetchPage, given, [{ link: origin + path }])
  if (typeof result === 'string' || result === undefined) return result
  return JSON.parse(JSON.stringify(result[0]).replaceAll(origin, 'ORIGIN')) as Json
}

const page =
  (body: string | Buffer, type: string | null = 'text/html'): Answer =>
  (_, response) =>
    response.writeHead(200, type === null ? {} : { 'content-type': type }).end(body)

test('a page with its title and description', async () => {
  const html = '<title>T</title><meta property="og:description" content=D><p>P <a href=x>l</a>'
  const options = { title_field: 'title', description_field: 'about', field: 'text' }
  expect(await fetched(page(html), options, '/a/')).toEqual({
    link: 'ORIGIN/a/',
    text: 'P [l](ORIGIN/a/x)',
    title: 'T',
    about: 'D',
  })
  expect(await fetched(page(html), { as: 'html', title_field: 'title' })).toMatchObject({ page: html, title: 'T' })
  expect(await fetched(page('a <b> c', 'text/plain'), { title_field: 'title' })).toMatchObject({
    page: 'a <b> c',
    title: null,
  })
})

test('links are those of the page that a redirect led to', async () => {
  const answer: Answer = (asked, response) =>
    asked.url === '/'
      ? response.writeHead(302, { location: '/deep/down' }).end()
      : page('<a href=x>l</a>')(asked, response)
  expect(await fetched(answer)).toMatchObject({ page: '[l](ORIGIN/deep/x)' })
})

describe('encodings', () => {
  const bytes = (text: string) => Buffer.from(text, 'latin1')
  test.each([
    ['the header', 'text/html; charset="ISO-8859-2"', bytes('<p>\xb1'), 'ą'],
    ['a meta element', 'text/html', bytes('<meta charset=windows-1251><p>\xff'), 'я'],
    [
      'the older one',
      'text/html',
      bytes('<meta http-equiv=content-type content="text/html; charset=shift_jis"><p>\x82\xa0'),
      'あ',
    ],
    ['a byte order mark before all', 'text/html; charset=latin1', bytes('\xef\xbb\xbf<p>\xc3\xa9'), 'é'],
    ['UTF-16', 'text/html', Buffer.concat([bytes('\xff\xfe'), Buffer.from('<p>é', 'utf16le')]), 'é'],
    ['UTF-8 if it is valid', 'text/html', Buffer.from('<p>é'), 'é'],
    ['else Windows-1252', 'text/html', bytes('<p>\x80 \xe9'), '€ é'],
    ['no type', null, bytes('<p>x'), 'x'],
  ])('%s', async (_what, type, body, text) => {
    expect(await fetched(page(body, type))).toMatchObject({ page: text })
  })
})

test.each([
  ['PAGE_NOT_HTML', page('{}', 'application/json'), {}],
  ['PAGE_NOT_HTML', page('%PDF', 'application/pdf'), {}],
  ['PAGE_NOT_TEXT', page('x', 'text/html; charset=no-such-thing'), {}],
  ['PAGE_NOT_TEXT', page(Buffer.from('ff', 'hex'), 'text/html; charset=utf-8'), {}],
  ['PAGE_UNREADABLE', page('<i>'.repeat(20_000)), {}],
  ['PAGE_TOO_LONG', page('<p>12345'), { max_characters: 4 }],
  ['HTTP_TOO_LARGE', page('<p>12345'), { max_bytes: 4 }],
  ['HTTP_STATUS_4XX', (_: unknown, response: Parameters<Answer>[1]) => response.writeHead(404).end(), {}],
  ['HTTP_ADDRESS_REFUSED', page('x'), { allow: [] }],
])('%s', async (code, answer, options) => {
  expect(await fetched(answer, options)).toBe(code)
})

test.each(['ftp://h.example/', 'javascript:1', '/x', '', 'http://user:word@h.example/', 'file:///etc/passwd', 5, null])(
  '%j is no URL of a page',
  async link => {
    expect(await tryOut(fetchPage, { url_field: 'link' }, [{ link }])).toEqual(['HTTP_URL'])
  },
)

test('options that don’t go together', () => {
  expect(refusals(fetchPage, {})).toEqual(['the page is named by one of `url` and `url_field`'])
  expect(refusals(fetchPage, { url: 'https://h.example/', url_field: 'x' })).toHaveLength(1)
  expect(refusals(fetchPage, { url: 'https://{{ row.x }}' })).toHaveLength(1)
  expect(refusals(fetchPage, { url_field: 'x', as: 'html', main_content: true })).toHaveLength(1)
  expect(refusals(fetchPage, { url_field: 'x', title_field: 'page' })).toHaveLength(1)
  const secret = [{ path: ['headers', 'X-Key'], name: 'KEY' }]
  const warnings = (place: Options) =>
    fetchPage.check?.(fetchPage.options.parse({ ...place, headers: { 'X-Key': 'a long word' } }), secret)?.length
  expect([warnings({ url: 'https://h.example/' }), warnings({ url_field: 'x' })]).toEqual([0, 1])
})

test('what is known before the run', () => {
  const options = { url_field: 'link', title_field: 'title' }
  expect(leaving(fetchPage, options, schemaOf({ link: 'string' })).fields).toEqual({
    link: 'string',
    page: 'string',
    title: 'string?',
  })
  const parsed = fetchPage.options.parse(options)
  expect(fetchPage.requires?.(parsed, [])).toEqual([{ field: 'link', path: ['url_field'], types: ['string'] }])
  expect(fetchPage.services?.(parsed)).toEqual(['web'])
  expect(fetchPage.services?.(fetchPage.options.parse({ url: 'https://wiki.example/{{ row.x }}' }))).toEqual([
    'wiki.example',
  ])
})
