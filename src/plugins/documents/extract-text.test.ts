import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, symlinkSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Random } from '../../../test/simulation/random.ts'
import { CONNECTORS } from '../../../test/support/kills.ts'
import { docxOf, drawnPdf, pdfOf, rawPdf, richDocx, toUnicode } from '../../../test/support/made-documents.ts'
import { Folder } from '../../../test/support/plugin-files.ts'
import { ROOT } from '../../../test/support/source-file.ts'
import { zipOf } from '../../../test/support/zip.ts'
import { newRow, type Row } from '../../model/row.ts'
import { OBSERVED } from '../../model/schema.ts'
import type { Transform, VisitContext } from '../../sdk/spec.ts'
import { testPlugin } from '../../sdk/testing.ts'
import { DOCUMENT_ERRORS, type DocumentSettings } from './document.ts'
import { DocumentReader } from './document-reader.ts'
import { extractText } from './extract-text.ts'
import { ReadingProcess } from './reading-process.ts'

testPlugin(test, extractText)

const SEED = Number(process.env.CUSTODY_SEED ?? 1)
const SETTINGS: DocumentSettings = {
  types: ['pdf', 'docx', 'text'],
  encoding: 'utf-8',
  max_pages: 100,
  max_characters: 10_000,
  textless_share: 0.5,
}
const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex')

const fixture = (name: string) => readFileSync(join(ROOT, 'test/data/documents', name))

let reader: DocumentReader
beforeAll(() => {
  reader = new DocumentReader()
})
afterAll(() => reader.close())

const read = (bytes: string | Uint8Array, settings: Partial<DocumentSettings> = {}) =>
  reader.read(new Uint8Array(Buffer.from(bytes)), { ...SETTINGS, ...settings })

async function textOf(bytes: Uint8Array, settings: Partial<DocumentSettings> = {}): Promise<string> {
  const found = await read(bytes, settings)
  return found.kind === 'text' ? found.text : `${found.code}: ${found.message}`
}

async function codeOf(bytes: string | Uint8Array, settings: Partial<DocumentSettings> = {}): Promise<string> {
  const found = await read(bytes, settings)
  return found.kind === 'text' ? `text ${JSON.stringify(found.text)}` : found.code
}

