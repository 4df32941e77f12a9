import { expect, test } from 'vitest'
import { Folder, readAll } from '../../../test/support/plugin-files.ts'
import type { Row } from '../../model/row.ts'
import { type FieldSchema, OBSERVED } from '../../model/schema.ts'
import { parseFieldShorthand } from '../../sdk/field-type.ts'
import { conformanceProblems } from '../../sdk/testing.ts'
import { excelSink } from './excel-sink.ts'
import { excelSource } from './excel-source.ts'

async function written(folder: Folder, rows: readonly object[], options: object = {}, input = OBSERVED) {
  const sink = folder.sink(excelSink, { path: 'out.xlsx', if_exists: 'replace', ...options }, { input })
  await sink.open(await sink.prepare(), null)
  const refused = rows.map(row => sink.write(row as Row)).filter(each => each !== null)
  await sink.finish()
  const artifact = await sink.publish()
  await sink.close()
  return { refused, artifact }
}

async function read(folder: Folder, options: object = {}) {
  const source = folder.source(excelSource, { path: 'out.xlsx', ...options })
  try {
    return (await readAll(source)).map(each => (each.kind === 'row' ? each.row : each.code))
  } finally {
    await source.close()
  }
}

test('the kit finds nothing wrong with it', async () => {
  expect(await conformanceProblems(excelSink)).toEqual([])
})

test('what was written is read: types, texts that look like formulas or codes, sheets by value', async () => {
  const folder = new Folder()
  const input = { ...OBSERVED, fields: new Map([['price', parseFieldShorthand('decimal(2)') as FieldSchema]]) }
  const rows = [
    {
      region: 'North',
      id: 1,
      price: '0.50',
      day: '1900-02-28',
      at: '2024-02-29T12:00:00.250',
      flag: true,
      note: '=1+1',
    },
    {
      region: 'South',
      id: 1e21,
      price: '12345678901234567.89',
      day: '9999-12-31',
      at: 'soon',
      flag: false,
      note: ' <a> &\r\n_x0041_\u0001 ',
    },
    { region: 'north', id: -0.1, price: null, day: null, at: null, flag: null, note: ['x', { y: 1 }], later: 1 },
  ]
  const { refused } = await written(folder, rows, { sheet_field: 'region', dates: ['day', 'at'] }, input)
  expect(refused).toEqual([])
  expect(await read(folder, { sheet: 'North' })).toEqual([
    { ...rows[0], price: 0.5, at: '2024-02-29T12:00:00.250', later: null },
    { ...rows[2], note: '["x",{"y":1}]' },
  ])
  expect(await read(folder, { sheet: 'South' })).toEqual([{ ...rows[1], later: null }])
})

test('what a sheet can’t hold refuses its row', async () => {
  const folder = new Folder()
  const rows = [
    { s: 'a/b', text: '' },
    { s: null, text: '' },
    { s: 'x'.repeat(32), text: '' },
    { s: 'ok', text: 'x'.repeat(32_768) },
    { s: 'ok', text: 'x'.repeat(32_767) },
    { s: 'ok', text: '', more: 1 },
  ]
  const { refused, artifact } = await written(folder, rows, { sheet_field: 's', columns: ['s', 'text'] })
  expect(refused.map(each => each.code)).toEqual([
    'SHEET_NAME',
    'SHEET_NAME',
    'SHEET_NAME',
    'TEXT_TOO_LONG',
    'COLUMN_UNKNOWN',
  ])
  expect(artifact).toMatchObject({ rows: 1 })
})

test('a sheet is full with its 1,048,576th row, and says so', async () => {
  const folder = new Folder()
  const sink = folder.sink(excelSink, { path: 'out.xlsx' })
  const state = { columns: ['a'], sheets: [{ name: 'Sheet1', rows: 1_048_574, widths: [1] }] }
  const intent = await sink.prepare()
  await sink.open(intent, null)
  const receipt = await sink.flush()
  await sink.open(intent, { ...receipt, state: { finished: false, format: state } })
  expect(sink.write({ a: 1 })).toBeNull()
  expect(sink.write({ a: 2 })).toMatchObject({ code: 'SHEET_FULL' })
  await sink.close()
})

test('without rows there is a sheet, with a header where columns are known', async () => {
  const folder = new Folder()
  await written(folder, [])
  expect(await read(folder)).toEqual([])
  await written(folder, [], { columns: ['a', 'b'], headers: { a: 'First' } })
  const source = folder.source(excelSource, { path: 'out.xlsx' })
  expect((await source.begin!()).columns).toEqual([
    { field: 'First', header: 'First' },
    { field: 'b', header: 'b' },
  ])
  await source.close()
})
