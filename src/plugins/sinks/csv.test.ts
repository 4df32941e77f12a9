import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Folder, rowsOf, writeAll } from '../../../test/support/plugin-files.ts'
import type { Row } from '../../model/row.ts'
import type { RowSchema } from '../../model/schema.ts'
import { ERROR_FIELD, ERROR_SCHEMA, REJECT_FIELDS } from '../../sdk/error-row.ts'
import { csvSource } from '../sources/csv.ts'
import { csvSink } from './csv.ts'

const schema = (...names: string[]): RowSchema => ({
  fields: new Map(names.map(name => [name, { schema: {}, optional: true }])),
  closed: true,
  observed: false,
})

async function written(
  rows: readonly Row[],
  options: object = {},
  more: Parameters<Folder['sink']>[2] = {},
): Promise<string> {
  const folder = new Folder()
  expect(await writeAll(folder.sink(csvSink, { path: 'out.csv', ...options }, more), rows)).toEqual([])
  return folder.text('out.csv')
}

describe('cells', () => {
  test('each kind of value', async () => {
    const row = { a: null, b: '', c: 'x', d: 1.5, e: true, f: [1, 'y'], g: { h: null }, i: -0, j: 1e21 }
    expect(await written([row])).toBe('a,b,c,d,e,f,g,i,j\n,"",x,1.5,true,"[1,""y""]","{""h"":null}",0,1e+21\n')
  })

  test('quoted only where they must be', async () => {
    const rows = [' x ', "'", 'a,b', 'a"b', 'a\nb', 'a\rb', ';', '\uFEFF'].map(a => ({ a }))
    expect(await written(rows)).toBe('a\n x \n\'\n"a,b"\n"a""b"\n"a\nb"\n"a\rb"\n;\n"\uFEFF"\n')
    expect(await written([{ a: 'x;y', b: 'x,y' }], { delimiter: ';' })).toBe('a;b\n"x;y";x,y\n')
    expect(await written([{ a: 'x\ty', b: ']' }], { delimiter: 'tab', newline: 'crlf', bom: true })).toBe(
      '\uFEFFa\tb\r\n"x\ty"\t]\r\n',
    )
    expect(await written([{ a: '^-]\\' }], { delimiter: '^' })).toBe('a\n"^-]\\"\n')
  })

  test('formulas are made harmless where that is wanted', async () => {
    const row = { a: '=1+1', b: '@x', c: -1, d: '-1' }
    expect(await written([row])).toBe('a,b,c,d\n=1+1,@x,-1,-1\n')
    expect(await written([row], { escape_formulas: true })).toBe("a,b,c,d\n'=1+1,'@x,-1,'-1\n")
  })

  test('decimal commas stand in numbers and decimals, and nowhere else', async () => {
    const row = { a: 1.5, b: -0.25, c: 7, d: 1.5e-7, e: '1.5', f: '3903.70', g: [1.5], h: null, i: '-1.5' }
    const decimal = { schema: { type: 'string', format: 'decimal' }, optional: false }
    const input: RowSchema = {
      ...schema(...Object.keys(row)),
      fields: new Map(
        Object.keys(row).map(name => [name, 'fi'.includes(name) ? decimal : { schema: {}, optional: true }]),
      ),
    }
    const options = { decimal: ',', escape_formulas: true }
    expect(await written([row], { ...options, delimiter: ';' }, { input })).toBe(
      'a;b;c;d;e;f;g;h;i\n1,5;-0,25;7;1,5e-7;1.5;3903,70;[1.5];;-1,5\n',
    )
    expect(await written([{ a: 1.5, c: 7 }], options)).toBe('a,c\n"1,5",7\n')
  })

  test('numbers with decimal commas are read back as they were', async () => {
    const number = { schema: { type: 'number' }, optional: false }
    const read: RowSchema = { ...schema('n'), fields: new Map([['n', number]]) }
    await fc.assert(
      fc.asyncProperty(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.constantFrom(',', ';'),
        async (n, delimiter) => {
          const text = await written([{ n }], { decimal: ',', delimiter })
          const folder = new Folder()
          folder.put('in.csv', text)
          const rows = await rowsOf(folder.source(csvSource, { path: 'in.csv', decimal: ',', delimiter }, read))
          expect(rows.map(row => Number(row.n))).toEqual([n === 0 ? 0 : n])
        },
      ),
      { numRuns: 50 },
    )
  })

  test('a comma before the fraction and between cells is a warning', () => {
    expect(csvSink.check?.(csvSink.options.parse({ path: 'o.csv', decimal: ',' }), [])).toEqual([
      { path: ['decimal'], message: expect.any(String), hint: expect.stringContaining(';'), severity: 'warning' },
    ])
    expect(csvSink.check?.(csvSink.options.parse({ path: 'o.csv', decimal: ',', delimiter: ';' }), [])).toEqual([])
  })

  test('a text with NUL is refused', async () => {
    const folder = new Folder()
    const sink = folder.sink(csvSink, { path: 'out.csv' })
    expect(await writeAll(sink, [{ a: 'x\0' }, { a: 'y' }])).toEqual(['CSV_NUL'])
    expect(folder.text('out.csv')).toBe('a\ny\n')
  })
})

