/** One statement over the views of a ledger in PostgreSQL, and what it can't do. */
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SqlReader } from '../../src/host/answers/sql.ts'
import { askPostgres } from '../../src/host/answers/sql-postgres.ts'
import { VIEW_COLUMNS, VIEW_NAMES } from '../../src/ledger/read-port.ts'
import { newDatabase, postgres } from '../support/postgres.ts'
import { inPostgres } from '../support/postgres-ledger.ts'
import { WorkFolder } from '../support/work-folder.ts'

const PIPELINE = `
name: notes
sources: { in: { plugin: jsonl, options: { path: in.jsonl }, on_invalid: discard, to: sums } }
nodes: { sums: { aggregate: batch_stats, per: [note], trigger: { count: 9 }, options: { value: n }, on_error: discard, to: out } }
sinks: { out: { plugin: jsonl, options: { path: secret-out.jsonl }, on_error: discard } }
`
const LIMITS = { rows: 5, text_units: 100, answer_units: 10_000 }

const REFUSED: readonly string[] = [
  'SELECT body FROM payloads',
  'SELECT body FROM custody.payloads',
  'SELECT body FROM "payloads"',
  'SELECT body FROM U&"p\\0061yloads"',
  'WITH runs AS (SELECT body FROM payloads) SELECT * FROM runs',
  'SELECT (SELECT max(body) FROM entries)',
  'SELECT count(*) FROM runs, LATERAL (SELECT FROM heads LIMIT 1) h',
  'SELECT 1) x, (SELECT body FROM payloads',
  'SELECT 1) x; DROP TABLE payloads; --',
  'SELECT 1; SELECT 2',
  'SELECT * FROM public.other',
  'SELECT * FROM public.runs',
  'TABLE pg_catalog.pg_class',
  'SELECT * FROM pg_settings',
  'SELECT * FROM pg_authid',
  'SELECT * FROM information_schema.tables',
  'SELECT * FROM custody_question',
  'INSERT INTO runs VALUES (1)',
  'WITH gone AS (DELETE FROM leases RETURNING *) SELECT * FROM gone',
  'DELETE FROM open_tokens',
  'UPDATE runs SET name = 1',
  'SELECT 1 INTO public.made',
  'CREATE TABLE public.made (a int)',
  'DROP VIEW runs',
  'COPY runs TO STDOUT',
  `COPY (SELECT 1) TO PROGRAM 'true'`,
  'BEGIN',
  'COMMIT',
  'SET ROLE NONE',
  'SHOW data_directory',
  'EXPLAIN SELECT 1',
  'DO $$ BEGIN END $$',
  'LISTEN x',
  'SELECT * FROM runs FOR UPDATE',
  'SELECT * FROM runs TABLESAMPLE SYSTEM (1)',
  `SELECT pg_read_file('/etc/passwd')`,
  `SELECT "pg_read_file"('/etc/passwd')`,
  `SELECT U&"pg_re\\0061d_file"('/etc/passwd')`,
  `SELECT * FROM pg_ls_dir('.')`,
  `SELECT * FROM ROWS FROM (pg_ls_dir('.'), generate_series(1, 2))`,
  `SELECT lo_import('/etc/passwd')`,
  `SELECT current_setting('data_directory')`,
  `SELECT set_config('transaction_read_only', 'off', false)`,
  `SELECT set_config('role', 'none', true)`,
  `SELECT query_to_xml('SELECT body FROM custody.payloads', true, true, '')`,
  `SELECT table_to_xml('custody.payloads', true, true, '')`,
  `SELECT ts_stat('SELECT body FROM custody.payloads')`,
  `SELECT pg_get_viewdef('custody.runs'::regclass)`,
  `SELECT 'custody.payloads'::regclass`,
  `SELECT 16384::oid::regclass::text`,
  `SELECT ARRAY['pg_class']::regclass[]`,
  'SELECT current_user',
  'SELECT session_user',
  'SELECT version()',
  'SELECT inet_server_addr()',
  'SELECT pg_backend_pid()',
  'SELECT pg_sleep(1)',
  'SELECT pg_advisory_lock(1)',
  'SELECT pg_terminate_backend(1)',
  `SELECT pg_notify('a', 'b')`,
  'SELECT txid_current()',
  `SELECT has_table_privilege('custody.payloads', 'SELECT')`,
  `SELECT pg_relation_size('custody.payloads')`,
  `SELECT nextval('custody.witnessed_came_seq')`,
  'SELECT public.peek()',
  `SELECT OPERATOR(public.!!) 'a'`,
  'SELECT ledger_format()',
  'SELECT r.pg_column_size FROM runs r',
  `SELECT xmlparse(document '<a/>')`,
  `SELECT * FROM XMLTABLE('/a' PASSING '<a/>' COLUMNS b text)`,
  'SELECT count(*) FILTER (WHERE pg_sleep(1) IS NULL) FROM runs',
  'SELECT 1 ORDER BY pg_sleep(1)',
  'SELECT 1 LIMIT (SELECT count(*) FROM entries)',
  'SELECT $1',
  '',
  '-- nothing',
  'nonsense',
]