describe('a PDF', () => {
  test('has pages, in their order, with their lines', async () => {
    expect(await read(await pdfOf([['First line', 'second line'], [], ['Last page']]))).toEqual({
      kind: 'text',
      type: 'pdf',
      text: 'First line\nsecond line\n\n\n\nLast page',
      pages: ['First line\nsecond line', '', 'Last page'],
      reader: expect.stringMatching(/^pdfjs-dist \d/),
    })
  })

  test('gives back any text that its font can write', { tags: ['proof'] }, async () => {
    const letter = fc.constantFrom(...'abcxyzABCXYZ0189.,;:!?()[]{}<>@#$%&*+-=/\\"\'_^~|§°±µ¶·¿ÀÉÎÕÜßàéîõüÿ€„“”…–—')
    const word = fc.string({ unit: letter, minLength: 1, maxLength: 12 })
    const line = fc.array(word, { minLength: 1, maxLength: 6 }).map(words => words.join(' '))
    const page = fc.array(line, { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(fc.array(page, { minLength: 1, maxLength: 3 }), async pages => {
        const found = await read(await pdfOf(pages))
        expect(found).toMatchObject({ pages: pages.map(lines => lines.join('\n')) })
      }),
      { numRuns: CONNECTORS ? 300 : 5 },
    )
  })

  test('with two columns that are drawn line by line is read one column after the other', async () => {
    const [left, right] = ['left', 'right'].map(side =>
      Array.from({ length: 6 }, (_, i) => `the ${side} column has a line ${i}`),
    ) as [string[], string[]]
    const lines = left.flatMap((text, i) => [
      { text, x: 50, y: 700 - i * 14 },
      { text: right[i]!, x: 320, y: 700 - i * 14 },
    ])
    const heading = {
      text: 'A heading that goes over both of the two columns of this page, to its right end',
      x: 50,
      y: 740,
    }
    const footer = {
      text: 'And a line below that goes over both of the columns again, up to its right end',
      x: 50,
      y: 500,
    }
    expect(await textOf(await drawnPdf([[heading, ...lines, footer]]))).toBe(
      [heading.text, ...left, ...right, footer.text].join('\n'),
    )
  })

  test('with a table is read row by row', async () => {
    const rows = [
      ['Seeds', '1,200.00'],
      ['Pots', '300.00'],
      ['Water', '80.00'],
      ['Tools', '95.50'],
      ['Sum', '1,675.50'],
    ]
    const cells = rows.flatMap(([what, amount], i) => [
      { text: what!, x: 50, y: 700 - i * 14 },
      { text: amount!, x: 320, y: 700 - i * 14 },
    ])
    expect(await textOf(await drawnPdf([cells]))).toBe(rows.map(each => each.join(' ')).join('\n'))
  })

  test('may have texts that are turned', async () => {
    const turned = [
      { text: 'up the side', x: 100, y: 100, turned: 90 },
      { text: 'on its head', x: 300, y: 500, turned: 180 },
      { text: 'and upright', x: 50, y: 50 },
    ]
    expect((await textOf(await drawnPdf([turned]))).split('\n')).toEqual(turned.map(({ text }) => text))
  })

  test('may have ligatures, and text from right to left', async () => {
    const font = '<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>'
    const ligatures = toUnicode({ '41': 'o', '42': '\ufb03', '43': 'c', '44': 'e' })
    expect(await textOf(rawPdf({ draws: 'BT /F1 12 Tf 50 700 Td (ABCD) Tj ET', font, objects: [ligatures] }))).toBe(
      'office',
    )
    // Drawn from the left, as programs do: the last letter first.
    const hebrew = toUnicode({ '41': 'ם', '42': 'ו', '43': 'ל', '44': 'ש' })
    expect(await textOf(rawPdf({ draws: 'BT /F1 12 Tf 50 700 Td (ABCD) Tj ET', font, objects: [hebrew] }))).toBe('שלום')
  })

  test('may name an encoding of East Asia, and have no font', { tags: ['proof'] }, async () => {
    const font = '<</Type/Font/Subtype/Type0/BaseFont/Ryumin-Light/Encoding/90ms-RKSJ-H/DescendantFonts[6 0 R]>>'
    const descendant =
      '<</Type/Font/Subtype/CIDFontType0/BaseFont/Ryumin-Light/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)/Supplement 2>>/FontDescriptor 7 0 R>>'
    const descriptor =
      '<</Type/FontDescriptor/FontName/Ryumin-Light/Flags 4/FontBBox[0 0 1000 1000]/ItalicAngle 0/Ascent 800/Descent -200/CapHeight 700/StemV 80>>'
    const draws = 'BT /F1 12 Tf 50 700 Td <93fa967b8cea> Tj ET'
    expect(await textOf(rawPdf({ draws, font, objects: [descendant, descriptor] }))).toBe('日本語')
  })

  test('with a password is encrypted; one that only forbids is read', async () => {
    // Both made with @cantoo/pdf-lib 2.11: user password `open sesame`; none, and copying forbidden.
    expect(await codeOf(fixture('encrypted.pdf'))).toBe('DOCUMENT_ENCRYPTED')
    expect(await textOf(fixture('restricted.pdf'))).toBe('For those who know the password')
  })

  test('without text is scanned, from the share of its pages that is allowed', async () => {
    const half = await pdfOf([['text'], [], ['text'], []])
    expect(await codeOf(half)).toMatch(/^text/)
    expect(await codeOf(half, { textless_share: 0.49 })).toBe('DOCUMENT_SCANNED')
    const none = await pdfOf([[], []])
    expect(await codeOf(none)).toBe('DOCUMENT_SCANNED')
    expect(await codeOf(none, { textless_share: 1 })).toBe('text "\\n\\n"')
  })

  test('has no more pages and characters than are allowed', async () => {
    const two = await pdfOf([['12345'], ['678']])
    expect(await codeOf(two, { max_pages: 1 })).toBe('DOCUMENT_TOO_MANY_PAGES')
    expect(await codeOf(two, { max_characters: 9 })).toBe('DOCUMENT_TOO_LONG')
    expect(await codeOf(two, { max_pages: 2, max_characters: 10 })).toBe('text "12345\\n\\n678"')
  })
})

describe('a Word document', () => {
  test('has paragraphs, breaks, tables and notes', async () => {
    expect(await read(await richDocx())).toEqual({
      kind: 'text',
      type: 'docx',
      text: [
        'We apply for a grant[1]\nof a year.',
        'Name\tAda',
        'What for\tAmount\nSeeds\t1,200',
        'שלום, Grüße, 你好, 😀',
        '[1] As the law says.',
      ].join('\n\n'),
      pages: null,
      reader: expect.stringMatching(/^mammoth \d/),
    })
  })

  test('gives back any text', async () => {
    const word = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 10 })
      .filter(text => /^[^\s\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}]+$/u.test(text))
    const paragraph = fc.array(word, { minLength: 1, maxLength: 5 }).map(words => words.join(' '))
    await fc.assert(
      fc.asyncProperty(fc.array(paragraph, { minLength: 1, maxLength: 5 }), async paragraphs => {
        expect(await textOf(await docxOf(paragraphs))).toBe(paragraphs.join('\n\n'))
      }),
      { numRuns: CONNECTORS ? 300 : 5 },
    )
  })

  test('that is wrapped in encryption is encrypted', async () => {
    const wrapped = Buffer.concat([
      Buffer.from('d0cf11e0a1b11ae1', 'hex'),
      Buffer.alloc(600),
      Buffer.from('EncryptedPackage', 'utf16le'),
    ])
    expect(await codeOf(wrapped)).toBe('DOCUMENT_ENCRYPTED')
    expect(await codeOf(wrapped.subarray(0, 600))).toBe('DOCUMENT_UNSUPPORTED')
  })

  test('has no more characters than are allowed', async () => {
    expect(await codeOf(await docxOf(['12345', '678']), { max_characters: 9 })).toBe('DOCUMENT_TOO_LONG')
  })
})

