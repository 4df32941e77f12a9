/** Files as people have them: which source reads them, how, and what is said of them. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Known } from '../../src/infer/format.ts'
import { InferFolder } from './try-infer.ts'

let folder: InferFolder
beforeEach(() => {
  folder = new InferFolder()
})
afterEach(() => folder.remove())

/** Source, options but for the path, and declared fields as `name: type`. */
async function kindOf(name: string, content: string | Uint8Array, known: Known = {}) {
  folder.put(name, content)
  const { sources, rows, diagnostics } = await folder.try([name], known)
  expect(diagnostics).toEqual([])
  const [file] = sources
  const { path: _, ...options } = file?.options ?? {}
  const fields = (file?.fields ?? []).map(
    ({ field, types, optional }) => `${field}: ${types.join('|')}${optional ? '?' : ''}`,
  )
  const doubts = [...(file?.doubts ?? []), ...(file?.fields ?? []).flatMap(field => field.doubts)]
  return { plugin: file?.plugin, options, fields, rows: rows.map(row => ({ ...row })), doubts, file }
}

const latin1 = (text: string) => Buffer.from(text, 'latin1')

describe('tables', () => {
  test.each([
    ['R', '"mpg","n cyl","name"\n"RX4",21.4,6,"a"\n"Wag",22,4,"b"\n', ['row_name', 'mpg', 'n_cyl', 'name']],
    ['R with tabs', 'x\tz\nr1\t1\t2\nr2\t3\t4\n', ['row_name', 'x', 'z']],
  ])('a header that is one cell shorter than the records, as %s writes it', async (_, content, names) => {
    const { doubts, options } = await kindOf('a.csv', content)
    expect(options).toMatchObject({ skip_lines: 1, header: false })
    const [doubt] = doubts.filter(each => each.includes('names of rows'))
    expect(doubt).toBe(
      `whether what stands before line 2 names the columns: it has one cell less than the records, as where R writes names of rows; if so, set columns: [${names.join(', ')}]`,
    )
    expect(doubts.filter(each => each.includes('is skipped'))).toEqual([])
  })

  test.each([
    ['a title', 'Sales, all of them\nx,y,z\na,1,2\nb,3,4\n'],
    ['values', '1,2\na,1,2\nb,3,4\n'],
    ['a name twice', 'x,x\na,1,2\nb,3,4\n'],
    ['two cells less', 'x,y\na,1,2,3\nb,3,4,5\n'],
    ['one word', 'x\na,1\nb,3\n'],
  ])('%s before the records is no such header', async (_, content) => {
    const { doubts } = await kindOf('a.csv', content)
    expect(doubts.filter(each => each.includes('names of rows'))).toEqual([])
    expect(doubts.filter(each => each.includes('is skipped'))).toHaveLength(1)
  })

  test.each<[string, string, string | Uint8Array, object, readonly string[]]>([
    ['commas', 'a.csv', 'id,name\n1,Anna\n2,Berta\n', {}, ['id: integer', 'name: string']],
    ['semicolons', 'a.csv', 'id;name\n1;Anna, B\n2;C, D\n', { delimiter: ';' }, ['id: integer', 'name: string']],
    ['tabs', 'a.tsv', 'id\tname\n1\tAnna\n2\tC, D\n', { delimiter: 'tab' }, ['id: integer', 'name: string']],
    ['bars', 'a.txt', 'id|name\n1|Anna\n2|B\n3|C\n', { delimiter: '|' }, ['id: integer', 'name: string']],
    [
      'several characters',
      'a.csv',
      'id||name\n1||Anna|B\n2||C\n',
      { delimiter: '||' },
      ['id: integer', 'name: string'],
    ],
    ['tildes', 'a.csv', 'id~n~x\n1~a~b\n2~c~d\n', { delimiter: '~' }, ['id: integer', 'n: string', 'x: string']],
    ['the line of a spreadsheet', 'a.csv', 'sep=;\r\nid;v\r\n1;2\r\n', {}, ['id: integer', 'v: integer']],
    ['single quotes', 'a.csv', "id,n\n1,'a, b'\n2,'c'\n", { quote: "'" }, ['id: integer', 'n: string']],
    ['quotes as text', 'a.csv', 'id,n\n1,5" disk\n2,x\n', { quote: 'none' }, ['id: integer', 'n: string']],
    ['backslashes', 'a.csv', 'id,n\n1,"a \\" b"\n2,"x"\n', { quote_style: 'lazy' }, ['id: integer', 'n: string']],
    ['blanks around quotes', 'a.csv', 'id, n\n1, "a, b"\n', { quote_style: 'lazy' }, ['id: integer', 'n: string']],
    ['lines before', 'a.csv', 'Stand 1.1.\n\nid,n\n1,a\n2,b\n', { skip_lines: 2 }, ['id: integer', 'n: string']],
    ['comments', 'a.csv', '# by hand\nid,n\n1,a\n# done\n2,b\n', { comment: '#' }, ['id: integer', 'n: string']],
    ['a header behind a hash', 'a.csv', '#id,n\n1,a\n2,b\n', {}, ['id: integer', 'n: string']],
    ['no header', 'a.csv', '1,a\n2,b\n', { header: false }, ['column_1: integer', 'column_2: string']],
    ['years as headers', 'a.csv', 'land,2010,2011\nDE,1,2\n', {}, ['land: string', '_2010: integer', '_2011: integer']],
    ['headers that are alike', 'a.csv', 'x,x\n1,2\n', {}, ['x: integer', 'x_2: integer']],
    ['one column', 'a.csv', 'name\nAnna\nBerta\n', {}, ['name: string']],
    [
      'one column of fractions',
      'a.csv',
      'betrag\n1,5\n2,5\n',
      { delimiter: ';', decimal: ',' },
      ['betrag: decimal(1)'],
    ],
    ['a header alone', 'a.csv', 'id,name\n', {}, ['id: string?', 'name: string?']],
    ['a delimiter behind each record', 'a.csv', 'a,b\n1,2,\n3,4,\n', {}, ['a: integer', 'b: integer']],
    [
      'an office’s',
      'a.csv',
      latin1('n;o\n1;Köln\n2;Ulm\n'),
      { delimiter: ';', encoding: 'windows-1252' },
      ['n: integer', 'o: string'],
    ],
    ['UTF-16', 'a.csv', Buffer.from('\ufeffn,o\n1,Köln\n', 'utf16le'), {}, ['n: integer', 'o: string']],
    [
      'UTF-16 that doesn’t say so',
      'a.csv',
      Buffer.from('n,o\n1,Ulm\n', 'utf16le'),
      { encoding: 'utf-16le' },
      ['n: integer', 'o: string'],
    ],
    ['gzip', 'a.csv.gz', gzipSync('n,o\n1,a\n'), {}, ['n: integer', 'o: string']],
    ['gzip under another name', 'a.csv', gzipSync('n,o\n1,a\n'), { compression: 'gzip' }, ['n: integer', 'o: string']],
    ['zstd', 'a.csv.zst', zstdCompressSync('n,o\n1,a\n'), {}, ['n: integer', 'o: string']],
    ['a name that promises too much', 'a.csv.gz', 'n,o\n1,a\n', { compression: 'none' }, ['n: integer', 'o: string']],
    [
      'records that lack their last cells',
      'a.csv',
      'id,n,x\n1,a\n2,b,c\n3,d\n',
      { ragged: 'pad' },
      ['id: integer', 'n: string', 'x: string?'],
    ],
  ])('%s', async (_what, name, content, options, fields) => {
    expect(await kindOf(name, content)).toMatchObject({ plugin: 'csv', options, fields })
    expect((await kindOf(name, content)).options).toEqual(options)
  })

  test('an export with all of it', async () => {
    const text = [
      'Nr.;Name;Gezahlt;Betrag (€);Tag;PLZ;Kunde',
      '1;Weiß;ja;1.234,50;31.01.2026;01067;90071992547409931',
      '2;Groß, Änne;nein;12,00;01.02.2026;80331;90071992547409932',
      '3;;ja;-;28.02.2026;10115;90071992547409933',
      '',
    ].join('\r\n')
    const { options, fields, rows } = await kindOf('Export 2026.csv', latin1(text.replace('€', '')))
    expect(options).toEqual({
      ...{ delimiter: ';', encoding: 'windows-1252', null_values: ['-'], true_values: ['ja'], false_values: ['nein'] },
      ...{ decimal: ',', thousands: '.', date_format: { Tag: 'dd.MM.yyyy' } },
    })
    expect(fields.slice(2)).toEqual([
      'Gezahlt: boolean',
      'betrag: decimal(2)?',
      'Tag: string',
      'PLZ: string',
      'Kunde: big_integer',
    ])
    expect(rows[0]).toMatchObject({
      Gezahlt: true,
      betrag: '1234.50',
      Tag: '2026-01-31',
      PLZ: '01067',
      Kunde: '90071992547409931',
    })
  })

  test('what can’t be read is said, with its line', async () => {
    const rows = Array.from({ length: 30 }, (_, index) => `${index},x`)
    const { file } = await kindOf('a.csv', `id,n\n${rows.join('\n')}\n30\n31,"a"b\n32,"y"\n`)
    expect(file?.records).toBe(33)
    expect(file?.rejected.first.map(({ line, code }) => [line, code])).toEqual([
      [32, 'CSV_RAGGED'],
      [33, 'CSV_QUOTE'],
    ])
  })

  test('a quote that is never closed costs the rest, and is said', async () => {
    const rows = Array.from({ length: 30 }, (_, index) => `${index},"x"`)
    const { options, doubts, file } = await kindOf('a.csv', `id,n\n${rows.join('\n')}\n30,"open\n31,"y"\n`)
    expect(options).toEqual({ on_unclosed_quote: 'reject' })
    expect(file?.rejected.count).toBe(1)
    expect(doubts.join()).toContain('a quote is opened and never closed')
  })

  test('what is known needn’t be guessed', { tags: ['proof'] }, async () => {
    expect(await kindOf('a.csv', 'x,y\na,b\n', { header: false })).toMatchObject({ options: { header: false } })
    expect(await kindOf('a.csv', '1,2;3,4\n5,6;7,8\n', { delimiter: ',' })).toMatchObject({
      options: { header: false },
    })
    expect(await kindOf('a.csv', 'id,n\n1,a\n', { format: 'text' })).toMatchObject({ plugin: 'text' })
  })

  test('a delimiter that was said is kept where it stands nowhere, and that is said', async () => {
    const { options, fields, doubts } = await kindOf('a.csv', 'id;n\n1;a\n', { delimiter: ';;' })
    expect(options).toEqual({ delimiter: ';;' })
    expect(fields).toHaveLength(1)
    expect(doubts).toContain('whether cells end at ";;", as was said: there is one column then')
  })

  test('damaged bytes among others are rejected, not decoded as something else', async () => {
    const bytes = Buffer.concat([Buffer.from('n,o\n1,Köln\n2,Zürich\n'), latin1('3,Köln\n')])
    const { options, file } = await kindOf('a.csv', bytes)
    expect(options).toEqual({})
    expect(file?.rejected.codes).toEqual({ ENCODING: 1 })
  })
})

