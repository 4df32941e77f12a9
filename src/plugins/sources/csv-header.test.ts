import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { brief, Folder, readAll } from '../../../test/support/plugin-files.ts'
import { OBSERVED, type RowSchema } from '../../model/schema.ts'
import { csvSource } from './csv.ts'
import { type Columns, columnsOf, normaliseName } from './csv-header.ts'

const schema = (...names: string[]): RowSchema => ({
  fields: new Map(names.map(name => [name, { schema: {}, optional: true }])),
  closed: false,
  observed: false,
})

const readWith = (content: string | Uint8Array, input: RowSchema = OBSERVED, options: object = {}) => {
  const folder = new Folder()
  folder.put('in.csv', content)
  return readAll(folder.source(csvSource, { path: 'in.csv', ...options }, input))
}

describe('header', () => {
  test.each([
    ['Amount', 'Amount'],
    ['creditScore', 'creditScore'],
    [' padded ', 'padded'],
    ['Loan Amount', 'loan_amount'],
    ['  Größe (cm) ', 'größe_cm'],
    ['2nd %', '_2nd'],
    ['', 'column_3'],
    ['%', 'column_3'],
  ])('%j gives the field %j', (header, field) => {
    expect(normaliseName(header, 3)).toBe(field)
  })

  test('original names are kept', async () => {
    const folder = new Folder()
    folder.put('in.csv', 'id,Loan Amount\n1,2\n')
    const source = folder.source(csvSource, { path: 'in.csv' })
    expect(source.originalNames?.()).toBeNull()
    expect((await readAll(source)).map(brief)).toEqual([[2, { id: '1', loan_amount: '2' }]])
    expect({ ...source.originalNames?.() }).toEqual({ loan_amount: 'Loan Amount' })
    const [kept] = await readWith('id,Loan Amount\n1,2\n', OBSERVED, { normalise: false })
    expect(brief(kept!)).toEqual([2, { id: '1', 'Loan Amount': '2' }])
  })

  test.each([
    [
      ['a b', 'x', 'A-B'],
      ['a_b', 'x', 'a_b_2'],
    ],
    [
      ['a', 'a', 'a_2', 'a'],
      ['a', 'a_3', 'a_2', 'a_4'],
    ],
    [
      ['', 'column_1', ''],
      ['column_1_2', 'column_1', 'column_3'],
    ],
  ])('%j gives each column a field of its own', (headers, names) => {
    expect(columnsOf(headers, { normalise: true, declared: [] })).toMatchObject({ names })
  })

  test('any headers give each column a field of its own, and the first of its name has it', () => {
    const header = fc.constantFrom('a', 'A', 'a_2', 'a_3', '', 'column_2', '2', '%')
    fc.assert(
      fc.property(fc.array(header, { minLength: 1, maxLength: 12 }), fc.boolean(), (headers, normalise) => {
        const { names, originals } = columnsOf(headers, { normalise, declared: [] }) as Columns
        expect(new Set(names).size).toBe(headers.length)
        expect(names.map(name => originals[name] ?? name)).toEqual(headers)
        // A name that stands in the file is that column's.
        const owned = normalise ? headers.filter(each => normaliseName(each, 0) === each) : headers.filter(Boolean)
        for (const each of owned) expect(names[headers.indexOf(each)]).toBe(each)
      }),
    )
  })

  test('100,000 columns of one name take no time to speak of', () => {
    const { names } = columnsOf(Array(100_000).fill('x'), { normalise: true, declared: [] }) as Columns
    expect(names.at(-1)).toBe('x_100000')
  })

  test('two columns that could be what the schema declares are named', async () => {
    const [two, both] = [schema('a_b'), schema('a_b', 'a_b_2')]
    await expect(readWith('a b,x,A-B\n', two)).rejects.toMatchObject({
      code: 'CUSTODY_SOURCE',
      message: expect.stringContaining('column 1 ("a b") and column 3 ("A-B")'),
    })
    const [record] = await readWith('a b,x,A-B\n1,2,3\n', both)
    expect(brief(record!)).toEqual([2, { a_b: '1', x: '2', a_b_2: '3' }])
  })

  test('what got numbers, what may be a comment, and what a byte order mark overruled, are warnings', async () => {
    const folder = new Folder()
    folder.put('in.csv', '\uFEFFa,A b,a_b,é\n')
    const warnings = async (options: object) => {
      const source = folder.source(csvSource, { path: 'in.csv', ...options })
      const head = await source.begin?.()
      await source.close()
      return head?.warnings
    }
    expect(await warnings({})).toEqual([
      'in.csv has columns that would be the same field as another one, and got numbers: `a_b_2` ("A b")',
    ])
    expect(await warnings({ normalise: false, encoding: 'latin1' })).toEqual([
      'in.csv begins with a byte order mark that says utf-8; it overrides encoding: windows-1252',
    ])
    expect(await warnings({ normalise: false })).toBeUndefined()
    folder.put('in.csv', '# of today\nid,n\n1,2\n')
    expect(await warnings({})).toEqual([
      'in.csv begins with "# of today", which is taken for its header; if it is none, set comment: \'#\'',
    ])
    expect(await warnings({ comment: '#' })).toBeUndefined()
  })

  test('a header that the schema declares keeps its name', async () => {
    const [record] = await readWith('land,2010,Loan Amount\nPeru,1,2\n', schema('2010', 'Loan Amount'))
    expect(brief(record!)).toEqual([2, { land: 'Peru', 2010: '1', 'Loan Amount': '2' }])
  })

  test.each([
    ['id;Loan Amount\n1;2\n', {}, "set delimiter: ';'"],
    ['"id";"Loan Amount"\n1;2\n', {}, "set delimiter: ';'"],
    ['id\tname, title\n1\t2\n', {}, "set delimiter: 'tab'"],
    ['id|loan_amount\n1|2\n', { delimiter: ';' }, "set delimiter: '|'"],
    ['id,loan_amount\n1,2\n', { delimiter: ';' }, "set delimiter: ','"],
  ])('%j with %j has another delimiter', async (content, options, hint) => {
    const error = { code: 'CUSTODY_SOURCE', hint: expect.stringContaining(hint) }
    await expect(readWith(content, schema('id', 'loan_amount'), options)).rejects.toMatchObject(error)
  })

  test.each([
    ['a;b\n1;2\n', schema('id')],
    ['a;b\n1;2\n', schema('a_b')],
    ['a;b\n1;2\n', schema()],
    ['id,x;y\n1,2\n', schema('id', 'x')],
  ])('%j may be what it is', async (content, input) => {
    expect(await readWith(content, input)).toHaveLength(1)
  })

  test('a malformed header can’t be read', async () => {
    await expect(readWith('a,b"c\n1,2\n')).rejects.toMatchObject({ code: 'CUSTODY_SOURCE' })
    await expect(readWith('a,"b\n1,2\n')).rejects.toMatchObject({ code: 'CUSTODY_UNCLOSED_QUOTE' })
    await expect(readWith('a,b"c\n1,2\n', schema('a'))).rejects.not.toHaveProperty(
      'hint',
      expect.stringMatching(/delim/),
    )
    await expect(readWith(Buffer.from('a,b\n', 'utf16le'))).rejects.toMatchObject({
      hint: expect.stringContaining('utf-16le'),
    })
  })
})
