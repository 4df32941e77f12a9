/** One statement over the views, and what it can't do. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SqlReader } from '../../src/host/answers/sql.ts'
import { runStatement, type SqlLimits } from '../../src/host/answers/sql-statement.ts'
import { tableIn } from '../../src/host/answers/sql-words.ts'
import { VIEW_COLUMNS, VIEW_NAMES } from '../../src/ledger/read-port.ts'
import { openForReading } from '../../src/ledger/sqlite/file.ts'
import { WorkFolder } from '../support/work-folder.ts'

const PIPELINE = `
name: notes
sources: { in: { plugin: jsonl, options: { path: in.jsonl }, on_invalid: discard, to: out } }
sinks: { out: { plugin: jsonl, options: { path: secret-out.jsonl }, on_error: discard } }
`
const LIMITS: SqlLimits = { rows: 5, text_units: 100, answer_units: 10_000 }

let work: WorkFolder
beforeAll(async () => {
  work = new WorkFolder({ 'p.yaml': PIPELINE, 'in.jsonl': '{"note":"secret-note"}\n{"note":"another"}\n' })
  await work.run()
})
afterAll(() => work?.close())

function ask(sql: string, values = true) {
  const path = join(work.folder, 'custody.db')
  const db = openForReading(path, `sqlite:${path}`)
  try {
    return runStatement(db, sql, values, LIMITS)
  } finally {
    db.close()
  }
}

test('every view is there, with its columns', () => {
  for (const view of VIEW_NAMES)
    expect(ask(`SELECT * FROM ${view}`).columns, view).toEqual(Object.keys(VIEW_COLUMNS[view]))
  for (const view of VIEW_NAMES) expect(ask(`SELECT count(*) FROM ${view}`).rows, view).toHaveLength(1)
  expect(ask('SELECT outcome, count(*) FROM token_outcomes GROUP BY 1').rows).toEqual([['COMPLETED', 2]])
  expect(ask('WITH r AS (SELECT row_id FROM rows) SELECT max(row_id), count(*) FROM r;').rows).toEqual([[2, 2]])
  expect(ask("SELECT value FROM runs, json_each('[1, 2]') -- a comment").rows).toEqual([[1], [2]])
})

test('rows and texts beyond the limits are cut, and that is said', () => {
  const many = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n'
  expect(ask(many)).toMatchObject({ rows: [[1], [2], [3], [4], [5]], cut: { rows: true, texts: 0 } })
  const long = ask("SELECT printf('%.1000c', 'x')")
  expect([String(long.rows[0]?.[0]).length, long.cut]).toEqual([101, { rows: false, texts: 1 }])
  expect(ask("SELECT 9007199254740993, 1.5, NULL, x'00ff'").rows).toEqual([['9007199254740993', 1.5, null, '00ff']])
})

const REFUSED = [
  "ATTACH 'other.db' AS other",
  'DETACH main',
  'PRAGMA query_only = OFF',
  'PRAGMA user_version',
  "SELECT * FROM pragma_table_info('runs')",
  'INSERT INTO runs VALUES (1)',
  'DELETE FROM runs',
  'UPDATE runs SET name = 1',
  'DROP VIEW runs',
  'CREATE TABLE x (y)',
  'CREATE TEMP TABLE x (y)',
  'CREATE TEMP VIEW x AS SELECT 1',
  'BEGIN',
  'VACUUM',
  "VACUUM INTO 'copy.db'",
  'SELECT 1; SELECT 2',
  'SELECT 1; DELETE FROM runs',
  "SELECT load_extension('x')",
  "SELECT fts3_tokenizer('x')",
  'SELECT body FROM payloads',
  'SELECT body FROM main.payloads',
  'SELECT body FROM "payloads"',
  'SELECT body FROM [payloads]',
  'SELECT body FROM `payloads`',
  "SELECT body FROM 'payloads'",
  "SELECT body FROM main.'payloads'",
  'SELECT body FROM pay/**/loads',
  'SELECT count(*) FROM PAYLOADS',
  'WITH runs AS (SELECT body FROM payloads) SELECT * FROM runs',
  "WITH runs AS (SELECT body FROM runs, 'payloads') SELECT * FROM runs",
  "SELECT count(*) FROM runs, 'payloads'",
  "SELECT count(*) FROM ('heads')",
  "SELECT $x('), (SELECT count(*) FROM payloads) --'",
  'SELECT count(*) FROM sqlite_stat1',
  'SELECT * FROM sqlite_schema',
  'SELECT * FROM sqlite_temp_master',
  'SELECT * FROM dbstat',
  'EXPLAIN SELECT * FROM runs',
  '',
  '-- nothing',
  'nonsense',
]

test.each(REFUSED)('refused: %s', sql => {
  let found: unknown
  try {
    found = ask(sql)
  } catch (error) {
    expect(error).toMatchObject({ code: 'CUSTODY_SQL' })
    return
  }
  expect(found).toBe('refused')
})

test('a table is found by any of its names, and in no text or comment', () => {
  expect(tableIn('SELECT 1 FROM x -- FROM entries')).toBe(null)
  expect(tableIn("SELECT 'entries', /* heads */ note FROM runs WHERE kind IN ('leases', 'tiles')")).toBe(null)
  expect(tableIn("SELECT 'it''s' FROM Entries")).toBe('entries')
})

test('without values what views take from payloads is null', () => {
  expect(ask('SELECT path FROM artifacts').rows).toEqual([[expect.stringContaining('secret-out.jsonl')]])
  for (const view of VIEW_NAMES)
    expect(JSON.stringify(ask(`SELECT * FROM ${view}`, false)), view).not.toContain('secret')
})

test('one that has no end is ended; whoever gives it up ends it, too', async () => {
  const reader = new SqlReader(`sqlite:${work.folder}/custody.db`)
  const endless = {
    sql: 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n',
    limit: 1,
  }
  await expect(reader.read(endless, { values: true, time_ms: 300 })).rejects.toMatchObject({ code: 'CUSTODY_SQL_TIME' })
  const given_up = new AbortController()
  const asked = reader.read(endless, { values: true, signal: given_up.signal })
  given_up.abort(new Error('enough'))
  await expect(asked).rejects.toThrow('enough')
  expect(await reader.read({ sql: 'SELECT count(*) FROM rows', limit: 1 }, { values: true })).toMatchObject({
    rows: [[2]],
  })
  const last = reader.read(endless, { values: true })
  reader.close()
  await expect(last).rejects.toMatchObject({ code: 'CUSTODY_LEDGER_READ' })
})
