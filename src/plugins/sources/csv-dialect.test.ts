/** Files that aren't quite CSV: what options say of them, and what stays exact all the same. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCsv } from '../../../test/support/csv-pieces.ts'
import { brief, Folder, readAll } from '../../../test/support/plugin-files.ts'
import type { RowSchema } from '../../model/schema.ts'
import { csvSource } from './csv.ts'

const PIECES = [1, 2, 3, 7, 1000]
const read = async (text: string, options: object, fields: { readonly [name: string]: string } = {}) => {
  const input: RowSchema = {
    fields: new Map(Object.entries(fields).map(([name, type]) => [name, { schema: { type }, optional: true }])),
    closed: false,
    observed: false,
  }
  const found = await readCsv(text, { options, input })
  for (const pieces of PIECES) expect(await readCsv(text, { options, input, pieces })).toEqual(found)
  return found
}

describe('lines that are no records', () => {
  test.each<[string, string, object, unknown[]]>([
    [
      'stand before the header, whatever is in them',
      'Export, "of\n\nlast\r\nweek\rid,n\n1,x\n',
      { skip_lines: 4 },
      [[6, { id: '1', n: 'x' }]],
    ],
    ['may be all that there is', 'a\nb\nc', { skip_lines: 9 }, []],
    ['may be a line that names the delimiter', 'sep=;\nx\nid;n\n1;x\n', { skip_lines: 2 }, [[4, { id: '1', n: 'x' }]]],
    ['may stand before such a line', 'x\nsep=;\nid;n\n1;x\n', { skip_lines: 1 }, [[4, { id: '1', n: 'x' }]]],
    ['stand before records', 'x\n1,2\n', { skip_lines: 1, header: false }, [[2, { column_1: '1', column_2: '2' }]]],
    [
      'are comments, wherever a record could begin',
      '# "x\nid,n\n# 1,2,3\n1,"x\n# y"\n#\n2,#z\n # ,3\n# end',
      { comment: '#' },
      [
        [4, { id: '1', n: 'x\n# y' }],
        [7, { id: '2', n: '#z' }],
        [8, { id: ' # ', n: '3' }],
      ],
    ],
    [
      'are comments in a file of one column',
      'n\n//a\n/\n\n',
      { comment: '//' },
      [
        [3, { n: '/' }],
        [4, { n: null }],
      ],
    ],
    ['are comments with a sign of several bytes', 'n,m\n§x\n1,2\n', { comment: '§' }, [[3, { n: '1', m: '2' }]]],
    ['end a file', 'n,m\n1,2\n#', { comment: '#' }, [[2, { n: '1', m: '2' }]]],
  ])('%s', async (_what, text, options, expected) => {
    expect(await read(text, options)).toEqual(expected)
  })

  test('a comment may be longer than a record', async () => {
    const text = `n\n1\n#${' "x'.repeat(50)}\n2\n`
    for (const pieces of PIECES)
      expect(await readCsv(text, { pieces, max_units: 10, options: { comment: '#' } })).toEqual([
        [2, { n: '1' }],
        [4, { n: '2' }],
      ])
  })

  test('reading continues behind any record, and behind the end', async () => {
    const folder = new Folder()
    const text = 'banner\nsep=;\n#\nid;n\n# x\n1;"a\nb"\n#\n2;c\n# end\n'
    folder.put('in.csv', text)
    const open = () => folder.source(csvSource, { path: 'in.csv', skip_lines: 1, comment: '#' })
    const source = open()
    const all = await readAll(source)
    expect(all.map(brief)).toEqual([
      [6, { id: '1', n: 'a\nb' }],
      [9, { id: '2', n: 'c' }],
    ])
    for (const [index, { position }] of all.entries()) {
      const left = await readAll(open(), { records: index + 1, position })
      expect(left).toEqual(all.slice(index + 1))
    }
    expect(source.end?.()).toMatchObject({ bytes: text.length, position: { offset: text.length, line: 11 } })
  })

  test('a record that was rejected is read again with the header, and without what stood before it', async () => {
    const folder = new Folder()
    const text = 'banner\n#\n"#a";"x\\\\ \\"y"\n1;2;3\n'
    folder.put('in.csv', text)
    const options = { path: 'in.csv', delimiter: ';', skip_lines: 1, comment: '#', quote_style: 'lazy' }
    const source = folder.source(csvSource, { ...options, normalise: false })
    const [reject] = await readAll(source)
    expect(brief(reject!)).toEqual([4, 'CSV_RAGGED', '1;2;3'])
    const { position } = source.end!()
    const later = folder.source(csvSource, { ...options, normalise: false, skip_lines: 7 })
    expect(await later.reread!('1;2', 'CSV_RAGGED', position)).toMatchObject({ row: { '#a': '1', 'x\\ "y': '2' } })
  })
})

describe('lazy quotes', () => {
  const lazy = { quote_style: 'lazy' }

  test.each<[string, string, unknown]>([
    ['blanks around them', '1 ,\t "x, y" \t', [2, { a: '1 ', b: 'x, y' }]],
    ['blanks at both ends of the record', '  "1","x" ', [2, { a: '1', b: 'x' }]],
    ['blanks alone', '1, ', [2, { a: '1', b: ' ' }]],
    ['blanks inside', '1," x "', [2, { a: '1', b: ' x ' }]],
    ['a quote behind a backslash', '1,"he said \\"hi\\""', [2, { a: '1', b: 'he said "hi"' }]],
    ['a doubled quote', '1,"a ""b"""', [2, { a: '1', b: 'a "b"' }]],
    ['backslashes behind backslashes', '1,"a\\\\"', [2, { a: '1', b: 'a\\' }]],
    ['three of them and a quote', '1,"a\\\\\\"b"', [2, { a: '1', b: 'a\\"b' }]],
    ['a backslash before anything else', '1,"x\\,y\\n"', [2, { a: '1', b: 'x\\,y\\n' }]],
    ['a backslash without quotes', '\\N,x\\', [2, { a: '\\N', b: 'x\\' }]],
    ['a line break inside', '"1" , "x\n\\"y"', [2, { a: '1', b: 'x\n"y' }]],
    ['text behind a closing quote', '1,"x" y', [2, 'CSV_QUOTE', '1,"x" y']],
    ['a quote behind a closing one', '1,"x" "y"', [2, 'CSV_QUOTE', '1,"x" "y"']],
    ['a quote inside of a cell', '1, x"y', [2, 'CSV_QUOTE', '1, x"y']],
    ['lines inside of a broken record', '1,"x" y"\n9,\\"forged\n"', [2, 'CSV_QUOTE', '1,"x" y"\n9,\\"forged\n"']],
    ['nothing in them', ' "" ,', [2, { a: '', b: null }]],
  ])('%s', async (_what, line, expected) => {
    const after = 2 + line.split('\n').length
    expect(await read(`a,b\n${line}\nz,z\n`, lazy)).toEqual([expected, [after, { a: 'z', b: 'z' }]])
  })

  test('a tab that delimits is no blank', async () => {
    expect(await read('a\tb\n1\t"x" \t\n', { ...lazy, delimiter: 'tab' })).toEqual([[2, { a: '1', b: 'x' }]])
  })

  test('a file that ends inside of quotes has no last record', async () => {
    expect(await read('a,b\n1,"x\\"\n', lazy)).toEqual(['CUSTODY_UNCLOSED_QUOTE'])
    expect(await read('a,b\n1,"x\\"\n', { ...lazy, recover: 'line' })).toEqual([[2, 'CSV_UNTERMINATED', '1,"x\\"']])
  })

  const cell = fc.array(fc.constantFrom('a', '\\', '"', ',', '\n', ' ', 'é', '\t'), { maxLength: 6 })
  const blanks = fc.constantFrom('', ' ', '\t ')

  test('what a writer put into them is read, however it escapes and where a window ends', async () => {
    const written = fc.tuple(cell, blanks, blanks, fc.boolean()).map(([parts, before, behind, doubles]) => {
      const text = parts.map(part => (part === '\\' ? '\\\\' : part !== '"' ? part : doubles ? '""' : '\\"'))
      return { value: parts.join(''), text: `${before}"${text.join('')}"${behind}` }
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(written, written), { maxLength: 4 }),
        fc.integer({ min: 1, max: 9 }),
        async (rows, pieces) => {
          const text = `a,b\n${rows.map(([a, b]) => `${a.text},${b.text}\n`).join('')}`
          const found = (await readCsv(text, { pieces, options: lazy })) as readonly (readonly [number, unknown])[]
          expect(found.map(([, row]) => row)).toEqual(rows.map(([a, b]) => ({ a: a.value, b: b.value })))
        },
      ),
    )
  })

  test('and what is damaged depends on the text alone', async () => {
    const anything = fc.array(fc.constantFrom('"', '\\', ',', '\n', '\r', 'a', ' ', '#'), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(
        anything.map(pieces => `p,q\n${pieces.join('')}`),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom({}, { on_unclosed_quote: 'reject' }, { recover: 'line' }, { comment: '#' }),
        async (text, pieces, max_units, more) => {
          const options = { ...lazy, ...more }
          expect(await readCsv(text, { pieces, max_units, options })).toEqual(
            await readCsv(text, { max_units, options }),
          )
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('what cells say', () => {
  const one = async (cell: string, options: object, type = 'number') => {
    const [record] = await read(`v;w\n${cell};x\n`, { delimiter: ';', ...options }, { v: type })
    const [, row, raw] = record as [number, { v: unknown } | string, string?]
    return typeof row === 'string' ? [row, raw] : row.v
  }
  const german = { decimal: ',', thousands: '.' }

  test.each<[string, object, unknown]>([
    ['1.234,5', german, '1234.5'],
    ['-1.234.567', german, '-1234567'],
    ['7', german, '7'],
    ['0,5e3', german, '0.5e3'],
    ['"1.234,5"', german, '1234.5'],
    ['1.5', german, ['CSV_NUMBER', '1.5;x']],
    ['1.23,5', german, ['CSV_NUMBER', '1.23,5;x']],
    ['12.34.567', german, ['CSV_NUMBER', '12.34.567;x']],
    ['12,34,567.8', { thousands: ',' }, '1234567.8'],
    [',5', german, ['CSV_NUMBER', ',5;x']],
    ['1,234.5', { thousands: ',' }, '1234.5'],
    ['1 234,5', { decimal: ',', thousands: ' ' }, '1234.5'],
    ['1\u202f234,5', { decimal: ',', thousands: ' ' }, '1234.5'],
    ['1’234.5', { thousands: '’' }, '1234.5'],
    ['1.5', { decimal: ',' }, ['CSV_NUMBER', '1.5;x']],
    ['""', german, ''],
  ])('%s as a number with %j is %j', async (cell, options, expected) => {
    expect(await one(cell, options)).toEqual(expected)
    expect(await one('1.5', options, 'string')).toBe('1.5')
  })

  test('words for nothing are null in every column, quoted or not', async () => {
    const options = { null_values: ['NULL', '-', ''] }
    expect(await read('a,b\nNULL,"-"\n"",null\n', options)).toEqual([
      [2, { a: null, b: null }],
      [3, { a: null, b: 'null' }],
    ])
  })

  test('words for true and false are read where the schema has a boolean', async () => {
    const options = { true_values: ['ja', '1'], false_values: ['nein'] }
    expect(await read('a,b\nja,ja\nnein,1\nvielleicht,\ntrue,\n', options, { a: 'boolean' })).toEqual([
      [2, { a: 'true', b: 'ja' }],
      [3, { a: 'false', b: '1' }],
      [4, { a: 'vielleicht', b: null }],
      [5, { a: 'true', b: null }],
    ])
  })

  test('dates become ISO 8601, each field by its own pattern', async () => {
    const options = { date_format: { d: 'dd.MM.yyyy', t: 'M/d/yy h:mm a' } }
    expect(await read('d,t\n31.01.2026,3/4/99 12:05 pm\n,\n31.02.2026,\n', options)).toEqual([
      [2, { d: '2026-01-31', t: '1999-03-04T12:05:00' }],
      [3, { d: null, t: null }],
      [4, 'CSV_DATE', '31.02.2026,'],
    ])
  })

  test('a date of a field that isn’t there stops the reading', async () => {
    const folder = new Folder()
    folder.put('in.csv', 'datum,n\n')
    const source = folder.source(csvSource, { path: 'in.csv', date_format: { dutum: 'dd.MM.yyyy' } })
    await expect(readAll(source)).rejects.toMatchObject({ code: 'CUSTODY_SOURCE', hint: 'Did you mean datum?' })
  })

  test('columns without a header have rules, too', async () => {
    const options = { header: false, date_format: { column_1: 'yyyyMMdd' } }
    expect(await read('20260131,x\n', options)).toEqual([[1, { column_1: '2026-01-31', column_2: 'x' }]])
  })
})

test('one empty cell behind the last column is none', async () => {
  expect(await read('a,b\n1,2,\n1,2,""\n1,2,,\n"1",,\n', {})).toEqual([
    [2, { a: '1', b: '2' }],
    [3, 'CSV_RAGGED', '1,2,""'],
    [4, 'CSV_RAGGED', '1,2,,'],
    [5, { a: '1', b: null }],
  ])
})