describe('columns', () => {
  test('of the first row; fields that come later are refused, missing ones empty', async () => {
    const folder = new Folder()
    const sink = folder.sink(csvSink, { path: 'out.csv' })
    expect(await writeAll(sink, [{ a: 1, b: 2 }, { b: 3 }, { a: 4, c: 5 }, { b: 6, a: 7 }])).toEqual(['COLUMN_UNKNOWN'])
    expect(folder.text('out.csv')).toBe('a,b\n1,2\n,3\n7,6\n')
  })

  test('of the schema, and of the options before it', async () => {
    expect(await written([{ a: 1, 7: 2 }], {}, { input: schema('b', 'a', '7') })).toBe('b,a,7\n,1,2\n')
    expect(await written([{ a: 1 }], { columns: ['c', 'a'] }, { input: schema('b', 'a') })).toBe('c,a\n,1\n')
    const folder = new Folder()
    expect(await writeAll(folder.sink(csvSink, { path: 'o', columns: ['a'] }), [{ b: 1 }])).toEqual(['COLUMN_UNKNOWN'])
    expect(folder.text('o')).toBe('a\n')
  })

  test('of the first row, and those that rows may have besides, where not all fields are known', async () => {
    const open = { ...schema('b', 'a'), closed: false }
    const rows = [{ c: 1, a: 2 }, { b: 3 }]
    expect(await written(rows, {}, { input: open })).toBe('c,a,b\n1,2,\n,,3\n')
    expect(await written([], {}, { input: open })).toBe('')
    const years = { ...schema('land', '2010', 'code'), closed: false }
    expect(await written([{ land: 'x', 2010: 1, code: 2, more: 3 }], {}, { input: years })).toBe(
      'land,2010,code,more\nx,1,2,3\n',
    )
  })

  const withErrors = (closed: boolean, ...names: string[]): RowSchema => ({
    fields: new Map([...schema(...names).fields, ...REJECT_FIELDS, [ERROR_FIELD, ERROR_SCHEMA]]),
    closed,
    observed: !closed,
  })
  const failed = { id: 1, _error: { code: 'BAD', node: 'step', field: 'id', message: 'it is 1', branch: 'b' } }
  const rejected = {
    ...{ source: 'in', file: 'in.csv', line: 3, raw: 'x,' },
    _error: { code: 'CSV_RAGGED', node: 'in', message: 'one cell is missing' },
  }
  const HEADER = 'id,source,file,line,raw,error_code,error_node,error_field,error_message\n'
  const LINES = '1,,,,,BAD,step,id,it is 1\n,in,in.csv,3,"x,",CSV_RAGGED,in,,one cell is missing\n'

  test('of rows that met errors: their own, those of rejected records, those of the error, in this order', async () => {
    expect(await written([failed, rejected], {}, { input: withErrors(true, 'id') })).toBe(HEADER + LINES)
    // Whichever comes first, and though nothing is declared.
    expect(await written([failed, rejected], {}, { input: withErrors(false) })).toBe(HEADER + LINES)
    const originals = { id: 'Id' }
    const [first, second] = LINES.split(/(?<=\n)/)
    expect(await written([rejected, failed], {}, { input: withErrors(false), originals })).toBe(HEADER + second + first)
  })

  test('a field of the row’s own keeps its name beside those of the error', async () => {
    const again = { id: 1, error_code: 'OLD', _error: { code: 'NEW', node: 'step', message: 'm' } }
    expect(await written([again], {}, { input: schema('id', 'error_code', '_error') })).toBe(
      'id,error_code,_error_code,error_node,error_field,error_message\n1,OLD,NEW,step,,m\n',
    )
  })

  test('what an error adds is left out where `columns` or the file has no place for it, also after winding back', async () => {
    const input = withErrors(false)
    expect(await written([failed, rejected], { columns: ['id', 'error_code'] }, { input })).toBe(
      'id,error_code\n1,BAD\n,CSV_RAGGED\n',
    )
    const folder = new Folder()
    folder.put('out.csv', 'id,raw\n0,\n')
    const sink = folder.sink(csvSink, { path: 'out.csv', if_exists: 'append' }, { input })
    const intent = await sink.prepare()
    await sink.open(intent, null)
    expect(sink.write(failed)).toBeNull()
    expect(sink.warnings?.()).toEqual([
      expect.stringContaining('no column for source, file, line, error_code, error_node, error_field, error_message'),
    ])
    const receipt = await sink.flush()
    await sink.open(intent, receipt)
    expect(sink.write(rejected)).toBeNull()
    expect(sink.write({ id: 2, other: 3 })).toMatchObject({ code: 'COLUMN_UNKNOWN', field: 'other' })
    await sink.finish()
    await sink.publish()
    await sink.close()
    expect(folder.text('out.csv')).toBe('id,raw\n0,\n1,\n,"x,"\n')
  })

  test('`columns` that leave out what errors add are warned of', () => {
    const options = csvSink.options.parse({ path: 'o.csv', columns: ['id', 'error_code'] })
    expect(csvSink.checkInput?.(options, withErrors(true, 'id'))).toEqual([
      expect.objectContaining({ severity: 'warning', message: expect.stringContaining('error_message') as string }),
    ])
    expect(csvSink.checkInput?.(options, schema('id'))).toEqual([])
  })

  test('a field named __proto__ is data', async () => {
    expect(await written([JSON.parse('{"__proto__": 1, "constructor": 2}')])).toBe('__proto__,constructor\n1,2\n')
  })

  test('headers: as in the source, or as given', async () => {
    const rows = [{ id: 1, loan_amount: 2 }]
    const more = { originals: { loan_amount: 'Loan, Amount' } }
    expect(await written(rows, { headers: 'original' }, more)).toBe('id,"Loan, Amount"\n1,2\n')
    expect(await written(rows, { headers: { id: 'Nr' } }, more)).toBe('Nr,loan_amount\n1,2\n')
    expect(await written(rows, {}, more)).toBe('id,loan_amount\n1,2\n')
    expect(await written([], { headers: 'original' }, { ...more, input: schema('loan_amount') })).toBe(
      '"Loan, Amount"\n',
    )
  })
})

