import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Folder, readAll } from '../../../test/support/plugin-files.ts'
import type { Row } from '../../model/row.ts'
import { type FieldSchema, OBSERVED, type RowSchema } from '../../model/schema.ts'
import { parseFieldShorthand } from '../../sdk/field-type.ts'
import { conformanceProblems } from '../../sdk/testing.ts'
import { unpackHadoopLz4, unpackLz4Block } from './lz4.ts'
import { parquetSink } from './parquet-sink.ts'
import { parquetSource } from './parquet-source.ts'

const declared = (fields: { readonly [field: string]: string | FieldSchema['schema'] }): RowSchema => ({
  ...OBSERVED,
  fields: new Map(
    Object.entries(fields).map(([name, type]) => [
      name,
      typeof type === 'string' ? (parseFieldShorthand(type) as FieldSchema) : { schema: type, optional: true },
    ]),
  ),
})

async function written(folder: Folder, rows: readonly object[], options: object = {}, input = OBSERVED) {
  const sink = folder.sink(parquetSink, { path: 'out.parquet', if_exists: 'replace', ...options }, { input })
  await sink.open(await sink.prepare(), null)
  const refused = rows.map(row => sink.write(row as Row)).filter(each => each !== null)
  await sink.finish()
  await sink.publish()
  await sink.close()
  return refused
}

async function read(folder: Folder, options: object = {}) {
  const source = folder.source(parquetSource, { path: 'out.parquet', ...options })
  try {
    return await readAll(source)
  } finally {
    await source.close()
  }
}

const rowsIn = async (folder: Folder, options: object = {}) =>
  (await read(folder, options)).map(each => (each.kind === 'row' ? each.row : each.code))

test('the kit finds nothing wrong with the sink', async () => {
  expect(await conformanceProblems(parquetSink)).toEqual([])
})

test('what was written is read: types that are declared, nested values, what has nothing in common as JSON', async () => {
  const folder = new Folder()
  const input = declared({
    price: 'decimal(2)',
    large: 'big_integer',
    share: 'number',
    day: { type: 'string', format: 'date' },
    at: { type: 'string', format: 'date-time' },
    doubtful: { type: 'string', format: 'date' },
  })
  const rows = [
    {
      id: 1,
      price: '-0.05',
      large: '123456789012345678901234567890',
      share: 2,
      day: '2024-02-29',
      at: '2024-02-29T12:00:00.25Z',
      doubtful: '2024-01-01',
      mixed: 'a',
      list: [1, 2.5],
      group: { a: 'x', b: [{ c: true }] },
    },
    {
      id: 2,
      price: '1234.50',
      large: '-1',
      share: 0.5,
      day: '1969-12-31',
      at: '1969-12-31T23:59:59.999999Z',
      doubtful: 'soon',
      mixed: [1],
      list: [],
      group: { a: null, b: [] },
    },
    {
      id: 3,
      price: null,
      large: null,
      share: null,
      day: null,
      at: null,
      doubtful: null,
      mixed: { x: 1 },
      list: null,
      group: null,
      later: true,
    },
  ]
  for (const codec of ['none', 'snappy', 'zstd']) {
    expect(await written(folder, rows, { codec, row_group_rows: 2 }, input)).toEqual([])
    const first = readFileSync(`${folder.path}/out.parquet`)
    expect(await rowsIn(folder)).toEqual([{ ...rows[0], later: null }, { ...rows[1], later: null }, rows[2]])
    await written(folder, rows, { codec, row_group_rows: 2 }, input)
    expect(readFileSync(`${folder.path}/out.parquet`).equals(first)).toBe(true)
  }
  expect(await rowsIn(folder, { columns: ['later', 'id'] })).toEqual([
    { later: null, id: 1 },
    { later: null, id: 2 },
    { later: true, id: 3 },
  ])
  await expect(rowsIn(folder, { columns: ['none'] })).rejects.toMatchObject({
    code: 'CUSTODY_SOURCE',
    hint: expect.stringContaining('id, price'),
  })
})

test('reading continues behind each record, within row groups and at their ends', async () => {
  const folder = new Folder()
  await written(
    folder,
    Array.from({ length: 7 }, (_, id) => ({ id })),
    { row_group_rows: 3 },
  )
  const all = await read(folder)
  expect(all).toHaveLength(7)
  for (const [i, { position }] of all.entries()) {
    const source = folder.source(parquetSource, { path: 'out.parquet' })
    expect(await readAll(source, { records: i + 1, position })).toEqual(all.slice(i + 1))
    await source.close()
  }
})

test('a column that nobody named refuses its row', async () => {
  const folder = new Folder()
  expect(await written(folder, [{ a: 1 }, { a: 2, b: 3 }], { columns: ['a'] })).toMatchObject([
    { code: 'COLUMN_UNKNOWN', field: 'b' },
  ])
  expect(await rowsIn(folder)).toEqual([{ a: 1 }])
})

test('no row, with and without columns that are known', async () => {
  const folder = new Folder()
  await written(folder, [], { columns: ['a'] })
  expect(await rowsIn(folder)).toEqual([])
})

describe('what is no Parquet file, or is damaged, stops with its code', () => {
  test.each([
    ['CSV', () => Buffer.from('id\n1\n'), 'CUSTODY_INPUT_FORMAT'],
    ['nothing', () => Buffer.alloc(0), 'CUSTODY_INPUT_FORMAT'],
    ['an encrypted one', () => Buffer.from('PARE........PARE'), 'CUSTODY_INPUT_FORMAT'],
    ['one that was cut', (good: Buffer) => good.subarray(0, -20), 'CUSTODY_SOURCE'],
    [
      'one whose pages were overwritten',
      (good: Buffer) => Buffer.concat([good.subarray(0, 4), Buffer.alloc(40, 0xff), good.subarray(44)]),
      'CUSTODY_SOURCE',
    ],
  ])('%s', async (_, damage, code) => {
    const folder = new Folder()
    await written(
      folder,
      Array.from({ length: 50 }, (_, id) => ({ id, name: `name ${id}` })),
    )
    folder.put('out.parquet', damage(readFileSync(`${folder.path}/out.parquet`)))
    await expect(read(folder)).rejects.toMatchObject({ code })
  })
})

test('LZ4: literals, copies that overlap, frames of Hadoop, and blocks that lie', () => {
  // "ab", then 6 bytes from 2 back, then "!"
  const block = Uint8Array.from([0x22, 0x61, 0x62, 2, 0, 0x10, 0x21])
  expect(Buffer.from(unpackLz4Block(block, 9)).toString()).toBe('abababab!')
  const framed = Uint8Array.from([0, 0, 0, 9, 0, 0, 0, 7, ...block])
  expect(Buffer.from(unpackHadoopLz4(framed, 9)).toString()).toBe('abababab!')
  expect(Buffer.from(unpackHadoopLz4(block, 9)).toString()).toBe('abababab!')
  expect(() => unpackLz4Block(block, 8)).toThrow(RangeError)
  expect(() => unpackLz4Block(Uint8Array.from([0x12, 0x61, 9, 0]), 20)).toThrow(RangeError)
})
