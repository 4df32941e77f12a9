/** CSV files as they come from spreadsheets, databases and broken exports. */
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { runInProcess } from '../support/in-process.ts'
import { Folder } from '../support/plugin-files.ts'
import { type DataCase, type DataResult, tryData } from '../support/try-data.ts'

const utf16 = (text: string, littleEndian = true): Uint8Array => {
  const bytes = Buffer.from(text, 'utf16le')
  return littleEndian ? bytes : bytes.swap16()
}
const latin = (text: string) => Buffer.from(text, 'latin1')

type Expected = Partial<Pick<DataResult, 'rows' | 'rejected' | 'errors' | 'text'>>

describe('is read', () => {
  test.each<[string, DataCase, Expected]>([
    [
      'a byte order mark before a quoted header',
      { input: '\ufeff"item, no","b"\n"x, y",z\n' },
      { rows: [{ item_no: 'x, y', b: 'z' }] },
    ],
    ['a sep= line', { input: 'sep=;\nid;name\n1;Ada\n' }, { rows: [{ id: '1', name: 'Ada' }] }],
    [
      'a sep= line beside the option',
      { input: 'sep=|\nid|name\n1|Ada\n', options: { delimiter: '|' } },
      { rows: [{ id: '1', name: 'Ada' }] },
    ],
    [
      'line breaks of all kinds, and one in a cell',
      { input: 'a,b\r\n"x\r\ny",1\rz,2\n' },
      {
        rows: [
          { a: 'x\r\ny', b: '1' },
          { a: 'z', b: '2' },
        ],
      },
    ],
    [
      'headers that differ in case alone',
      { input: 'Name,name,NAME\n1,2,3\n', options: { normalise: false } },
      { rows: [{ Name: '1', name: '2', NAME: '3' }] },
    ],
    [
      'headers that would be one field',
      { input: 'Loan Amount,loan_amount,LOAN AMOUNT\n1,2,3\n' },
      { rows: [{ loan_amount_2: '1', loan_amount: '2', loan_amount_3: '3' }] },
    ],
    [
      'a trailing delimiter',
      { input: 'a,b\n1,2,\n3,,\n' },
      {
        rows: [
          { a: '1', b: '2' },
          { a: '3', b: null },
        ],
      },
    ],
    [
      'lines before the header, comments, and a blank behind a quote',
      {
        input: 'Report of 2026\n\n"id" ,"note" \n# by x\n1, "he said \\"hi\\""\n',
        options: { skip_lines: 1, comment: '#', quote_style: 'lazy' },
      },
      { rows: [{ id: '1', note: 'he said "hi"' }] },
    ],
    [
      'words for nothing and for truth, decimal commas and dates',
      {
        input: 'n;b;d\n1.234,56;ja;31.1.2026\nk.A.;nein;-\n-7;k.A.;1.2.2026\n',
        options: {
          delimiter: ';',
          decimal: ',',
          thousands: '.',
          null_values: ['k.A.', '-'],
          true_values: ['ja'],
          false_values: ['nein'],
          date_format: { d: 'd.M.yyyy' },
        },
        schema: { mode: 'fixed', fields: { n: 'number?', b: 'boolean?', d: 'string?' } },
      },
      {
        rows: [
          { n: 1234.56, b: true, d: '2026-01-31' },
          { n: null, b: false, d: null },
          { n: -7, b: null, d: '2026-02-01' },
        ],
      },
    ],
    [
      'a file that is compressed, as its name says',
      { files: { 'in.csv.gz': gzipSync('a\n1\n') }, options: { path: 'in.csv.gz' } },
      { rows: [{ a: '1' }] },
    ],
    [
      'a file that is compressed, as the option says',
      { input: zstdCompressSync('a\n1\n'), options: { compression: 'zstd' } },
      { rows: [{ a: '1' }] },
    ],
    ['headers that are empty', { input: 'a,,\n1,2,3\n' }, { rows: [{ a: '1', column_2: '2', column_3: '3' }] }],
    [
      'a delimiter of two characters, and half of one',
      { input: 'a||b\nx|y||z\n', options: { delimiter: '||' } },
      { rows: [{ a: 'x|y', b: 'z' }] },
    ],
    [
      'controls that end no line',
      { input: 'a,b\nx\u0085y,\u000bz\u000c\u2028\n' },
      { rows: [{ a: 'x\u0085y', b: '\u000bz\u000c\u2028' }] },
    ],
    ['blank lines before the header', { input: '\n\r\na,b\n1,2\n' }, { rows: [{ a: '1', b: '2' }] }],
    ['a byte order mark in the middle', { input: 'a\n1\n\ufeff2\n' }, { rows: [{ a: '1' }, { a: '\ufeff2' }] }],
    ['backslashes that escape nothing', { input: 'a,b\n\\N,x\\\n' }, { rows: [{ a: '\\N', b: 'x\\' }] }],
    ['UTF-16 with its mark', { input: utf16('\ufeffa\né😀\n', false) }, { rows: [{ a: 'é😀' }] }],
    [
      'windows-1252, where it is said',
      { input: latin('a\nM\xfcller \x80\n'), options: { encoding: 'windows-1252' } },
      { rows: [{ a: 'Müller €' }] },
    ],
    [
      'a cell that begins in one row and ends in another, as RFC 4180 has it',
      { input: 'a,b\n1,"x,y\n2,z\n3,w"\n4,v\n' },
      {
        rows: [
          { a: '1', b: 'x,y\n2,z\n3,w' },
          { a: '4', b: 'v' },
        ],
      },
    ],
    ['nothing', { input: '' }, { rows: [] }],
    ['a header alone', { input: 'a,b\n' }, { rows: [] }],
    ['line breaks alone', { input: '\n\r\n\n' }, { rows: [] }],
    ['a mark alone', { input: '\ufeff' }, { rows: [] }],
    [
      'fields with the names of what objects inherit',
      {
        input: '__proto__,constructor\n5,6\n',
        schema: { mode: 'fixed', fields: JSON.parse('{"__proto__": "integer", "constructor": "integer"}') },
        options: { normalise: false },
      },
      { rows: [JSON.parse('{"__proto__": 5, "constructor": 6}')] },
    ],
    [
      'integers of a column with gaps',
      { input: 'n\n1.0\n""\n-3.00\n', schema: { mode: 'fixed', fields: { n: 'integer?' } } },
      { rows: [{ n: 1 }, { n: null }, { n: -3 }] },
    ],
  ])('%s', async (_what, given, { rows }) => {
    const result = await tryData(given)
    expect(result).toMatchObject({ exit: 0, rejected: [], errors: [] })
    expect(result.rows).toEqual(rows)
  })
})