describe('appending', () => {
  const append = async (prior: string, rows: Row[], options: object = {}, more: Parameters<Folder['sink']>[2] = {}) => {
    const folder = new Folder()
    folder.put('out.csv', prior)
    const sink = folder.sink(csvSink, { path: 'out.csv', if_exists: 'append', ...options }, more)
    const refused = await writeAll(sink, rows)
    return [folder.text('out.csv'), ...refused]
  }

  test('keeps the header and its order', async () => {
    expect(await append('b,a\nx,y\n', [{ a: 1, b: 2 }])).toEqual(['b,a\nx,y\n2,1\n'])
    expect(await append('b,a\nx,y', [{ a: 1, b: 2 }], { newline: 'crlf' })).toEqual(['b,a\nx,y\r\n2,1\r\n'])
    expect(await append('b,a', [])).toEqual(['b,a'])
    expect(await append('', [{ a: 1 }])).toEqual(['a\n1\n'])
    expect(await append('a\n', [{ b: 1 }])).toEqual(['a\n', 'COLUMN_UNKNOWN'])
    expect(await append('b,a\n', [{ a: 1, b: 2 }], {}, { input: schema('a', 'b') })).toEqual(['b,a\n2,1\n'])
  })

  test('knows renamed headers', async () => {
    expect(await append('Nr,b\n', [{ b: 1, id: 2 }], { headers: { id: 'Nr' } })).toEqual(['Nr,b\n2,1\n'])
    const more = { originals: { loan_amount: 'Loan Amount' }, input: schema('id', 'loan_amount') }
    expect(await append('Loan Amount,id\n', [{ id: 1, loan_amount: 2 }], { headers: 'original' }, more)).toEqual([
      'Loan Amount,id\n2,1\n',
    ])
  })

  test('other columns are refused at once', async () => {
    const wrong = { code: 'CUSTODY_SINK', hint: expect.stringContaining('same columns') }
    await expect(append('a,b\n', [], { columns: ['a'] })).rejects.toMatchObject(wrong)
    await expect(append('a\n', [], {}, { input: schema('a', 'b') })).rejects.toMatchObject(wrong)
    await expect(
      append('a\n', [{ a: 1, b: 2 }], { headers: 'original' }, { input: schema('a', 'b') }),
    ).rejects.toMatchObject(wrong)
    await expect(append('a,"b\n', [])).rejects.toMatchObject({ code: 'CUSTODY_SINK' })
  })
})

test('options that can’t be honoured are reported', () => {
  expect(csvSink.options.safeParse({ path: 'x', delimiter: 'a' }).success).toBe(false)
  expect(csvSink.options.safeParse({ path: 'x', delimiter: ',,' }).success).toBe(false)
  expect(
    csvSink.check?.(csvSink.options.parse({ path: 'x', columns: ['a', 'a'], headers: { a: 'x', b: 'x' } }), []),
  ).toHaveLength(2)
})

