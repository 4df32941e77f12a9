import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Folder } from '../../../test/support/plugin-files.ts'
import { newRow, type Row } from '../../model/row.ts'
import { OBSERVED } from '../../model/schema.ts'
import type { Transform, VisitContext } from '../../sdk/spec.ts'
import type { DocumentSettings } from './document.ts'
import { DocumentReader } from './document-reader.ts'
import { extractText } from './extract-text.ts'
import { isHtml } from './html-text.ts'

const SETTINGS: DocumentSettings = {
  types: ['html', 'text'],
  encoding: 'utf-8',
  max_pages: 100,
  max_characters: 100_000,
  textless_share: 0.5,
}

let reader: DocumentReader
beforeAll(() => {
  reader = new DocumentReader()
})
afterAll(() => reader.close())

const read = (bytes: string | Uint8Array, settings: Partial<DocumentSettings> = {}) =>
  reader.read(new Uint8Array(Buffer.from(bytes)), { ...SETTINGS, ...settings })
async function textOf(bytes: string | Uint8Array, settings: Partial<DocumentSettings> = {}): Promise<string> {
  const found = await read(bytes, settings)
  return found.kind === 'text' ? found.text : `${found.code}: ${found.message}`
}

const page = (body: string, head = '') => `<!doctype html><html><head>${head}</head><body>${body}</body></html>`

describe('the text of a page', () => {
  test('is what people see, in its order, with entities as what they mean', async () => {
    const head = '<title>Title</title><style>p { color: red }</style><script>let a = "<p>no</p>"</script>'
    const body = `
      <!-- no -->
      <h1>Terms &amp; conditions</h1>
      <p>First  line<br>second&nbsp;line, 5 &lt; 6 &euro;&#x1F600;&nosuch;</p>
      <script>document.write("no")</script><style>no</style><noscript>no</noscript><template>no</template>
      <ul><li>one</li><li>two <b>bold</b></li></ul>
      <table><tr><th>id</th><th>sum</th></tr><tr><td>1</td><td>2.50</td></tr></table>
      <p hidden>no</p><iframe srcdoc="no"></iframe>
      <p>last`
    expect(await read(page(body, head))).toEqual({
      kind: 'text',
      type: 'html',
      text: 'Terms & conditions\n\nFirst line\nsecond\u00a0line, 5 < 6 €😀&nosuch;\n\none\ntwo bold\nid\tsum\n1\t2.50\n\nlast',
      pages: null,
      reader: expect.stringMatching(/^parse5 \d\S+, hast-util-to-text \d\S+$/),
    })
  })

  test('is that of any paragraphs', async () => {
    const words = fc.array(fc.stringMatching(/^[a-zäß<>&"'€]{1,8}$/), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(fc.array(words, { minLength: 1, maxLength: 5 }), async paragraphs => {
        const lines = paragraphs.map(each => each.join(' '))
        const escaped = lines.map(each => `<p>${each.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</p>`)
        expect(await textOf(page(escaped.join('\n')))).toBe(lines.join('\n\n'))
      }),
      { numRuns: 60 },
    )
  })

  test('is in the encoding that a mark, the page, or else the option says', async () => {
    const latin = (text: string) => Buffer.from(text, 'latin1')
    const umlaut = page('<p>Grüße')
    expect(await textOf(umlaut)).toBe('Grüße')
    expect(await textOf(latin(umlaut), { encoding: 'windows-1252' })).toBe('Grüße')
    for (const meta of [
      '<meta charset=iso-8859-1>',
      '<META  name="x" CHARSET = "latin1" />',
      "<meta http-equiv='Content-Type' content='text/html; charset=ISO-8859-1'>",
    ])
      expect(await textOf(latin(page('<p>Grüße', meta)))).toBe('Grüße')
    // Whoever could read a meta was reading bytes; in a comment nothing is said.
    expect(await textOf(page('<p>Grüße', '<meta charset="utf-16">'))).toBe('Grüße')
    expect(await textOf(page('<p>Grüße', '<!-- <meta charset="iso-8859-1"> -->'))).toBe('Grüße')
    const marked = page('<p>Grüße', '<meta charset="iso-8859-1">')
    expect(await textOf(Buffer.from(`\ufeff${marked}`))).toBe('Grüße')
    expect(await textOf(Buffer.from(`\ufeff${marked}`, 'utf16le'))).toBe('Grüße')
    const sjis = Buffer.concat([latin(page('', '<meta charset=Shift_JIS>')), Buffer.from([0x93, 0xfa, 0x96, 0x7b])])
    expect(await textOf(sjis)).toBe('日本')
  })

  test('that can’t be had is said by its code', async () => {
    expect(await textOf(Buffer.from(page('<p>Grüße'), 'latin1'))).toBe(
      'DOCUMENT_ENCODING: the bytes are not valid utf-8',
    )
    expect(await textOf(page('x', '<meta charset="klingon">'))).toBe(
      'DOCUMENT_ENCODING: the page says that it is in klingon, which can’t be read',
    )
    expect(await textOf(page('x'.repeat(200_000)))).toMatch(/^DOCUMENT_TOO_LONG: /)
    expect(await textOf(page('<p>'.repeat(200_000)))).toMatch(/^DOCUMENT_UNREADABLE: .*too many elements/)
    expect(await textOf(page('<div>'.repeat(60_000)))).toMatch(/^DOCUMENT_UNREADABLE: /)
    // A few kilobytes of formatting that each paragraph opens again.
    const formats = Array.from({ length: 500 }, (_, i) => `<font size="${i}">`).join('')
    expect(await textOf(page(`<p>${formats}${'<p>x'.repeat(500)}`))).toMatch(/^DOCUMENT_UNREADABLE: /)
    expect(await textOf(page('x'), { types: ['pdf', 'text'] })).toMatch(/^DOCUMENT_UNSUPPORTED: .*type html/)
  })

  test('is taken out of a file that is too large by none of its bytes, and of any that a row names', async () => {
    const folder = new Folder()
    const content = page('<p>Dear all')
    folder.put('in/a.html', content)
    const extract = async (options: object): Promise<unknown> => {
      const context = { node: 'text', folder: folder.path, input: OBSERVED, secrets: [] }
      const transform = (await extractText.create(
        extractText.options.parse({ folder: 'in', ...options }),
        context,
      )) as Transform
      const sha256 = createHash('sha256').update(content).digest('hex')
      try {
        const row: Row = Object.assign(newRow(), { path: 'in/a.html', sha256 })
        return await transform.process(row, {} as VisitContext)
      } finally {
        await transform.close?.()
      }
    }
    expect(await extract({})).toMatchObject({
      kind: 'row',
      row: { text: 'Dear all', about: { type: 'html', pages: null } },
    })
    expect(await extract({ max_bytes: 10 })).toMatchObject({ kind: 'error', code: 'DOCUMENT_TOO_LARGE' })
  })
})

test.each([
  ['<!DOCTYPE html>', true],
  ['  \n<HTML lang=en>', true],
  ['<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x">', true],
  ['<!-- saved --><!-- twice -->\r\n<html>', true],
  ['<p>fragment', true],
  ['<table\nborder=1>', true],
  ['<?xml version="1.0"?><rss version="2.0">', false],
  ['<pre>', false],
  ['a <p>', false],
  ['<abbr>', false],
  ['', false],
])('%j is HTML: %j', (text, expected) => {
  expect(isHtml(Buffer.from(text))).toBe(expected)
  expect(isHtml(Buffer.from(`\ufeff${text}`, 'utf16le'))).toBe(expected)
})