describe('values with types', () => {
  test.each<[string, string, string, string, object, readonly string[]]>([
    ['JSON lines', 'a.jsonl', '{"a":1}\n{"a":2.5,"b":null}\n', 'jsonl', {}, ['a: number', 'b: ?']],
    ['JSON lines under another name', 'a.txt', '{"a":1}\n{"a":2}\n', 'jsonl', {}, ['a: integer']],
    ['an array', 'a.json', '[{"a":"x"},{"a":"y"}]', 'json', {}, ['a: string']],
    ['an array over lines', 'a.json', '[\n  {"a": true}\n]\n', 'json', {}, ['a: boolean']],
    ['an answer', 'a.json', '{"n":1,"data":{"items":[{"a":[1]}]}}', 'json', { pointer: '/data/items' }, ['a: array']],
    ['one object', 'a.json', '{"a":{"b":1}}', 'json', {}, ['a: object']],
    ['keys with slashes', 'a.json', '{"a/b~c":[{"x":1}]}', 'json', { pointer: '/a~1b~0c' }, ['x: integer']],
    ['several types', 'a.jsonl', '{"a":1}\n{"a":"x"}\n', 'jsonl', {}, ['a: integer|string']],
    ['several types, and gaps', 'a.jsonl', '{"a":1}\n{"a":"x"}\n{}\n', 'jsonl', {}, ['a: integer|string?']],
    [
      'keys that objects inherit',
      'a.jsonl',
      '{"__proto__":1,"constructor":"x"}\n',
      'jsonl',
      {},
      ['__proto__: integer', 'constructor: string'],
    ],
    [
      'keys that YAML would read',
      'a.jsonl',
      '{"yes":1,"null":1,"1":1,"a: b":1,"#":1,"":1}\n',
      'jsonl',
      {},
      ['1: integer', 'yes: integer', 'null: integer', 'a: b: integer', '#: integer'],
    ],
  ])('%s', async (_what, name, content, plugin, options, fields) => {
    const found = await kindOf(name, content)
    expect(found).toMatchObject({ plugin, options, fields })
    expect(found.file?.rejected.count).toBe(0)
  })

  test('a record that is none is rejected, and said', async () => {
    const { file } = await kindOf('a.jsonl', '{"a":1}\n[1]\n{"a":\n{"b":[12345678901234567890]}\n{"a":2}\n')
    expect(file?.rejected).toMatchObject({
      count: 3,
      codes: { NOT_AN_OBJECT: 1, JSON_SYNTAX: 1, JSON_INTEGER_TOO_LARGE: 1 },
    })
  })

  test.each<[string, string, string, readonly string[]]>([
    ['ids beyond 2^53', 'a.jsonl', '{"id":9007199254740993}\n{"id":9007199254740994}\n{"id":7}\n', ['id: big_integer']],
    ['in an array', 'a.json', '[{"id":12345678901234567890,"n":1},{"n":2}]', ['id: big_integer?', 'n: integer']],
    ['beside fractions', 'a.jsonl', '{"n":9007199254740993}\n{"n":0.5}\n', ['n: number']],
    ['beside texts', 'a.jsonl', '{"id":9007199254740993}\n{"id":"x"}\n{"id":1}\n', ['id: integer|string']],
    ['beside truths', 'a.jsonl', '{"id":9007199254740993}\n{"id":true}\n', ['id: boolean|string']],
    ['that a double is', 'a.jsonl', '{"n":9007199254740994}\n{"n":1}\n', ['n: number']],
    ['of a field that objects inherit', 'a.jsonl', '{"__proto__":9007199254740993}\n', ['__proto__: big_integer']],
  ])('whole numbers that no double holds are declared: %s', async (_what, name, content, fields) => {
    const found = await kindOf(name, content)
    expect(found.fields).toEqual(fields)
    expect(found.file?.rejected.count).toBe(0)
  })

  test('of several arrays the largest is taken, and the others are named', async () => {
    const { options, doubts } = await kindOf('a.json', '{"nodes":[{"a":1}],"links":[{"b":1},{"b":2}]}')
    expect(options).toEqual({ pointer: '/links' })
    expect(doubts.join()).toContain('/links, /nodes')
  })

  test('keys that are data are no fields', async () => {
    const object = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`k${index}`, index]))
    expect(await kindOf('a.jsonl', `${JSON.stringify(object)}\n`)).toMatchObject({
      fields: [],
      file: { mode: 'observed' },
    })
  })
})

