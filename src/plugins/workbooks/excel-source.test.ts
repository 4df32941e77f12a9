import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { brief, Folder, readAll } from '../../../test/support/plugin-files.ts'
import { type WorkbookParts, workbookOf } from '../../../test/support/workbook.ts'
import { zipOf } from '../../../test/support/zip.ts'
import { type FieldSchema, OBSERVED, type RowSchema } from '../../model/schema.ts'
import { parseFieldShorthand } from '../../sdk/field-type.ts'
import { NOBODY_TO_ASK } from '../../sdk/source.ts'
import { excelSource } from './excel-source.ts'

const declared = (fields: { readonly [field: string]: string }): RowSchema => ({
  ...OBSERVED,
  fields: new Map(Object.entries(fields).map(([name, type]) => [name, parseFieldShorthand(type) as FieldSchema])),
})

async function read(parts: WorkbookParts, options: object = {}, schema: RowSchema = OBSERVED) {
  const folder = new Folder()
  folder.put('in.xlsx', workbookOf(parts))
  const source = folder.source(excelSource, { path: 'in.xlsx', ...options }, schema)
  try {
    return (await readAll(source)).map(each => (each.kind === 'row' ? each.row : [each.code, each.message, each.raw]))
  } finally {
    await source.close()
  }
}

const cell = (at: string, value: string, more = '') => `<c r="${at}"${more}><v>${value}</v></c>`
const text = (at: string, value: string) => `<c r="${at}" t="inlineStr"><is><t>${value}</t></is></c>`
const row = (number: number, ...cells: string[]) => `<row r="${number}">${cells.join('')}</row>`

test('values by their kinds: numbers, texts, booleans, formulas by what was calculated', async () => {
  const strings = [
    '<t>a</t>',
    '<r><t>rich </t></r><r><rPr><b/></rPr><t>text</t></r><rPh sb="0" eb="1"><t>spoken</t></rPh>',
    '<t>two_x000D_\nlines</t>',
  ]
  const header = ['n', 's', 'b', 'f'].map((name, i) => text(`${'ABCD'[i]}1`, name))
  const rows = [
    row(1, ...header),
    row(
      2,
      cell('A2', '1.5E3'),
      cell('B2', '1', ' t="s"'),
      cell('C2', '1', ' t="b"'),
      '<c r="D2"><f>A2*2</f><v>3000</v></c>',
    ),
    row(
      4,
      cell('A4', '-0'),
      cell('B4', '2', ' t="s"'),
      cell('C4', '0', ' t="b"'),
      '<c r="D4" t="str"><f>""</f><v></v></c>',
    ),
    '<row><c t="s"><v>0</v></c><c/><c t="inlineStr"><is><t>&lt;x&gt;</t></is></c></row>',
  ]
  expect(await read({ sheets: { S: rows.join('') }, strings })).toEqual([
    { n: 1500, s: 'rich text', b: true, f: 3000 },
    { n: 0, s: 'two\r\nlines', b: false, f: null },
    { n: 'a', s: null, b: '<x>', f: null },
  ])
})

test('dates by their formats, in both systems', async () => {
  const formats = ['yyyy-mm-dd', 'dd/mm/yy hh:mm', 'h:mm AM/PM', '[h]:mm', '0.00" days"', '[Red]mmm\\ yy;@', 'mm:ss.0']
  const serials = ['1', '59', '61', '45351.5', '0.75']
  const rows = [
    row(1, ...formats.map((_, i) => text(`${'ABCDEFG'[i]}1`, `f${i}`))),
    ...serials.map((value, r) =>
      row(r + 2, ...formats.map((_, i) => cell(`${'ABCDEFG'[i]}${r + 2}`, value, ` s="${i + 1}"`))),
    ),
  ]
  const parts = { sheets: { S: rows.join('') }, formats }
  const rowsRead = await read(parts)
  expect(rowsRead.slice(0, 4).map(each => (each as { f0: string }).f0)).toEqual([
    '1900-01-01',
    '1900-02-28',
    '1900-03-01',
    '2024-02-29T12:00:00',
  ])
  expect(rowsRead[3]).toEqual({
    f0: '2024-02-29T12:00:00',
    f1: '2024-02-29T12:00:00',
    f2: '2024-02-29T12:00:00',
    f3: '1088436:00:00',
    f4: 45351.5,
    f5: '2024-02-29T12:00:00',
    f6: '2024-02-29T12:00:00',
  })
  expect((rowsRead[4] as string[]).slice(0, 2)).toEqual([
    'DATE_OUT_OF_RANGE',
    'the cell A6 has the number 0.75, which is no date',
  ])
  const [first] = await read({ ...parts, is_1904: true }, { range: 'A1:G2' })
  expect(first).toMatchObject({ f0: '1904-01-02', f3: '24:00:00' })
  const times = { sheets: { S: row(1, text('A1', 't')) + row(2, cell('A2', '0.75', ' s="3"')) }, formats }
  expect(await read(times)).toEqual([{ t: '18:00:00' }])
  const never = { sheets: { S: row(1, text('A1', 'd')) + row(2, cell('A2', '60', ' s="1"')) }, formats }
  expect(await read(never)).toMatchObject([{ 0: 'DATE_OUT_OF_RANGE' }])
})

