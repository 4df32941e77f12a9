import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { brief, Folder, readAll, rowsOf } from '../../../test/support/plugin-files.ts'
import type { Json } from '../../model/row.ts'
import type { RowSchema } from '../../model/schema.ts'
import type { SourceRecord } from '../../sdk/spec.ts'
import { csvSource } from './csv.ts'
import { CsvFormat } from './csv-format.ts'
import { csvLayout, csvOptions } from './csv-options.ts'
import { FileSource } from './file-source.ts'

async function read(content: string | Uint8Array, options: object = {}): Promise<unknown[]> {
  const folder = new Folder()
  folder.put('in.csv', content)
  const source = folder.source(csvSource, { path: 'in.csv', ...options })
  const records = await readAll(source)
  await source.close()
  return records.map(brief)
}

function withChunks(folder: Folder, chunk_bytes: number): FileSource {
  const place = { path: 'in.csv', folder: folder.path, node: 'in' }
  return new FileSource(place, new CsvFormat(place, csvLayout(csvOptions.parse({ path: 'in.csv' }))), { chunk_bytes })
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

const ZOO = [
  'id,name,note',
  '1,plain,x',
  '2,"quoted, with ""quotes""","two',
  'lines"',
  '3,too few',
  '4,too,many,cells',
  '5,"text"behind,x',
  '6,bare"quote,x',
  '7,nul\0here,x',
  '',
  '8,"text over',
  '99,lines,of it" and behind,x',
  '9,,""',
  '10,Grüße 🙂,"日本, Ω"',
  '11,last,line',
].join('\n')

const ZOO_RECORDS = [
  [2, { id: '1', name: 'plain', note: 'x' }],
  [3, { id: '2', name: 'quoted, with "quotes"', note: 'two\nlines' }],
  [5, 'CSV_RAGGED', '3,too few'],
  [6, 'CSV_RAGGED', '4,too,many,cells'],
  [7, 'CSV_QUOTE', '5,"text"behind,x'],
  [8, 'CSV_QUOTE', '6,bare"quote,x'],
  [9, 'CSV_NUL', '7,nul\0here,x'],
  [11, 'CSV_QUOTE', '8,"text over\n99,lines,of it" and behind,x'],
  [13, { id: '9', name: null, note: '' }],
  [14, { id: '10', name: 'Grüße 🙂', note: '日本, Ω' }],
  [15, { id: '11', name: 'last', note: 'line' }],
]

describe('records', () => {
  test('malformed ones cost themselves only', async () => {
    expect(await read(ZOO)).toEqual(ZOO_RECORDS)
  })

  test.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('lines may end with %s', async (_name, line_break) => {
    const content = ZOO.replaceAll('\n', line_break)
    const expected = JSON.parse(JSON.stringify(ZOO_RECORDS).replaceAll('\\n', JSON.stringify(line_break).slice(1, -1)))
    expect(await read(content)).toEqual(expected)
    expect(await read(content + line_break)).toEqual(expected)
  })

  test('blank lines are skipped, but are records where there is one column', async () => {
    expect(await read('\n\na,b\n\n1,2\n\n')).toEqual([[5, { a: '1', b: '2' }]])
    expect(await read('a\n1\n\n3\n')).toEqual([
      [2, { a: '1' }],
      [3, { a: null }],
      [4, { a: '3' }],
    ])
  })

  test('an empty file and a header alone have no records', async () => {
    expect(await read('')).toEqual([])
    expect(await read('\uFEFF')).toEqual([])
    expect(await read('a,b')).toEqual([])
    expect(await read('a,b\r\n')).toEqual([])
  })

  test('a last empty cell counts', async () => {
    expect(await read('a,b\n1,\n"2",')).toEqual([
      [2, { a: '1', b: null }],
      [3, { a: '2', b: null }],
    ])
  })

  test('short records can be filled up', async () => {
    expect(await read('a,b,c\n1\n1,2,3,4', { ragged: 'pad' })).toEqual([
      [2, { a: '1', b: null, c: null }],
      [3, 'CSV_RAGGED', '1,2,3,4'],
    ])
  })

  test('a field named __proto__ is data', async () => {
    const folder = new Folder()
    folder.put('in.csv', '__proto__,constructor\nx,y\n')
    const [record] = await readAll(folder.source(csvSource, { path: 'in.csv' }))
    expect(record?.kind === 'row' && Object.entries(record.row)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ])
  })

  test('rows carry their text if a schema may refuse them', async () => {
    const folder = new Folder()
    folder.put('in.csv', 'a,b\n1,"x\ny"\n2,z\n')
    const input: RowSchema = {
      fields: new Map([['a', { schema: {}, optional: false }]]),
      closed: false,
      observed: false,
    }
    const records = await readAll(folder.source(csvSource, { path: 'in.csv' }, input))
    expect(records.map(each => each.raw)).toEqual(['1,"x\ny"', '2,z'])
    // A blank line's text is its own, not that of the record before it.
    folder.put('in.csv', 'a\nabc\n\n5\n\n')
    const one_column = await readAll(folder.source(csvSource, { path: 'in.csv' }, input))
    expect(one_column.map(each => [each.line, each.raw])).toEqual([
      [2, 'abc'],
      [3, ''],
      [4, '5'],
      [5, ''],
    ])
  })
})