describe('plain text', () => {
  test('is read by a byte order mark, or by the encoding', async () => {
    expect(await textOf(Buffer.from('grün\n'))).toBe('grün\n')
    expect(await textOf(Buffer.from('\ufeffgrün', 'utf16le'))).toBe('grün')
    expect(await textOf(Buffer.from('grün', 'latin1'), { encoding: 'windows-1252' })).toBe('grün')
    expect(await codeOf(Buffer.from('grün', 'latin1'))).toBe('DOCUMENT_ENCODING')
    expect(await codeOf(Buffer.from('a\0b'))).toBe('DOCUMENT_UNSUPPORTED')
    expect(await codeOf('12345', { max_characters: 4 })).toBe('DOCUMENT_TOO_LONG')
  })
})

test('what isn’t read, or isn’t to be, has a code', async () => {
  expect(await codeOf(Buffer.from('89504e470d0a1a0a', 'hex'))).toBe('DOCUMENT_UNSUPPORTED')
  expect(await codeOf(zipOf([{ name: 'a', content: 'a' }]))).toBe('DOCUMENT_UNSUPPORTED')
  expect(await codeOf(await docxOf(['a']), { types: ['pdf'] })).toBe('DOCUMENT_UNSUPPORTED')
  expect(await codeOf('a', { types: ['pdf', 'docx'] })).toBe('DOCUMENT_UNSUPPORTED')
})