describe('texts', () => {
  test('lines that are no table', async () => {
    const { plugin, fields } = await kindOf('a.log', 'GET /a, 200\nPOST /b\nGET /c, 404, slow\n')
    expect({ plugin, fields }).toEqual({ plugin: 'text', fields: ['text: string'] })
    expect(await kindOf('b.txt', latin1('Grüße\nKöln\n'))).toMatchObject({ options: { encoding: 'windows-1252' } })
  })
})

describe('what nothing can be inferred of', () => {
  test.each<[string, string, string | Uint8Array | null, string, RegExp]>([
    ['a file that isn’t there', 'a.csv', null, 'CUSTODY_FILE_NOT_FOUND', /a\.csv does not exist/],
    ['an empty file', 'a.csv', '', 'CUSTODY_NOTHING_THERE', /a\.csv is empty/],
    ['blank lines', 'a.csv', ' \n\n', 'CUSTODY_NOTHING_THERE', /nothing in it but blanks/],
    [
      'the beginning of a workbook',
      'a.xlsx',
      Buffer.from(`${'PK\u0003\u0004'.padEnd(30, '\0')}[Content_Types].xml`),
      'CUSTODY_SOURCE',
      /can’t be read as a workbook/,
    ],
    ['the beginning of a Parquet file', 'a.csv', 'PAR1\0\0\0', 'CUSTODY_SOURCE', /can’t be read as a Parquet file/],
    ['an old workbook', 'a.xls', Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'CUSTODY_INPUT_FORMAT', /old Excel workbook/],
    ['bytes that are no text', 'a.csv', Buffer.alloc(3000, '\u0001\u0002x'), 'CUSTODY_INPUT_FORMAT', /no text/],
    ['a page', 'a.csv', '<!doctype html><p>login', 'CUSTODY_INPUT_FORMAT', /HTML/],
    ['an array of numbers', 'a.json', '[1,2,3]', 'CUSTODY_INPUT_FORMAT', /without objects/],
    ['lines of lists', 'a.jsonl', '[1]\n[2]\n', 'CUSTODY_INPUT_FORMAT', /no fields/],
    [
      'half of a gzip',
      'a.csv.gz',
      gzipSync('id,n\n'.repeat(999)).subarray(0, 40),
      'CUSTODY_SOURCE',
      /unpacked as gzip/,
    ],
  ])('%s', async (_what, name, content, code, message) => {
    if (content !== null) folder.put(name, content)
    await expect(folder.infer([name])).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })

  test('a folder', async () => {
    mkdirSync(join(folder.path, 'in'))
    await expect(folder.infer(['in'])).rejects.toMatchObject({
      code: 'CUSTODY_ARGUMENT',
      hint: expect.stringContaining('in/*.csv'),
    })
  })
})

test('names and outputs never meet the data', async () => {
  folder.put('out/problems.jsonl', '{"a":1}\n')
  folder.put('out/else.csv', 'a,b\n1,2\n')
  const { sources, diagnostics, text } = await folder.try(['out/problems.jsonl', 'out/else.csv'])
  expect(diagnostics).toEqual([])
  expect(sources.map(({ source }) => source)).toEqual(['problems_2', 'else_2'])
  expect(text).toContain('out/problems-problems.jsonl')
  expect((await folder.infer(['out/else.csv'])).text).toContain('path: out/else-2.csv')
})
