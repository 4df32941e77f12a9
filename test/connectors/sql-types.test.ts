/** Values of each type of each database: what the sink took comes out of the source as it went in, and what can't be is said by its code. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Json } from '../../src/model/row.ts'
import { OBSERVED } from '../../src/model/schema.ts'
import type { DatabaseKind } from '../../src/plugins/databases/dialect.ts'
import { FILE_TABLE, SERVED_TABLE } from '../../src/plugins/sinks/sql/options.ts'
import { TableWriter } from '../../src/plugins/sinks/sql/table-writer.ts'
import { databaseSources } from '../../src/plugins/sources/databases.ts'
import { NOBODY_TO_ASK } from '../../src/sdk/source.ts'
import type { Keyed, Outgoing, Source, SourceItem, SourceSpec } from '../../src/sdk/spec.ts'
import { CONNECTORS } from '../support/kills.ts'
import {
  hasServer,
  missingServer,
  removeServers,
  SQL_KINDS,
  type SqlDatabase,
  sqlDatabase,
} from '../support/sql-databases.ts'
import { COLUMN_TYPES, isSameJson } from '../support/sql-values.ts'

const SEED = Number(process.env.CUSTODY_SEED ?? 1)
/** Of each type. */
const VALUES = CONNECTORS ? 60 : 20

const folder = mkdtempSync(join(tmpdir(), 'custody-types-'))
afterAll(async () => {
  await removeServers()
  rmSync(folder, { recursive: true, force: true })
})

/** What a column would round, cut or make something else of, and say nothing. */
const LOSSY: { readonly [kind in DatabaseKind]: readonly (readonly [type: string, value: Json])[] } = {
  postgres: [
    ['integer', 1.5],
    ['bigint', '9223372036854775808'],
    ['varchar(3)', 'abcd'],
    ['integer[]', [[]]],
    ['integer[]', [[1], [2, 3]]],
    ['bytea', 'no base 64'],
    ['bytea[]', ['no base 64']],
    ['text', 'nul \0'],
    ['jsonb', 'nul \0'],
  ],
  mysql: [
    ['int', 1.5],
    ['int', '1.5'],
    ['tinyint unsigned', -1],
    ['bigint', '9223372036854775808'],
    ['bit(4)', 16],
    ['bit(64)', -1],
    ['varchar(3)', 'abcd'],
    ['date', '0000-00-00'],
    ['date', '2026-02-30'],
    ['datetime', 'yesterday'],
    ['year', 3000],
    [`enum('a', 'b')`, 'c'],
    [`set('a', 'b')`, 'a,c'],
    ['blob', 'no base 64'],
  ],
  sqlite: [
    ['integer', 1.5],
    ['integer', '9223372036854775808'],
    ['bigint', '-9223372036854775809'],
    ['decimal(20, 2)', '12345678901234567.25'],
    ['real', '0.1234567890123456789'],
    ['blob', 'no base 64'],
  ],
  duckdb: [
    ['integer', 1.5],
    ['integer', '1.5'],
    ['bigint', '9223372036854775808'],
    ['integer[]', ['1.5']],
    ['integer[]', [1.5]],
    ['date', 'yesterday'],
    ['blob', 'no base 64'],
    ['blob[]', ['no base 64']],
  ],
}

/** What a database holds, and a row can’t: as a statement writes it. */
const UNFIT: { readonly [kind in DatabaseKind]: readonly (readonly [type: string, value: string])[] } = {
  postgres: [
    ['double precision', `'NaN'`],
    ['double precision', `'-Infinity'`],
    ['real', `'Infinity'`],
    ['numeric', `'NaN'`],
    ['numeric', `'Infinity'`],
    ['date', `'infinity'`],
    ['date', `'0044-03-15 BC'`],
    ['date', `'10000-01-01'`],
    ['timestamp', `'-infinity'`],
    ['timestamptz', `'infinity'`],
    ['timestamptz', `'0044-03-15 00:00:00 BC'`],
    ['integer[]', `'[0:1]={1,2}'`],
    ['double precision[]', `'{1,NaN}'`],
    ['json', `'{"a":1,"a":2}'`],
    ['jsonb', `'1e300'`],
  ],
  mysql: [
    ['date', `'0000-00-00'`],
    ['date', `'2026-00-10'`],
    ['date', `'2026-01-00'`],
    ['datetime', `'0000-00-00 00:00:00'`],
    ['timestamp NULL', `'0000-00-00 00:00:00'`],
    ['json', `'{"a":1,"a":2}'`],
  ],
  sqlite: [
    ['real', '9e999'],
    ['real', '-9e999'],
    ['json', `'{"a":1,"a":2}'`],
  ],
  duckdb: [
    ['double', `'nan'`],
    ['float', `'-inf'`],
    ['date', `'infinity'`],
    ['date', `'0044-03-15 (BC)'`],
    ['date', `'10000-01-01'`],
    ['timestamp', `'-infinity'`],
    ['timestamptz', `'infinity'`],
    ['double[]', `[1, 'nan'::double]`],
    ['struct(a double)', `{a: 'inf'::double}`],
    ['json', `'{"a":1,"a":2}'`],
  ],
}

const sampled = (values: fc.Arbitrary<Json>, numRuns = VALUES) => fc.sample(values, { seed: SEED, numRuns })