describe('a document made to do harm', () => {
  const W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
  const bodyOf = (body: string, before = '') =>
    zipOf([{ name: 'word/document.xml', content: `${before}<w:document ${W}><w:body>${body}</w:body></w:document>` }])

  test('by what it unpacks to is not unpacked', async () => {
    const large = zipOf([{ name: 'word/document.xml', content: 'x', says: { bytes: 65 * 1024 * 1024 } }])
    expect(await codeOf(large)).toBe('DOCUMENT_UNREADABLE')
    const lies = zipOf([{ name: 'word/document.xml', content: ' '.repeat(100_000), says: { bytes: 100 } }])
    expect(await codeOf(lies)).toBe('DOCUMENT_BROKEN')
  })

  test('by nesting, or by what it names outside', async () => {
    const deep = 5000
    const nested = `${'<w:tbl><w:tr><w:tc>'.repeat(deep)}<w:p/>${'</w:tc></w:tr></w:tbl>'.repeat(deep)}`
    expect(await codeOf(bodyOf(nested))).toBe('DOCUMENT_UNREADABLE')
    const outside = '<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    expect(await codeOf(bodyOf('<w:p><w:r><w:t>&a;</w:t></w:r></w:p>', outside))).toBe('DOCUMENT_BROKEN')
  })

  const slow_and_large = [
    ['long', 20, 1024, 'BT /F1 12 Tf (hello) Tj ET '.repeat(50_000), 'takes too long to be read'],
    ['much memory', 60_000, 250, `BT /F1 12 Tf (${'x'.repeat(10_000_000)}) Tj ET`, 'takes too much memory'],
  ] as const
  // A process takes some seconds to get that large.
  test.each(slow_and_large.slice(0, CONNECTORS ? 2 : 1))(
    'by taking %s is given up, and the next one is read',
    { tags: ['proof'] },
    async (what, most_ms, most_mb, draws, why) => {
      const bomb = new Uint8Array(rawPdf({ draws: deflateSync(draws), filters: '/FlateDecode' }))
      const limited = new DocumentReader(most_ms, most_mb)
      const given_up = { code: 'DOCUMENT_UNREADABLE', message: `the document ${why}` }
      expect(await limited.read(bomb, SETTINGS)).toMatchObject(given_up)
      const patient = what === 'long' ? reader : limited
      expect(await patient.read(new Uint8Array(await docxOf(['the next'])), SETTINGS)).toMatchObject({
        text: 'the next',
      })
      await limited.close()
    },
  )

  test('holds nothing up when the run stops: what waits is not begun', { tags: ['proof'] }, async () => {
    const limits = { most_ms: 60_000, most_mb: 1024 }
    const reading = new ReadingProcess(limits)
    const settings = SETTINGS
    expect((await reading.read({ kind: 'docx', bytes: new Uint8Array(await docxOf(['one'])), settings })).kind).toBe(
      'done',
    )
    const slow = rawPdf({ draws: 'q '.repeat(1_000_000) })
    const left = [1, 2].map(() => reading.read({ kind: 'pdf', bytes: new Uint8Array(slow), settings }))
    await setImmediate()
    await reading.close()
    expect((await Promise.all(left)).map(({ kind }) => kind)).not.toContain('done')
    expect(reading.waiting).toBe(0)
  })

  test('by leading in a circle', async () => {
    const pdf = rawPdf({ draws: '' }).toString('latin1')
    const circle = pdf.replace('/Kids[3 0 R]', '/Kids[2 0 R]')
    expect(await codeOf(Buffer.from(circle, 'latin1'))).toMatch(/^DOCUMENT_/)
    const at = pdf.indexOf('xref\n')
    const table = pdf.replace('/Root 1 0 R', `/Prev ${at}/Root 1 0 R`)
    expect(await codeOf(Buffer.from(table, 'latin1'))).toBe('DOCUMENT_SCANNED')
  })
})

test.each<[string, () => Promise<Buffer>]>([
  ['a PDF', () => pdfOf([['One page', 'of two'], ['the other']])],
  ['a Word document', richDocx],
])('%s that is damaged has a code, or a text, and the next one is read', async (_name, make) => {
  const known = new Set<string>(Object.keys(DOCUMENT_ERRORS))
  const whole = await make()
  const random = new Random(SEED)
  const judge = async (bytes: Buffer, how: string) => {
    const found = await read(bytes)
    // Of a PDF of which only the end is missing, all is read that a reader for people would show.
    expect(found.kind === 'text' || known.has(found.code), `${how}, seed ${SEED}: ${JSON.stringify(found)}`).toBe(true)
    expect(found.kind === 'problem' ? found.message : '', how).not.toMatch(/takes too long|ends the process/)
  }
  for (let i = 0; i < 50; i += CONNECTORS ? 1 : 7)
    await judge(whole.subarray(0, Math.floor((whole.length * i) / 50)), `cut at ${i} of 50`)
  for (let i = 0; i < (CONNECTORS ? 500 : 10); i++) {
    const bytes = Buffer.from(whole)
    for (let flips = random.between(1, 10); flips > 0; flips--)
      bytes[random.between(0, bytes.length - 1)] = random.between(0, 255)
    await judge(bytes, `flips ${i}`)
  }
  expect(await textOf(whole)).not.toMatch(/^DOCUMENT_/)
})