describe('costs the broken record and no other', () => {
  test.each<[string, DataCase, Expected]>([
    [
      'quotes within quotes',
      { input: 'a,b\n1,x\n"2","y "z" w"\n3,v\n' },
      {
        rows: [
          { a: '1', b: 'x' },
          { a: '3', b: 'v' },
        ],
        rejected: [['CSV_QUOTE', 3, '"2","y "z" w"']],
      },
    ],
    [
      'quotes within quotes over two lines',
      { input: 'a|b\n"s"|"x "y"\nz"\nt|u\n', options: { delimiter: '|' } },
      { rows: [{ a: 't', b: 'u' }], rejected: [['CSV_QUOTE', 2, '"s"|"x "y"\nz"']] },
    ],
    [
      'text behind a closing quote, lines inside',
      { input: 'a,b\n1,"x\n9,forged\ny" \n2,z\n' },
      { rows: [{ a: '2', b: 'z' }], rejected: [['CSV_QUOTE', 2, '1,"x\n9,forged\ny" ']] },
    ],
    [
      'a cell too many, lines inside',
      { input: 'a,b\n1,"x\n9,forged\ny",c\n2,z\n' },
      { rows: [{ a: '2', b: 'z' }], rejected: [['CSV_RAGGED', 2, '1,"x\n9,forged\ny",c']] },
    ],
    [
      'bytes that are no UTF-8, lines inside',
      { input: Buffer.concat([Buffer.from('a,b\n1,"x\n9,forged'), latin('\xe9'), Buffer.from('\ny"\n2,z\n')]) },
      { rows: [{ a: '2', b: 'z' }], rejected: [['ENCODING', 2, '1,"x\n9,forged\ufffd\ny"']] },
    ],
    [
      'a last cell too many that isn’t empty',
      { input: 'a,b\n1,2,x\n3,4,\n' },
      { rows: [{ a: '3', b: '4' }], rejected: [['CSV_RAGGED', 2, '1,2,x']] },
    ],
    [
      'another encoding',
      { input: latin('a\nM\xfcller\nplain\n') },
      { rows: [{ a: 'plain' }], rejected: [['ENCODING', 2, 'M\ufffdller']] },
    ],
    [
      'a character cut in two at the end',
      { input: Buffer.from('a,b\n1,2\n3,€').subarray(0, -1) },
      { rows: [{ a: '1', b: '2' }], rejected: [['ENCODING', 3, '3,\ufffd']] },
    ],
    [
      'half of a UTF-16 unit at the end',
      { input: Buffer.concat([utf16('\ufeffa\n1\n'), Buffer.from('x')]) },
      { rows: [{ a: '1' }], rejected: [['ENCODING', 3, '\ufffd']] },
    ],
    ['a NUL', { input: 'a\nx\u0000y\nz\n' }, { rows: [{ a: 'z' }], rejected: [['CSV_NUL', 2, 'x\u0000y']] }],
    [
      'the end mark of DOS',
      { input: 'a,b\n1,2\n\u001a' },
      { rows: [{ a: '1', b: '2' }], rejected: [['CSV_RAGGED', 3, '\u001a']] },
    ],
    [
      'backslashes before quotes',
      { input: 'a,b\n1,"x \\"y\\""\n2,z\n' },
      { rows: [{ a: '2', b: 'z' }], rejected: [['CSV_QUOTE', 2, '1,"x \\"y\\""']] },
    ],
    [
      'a blank line where a number must stand, with its own text',
      { input: 'n\nabc\n\n5\n\n', schema: { mode: 'fixed', fields: { n: 'integer' } } },
      {
        rows: [{ n: 5 }],
        rejected: [
          ['SCHEMA_TYPE', 2, 'abc'],
          ['SCHEMA_EMPTY', 3, ''],
          ['SCHEMA_EMPTY', 5, ''],
        ],
      },
    ],
    [
      'words for nothing where a number must stand',
      { input: 'n\nNULL\n-\n7\n', schema: { mode: 'fixed', fields: { n: 'number?' } } },
      {
        rows: [{ n: 7 }],
        rejected: [
          ['SCHEMA_TYPE', 2, 'NULL'],
          ['SCHEMA_TYPE', 3, '-'],
        ],
      },
    ],
    [
      'decimal commas',
      {
        input: 'n;m\n"1.234,5";x\n2;y\n',
        options: { delimiter: ';' },
        schema: { mode: 'flexible', fields: { n: 'number' } },
      },
      { rows: [{ n: 2, m: 'y' }], rejected: [['SCHEMA_TYPE', 2, '"1.234,5";x']] },
    ],
    [
      'numbers and dates that aren’t as the options say',
      {
        input: 'n;d\n1.5;31.01.2026\n2,5;31.02.2026\n3,5;1.1.26\n4,5;01.01.2026\n',
        options: { delimiter: ';', decimal: ',', date_format: { d: 'dd.MM.yyyy' } },
        schema: { mode: 'fixed', fields: { n: 'number', d: 'string' } },
      },
      {
        rows: [{ n: 4.5, d: '2026-01-01' }],
        rejected: [
          ['CSV_NUMBER', 2, '1.5;31.01.2026'],
          ['CSV_DATE', 3, '2,5;31.02.2026'],
          ['CSV_DATE', 4, '3,5;1.1.26'],
        ],
      },
    ],
    [
      'numbers that doubles can’t hold',
      { input: 'n\n1e400\n1e-400\n9007199254740993\n1.5\n', schema: { mode: 'fixed', fields: { n: 'number' } } },
      {
        rows: [{ n: 1.5 }],
        rejected: [
          ['SCHEMA_TYPE', 2, '1e400'],
          ['SCHEMA_TYPE', 3, '1e-400'],
          ['SCHEMA_TYPE', 4, '9007199254740993'],
        ],
      },
    ],
  ])('%s', async (_what, given, expected) => {
    const { exit, rows, rejected, errors } = await tryData(given)
    expect({ exit, rows, rejected, errors }).toEqual({ exit: 0, errors: [], rejected: [], ...expected })
  })
})