for (const kind of SQL_KINDS) {
  const said = await missingServer(kind)
  describe.skipIf(!hasServer(kind) || said !== '' || (kind !== 'sqlite' && !CONNECTORS))(`${kind}${said}`, () => {
    let database: SqlDatabase
    let tables = 0
    beforeAll(async () => {
      database = await sqlDatabase(kind, folder)
      if (kind === 'postgres') await database.run(`CREATE TYPE mood AS ENUM ('sad', 'ok', 'it’s "fine"')`)
    })
    afterAll(async () => database?.remove())

    /** What the sink refused, by number, with why. */
    async function written(table: string, values: readonly Json[]): Promise<ReadonlyMap<number, string>> {
      const all = { ...database.options, table }
      const options = kind === 'postgres' || kind === 'mysql' ? SERVED_TABLE.parse(all) : FILE_TABLE.parse(all)
      const writer = new TableWriter(kind, options, {
        ...{ node: 'table', run: table, folder, input: OBSERVED, secrets: [], placed: null },
        originalNames: () => ({}),
      })
      const keyed = values.map((v, id): Keyed<Outgoing> => {
        // cast: without a key no row is refused before it is sent.
        return { outgoing: writer.request({ id, v }) as Outgoing, key: `${table}-${id}` }
      })
      const [head, ...rest] = keyed
      if (head === undefined) return new Map()
      const sent = await writer.send([head, ...rest], { signal: new AbortController().signal, epoch: 1 })
      await writer.close()
      if (sent.kind !== 'accepted') throw new Error(JSON.stringify(sent))
      return new Map([...(sent.refused ?? [])].map(([place, { code, message }]) => [place, `${code}: ${message}`]))
    }

    async function itemsOf(table: string): Promise<readonly SourceItem[]> {
      const spec = databaseSources.find(({ name }) => name === kind) as SourceSpec
      const options = spec.options.parse({ ...database.options, query: `SELECT id, v FROM ${table}`, key: ['id'] })
      const source = spec.create(options, { node: 'rows', folder, input: OBSERVED, secrets: [] }) as Source
      const items: SourceItem[] = []
      try {
        for await (const chunk of source.read(null, NOBODY_TO_ASK)) items.push(...chunk)
      } finally {
        await source.close()
      }
      return items
    }

    const newTable = async (type: string): Promise<string> => {
      const table = `t${++tables}`
      await database.run(`CREATE TABLE ${table} (id int PRIMARY KEY, v ${type})`)
      return table
    }

    test.each(COLUMN_TYPES[kind])('$type comes out as it went in', async ({ type, values, isSame = isSameJson }) => {
      const table = await newTable(type)
      const all = [null, ...sampled(values)]
      expect([...(await written(table, all))].map(([i, why]) => [all[i], why])).toEqual([])
      const came = (await itemsOf(table)).map(item => (item.kind === 'row' ? item.row.v : item))
      expect(came).toHaveLength(all.length)
      const changed = all
        .map((value, i) => [value, came[i]] as const)
        .filter(([went, out]) => {
          return went === null ? out !== null : !isSame(went, out as Json)
        })
      expect(changed).toEqual([])
    })

    test.each(LOSSY[kind])('%s refuses %j, of which it would lose something', async (type, value) => {
      const table = await newTable(type)
      expect([...(await written(table, [value])).values()]).toEqual([expect.stringMatching(/^SQL_VALUE: ./)])
      expect(await itemsOf(table)).toEqual([])
    })

    test.each(UNFIT[kind])('a %s that is %s is rejected by its code', async (type, value) => {
      const table = await newTable(type)
      const before = kind === 'mysql' ? `SET SESSION sql_mode = '';` : ''
      await database.run(`${before} INSERT INTO ${table} VALUES (1, ${value}), (2, NULL)`)
      const [unfit, whole] = await itemsOf(table)
      const message = expect.stringMatching(/^the value of v can’t be held: ./)
      expect(unfit).toMatchObject({ kind: 'reject', code: 'SQL_VALUE', field: 'v', message })
      expect(unfit?.kind === 'reject' && unfit.raw).toEqual({ id: 1, v: expect.stringMatching(/./) })
      expect(whole).toMatchObject({ kind: 'row', row: { id: 2, v: null } })
    })

    test.each(COLUMN_TYPES[kind])(
      'whatever is given to $type is taken or refused, by its row alone',
      async ({ type }) => {
        const table = await newTable(type)
        const odd = fc.constantFrom<Json>(
          '',
          ' ',
          'x',
          '\0',
          'NaN',
          'Infinity',
          '-0',
          '1e400',
          '1'.repeat(100),
          '0.1',
          true,
        )
        const all = sampled(
          fc.oneof(odd, fc.jsonValue({ stringUnit: 'binary' }) as fc.Arbitrary<Json>, fc.array(odd, { maxLength: 3 })),
          VALUES / 2,
        )
        const refused = await written(table, all)
        for (const [i, why] of refused)
          expect(`${why} of ${JSON.stringify(all[i])}`).toMatch(/^SQL_(?:VALUE|CONSTRAINT): ./)
        const items = await itemsOf(table)
        expect(items.length + refused.size).toBe(all.length)
        for (const item of items)
          if (item.kind !== 'row') expect(item).toMatchObject({ kind: 'reject', code: 'SQL_VALUE' })
      },
    )
  })
}