test('errors, formulas without a value, merged cells and values beside the columns reject their records, or what options say', async () => {
  const sheet = `<sheetData>${[
    row(1, text('A1', 'a'), text('B1', 'b')),
    row(2, cell('A2', '#DIV/0!', ' t="e"'), cell('B2', '1')),
    row(3, '<c r="A3"><f>B2</f></c>', cell('B3', '2')),
    row(4, cell('A4', '3'), cell('B4', '4')),
    row(5, cell('B5', '5')),
    row(6, cell('A6', '6'), cell('D6', '7')),
    row(7, cell('A7', '99', ' t="s"')),
    row(8, text('A8', '_xD83D_')),
  ].join('')}</sheetData><mergeCells count="1"><mergeCell ref="A4:A5"/></mergeCells>`
  const parts = { sheets: { S: sheet } }
  expect(await read(parts)).toEqual([
    ['ERROR_CELL', 'the cell A2 has the error #DIV/0!', { a: '#DIV/0!', b: 1 }],
    ['FORMULA_NOT_CALCULATED', 'the cell A3 has a formula without a calculated value', { a: null, b: 2 }],
    ['MERGED_CELL', 'the cells A4:A5 are merged', { a: 3, b: 4 }],
    ['MERGED_CELL', 'the cells A4:A5 are merged', { b: 5 }],
    ['CELL_OUTSIDE_COLUMNS', 'the cell D6 has a value, and no column is named there', { a: 6, D: 7 }],
    ['CELL_INVALID', 'the cell A7 has "99", which stands for nothing', { a: '99' }],
    ['CELL_INVALID', 'the cell A8 has half of a character in it', { a: '\ufffd' }],
  ])
  const filled = await read(parts, { merged_cells: 'fill', error_cells: 'null', range: 'A1:B5' })
  expect([filled[0], filled[2], filled[3]]).toEqual([
    { a: null, b: 1 },
    { a: 3, b: 4 },
    { a: 3, b: 5 },
  ])
  expect((await read(parts, { merged_cells: 'first', error_cells: 'text', range: 'A1:B5' }))[0]).toEqual({
    a: '#DIV/0!',
    b: 1,
  })
})

test('the table is where sheet, range and header say; fields are declared as texts or decimals', async () => {
  const rows =
    row(2, text('B2', 'A title')) +
    row(4, text('B4', 'Order No'), cell('C4', '2024')) +
    row(5, cell('B5', '7'), cell('C5', '0.30000000000000004'))
  const parts = { sheets: { First: row(1, text('A1', 'x')), Second: rows } }
  const schema = declared({ order_no: 'string', _2024: 'decimal' })
  expect(await read(parts, { sheet: 'Second', range: 'B4' }, schema)).toEqual([{ order_no: '7', _2024: '0.3' }])
  expect(await read(parts, { sheet: 2, range: 'B5:C', header: false })).toEqual([
    { column_1: 7, column_2: 0.30000000000000004 },
  ])
  expect(await read(parts, { sheet: 2, range: 'B5:C5', header: false, columns: ['n', 'share'] })).toEqual([
    { n: 7, share: 0.30000000000000004 },
  ])
  await expect(read(parts, { sheet: 'Third' })).rejects.toMatchObject({ hint: 'Its sheets are First, Second.' })
  await expect(read(parts, { sheet: 3 })).rejects.toMatchObject({ code: 'CUSTODY_SOURCE' })
})

