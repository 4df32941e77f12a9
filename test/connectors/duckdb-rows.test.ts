/** What DuckDB takes of many rows in one statement is what it takes of each in a statement of its own: COLUMN-INSERT-1, APPLY-ROWS-1. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Json } from '../../src/model/row.ts'
import { OBSERVED } from '../../src/model/schema.ts'
import { DIALECTS } from '../../src/plugins/databases/dialect.ts'
import { openDatabase } from '../../src/plugins/databases/open.ts'
import { columnInsert } from '../../src/plugins/sinks/sql/column-insert.ts'
import { FILE_TABLE, placeOf } from '../../src/plugins/sinks/sql/options.ts'
import { TableWriter } from '../../src/plugins/sinks/sql/table-writer.ts'
import type { Keyed, Outgoing } from '../../src/sdk/spec.ts'
import { Random } from '../simulation/random.ts'
import { CONNECTORS } from '../support/kills.ts'
import { sqlDatabase } from '../support/sql-databases.ts'

const SEED = Number(process.env.CUSTODY_SEED ?? 1)
const TABLES = CONNECTORS ? 25 : 3
const ROWS = 12

const folder = mkdtempSync(join(tmpdir(), 'custody-duckdb-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const TYPES = ['integer', 'ubigint', 'double', 'float', 'decimal(12, 3)', 'varchar', 'boolean', 'blob', 'json', 'date']
/** What rows of one table are made of: of one kind, of numbers, or of anything. */
const POOLS: readonly (readonly Json[])[] = [
  [1, 0, -7, 2 ** 53 - 1, 2 ** 53, null],
  [1, 2.5, 0.1, -3, 1e300, null, 12345.678],
  ['1', '2.50', 'a text', '', 'AAEC', '2026-02-28', 'NaN', null],
  [true, false, null],
  [null],
  [[1, 2], ['a'], { a: 1 }, null],
  [1, 2.5, 'x', true, null, [1], '7'],
]

/** Writes rows, `together` in each request. @returns the codes of those that were refused, by their place, and what the table has then */
async function written(type: string, rows: readonly (readonly [Json, Json])[], together: number) {
  const db = await sqlDatabase('duckdb', mkdtempSync(join(folder, 'table-')))
  await db.run(`CREATE TABLE found (n integer, a ${type}, b ${type})`)
  const options = FILE_TABLE.parse({ ...db.options, table: 'found' })
  const context = { node: 'table', run: 'a-run', folder, input: OBSERVED, secrets: [], placed: null }
  const writer = new TableWriter('duckdb', options, { ...context, originalNames: () => ({}) })
  const refused: (readonly [number, string])[] = []
  for (let first = 0; first < rows.length; first += together) {
    const keyed = rows.slice(first, first + together).map(([a, b], i): Keyed<Outgoing> => {
      // cast: without a key no row is refused before it is sent.
      return { outgoing: writer.request({ n: first + i, a, b }) as Outgoing, key: `${first + i}` }
    })
    const sent = await writer.send(keyed as [Keyed<Outgoing>], { signal: new AbortController().signal, epoch: 1 })
    if (sent.kind !== 'accepted') throw new Error(JSON.stringify(sent))
    for (const [place, { code }] of sent.refused ?? []) refused.push([first + place, code])
  }
  await writer.close()
  const database = await openDatabase(placeOf('duckdb', options, folder))
  const { records } = await database.ask('SELECT n, a::varchar, b::varchar FROM found ORDER BY n')
  const inOrder = await database.ask('SELECT n FROM found')
  await database.close()
  expect(inOrder.records.map(([n]) => n)).toEqual(records.map(([n]) => n))
  return { refused, records }
}

test('in one request as one by one', async () => {
  const random = new Random(SEED)
  for (let i = 0; i < TABLES; i++) {
    const type = random.pick(TYPES)
    const [one, other] = [random.pick(POOLS), random.pick(POOLS)]
    const rows = Array.from({ length: ROWS }, () => [random.pick(one), random.pick(other)] as const)
    expect(await written(type, rows, ROWS), `${type}: ${JSON.stringify(rows)}`).toEqual(await written(type, rows, 1))
  }
})

test('columns of one type go as lists, and numbers that are whole or not as two', () => {
  const target = { table: ['t'] as const, mode: 'append' as const, key: [] }
  const made = (rows: Parameters<typeof columnInsert>[3], type = 'DOUBLE') =>
    columnInsert(DIALECTS.duckdb, target, ['a', 'b'], rows, new Map([['a', type]]))
  const whole = [
    [1, 'x'],
    [null, 'y'],
  ]
  expect(made(whole)?.params).toEqual([
    [1, null],
    ['x', 'y'],
  ])
  const numbers = [
    [1, null],
    [2.5, null],
  ]
  expect(made(numbers)).toEqual({
    statement:
      'INSERT INTO "t" ("a", "b") SELECT coalesce(CAST(v0 AS DOUBLE), CAST(v1 AS DOUBLE)), NULL ' +
      'FROM (SELECT unnest($1) AS v0, unnest($2) AS v1)',
    params: [
      [1, null],
      [null, 2.5],
    ],
  })
  expect(made(numbers, 'STRUCT(a INTEGER)')).toBeNull()
  expect(
    made([
      [1, 'x'],
      ['1', 'x'],
    ]),
  ).toBeNull()
  expect(made([[[1], 'x']])).toBeNull()
})