describe('stops before anything is written', () => {
  test.each<[string, DataCase, string, RegExp]>([
    ['UTF-16 without its mark', { input: utf16('a,b\n1,2\n') }, 'INPUT_FORMAT', /UTF-16.*encoding: utf-16le/],
    ['a gzip file', { input: gzipSync('a\n1\n') }, 'INPUT_FORMAT', /gzip.*compression: gzip/],
    ['a workbook', { input: Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.alloc(30)]) }, 'INPUT_FORMAT', /ZIP/],
    [
      'a header in another encoding',
      { input: latin('Stra\xdfe\n1\n') },
      'SOURCE',
      /header.*not valid utf-8; they may be windows-1252.*Set encoding: windows-1252,/,
    ],
    [
      'a header in another encoding behind a mark that says UTF-8',
      { input: Buffer.concat([Buffer.from('\ufeff'), latin('Stra\xdfe\n1\n')]), options: { encoding: 'windows-1252' } },
      'SOURCE',
      /overrides encoding: windows-1252.*Take the byte order mark off/,
    ],
    [
      'a header with a blank behind a quote',
      { input: '"id","note" \n1,2\n' },
      'SOURCE',
      /blank stands behind a closing quote/,
    ],
    [
      'two headers that could be what the schema declares',
      {
        input: 'Loan Amount,loan-amount\n1,2\n',
        schema: { mode: 'flexible', fields: { loan_amount: 'integer' } },
      },
      'SOURCE',
      /column 1 .* and column 2 .* both be the field "loan_amount" of the schema/,
    ],
    ['quotes that are never closed', { input: 'a,b\n1,x\n2,"y\n3,z\n' }, 'UNCLOSED_QUOTE', /begins at line 3/],
    [
      'a stray quote that opens, and none that closes',
      { input: 'a,b\n1,"x\n2,y\n3,z\n4,w\n' },
      'UNCLOSED_QUOTE',
      /begins at line 2/,
    ],
  ])('%s', async (_what, given, code, message) => {
    const result = await tryData(given)
    expect(result).toMatchObject({ exit: 1, code, text: '' })
    expect(result.message).toMatch(message)
  })
})

