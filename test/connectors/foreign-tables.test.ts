/**
 * Workbooks and Parquet files of other programs, type by type, and ours as they read them. `npm test` reads what stands in test/fixtures/tables, which
 * tables.py has written; `npm run connectors` has it written anew, and ours read, where there is a Python with the packages, and by DuckDB.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, expect, test } from 'vitest'
import type { Row } from '../../src/model/row.ts'
import { type FieldSchema, OBSERVED } from '../../src/model/schema.ts'
import { parquetSink } from '../../src/plugins/parquet/parquet-sink.ts'
import { parquetSource } from '../../src/plugins/parquet/parquet-source.ts'
import { excelSink } from '../../src/plugins/workbooks/excel-sink.ts'
import { excelSource } from '../../src/plugins/workbooks/excel-source.ts'
import { parseFieldShorthand } from '../../src/sdk/field-type.ts'
import { CONNECTORS } from '../support/kills.ts'
import { ROOT } from '../support/source-file.ts'
import { readTable, writeTable } from '../support/table-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-tables-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const SCRIPT = join(import.meta.dirname, 'tables.py')
const FIXTURES = join(ROOT, 'test', 'fixtures', 'tables')
const PACKAGES = ['pyarrow', 'openpyxl', 'xlsxwriter']
const NO_PYTHON: string | null = (() => {
  const { status } = spawnSync('python3', ['-c', `import ${PACKAGES.join(', ')}`])
  return status === 0 ? null : `no Python with ${PACKAGES.join(', ')}`
})()
const skips = (reason: string | null) => (reason === null || !CONNECTORS ? '' : ` (skipped: ${reason})`)

function python(...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('python3', [SCRIPT, ...words], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return stdout
}

async function readAllOf(from: string): Promise<number> {
  const files = readdirSync(from).filter(name => !name.endsWith('.json'))
  for (const name of files) {
    const path = join(from, name)
    const rows = name.endsWith('.xlsx') ? await readTable(excelSource, path) : await readTable(parquetSource, path)
    expect({ name, rows }).toEqual({ name, rows: JSON.parse(readFileSync(`${path}.json`, 'utf8')) })
  }
  return files.length
}

test('files of other programs are read, value by value', async () => {
  expect(await readAllOf(FIXTURES)).toBe(9)
})

test.skipIf(!CONNECTORS || NO_PYTHON !== null)(`and those that they write now${skips(NO_PYTHON)}`, async () => {
  python('write', folder)
  expect(await readAllOf(folder)).toBe(12)
})

const DECLARED = {
  id: 'integer',
  price: 'decimal(2)',
  large: 'big_integer',
  day: { type: 'string', format: 'date' },
  at: { type: 'string', format: 'date-time' },
} as const
const input = {
  ...OBSERVED,
  fields: new Map<string, FieldSchema>(
    Object.entries(DECLARED).map(([name, type]) => [
      name,
      // cast: each of the texts is a type
      typeof type === 'string' ? (parseFieldShorthand(type) as FieldSchema) : { schema: type, optional: true },
    ]),
  ),
}
const ROWS: readonly Row[] = [
  {
    ...{
      id: 1,
      text: 'é😀',
      flag: true,
      share: 0.1,
      price: '-0.50',
      large: '12345678901234567890123',
      day: '2026-01-31',
    },
    ...{ at: '2026-01-31T14:05:00.25Z', list: [1, null], group: { a: 'x', b: [true] } },
  },
  {
    ...{ id: 2, text: '=1+1', flag: false, share: -2, price: '1234567890.00', large: '-1', day: '1969-12-31' },
    ...{ at: '0001-01-01T00:00:00Z', list: [], group: { a: null, b: [] } },
  },
  { id: 3 },
]

test.skipIf(!CONNECTORS || NO_PYTHON !== null)(`Arrow reads our Parquet files${skips(NO_PYTHON)}`, async () => {
  for (const codec of ['none', 'snappy', 'zstd']) {
    const file = join(folder, `ours-${codec}.parquet`)
    await writeTable(parquetSink, file, ROWS, { input, codec, row_group_rows: 2 })
    const { rows, types } = JSON.parse(python('read', file))
    expect(types).toEqual({
      ...{ id: 'int64', text: 'string', flag: 'bool', share: 'double', price: 'decimal128(18, 2)' },
      ...{ large: 'decimal128(38, 0)', day: 'date32[day]', at: 'timestamp[us, tz=UTC]', list: 'list<element: int64>' },
      group: 'struct<a: string, b: list<element: bool>>',
    })
    expect(rows).toEqual([
      { ...ROWS[0], at: '2026-01-31 14:05:00.250000+00:00' },
      { ...ROWS[1], at: '0001-01-01 00:00:00+00:00' },
      {
        id: 3,
        text: null,
        flag: null,
        share: null,
        price: null,
        large: null,
        day: null,
        at: null,
        list: null,
        group: null,
      },
    ])
  }
})

test.skipIf(!CONNECTORS)('DuckDB reads our Parquet files, and we read its', async () => {
  const file = join(folder, 'ours.parquet')
  await writeTable(parquetSink, file, ROWS, { input })
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  const found = await connection.runAndReadAll(
    `SELECT id, text, flag, share, price::VARCHAR, large::VARCHAR, day::VARCHAR, list::VARCHAR, "group"::VARCHAR FROM '${file}' ORDER BY id`,
  )
  expect(found.getRowsJson().slice(0, 2)).toEqual([
    ['1', 'é😀', true, 0.1, '-0.50', '12345678901234567890123', '2026-01-31', '[1, NULL]', "{'a': x, 'b': [true]}"],
    ['2', '=1+1', false, -2, '1234567890.00', '-1', '1969-12-31', '[]', "{'a': NULL, 'b': []}"],
  ])
  for (const codec of ['uncompressed', 'snappy', 'gzip', 'zstd', 'lz4_raw', 'brotli']) {
    const other = join(folder, `duckdb-${codec}.parquet`)
    for (const version of ['V1', 'V2']) {
      await connection.run(
        `COPY (SELECT i AS id, 'row ' || (i % 7) AS text, i / 4 AS share, (i / 3)::DECIMAL(30, 4) AS price, [i, NULL] AS list,
          {a: i % 2 = 0} AS "group", MAP {'k': i} AS map, DATE '2026-01-31' + i::INT AS day, NULL::UUID AS uuid FROM range(3000) r(i))
         TO '${other}' (FORMAT parquet, CODEC ${codec}, PARQUET_VERSION ${version}, ROW_GROUP_SIZE 2048)`,
      )
      const rows = await readTable(parquetSource, other)
      expect(rows).toHaveLength(3000)
      expect(rows[2999]).toEqual({
        ...{ id: 2999, text: 'row 3', share: 749.75, price: '999.6667', list: [2999, null], group: { a: false } },
        ...{ map: { k: 2999 }, day: '2034-04-18', uuid: null },
      })
    }
  }
  connection.closeSync()
  instance.closeSync()
})

test.skipIf(!CONNECTORS || NO_PYTHON !== null)(`openpyxl reads our workbooks${skips(NO_PYTHON)}`, async () => {
  const file = join(folder, 'ours.xlsx')
  const rows: readonly Row[] = [
    ...ROWS.slice(0, 1),
    {
      id: 2,
      text: '1',
      flag: false,
      share: 1e300,
      price: '1.50',
      large: '7',
      day: '9999-12-31',
      at: '2026-01-31T14:05:00',
    },
  ]
  await writeTable(excelSink, file, rows, { input })
  const { sheets, formats, frozen, bold } = JSON.parse(python('read', file))
  expect(sheets.Sheet1).toEqual([
    ['id', 'text', 'flag', 'share', 'price', 'large', 'day', 'at', 'list', 'group'],
    [
      ...[1, 'é😀', true, 0.1, -0.5, '12345678901234567890123', '2026-01-31 00:00:00', '2026-01-31T14:05:00.25Z'],
      ...['[1,null]', '{"a":"x","b":[true]}'],
    ],
    [2, '1', false, 1e300, 1.5, 7, '9999-12-31 00:00:00', '2026-01-31 14:05:00', null, null],
  ])
  expect([formats.B3[0], formats.E2[1], formats.G2[1], formats.H3[1]]).toEqual([
    ...['s', '0.00', 'yyyy-mm-dd', 'yyyy-mm-dd hh:mm:ss'],
  ])
  expect([frozen, bold]).toEqual(['A2', true])
})