describe('syntax', () => {
  test.each([
    ['tab', '\t'],
    ['\\t', '\t'],
    [';', ';'],
    ['|', '|'],
    ['||', '||'],
    ['§', '§'],
  ])('delimiter %s', async (delimiter, text) => {
    const content = 'a,b\n1,2\n"x,",Ä\n'.replaceAll(',', text)
    expect(await read(content, { delimiter })).toEqual([
      [2, { a: '1', b: '2' }],
      [3, { a: `x${text}`, b: 'Ä' }],
    ])
  })

  test('another quote, or none', async () => {
    expect(await read(`a,b\n'x,''y''',"z"\n`, { quote: "'" })).toEqual([[2, { a: "x,'y'", b: '"z"' }]])
    expect(await read('a,b\n5" pipe,"z\n', { quote: 'none' })).toEqual([[2, { a: '5" pipe', b: '"z' }]])
  })

  test('without a header', async () => {
    expect(await read('1,2\n3,4\n5\n', { header: false })).toEqual([
      [1, { column_1: '1', column_2: '2' }],
      [2, { column_1: '3', column_2: '4' }],
      [3, 'CSV_RAGGED', '5'],
    ])
    expect(await read('1,2\n', { header: false, columns: ['x', 'y'] })).toEqual([[1, { x: '1', y: '2' }]])
  })

  test('options that can’t work together are reported', () => {
    const problems = (options: object) =>
      csvSource.check?.(csvOptions.parse({ path: 'x', ...options }), []).map(each => each.path)
    expect(problems({})).toEqual([])
    expect(problems({ columns: ['a'] })).toEqual([['columns']])
    expect(problems({ columns: ['a', 'a'], header: false })).toEqual([['columns']])
    expect(problems({ delimiter: '"' })).toEqual([['quote']])
    expect(problems({ delimiter: '\n' })).toEqual([['delimiter']])
    expect(problems({ delimiter: '|', encoding: 'shift_jis' })).toEqual([['delimiter']])
    expect(problems({ quote: 'ab' })).toEqual([['quote']])
    for (const comment of ['\n', '"', ',#']) expect(problems({ comment })).toEqual([['comment']])
    expect(problems({ quote_style: 'lazy', quote: 'none' })).toEqual([['quote_style']])
    expect(problems({ quote_style: 'lazy', encoding: 'gbk' })).toEqual([['quote_style']])
    expect(problems({ quote_style: 'lazy', quote: '\\' })).toEqual([['quote']])
    expect(problems({ decimal: ',', thousands: ',' })).toEqual([['thousands']])
    expect(problems({ thousands: '.' })).toEqual([['thousands']])
    expect(problems({ true_values: ['x'], false_values: ['x'] })).toEqual([['false_values']])
    expect(problems({ date_format: { d: 'dd.MM' } })).toEqual([['date_format', 'd']])
    expect(problems({ quote: 'none', recover: 'line' })).toEqual([['recover']])
    expect(problems({ recover: 'line', on_unclosed_quote: 'reject' })).toEqual([['on_unclosed_quote']])
    expect(csvOptions.safeParse({ path: 'x', encoding: 'klingon' }).success).toBe(false)
    expect(csvOptions.safeParse({ path: 'x', sep: ';' }).success).toBe(false)
  })
})