test('reading continues behind each record, compressed, in archives and lists, with the hash of the whole file', async () => {
  const rows = Array.from({ length: 9 }, (_, i) => row(i + 2, cell(`A${i + 2}`, String(i)))).join('')
  const workbook = workbookOf({ sheets: { S: row(1, text('A1', 'id')) + rows } })
  const folder = new Folder()
  folder.put('a.xlsx', workbook)
  folder.put('b.xlsx.gz', gzipSync(workbook))
  folder.put('c.zip', zipOf([{ name: 'c.xlsx', content: workbook }]))
  const all = { path: ['a.xlsx', 'b.xlsx.gz', 'c.zip'], path_field: 'file' }
  const source = folder.source(excelSource, all)
  const { names } = await source.list!(null)
  expect(names).toEqual(['a.xlsx', 'b.xlsx.gz', 'c.zip/c.xlsx'])
  const records = await readAll(source)
  expect(records).toHaveLength(27)
  expect(brief(records[26]!)).toEqual([10, { id: 8, file: 'c.zip/c.xlsx' }])
  await source.close()
  const one = folder.source(excelSource, { path: 'a.xlsx' })
  const own = await readAll(one)
  await one.close()
  for (const i of [0, 4, 8]) {
    const again = folder.source(excelSource, { path: 'a.xlsx' })
    const rest = []
    for await (const some of again.read({ records: i + 1, position: own[i]!.position }, NOBODY_TO_ASK))
      rest.push(...some)
    expect(rest).toEqual(own.slice(i + 1))
    await again.close()
  }
})

describe('what is no workbook, or is damaged, stops with its code', () => {
  const good = workbookOf({ sheets: { S: row(1, text('A1', 'id')) + row(2, cell('A2', '1')) } })
  const ole = Buffer.from('d0cf11e0a1b11ae1', 'hex')
  const sheet = (content: string) => workbookOf({ sheets: { S: content } })
  const cases: readonly (readonly [string, Buffer, string, string])[] = [
    ['xls', Buffer.concat([ole, Buffer.alloc(600)]), 'CUSTODY_INPUT_FORMAT', 'is an old Excel workbook'],
    [
      'a password',
      Buffer.concat([ole, Buffer.from('EncryptedPackage', 'utf16le')]),
      'CUSTODY_INPUT_FORMAT',
      'is encrypted',
    ],
    ['CSV', Buffer.from('id\n1\n'), 'CUSTODY_INPUT_FORMAT', 'is no Excel workbook'],
    ['nothing', Buffer.alloc(0), 'CUSTODY_INPUT_FORMAT', 'is no Excel workbook'],
    ['xlsb', zipOf([{ name: 'xl/workbook.bin', content: '' }]), 'CUSTODY_INPUT_FORMAT', '(.xlsb)'],
    ['another archive', zipOf([{ name: 'a.csv', content: '' }]), 'CUSTODY_INPUT_FORMAT', 'is no Excel workbook'],
    ['a cut file', good.subarray(0, -30), 'CUSTODY_SOURCE', 'it doesn’t end with a list of members'],
    ['broken XML', sheet('<row r="1"><c></row>'), 'CUSTODY_SOURCE', 'can’t be read as a workbook'],
    ['rows out of order', sheet('<row r="2"/><row r="1"/>'), 'CUSTODY_SOURCE', 'row 1 follows row 2'],
    [
      'an entity',
      sheet('<row r="1"><c t="str"><v>&lol;</v></c></row>'),
      'CUSTODY_SOURCE',
      'can’t be read as a workbook',
    ],
    ['a cell nowhere', sheet('<row r="1"><c r="ZZZZ1"/></row>'), 'CUSTODY_SOURCE', 'a cell has the address ZZZZ1'],
  ]
  test.each(cases)('%s', async (_, bytes, code, message) => {
    const folder = new Folder()
    folder.put('in.xlsx', bytes)
    const source = folder.source(excelSource, { path: 'in.xlsx' })
    await expect(readAll(source)).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
    await source.close()
  })

  test('nothing at all', async () => {
    const folder = new Folder()
    await expect(readAll(folder.source(excelSource, { path: 'none.xlsx' }))).rejects.toMatchObject({
      code: 'CUSTODY_FILE_NOT_FOUND',
    })
  })
})