describe('is written', () => {
  const jsonl = (...rows: readonly unknown[]): DataCase => ({
    source: 'jsonl',
    input: rows.map(row => `${JSON.stringify(row)}\n`).join(''),
    sink: 'csv',
  })

  test.each<[string, DataCase, string, readonly string[]]>([
    [
      'nested values as JSON, null as nothing, an empty text in quotes',
      jsonl({ s: 'x', n: 1e21, b: true, l: [1, '"'], z: null }, { s: '', n: 0, b: false, l: [], z: '' }),
      's,n,b,l,z\nx,1e+21,true,"[1,""\\""""]",\n"",0,false,[],""\n',
      [],
    ],
    ['a column with nothing in it', jsonl({ a: 'x' }, { a: '' }, { a: ' ' }), 'a\nx\n""\n \n', []],
    [
      'headers that need quotes',
      jsonl({ 'a,b': 1, 'c"d': 2, '': 3, '\ufeffx': 4 }),
      '"a,b","c""d","","\ufeffx"\n1,2,3,4\n',
      [],
    ],
    [
      'years, in the order of the source',
      { input: 'land,2010,2011,code\nPeru,1,2,PE\n', sink: 'csv', sink_options: { headers: 'original' } },
      'land,2010,2011,code\nPeru,1,2,PE\n',
      [],
    ],
    [
      'years that columns name as the source does, in the order of columns',
      {
        input: 'land,2010,2011,code\nPeru,1,2,PE\n',
        sink: 'csv',
        sink_options: { columns: ['code', '2011', '2010', 'land'] },
      },
      'code,2011,2010,land\nPE,2,1,Peru\n',
      [],
    ],
    [
      'what a spreadsheet would run',
      {
        ...jsonl({ v: '=1+1' }, { v: '-5' }, { v: '\t=x' }, { v: '\r=y' }, { v: 'ok' }),
        sink_options: { escape_formulas: true },
      },
      "v\n'=1+1\n'-5\n'\t=x\n\"'\r=y\"\nok\n",
      [],
    ],
    [
      'rows with other fields than the first: they are errors',
      jsonl({ a: 1 }, { a: 2, b: 3 }, {}),
      'a\n1\n\n',
      ['COLUMN_UNKNOWN'],
    ],
  ])('%s', async (_what, given, text, errors) => {
    expect(await tryData(given)).toMatchObject({ exit: 0, text, errors })
  })
})

test('years that the schema declares are written in its order', async () => {
  const folder = new Folder()
  folder.put('in.csv', 'land,2010,2011,code\nPeru,1,2,PE\n')
  // As text: an object of JavaScript has whole numbers before all else.
  folder.put(
    'p.yaml',
    [
      'name: years',
      'sources:',
      '  rows:',
      '    plugin: csv',
      '    options: { path: in.csv }',
      '    schema: { mode: fixed, fields: { land: string, "2010": integer, "2011": integer, code: string } }',
      '    on_invalid: discard',
      '    to: all',
      'sinks:',
      '  all: { plugin: csv, options: { path: out.csv }, on_error: discard }',
    ].join('\n'),
  )
  const { exit } = await runInProcess(['run', 'p.yaml', '--json'], folder.path, {
    XDG_CONFIG_HOME: join(folder.path, 'config'),
  })
  expect(exit).toBe(0)
  expect(folder.text('out.csv')).toBe('land,2010,2011,code\nPeru,1,2,PE\n')
})