const server = await postgres()

describe.skipIf(server.url === null)(`sql in PostgreSQL${server.said}`, () => {
  let work: WorkFolder
  let place: Awaited<ReturnType<typeof newDatabase>>
  let url: string
  beforeAll(async () => {
    work = new WorkFolder({
      'p.yaml': PIPELINE,
      'in.jsonl': '{"n":1,"note":"secret-note"}\n{"n":2,"note":"another"}\n',
    })
    await work.run()
    place = await newDatabase(server.url ?? '')
    url = await inPostgres(join(work.folder, 'custody.db'), place.url, 'custody')
    const client = new pg.Client({ connectionString: place.url })
    await client.connect()
    await client.query(`CREATE TABLE public.other (a text); INSERT INTO public.other VALUES ('x');
      CREATE FUNCTION public.peek() RETURNS text LANGUAGE sql IMMUTABLE SECURITY DEFINER AS 'SELECT body FROM custody.payloads LIMIT 1';
      CREATE OPERATOR public.!! (RIGHTARG = text, FUNCTION = upper); CREATE VIEW public.runs AS SELECT * FROM public.other`)
    await client.end()
  })
  afterAll(async () => {
    await place.remove()
    work.close()
  })

  function ask(sql: string, values = true, time_ms = 10_000) {
    return askPostgres({ url, sql, values, limits: LIMITS, time_ms, given_up: new AbortController().signal })
  }

  test('every view is there, with its columns', async () => {
    for (const view of VIEW_NAMES)
      expect((await ask(`SELECT * FROM ${view}`)).columns, view).toEqual(Object.keys(VIEW_COLUMNS[view]))
    expect(
      (await ask('SELECT outcome, count(*) FROM token_outcomes WHERE is_terminal = 1 GROUP BY 1 ORDER BY 1')).rows,
    ).toEqual([
      ['COMPLETED', 2],
      ['CONSUMED_IN_BATCH', 2],
    ])
  })

  test.each([
    ['WITH r AS (SELECT row_id FROM rows) SELECT max(row_id), count(*), avg(row_id) FROM r; ', [2, 2, 1.5]],
    ['SELECT 1, 1, 9007199254740993, NULL, true, 1.5::float8 -- a comment', [1, 1, '9007199254740993', null, 1, 1.5]],
    [
      `SELECT string_agg(node || ':' || kind, ', ' ORDER BY node) FROM nodes WHERE plugin LIKE 'json%'`,
      ['in:source, out:sink'],
    ],
    ['SELECT sum(n) OVER (ORDER BY n) FROM generate_series(1, 1) n', [1]],
    [
      `SELECT ('{"a": [1, 2]}'::jsonb #>> '{a,1}')::int + cardinality(ARRAY[1]), x.value FROM jsonb_array_elements_text('["y"]') x`,
      [3, 'y'],
    ],
    [`SELECT date_trunc('hour', max(ingested_at)::timestamptz) > '2020-01-01' FROM rows`, [1]],
    [
      'SELECT DISTINCT r.name FROM rows JOIN custody.runs r USING (run_id) WHERE EXISTS (SELECT FROM tokens t WHERE t.row_id = rows.row_id)',
      ['notes'],
    ],
    [
      'TABLE runs',
      [expect.any(String), 'notes', 'completed', expect.any(String), expect.any(String), expect.any(String), 2],
    ],
    [
      "SELECT replace(upper(to_char(1.5, '9.99')), ' ', ''), CASE WHEN 1 IN (1, 2) THEN coalesce(NULL, 'b') END",
      ['1.50', 'b'],
    ],
    [
      `WITH RECURSIVE up(t) AS (VALUES (1::bigint) UNION SELECT parent_id FROM token_parents JOIN up ON t = token_id) SELECT count(*) FROM up`,
      [1],
    ],
  ])('read: %s', async (sql, row) => {
    expect((await ask(sql)).rows).toEqual([row])
  })

  test('rows and texts beyond the limits are cut, and that is said', async () => {
    expect(await ask('SELECT * FROM generate_series(1, 9)')).toMatchObject({
      rows: [[1], [2], [3], [4], [5]],
      cut: { rows: true, texts: 0 },
    })
    const long = await ask(`SELECT repeat('x', 1000)`)
    expect([String(long.rows[0]?.[0]).length, long.cut]).toEqual([101, { rows: false, texts: 1 }])
  })

  test.each(REFUSED)('refused: %s', { tags: ['proof'] }, async sql => {
    const found = await ask(sql).then(
      ({ rows }) => ({ code: 'read', rows }),
      (error: unknown) => error,
    )
    expect(found).toMatchObject({ code: 'CUSTODY_SQL' })
  })

  test('without values what views take from payloads is null, by any of their names', { tags: ['proof'] }, async () => {
    expect((await ask('SELECT path FROM artifacts')).rows).toEqual([[expect.stringContaining('secret-out.jsonl')]])
    expect((await ask('SELECT key FROM batches ORDER BY 1')).rows).toEqual([
      ['{"note":"another"}'],
      ['{"note":"secret-note"}'],
    ])
    expect((await ask('SELECT key FROM batches', false)).rows).toEqual([[null], [null]])
    for (const view of VIEW_NAMES)
      expect(JSON.stringify(await ask(`SELECT * FROM ${view}`, false)), view).not.toContain('secret')
    for (const view of ['artifacts', 'batches', 'inputs'])
      await expect(ask(`SELECT * FROM custody.${view}`, false), view).rejects.toMatchObject({ code: 'CUSTODY_SQL' })
  })

  test('one that has no end is ended; whoever gives it up ends it, too; nothing of it stays', {
    tags: ['proof'],
  }, async () => {
    const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT (i + 1) % 9 FROM n) SELECT count(*) FROM n'
    await expect(ask(endless, true, 300)).rejects.toMatchObject({ code: 'CUSTODY_SQL_TIME' })
    await expect(ask(`SELECT repeat('x', 20000000)`)).rejects.toMatchObject({ code: 'CUSTODY_SQL' })
    const reader = new SqlReader(url)
    const given_up = new AbortController()
    const asked = reader.read({ sql: endless, limit: 1 }, { values: true, signal: given_up.signal })
    given_up.abort(new Error('enough'))
    await expect(asked).rejects.toThrow('enough')
    expect((await reader.read({ sql: 'SELECT count(*) FROM rows', limit: 1 }, { values: true })).rows).toEqual([[2]])
    reader.close()
    const client = new pg.Client({ connectionString: place.url })
    await client.connect()
    const views = `SELECT count(*)::int AS left FROM pg_class WHERE relname = 'custody_question'`
    expect((await client.query(views)).rows).toEqual([{ left: 0 }])
    await client.end()
  })
})
