/** Splits that write tables: what is in them is what a run without splits leaves, whoever works on the splits and however often it stops. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Json } from '../src/model/row.ts'
import { openDatabase } from '../src/plugins/databases/open.ts'
import { FILE_TABLE, placeOf, SERVED_TABLE } from '../src/plugins/sinks/sql/options.ts'
import {
  hasServer,
  missingServer,
  removeServers,
  SQL_KINDS,
  type SqlDatabase,
  sqlDatabase,
} from './support/sql-databases.ts'
import { WorkFolder } from './support/work-folder.ts'

const ROWS = 240
/** Of each customer several rows; every 40th breaks a rule of the table. */
const INPUT = `id,customer,amount\n${Array.from({ length: ROWS }, (_, i) => `${i + 1},c${(i * 7) % 31},${i % 40 === 39 ? -1 : i * 3}\n`).join('')}`

let work: WorkFolder
beforeEach(() => {
  work = new WorkFolder({ 'in.csv': INPUT })
})
afterEach(() => work.close())
afterAll(removeServers)

interface Parts {
  readonly splits?: string
  /** More of the sink's options. */
  readonly options?: { readonly [option: string]: Json }
}

const pipeline = ({ kind, options }: SqlDatabase, { splits = '', options: more = {} }: Parts) => `
name: kept
${splits}
defaults: { on_error: refused, on_invalid: refused }
sources:
  orders:
    plugin: csv
    options: { path: in.csv }
    schema: { mode: fixed, fields: { id: integer, customer: string, amount: integer } }
    to: orders_kept
sinks:
  orders_kept: { plugin: ${kind}, options: ${JSON.stringify({ ...options, table: 'kept', batch: { rows: 20 }, ...more })} }
  refused: { plugin: jsonl, options: { path: out/refused.jsonl, if_exists: replace }, on_error: discard }
`

async function ask({ kind, options }: SqlDatabase, statement: string) {
  const given = { ...options, table: 'kept' }
  const parsed = kind === 'postgres' || kind === 'mysql' ? SERVED_TABLE.parse(given) : FILE_TABLE.parse(given)
  const database = await openDatabase(placeOf(kind, parsed, work.folder))
  try {
    return (await database.ask(statement)).records.map(record =>
      record.map(each => (each === null ? null : String(each))),
    )
  } finally {
    await database.close()
  }
}

const KEPT = 'SELECT id, customer, amount FROM kept ORDER BY id, customer'

/** Ids of rows that were refused, in the order in which they were written. */
const refused = () =>
  readFileSync(join(work.folder, 'out', 'refused.jsonl'), 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line).id as number)

describe.each(SQL_KINDS)('a table of %s', kind => {
  let database: SqlDatabase
  beforeEach(async ({ skip }) => {
    if (!hasServer(kind)) skip(await missingServer(kind))
    database = await sqlDatabase(kind, work.folder)
  })
  afterEach(async () => {
    if (hasServer(kind)) await database.remove()
  })

  const write = (parts: Parts) => writeFileSync(join(work.folder, 'p.yaml'), pipeline(database, parts))
  const TABLE = 'CREATE TABLE kept (id integer PRIMARY KEY, customer varchar(20), amount integer CHECK (amount >= 0))'

  /** What is the same for all kinds is looked at in one of them. */
  const in_full = { tags: kind === 'sqlite' ? [] : ['proof'] }

  test('has the rows of a run without splits, and those that it refuses go where on_error leads', in_full, async () => {
    const came: unknown[] = []
    for (const splits of ['', 'splits: { count: 1 }', 'splits: { count: 5 }', 'splits: { count: 7, by: customer }']) {
      await database.run(`DROP TABLE IF EXISTS kept; DROP TABLE IF EXISTS custody_receipts; ${TABLE}`)
      write({ splits })
      const run = await work.run('--workers', '2')
      const { json } = await work.custody('show', run, '--json')
      came.push({
        table: await ask(database, KEPT),
        refused: refused().toSorted((a, b) => a - b),
        ...{ status: json.status, rows: json.rows, endings: json.endings },
        sinks: Object.entries<{ rows: number }>(json.sinks).map(([name, { rows }]) => [name, rows]),
      })
      const receipts = await ask(
        database,
        `SELECT part, sum(row_count) FROM custody_receipts WHERE batch <> '' GROUP BY part ORDER BY part`,
      )
      const parts = receipts.map(([part]) => Number(part))
      expect(parts).toEqual(splits === '' ? [0] : parts.map((_, i) => i + 1))
      expect(receipts.reduce((sum, [, rows]) => sum + Number(rows), 0)).toBe(ROWS)
    }
    expect(came.slice(1)).toEqual(came.slice(1).map(() => came[0]))
    expect(came[0]).toMatchObject({ refused: [40, 80, 120, 160, 200, 240] })
    expect((await work.custody('verify')).stdout).toMatch(/holds\.\n$/)
  })

  test('keeps the last row of each key', in_full, async () => {
    await database.run(
      'CREATE TABLE kept (id integer, customer varchar(20) NOT NULL, amount integer, PRIMARY KEY (customer))',
    )
    const upsert = { mode: 'upsert', key: ['customer'] }
    write({ options: upsert })
    await work.run()
    const whole = await ask(database, KEPT)
    expect(whole).toHaveLength(31)
    await database.run('DELETE FROM kept')
    write({ splits: 'splits: { count: 6, by: customer }', options: upsert })
    await work.run('--workers', '3')
    expect(await ask(database, KEPT)).toEqual(whole)
    const { json } = await work.custody('diff', 'latest~1', 'latest', '--json')
    expect(json.rows).toMatchObject({ compared: ROWS, same: ROWS })
  })

  test('that isn’t there is made, once', in_full, async () => {
    write({ splits: 'splits: { count: 6 }', options: { create: 'if_missing' } })
    await work.run('--workers', '3')
    expect((await ask(database, KEPT)).length).toBe(ROWS)
  })

  test('is left alone where a run only rehearses', in_full, async () => {
    await database.run(TABLE)
    write({ splits: 'splits: { count: 3 }' })
    const { exit, json } = await work.custody('run', 'p.yaml', '--dry-run', '--json')
    expect(exit).toBe(0)
    expect(json.sinks.orders_kept.rows).toBe(ROWS)
    expect(await ask(database, KEPT)).toEqual([])
  })
})

describe('a row whose key another split has', () => {
  test('stops the run before it is sent', async () => {
    const database = await sqlDatabase('sqlite', work.folder)
    await database.run('CREATE TABLE kept (id integer, customer text PRIMARY KEY, amount integer)')
    const text = pipeline(database, {
      splits: 'splits: { count: 4, by: customer }',
      options: { mode: 'upsert', key: ['customer'] },
    })
    const changed = text
      .replace('to: orders_kept', 'to: changed')
      .replace(
        'sinks:',
        'nodes:\n  changed: { transform: compute, options: { set: { customer: \'"all"\' } }, to: orders_kept }\nsinks:',
      )
    writeFileSync(join(work.folder, 'p.yaml'), changed)
    const { exit, json, stdout } = await work.custody('run', 'p.yaml', '--json')
    expect(exit, stdout).toBe(2)
    expect(json.error).toMatchObject({ code: 'CUSTODY_SPLITS', where: { node: 'orders_kept' } })
    expect(json.sinks.orders_kept.rows).toBe(json.calls.made)
    const { json: shown } = await work.custody('show', 'latest', '--json')
    expect(shown.sinks.orders_kept.rows).toBe(json.calls.made)
  })
})