describe('what is known of rows', () => {
  const input = (fields: { readonly [name: string]: boolean }): RowSchema => ({
    fields: new Map(Object.entries(fields).map(([name, optional]) => [name, { schema: {}, optional }])),
    closed: true,
    observed: false,
  })
  const problems = (options: object, fields: { readonly [name: string]: boolean }) =>
    csvSink
      .checkInput?.(csvSink.options.parse({ path: 'x', ...options }), input(fields))
      .map(({ path, message, severity = 'error' }) => [severity, path.join('.'), message])

  test('columns that leave out what every row has', () => {
    expect(problems({ columns: ['a'] }, { a: false, b: false, c: true })).toEqual([
      ['error', 'columns', 'every row has b, and no column for it: all would be refused with COLUMN_UNKNOWN'],
    ])
    expect(problems({ columns: ['a'] }, { a: false, c: true })).toEqual([
      ['warning', 'columns', 'rows can have c, and no column for it: those would be refused with COLUMN_UNKNOWN'],
    ])
    // `2010` may be the header of a field that is known.
    for (const options of [{ columns: ['2010'] }, { columns: ['a'], new_columns: 'union' }, { columns: ['a', 'b'] }])
      expect(problems(options, { a: false, b: false })).toEqual([])
  })

  test('a header that is another column’s', () => {
    expect(problems({ headers: { id: 'k' } }, { id: false, k: true })).toEqual([
      ['error', 'headers.id', 'id would have the header k, which is that of another column'],
    ])
    expect(problems({ headers: { id: 'k', k: 'id' } }, { id: false, k: true })).toEqual([])
    expect(problems({ headers: { id: 'k' }, columns: ['id'], new_columns: 'union' }, { id: false, k: true })).toEqual(
      [],
    )
  })

  test('what isn’t known before the run stops it before the header is written', async () => {
    const folder = new Folder()
    const sink = folder.sink(csvSink, { path: 'out.csv', headers: { id: 'k' } })
    await expect(writeAll(sink, [{ id: 1, k: 2 }])).rejects.toMatchObject({
      code: 'CUSTODY_SINK',
      message: 'id and k would have the same header, k',
    })
  })
})

test('columns and headers name fields that rows may lack', () => {
  const options = csvSink.options.parse({ path: 'x', columns: ['a', 'b'], headers: { a: 'A' } })
  expect(csvSink.requires?.(options, [])).toEqual([
    { field: 'a', optional: true, path: ['columns', 0] },
    { field: 'b', optional: true, path: ['columns', 1] },
    { field: 'a', optional: true, path: ['headers', 'a'] },
  ])
})

test('from file to file nothing changes', async () => {
  const folder = new Folder()
  const content = 'id,Loan Amount,note\n1,5000,"a, ""b""\nc"\n2,,""\n3,x,Zoë\n'
  folder.put('in.csv', content)
  const source = folder.source(csvSource, { path: 'in.csv' })
  const rows = await rowsOf(source)
  expect(rows[0]).toEqual({ id: '1', loan_amount: '5000', note: 'a, "b"\nc' })
  const originals = { ...source.originalNames?.() }
  await writeAll(folder.sink(csvSink, { path: 'out.csv', headers: 'original' }, { originals }), rows)
  expect(folder.text('out.csv')).toBe(content)
})

test('any table is read back as it was written', async () => {
  const cell = fc.oneof(
    fc.constant(null),
    fc.string({ unit: fc.constantFrom(',', ';', '"', '\n', '\r', ' ', 'a', 'é', '🙂', '\uFEFF'), maxLength: 6 }),
    fc.string({ unit: 'grapheme', maxLength: 8 }).map(text => text.replaceAll('\0', '')),
  )
  const table = fc
    .uniqueArray(
      fc.string({ unit: 'grapheme', maxLength: 5 }).map(text => text.replaceAll('\0', '')),
      { minLength: 1, maxLength: 5 },
    )
    .chain(names => fc.tuple(fc.constant(names), fc.array(fc.tuple(...names.map(() => cell)), { maxLength: 6 })))
  const syntax = fc.record({
    delimiter: fc.constantFrom(',', ';', 'tab', '|'),
    newline: fc.constantFrom('lf', 'crlf'),
    bom: fc.boolean(),
  })
  const folder = new Folder()
  await fc.assert(
    fc.asyncProperty(table, syntax, async ([names, lines], options) => {
      const rows = lines.map(cells => Object.fromEntries(cells.map((value, index) => [names[index]!, value])) as Row)
      const sink = folder.sink(csvSink, { path: 'out.csv', if_exists: 'replace', columns: names, ...options })
      expect(await writeAll(sink, rows)).toEqual([])
      const { delimiter } = options
      const read = await rowsOf(folder.source(csvSource, { path: 'out.csv', delimiter, normalise: false }))
      expect(read).toEqual(rows)
    }),
    { numRuns: 150 },
  )
})
