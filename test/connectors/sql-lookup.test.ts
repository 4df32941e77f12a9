/** The `sql` transform against real databases. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { OBSERVED } from '../../src/model/schema.ts'
import { sql } from '../../src/plugins/transforms/sql.ts'
import { performing, visitContext } from '../../src/sdk/testing.ts'
import { CONNECTORS } from '../support/kills.ts'
import {
  hasServer,
  lettersSql,
  missingServer,
  removeServers,
  SQL_KINDS,
  type SqlDatabase,
  sqlDatabase,
} from '../support/sql-databases.ts'
import { WorkFolder } from '../support/work-folder.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-lookup-'))
afterAll(async () => {
  await removeServers()
  rmSync(folder, { recursive: true, force: true })
})

for (const kind of SQL_KINDS) {
  const said = await missingServer(kind)
  describe.skipIf(!hasServer(kind) || said !== '' || (kind === 'mysql' && !CONNECTORS))(`${kind}${said}`, () => {
    const made: SqlDatabase[] = []
    const newLetters = async () => {
      const database = await sqlDatabase(kind, folder)
      made.push(database)
      await database.run(lettersSql(kind, 20))
      return database
    }
    afterEach(async () => {
      for (const database of made.splice(0)) await database.remove()
    })
    const mark = kind === 'postgres' || kind === 'duckdb' ? '$1' : '?'

    async function looked(database: SqlDatabase, more: object, rows: readonly object[]) {
      const options = sql.options.parse({ database: kind, ...database.options, ...more })
      expect(sql.check?.(options, [])).toEqual([])
      const transform = await sql.create(options, { node: 'look', folder, input: OBSERVED, secrets: [] })
      if (!('process' in transform)) throw new Error('it has no process')
      const results: unknown[] = []
      try {
        for (const row of rows) results.push(await transform.process(row as never, visitContext(performing)))
      } finally {
        await transform.close?.()
      }
      return results
    }

    test('finds a row by its parameters, whatever is in them', async () => {
      const query = `SELECT subject, weight FROM letters WHERE id = ${mark}`
      const results = await looked(
        await newLetters(),
        { query, params: ['n'], select: { subject: 's', weight: 'w' } },
        [{ n: 3 }, { n: 99 }, { n: null }, {}],
      )
      expect(results[0]).toMatchObject({ kind: 'row', row: { n: 3, s: 'letter 3 of many', w: 3 } })
      for (const result of results.slice(1)) expect(result).toMatchObject({ kind: 'error', code: 'SQL_NO_ROW' })
    })

    test('a parameter is never part of the text', async () => {
      const query = `SELECT id FROM letters WHERE subject = ${mark}`
      const hostile = `letter 3 of many' OR '1' = '1`
      const options = { query, params: ['s'], select: ['id'], missing: 'null' }
      const database = await newLetters()
      const results = await looked(database, options, [{ s: hostile }, { s: `'; DROP TABLE letters; --` }])
      for (const result of results) expect(result).toMatchObject({ kind: 'row', row: { id: null } })
      expect(await looked(database, options, [{ s: 'letter 3 of many' }])).toMatchObject([{ row: { id: 3 } }])
    })

    test('several rows are an error, one of them, or a list', async () => {
      const database = await newLetters()
      const query = `SELECT id FROM letters WHERE weight = ${mark} ORDER BY id`
      const row = { w: 1 }
      const select = { query, params: ['w'], select: ['id'] }
      expect(await looked(database, select, [row])).toMatchObject([{ code: 'SQL_MANY_ROWS' }])
      expect(await looked(database, { ...select, rows: 'first' }, [row])).toMatchObject([{ row: { id: 1 } }])
      const many = { query, params: ['w'], rows: 'many', field: 'all' }
      expect(await looked(database, many, [row])).toMatchObject([{ row: { all: [{ id: 1 }, { id: 8 }, { id: 15 }] } }])
      expect(await looked(database, { ...many, most_rows: 2 }, [row])).toMatchObject([{ code: 'SQL_MANY_ROWS' }])
    })

    test('nothing can be written, and what is wrong with a query is said', async () => {
      const database = await newLetters()
      const select = { select: ['id'] }
      const [written] = await looked(database, { ...select, query: 'DELETE FROM letters' }, [{}])
      expect(written).toMatchObject({ kind: 'error', code: expect.stringMatching(/^SQL_(?:REFUSED|FAILED)$/) })
      expect(await looked(database, { ...select, query: 'SELECT id FROM nowhere' }, [{}])).toMatchObject([
        { code: 'SQL_REFUSED', message: expect.stringMatching(/nowhere/) },
      ])
      expect(
        await looked(database, { ...select, query: 'SELECT weight FROM letters WHERE id = 1' }, [{}]),
      ).toMatchObject([{ code: 'SQL_COLUMN' }])
      expect(await looked(database, { select: ['n'], query: 'SELECT count(*) AS n FROM letters' }, [{}])).toMatchObject(
        [{ row: { n: 20 } }],
      )
    })
  })
}

describe('in runs', () => {
  const pipeline = (options: object) =>
    JSON.stringify({
      name: 'look',
      defaults: { on_error: 'discard', on_invalid: 'discard' },
      sources: { rows: { plugin: 'jsonl', options: { path: 'in.jsonl' }, to: 'look' } },
      nodes: { look: { transform: 'sql', options, to: 'out' } },
      sinks: { out: { plugin: 'jsonl', options: { path: 'out.jsonl', if_exists: 'replace' } } },
    })

  test('equal parameters are asked once, each row has its call on record, and a replay needs no database', async () => {
    const database = await sqlDatabase('sqlite', folder)
    await database.run(lettersSql('sqlite', 3))
    const query = 'SELECT subject FROM letters WHERE id = ?'
    const options = { database: 'sqlite', ...database.options, query, params: ['n'], select: ['subject'] }
    const rows = [1, 2, 1, 1, 2].map(n => JSON.stringify({ n }))
    const work = new WorkFolder({ 'p.yaml': pipeline(options), 'in.jsonl': rows.join('\n') })
    const run = await work.run()
    const out = readFileSync(join(work.folder, 'out.jsonl'), 'utf8')
    expect(out.split('\n')[2]).toBe('{"n":1,"subject":"letter 1 of many"}')
    const { json } = await work.custody('explain', run, '--row', '4', '--json')
    expect(JSON.stringify(json)).toContain('"calls":[{')
    await database.remove()
    const replayed = await work.custody('replay', 'p.yaml', '--from', run, '--outputs', 'replayed')
    expect(replayed.exit, replayed.stderr).toBe(0)
    expect(readFileSync(join(work.folder, 'replayed', 'out.jsonl'), 'utf8')).toBe(out)
    expect((await work.custody('verify')).exit).toBe(0)
    work.close()
  })

  test('a database that is gone stops the run, which continues once it is there', async () => {
    const database = await sqlDatabase('sqlite', folder)
    const query = 'SELECT subject FROM letters WHERE id = ?'
    const options = { database: 'sqlite', ...database.options, query, params: ['n'], select: ['subject'] }
    const work = new WorkFolder({ 'p.yaml': pipeline(options), 'in.jsonl': '{"n":1}\n' })
    const { exit, stderr } = await work.custody('run', 'p.yaml')
    expect({ exit, stderr }).toMatchObject({ exit: 1, stderr: expect.stringMatching(/no such table: letters/) })
    await database.run(lettersSql('sqlite', 3))
    expect((await work.custody('resume', 'latest')).exit).toBe(0)
    expect(readFileSync(join(work.folder, 'out.jsonl'), 'utf8')).toBe('{"n":1,"subject":"letter 1 of many"}\n')
    await database.remove()
    work.close()
  })
})

test.each([
  [{ database: 'postgres', query: 'SELECT 1', select: ['a'] }, /needs a `connection`/],
  [{ database: 'sqlite', query: 'SELECT 1', select: ['a'] }, /needs a `path`/],
  [{ database: 'sqlite', path: 'a', query: 'SELECT 1' }, /nothing becomes of the answer/],
  [{ database: 'sqlite', path: 'a', query: 'SELECT 1', rows: 'many', select: ['a'] }, /become a list/],
  [{ database: 'sqlite', path: 'a', query: 'SELECT 1', select: { a: 'x', b: 'x' } }, /two values/],
  [
    { database: 'mysql', connection: 'mysql://a:secret-word@b/c', query: 'SELECT 1', select: ['a'] },
    /a password, which would be recorded/,
  ],
])('options that can’t be meant are refused: %j', (given, message) => {
  const problems = sql.check?.(sql.options.parse(given), []) ?? []
  expect(problems.map(each => each.message).join()).toMatch(message)
  expect(JSON.stringify(problems)).not.toContain('secret-word')
})