describe('a file that a row names', () => {
  const contextOf = (folder: Folder) => ({ node: 'text', folder: folder.path, input: OBSERVED, secrets: [] })
  const visit = { attempt: 1, signal: new AbortController().signal } as VisitContext
  const rowOf = (fields: object): Row => Object.assign(newRow(), fields)

  async function resultOf(folder: Folder, fields: object, options: object = { folder: 'in' }): Promise<unknown> {
    const made = (await extractText.create(extractText.options.parse(options), contextOf(folder))) as Transform
    try {
      const result = await made.process(rowOf(fields), visit)
      if (result.kind === 'error') return result.code
      return result.kind === 'row' ? { ...result.row } : result.kind
    } finally {
      await made.close?.()
    }
  }

  function inputs(): Folder {
    const folder = new Folder()
    folder.put('in/a.txt', 'Dear all')
    folder.put('in/sub/b.txt', 'b')
    folder.put('secret.txt', 'secret')
    folder.put('in-other/c.txt', 'c')
    return folder
  }

  test('is read if it is the one that was meant', async () => {
    const folder = inputs()
    const row = { path: 'in/a.txt', sha256: sha256('Dear all') }
    expect(await resultOf(folder, row)).toMatchObject({ ...row, text: 'Dear all' })
    expect(await resultOf(folder, { ...row, sha256: row.sha256.toUpperCase() })).toMatchObject({ text: 'Dear all' })
    expect(await resultOf(folder, { ...row, path: join(folder.path, 'in/a.txt') })).toMatchObject({ text: 'Dear all' })
    expect(await resultOf(folder, { ...row, sha256: sha256('Dear all!') })).toBe('DOCUMENT_CHANGED')
    truncateSync(join(folder.path, 'in/a.txt'), 3)
    expect(await resultOf(folder, row)).toBe('DOCUMENT_CHANGED')
  })

  test('isn’t read outside of the folder, whatever leads there', async () => {
    const folder = inputs()
    symlinkSync('../secret.txt', join(folder.path, 'in/link.txt'))
    symlinkSync('..', join(folder.path, 'in/up'))
    symlinkSync('sub', join(folder.path, 'in/down'))
    const hash = sha256('secret')
    for (const path of [
      'secret.txt',
      'in/../secret.txt',
      '../secret.txt',
      join(folder.path, 'secret.txt'),
      '/etc/passwd',
      'in/link.txt',
      'in/up/secret.txt',
      'in-other/c.txt',
      'in',
      'in/a.txt\0',
    ])
      expect([path, await resultOf(folder, { path, sha256: hash })]).toEqual([path, 'DOCUMENT_OUTSIDE'])
    const within = { path: 'in/down/b.txt', sha256: sha256('b') }
    expect(await resultOf(folder, within)).toMatchObject({ text: 'b' })
    symlinkSync('in', join(folder.path, 'docs'))
    expect(await resultOf(folder, { ...within, path: 'docs/sub/b.txt' }, { folder: 'docs' })).toMatchObject({
      text: 'b',
    })
  })

  test.each([
    [{}, 'DOCUMENT_REFERENCE'],
    [{ path: 'in/a.txt' }, 'DOCUMENT_REFERENCE'],
    [{ path: 'in/a.txt', sha256: 'abc' }, 'DOCUMENT_REFERENCE'],
    [{ path: 5, sha256: sha256('') }, 'DOCUMENT_REFERENCE'],
    [{ path: 'in/none.txt', sha256: sha256('') }, 'DOCUMENT_NOT_FOUND'],
    [{ path: 'in/a.txt/x', sha256: sha256('') }, 'DOCUMENT_NOT_FOUND'],
    [{ path: 'in/sub', sha256: sha256('') }, 'DOCUMENT_DENIED'],
  ])('%j gives %s', async (fields, code) => {
    expect(await resultOf(inputs(), fields)).toBe(code)
  })

  test('is no larger than is allowed, in a file or in the row', async () => {
    const folder = inputs()
    mkdirSync(join(folder.path, 'in/x'))
    const row = { path: 'in/a.txt', sha256: sha256('Dear all') }
    expect(await resultOf(folder, row, { folder: 'in', max_bytes: 7 })).toBe('DOCUMENT_TOO_LARGE')
    const content = Buffer.from('Dear all').toString('base64')
    expect(await resultOf(folder, { content }, { content: 'base64', max_bytes: 7 })).toBe('DOCUMENT_TOO_LARGE')
    expect(await resultOf(folder, { content }, { content: 'base64', max_bytes: 8 })).toMatchObject({ text: 'Dear all' })
  })

  test('gives what is asked for besides', { tags: ['proof'] }, async () => {
    const folder = new Folder()
    const pdf = await pdfOf([['one'], []])
    folder.put('in/a.pdf', pdf)
    const options = { folder: 'in', field: 't', pages_field: 'p', about_field: 'a' }
    expect(await resultOf(folder, { path: 'in/a.pdf', sha256: sha256(pdf) }, options)).toMatchObject({
      t: 'one\n\n',
      p: ['one', ''],
      a: { type: 'pdf', pages: 2, pages_without_text: 1, characters: 5, reader: expect.stringContaining('pdfjs-dist') },
    })
  })

  test.each([
    [{}, []],
    [{ content: 'base64', folder: 'in' }, ['folder']],
    [{ folder: 'in', pages_field: 'text' }, ['field']],
  ])('options %j can’t be', (options, path) => {
    expect(extractText.check!(extractText.options.parse(options), [])).toMatchObject([{ path }])
  })
})