describe('encodings', () => {
  const content = 'id,name\n1,Zoë\n2,"Ωmega, 🙂"\n'
  const expected = [
    [2, { id: '1', name: 'Zoë' }],
    [3, { id: '2', name: 'Ωmega, 🙂' }],
  ]
  const be = (text: string) => Buffer.from(text, 'utf16le').swap16()

  test('UTF-8 and UTF-16, with and without a byte order mark', async () => {
    expect(await read(content)).toEqual(expected)
    expect(await read(`\uFEFF${content}`)).toEqual(expected)
    expect(await read(Buffer.from(`\uFEFF${content}`, 'utf16le'))).toEqual(expected)
    expect(await read(be(`\uFEFF${content}`))).toEqual(expected)
    expect(await read(Buffer.from(content, 'utf16le'), { encoding: 'utf-16le' })).toEqual(expected)
    expect(await read(be(content), { encoding: 'utf-16be' })).toEqual(expected)
  })

  test('legacy encodings', async () => {
    const windows = Buffer.from([...Buffer.from('a,b\n'), 0x80, 0x2c, 0xe9, 0x0a, 0x22, 0x93, 0x2c, 0x22, 0x2c, 0x31])
    expect(await read(windows, { encoding: 'windows-1252' })).toEqual([
      [2, { a: '€', b: 'é' }],
      [3, { a: '“,', b: '1' }],
    ])
    const japanese = Buffer.from([...Buffer.from('a,b\n'), 0x95, 0x5c, 0x2c, 0x83, 0x7c, 0x0a])
    expect(await read(japanese, { encoding: 'shift_jis' })).toEqual([[2, { a: '表', b: 'ポ' }]])
  })

  test('bytes that are not valid make a reject of their record', async () => {
    const bytes = Buffer.concat([
      Buffer.from('a,b\n1,'),
      Buffer.from([0xff]),
      Buffer.from('\n2,"x\n'),
      Buffer.from([0xc3]),
      Buffer.from('"\n3,\uFFFD\n'),
    ])
    expect(await read(bytes)).toEqual([
      [2, 'ENCODING', '1,\uFFFD'],
      [3, 'ENCODING', '2,"x\n\uFFFD"'],
      [5, { a: '3', b: '\uFFFD' }],
    ])
    const half = Buffer.concat([Buffer.from('\uFEFFa,b\n1,2\n', 'utf16le'), Buffer.from([0x33])])
    expect(await read(half)).toEqual([
      [2, { a: '1', b: '2' }],
      [3, 'ENCODING', '\uFFFD'],
    ])
  })
})

describe('continuing', () => {
  const bytes = Buffer.from(`\uFEFF${ZOO}\n\n`)

  test('the size of chunks makes no difference', async () => {
    const folder = new Folder()
    folder.put('in.csv', bytes)
    for (let size = 1; size <= bytes.length; size++) {
      const source = withChunks(folder, size)
      expect((await readAll(source)).map(brief)).toEqual(ZOO_RECORDS)
      expect(source.hashUpTo(source.end().position)).toBe(sha256(bytes))
      expect(source.end().bytes).toBe(bytes.length)
      await source.close()
    }
  })

  test.each([[{ path: 'in.csv' }], [{ path: 'in.csv', header: false }]])(
    'after each record the rest and the hash are the same: %j',
    async options => {
      const folder = new Folder()
      folder.put('in.csv', bytes)
      const source = folder.source(csvSource, options)
      const all = await readAll(source)
      for (const [index, record] of all.entries()) {
        const { offset } = record.position as { offset: number }
        expect(source.hashUpTo?.(record.position)).toBe(sha256(bytes.subarray(0, offset)))
        const again = folder.source(csvSource, options)
        const position = JSON.parse(JSON.stringify(record.position)) as Json
        const rest = await readAll(again, { records: index + 1, position })
        expect(rest).toEqual(all.slice(index + 1))
        const last: SourceRecord | undefined = rest.at(-1)
        if (last !== undefined)
          expect(again.hashUpTo?.(last.position)).toBe(
            sha256(bytes.subarray(0, (last.position as { offset: number }).offset)),
          )
        expect(again.hashUpTo?.(again.end?.().position ?? null)).toBe(sha256(bytes))
        expect(again.end?.()).toEqual(source.end?.())
        await again.close()
      }
      await source.close()
    },
  )

  test('a file that became shorter is noticed', async () => {
    const folder = new Folder()
    folder.put('in.csv', 'a\n1\n')
    const source = folder.source(csvSource, { path: 'in.csv' })
    const from = { records: 9, position: { offset: 99, line: 9 } }
    await expect(readAll(source, from)).rejects.toMatchObject({ code: 'CUSTODY_SOURCE_CHANGED' })
    await expect(readAll(source, { records: 1, position: 'x' })).rejects.toMatchObject({ code: 'CUSTODY_SOURCE' })
  })
})

describe('places', () => {
  test('what is not there, a file on the way', async () => {
    const folder = new Folder()
    folder.put('file', 'a\n')
    const missing = folder.source(csvSource, { path: 'no.csv' })
    await expect(missing.prepare?.()).rejects.toMatchObject({
      code: 'CUSTODY_FILE_NOT_FOUND',
      where: { path: `${folder.path}/no.csv` },
    })
    await expect(readAll(missing)).rejects.toMatchObject({ code: 'CUSTODY_FILE_NOT_FOUND' })
    await expect(readAll(folder.source(csvSource, { path: 'file/x' }))).rejects.toMatchObject({
      code: 'CUSTODY_SOURCE',
    })
  })

  test('large files: many windows, the same rows', async () => {
    const folder = new Folder()
    const lines = Array.from({ length: 20_000 }, (_, n) => `${n},name ${n},"a, ""b"" ${n}"`)
    folder.put('in.csv', `id,name,note\n${lines.join('\r\n')}`)
    const rows = await rowsOf(folder.source(csvSource, { path: 'in.csv' }))
    expect(rows.length).toBe(20_000)
    expect(rows.every((row, n) => row.id === `${n}` && row.name === `name ${n}` && row.note === `a, "b" ${n}`)).toBe(
      true,
    )
  })
})
