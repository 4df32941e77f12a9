/** The views for auditors say the same of one ledger in both stores; and what is altered in PostgreSQL is found. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startChaosPeer } from '../../src/chaos/peer.ts'
import { openLedger, openLedgerReader } from '../../src/ledger/open.ts'
import { Connection } from '../../src/ledger/postgres/connection.ts'
import { objectsOf } from '../../src/ledger/postgres/objects.ts'
import { type LedgerReader, VIEW_COLUMNS, VIEW_NAMES } from '../../src/ledger/read-port.ts'
import { VIEW_DESCRIPTIONS } from '../../src/ledger/view-descriptions.ts'
import { checkObjects } from '../../src/read/verify/objects.ts'
import { replaceAddress } from '../support/chaos-address.ts'
import { opening, RUN, sampleRun, sealFacts, testPorts, totals } from '../support/ledger.ts'
import { newDatabase, postgres } from '../support/postgres.ts'
import { inPostgres } from '../support/postgres-ledger.ts'
import { ROOT } from '../support/source-file.ts'
import { WorkFolder } from '../support/work-folder.ts'

/** Forks in forks, joins, batches with keys, lists of files, and calls, of sources as well. */
const EXAMPLES = [
  ...['nested-forks', 'nightly-join', 'meter-readings', 'nightly-folder'],
  ...['ticket-votes', 'error-routing', 'paged-orders'],
]
/** Keys of batches with characters that no text of PostgreSQL can hold, and with what looks like them. */
const KEYS = ['a\u0000b\u0000\u0000', 'a\\u0000', '\\\\\u0000', 'a\u0001', 'u0030']
const KEYED = `name: keyed
sources: { in: { plugin: jsonl, options: { path: in.jsonl }, on_invalid: discard, to: sums } }
nodes: { sums: { aggregate: batch_stats, per: [key], trigger: { count: 2 }, options: { value: n }, on_error: discard, to: out } }
sinks: { out: { plugin: jsonl, options: { path: out.jsonl }, on_error: discard } }
`

const server = await postgres()

describe.skipIf(server.url === null)(`views in PostgreSQL${server.said}`, () => {
  let work: WorkFolder
  let place: Awaited<ReturnType<typeof newDatabase>>
  let client: pg.Client
  const readers: LedgerReader[] = []
  const ledgers: Array<{ readonly sqlite: LedgerReader; readonly postgres: LedgerReader }> = []

  beforeAll(async () => {
    const rows = KEYS.map((key, n) => `${JSON.stringify({ key, n })}\n`)
    work = new WorkFolder({ 'p.yaml': KEYED, 'in.jsonl': rows.join('') })
    place = await newDatabase(server.url ?? '')
    client = new pg.Client({ connectionString: place.url })
    await client.connect()
    await work.run()
    for (const name of EXAMPLES) cpSync(join(ROOT, 'examples', name), join(work.folder, name), { recursive: true })
    const peer = await startChaosPeer()
    replaceAddress(work.folder, new URL(peer.url).host)
    for (const name of EXAMPLES) {
      const run = ['run', `${name}/pipeline.yaml`, '--ledger', `sqlite:${work.folder}/custody.db`]
      expect((await work.custody(...run)).exit, name).toBe(0)
    }
    await peer.close()
    const small = join(work.folder, 'small.db')
    const ledger = await openLedger(`sqlite:${small}`, testPorts(), { create: true })
    const run = await ledger.openRun(RUN, opening())
    await sampleRun(run)
    await run.seal(sealFacts(totals(4, 10, 10)))
    await sampleRun(await ledger.openRun(RUN.replace(/1$/, '2'), opening(RUN.replace(/1$/, '2'))))
    await ledger.close()
    for (const [schema, path] of Object.entries({ large: join(work.folder, 'custody.db'), small })) {
      const url = await inPostgres(path, place.url, schema)
      const pair = { sqlite: await openLedgerReader(`sqlite:${path}`), postgres: await openLedgerReader(url) }
      readers.push(pair.sqlite, pair.postgres)
      ledgers.push(pair)
    }
  })
  afterAll(async () => {
    for (const each of readers) await each.close()
    await client.end()
    await place.remove()
    work.close()
  })

  async function all(reader: LedgerReader, ...of: Parameters<LedgerReader['view']>): Promise<unknown[]> {
    const rows: unknown[] = []
    for await (const each of reader.view(...of)) rows.push(Object.entries(each))
    return rows
  }

  test('have the same rows in the same order, by run, by row and by token', { tags: ['proof'] }, async () => {
    const filled = new Set<string>()
    for (const { sqlite, postgres: other } of ledgers)
      for (const { run } of await sqlite.logs()) {
        if (run === null) continue
        for (const name of VIEW_NAMES) {
          const rows = await all(sqlite, name, run)
          expect(await all(other, name, run), `${name} of ${run}`).toEqual(rows)
          if (rows.length > 0) filled.add(name)
          for (const column of ['row_id', 'token_id'].filter(each => each in VIEW_COLUMNS[name])) {
            const where = { column, value: 3 }
            expect(await all(other, name, run, where), name).toEqual(await all(sqlite, name, run, where))
          }
        }
      }
    expect([...filled].sort()).toEqual([...VIEW_NAMES].sort())
  })

  test('that are stored have these rows, too, and columns of their types', { tags: ['proof'] }, async () => {
    const { sqlite } = ledgers[0] as (typeof ledgers)[number]
    const runs = (await sqlite.logs()).flatMap(({ run }) => run ?? [])
    const sorted = (rows: unknown[]) => rows.map(each => JSON.stringify(each)).sort()
    for (const name of VIEW_NAMES) {
      const stored = await client.query({ text: `SELECT * FROM large.${name}`, rowMode: 'array' })
      const expected = (await Promise.all(runs.map(run => all(sqlite, name, run)))).flat() as [string, unknown][][]
      const texts = expected.map(row => row.map(([, value]) => (value === null ? null : String(value))))
      expect(
        sorted(stored.rows.map(row => row.map((value: unknown) => (value === null ? null : String(value))))),
      ).toEqual(sorted(texts))
      const types = stored.fields.map(({ name: column, dataTypeID }) => [column, [20, 23].includes(dataTypeID)])
      const should = Object.entries(VIEW_COLUMNS[name]).map(([column, type]) => [
        column,
        type === 'integer' || type === 'flag',
      ])
      expect(types, name).toEqual(should)
    }
    const collations = `SELECT count(*) AS wrong FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      WHERE c.relnamespace = 'large'::regnamespace AND c.relkind = 'v' AND a.atttypid = 'text'::regtype AND a.attcollation <> 'pg_catalog."C"'::regcollation`
    expect((await client.query(collations)).rows).toEqual([{ wrong: '0' }])
  })

  test('of all that a run has need each of its entries once', async () => {
    const rows = 600
    const many = new WorkFolder({
      'p.yaml': KEYED.replace(/nodes: .*/, '').replace('to: sums', 'to: out'),
      'in.jsonl': '{}\n'.repeat(rows),
    })
    await many.run()
    const counted = await inPostgres(join(many.folder, 'custody.db'), place.url, 'counted')
    // Else the server doesn't know that an index is worth its while.
    await client.query('ANALYZE counted.entries')
    const reader = await openLedgerReader(counted)
    many.close()
    const run = (await reader.logs()).at(-1)?.run ?? ''
    const found = await reader.snapshot(async () => {
      const each = []
      for (const name of VIEW_NAMES) each.push((await all(reader, name, run)).length)
      return each
    })
    await reader.close()
    expect(found.filter(each => each >= rows)).toHaveLength(5)
    const read = await vi.waitFor(async () => {
      const tuples = `SELECT seq_tup_read + idx_tup_fetch AS read FROM pg_stat_user_tables WHERE schemaname = 'counted' AND relname = 'entries'`
      const count = Number((await client.query(tuples)).rows[0]?.read)
      // What a connection has read is counted a little after it has ended.
      expect(count).toBeGreaterThanOrEqual(rows)
      return count
    })
    // All entries once, and those of the run itself some more times.
    expect(read).toBeLessThan(1.5 * rows)
  })

  test('say of themselves and of each column what they hold', async () => {
    const url = `${place.url}?schema=described`
    await (await openLedger(url, testPorts(), { create: true })).close()
    const comments = `SELECT c.relname AS name, obj_description(c.oid) AS text FROM pg_class c
        WHERE c.relnamespace = 'described'::regnamespace AND c.relkind = 'v'
      UNION ALL SELECT c.relname || '.' || a.attname, col_description(c.oid, a.attnum) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'described'::regnamespace AND c.relkind = 'v' AND a.attnum > 0`
    const described = Object.entries(VIEW_DESCRIPTIONS).flatMap(([view, { text, columns }]) => [
      [view, text],
      ...Object.entries(columns).map(([column, of]) => [`${view}.${column}`, of]),
    ])
    const { rows } = await client.query(comments)
    expect(Object.fromEntries(rows.map(({ name, text }) => [name, text]))).toEqual(Object.fromEntries(described))
    for (const view of VIEW_NAMES)
      expect(Object.keys(VIEW_DESCRIPTIONS[view].columns)).toEqual(Object.keys(VIEW_COLUMNS[view]))
    const reader = await openLedgerReader(url)
    const found: string[] = []
    await checkObjects(reader, { add: each => found.push(each) })
    await reader.close()
    expect(found).toEqual([])
  })

  test('a run whose entries are no JSON keeps nobody from reading the others', async () => {
    await client.query(`BEGIN; SET LOCAL search_path = small; INSERT INTO logs VALUES (3, 'x', 0);
      INSERT INTO entries VALUES (3, 0, NULL, NULL, 'no JSON'), (3, 1, 1, NULL, '{"t":')`)
    for (const name of VIEW_NAMES) {
      const { rows } = await client.query(`SELECT count(*) AS count FROM ${name} WHERE run_id = $1`, [RUN])
      expect(rows, name).toHaveLength(1)
      await client.query(`SELECT * FROM ${name}`)
    }
    await client.query('ROLLBACK')
  })

  test('a row or a token is looked up by index', async () => {
    await client.query('SET search_path = large; ANALYZE; SET enable_seqscan = off')
    const lookups = VIEW_NAMES.flatMap(name =>
      ['row_id', 'token_id'].filter(each => each in VIEW_COLUMNS[name]).map(column => ({ name, column })),
    )
    for (const { name, column } of lookups) {
      // Members of a batch stand in its entries: all batches are looked through. Endings are found by their tokens alone.
      if (name === 'batch_members' || (name === 'token_outcomes' && column === 'row_id')) continue
      const text = `EXPLAIN SELECT * FROM ${name} WHERE run_id = 'x' AND ${column} = 3`
      const plan = (await client.query({ text, rowMode: 'array' })).rows.flat().join('\n')
      for (const [, condition] of plan.matchAll(/Index Cond: (.*)/g))
        if (condition?.includes('log')) expect(`${name} by ${column}: ${condition}`).toMatch(/row|seq|token|run|batch/)
    }
    await client.query('RESET enable_seqscan; RESET search_path')
  })

  describe('verify', () => {
    let connection: Connection
    let expected: Awaited<ReturnType<LedgerReader['expectedObjects']>>
    beforeAll(async () => {
      const { postgres: reader } = ledgers[1] as (typeof ledgers)[number]
      expected = await reader.expectedObjects()
      connection = await Connection.open(`${place.url}?schema=small`, 'read')
    })
    afterAll(() => connection.close())

    const problems = async () => {
      const found: string[] = []
      const { postgres: reader } = ledgers[1] as (typeof ledgers)[number]
      const there = { objects: () => objectsOf(connection), expectedObjects: async () => expected }
      await checkObjects(Object.assign(Object.create(reader) as LedgerReader, there), { add: each => found.push(each) })
      return found
    }

    test('finds nothing where nothing was altered', async () => {
      const { postgres: reader } = ledgers[1] as (typeof ledgers)[number]
      expect(await problems()).toEqual([])
      expect((await reader.objects()).length).toBeGreaterThan(60)
      expect(Object.values(await reader.file()).map(([is, should]) => is === should)).toEqual([true, true])
    })

    test('takes comments for no part of the format: others may write them, and older ledgers have none', async () => {
      await connection.run('BEGIN')
      await connection.run(`COMMENT ON COLUMN calls.status IS 'theirs'; COMMENT ON VIEW runs IS NULL`)
      expect(await problems()).toEqual([])
      await connection.rollback()
    })

    const NOT_OURS = 'is not part of the format'
    const CHANGED = 'is not what the format has: its definition was changed'
    test.each([
      ['CREATE INDEX more ON entries (body)', [`index more ${NOT_OURS}`]],
      ['DROP INDEX entries_subject', ['index entries_subject is missing']],
      ['DROP TRIGGER entries_no_change ON entries', ['trigger entries_no_change is missing']],
      ['ALTER TABLE entries DISABLE TRIGGER entries_no_change', [`trigger entries_no_change ${CHANGED}`]],
      [
        `CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
        [`function refuse_change() ${CHANGED}`],
      ],
      [`ALTER FUNCTION put_payload SECURITY DEFINER`, [expect.stringContaining(`function put_payload(`)]],
      [`ALTER FUNCTION put_payload SET search_path = evil`, [expect.stringContaining(`function put_payload(`)]],
      [`CREATE FUNCTION lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1'`, [`function lower(text) ${NOT_OURS}`]],
      ['DROP VIEW calls', ['view calls is missing']],
      [
        `CREATE OR REPLACE VIEW batch_members AS SELECT 'x'::text COLLATE "C" AS run_id, 1::bigint AS batch_id, 1::bigint AS token_id, 1::bigint AS ordinal`,
        [`view batch_members ${CHANGED}`],
      ],
      ['ALTER VIEW calls SET (security_barrier)', [`view calls ${CHANGED}`]],
      ['ALTER TABLE entries ADD COLUMN more text', [`table entries ${CHANGED}`]],
      ['ALTER TABLE entries ENABLE ROW LEVEL SECURITY', [`table entries ${CHANGED}`]],
      ['ALTER TABLE heads SET UNLOGGED', [`table heads ${CHANGED}`]],
      ['ALTER TABLE tiles DROP CONSTRAINT tiles_check', ['constraint tiles_check is missing']],
      ['CREATE RULE none AS ON INSERT TO endings DO INSTEAD NOTHING', [`rule none ${NOT_OURS}`]],
      ['CREATE TABLE public.child () INHERITS (entries)', [`child table public.child ${NOT_OURS}`]],
      ['CREATE POLICY none ON tiles USING (false)', [`policy none ${NOT_OURS}`]],
      ['CREATE DOMAIN whole AS bigint', [`type whole ${NOT_OURS}`]],
    ])('finds: %s', async (change, found) => {
      await connection.run('BEGIN')
      await connection.run(change)
      expect(await problems()).toEqual(found)
      await connection.rollback()
    })

    test('says so where the server lets nothing be made for comparison', async () => {
      await client.query(`REVOKE TEMPORARY ON DATABASE ${new URL(place.url).pathname.slice(1)} FROM PUBLIC;
        CREATE ROLE looker LOGIN; GRANT USAGE ON SCHEMA small TO looker; GRANT SELECT ON ALL TABLES IN SCHEMA small TO looker`)
      const url = new URL(`${place.url}?schema=small`)
      url.username = 'looker'
      const reader = await openLedgerReader(url.href)
      const found: string[] = []
      await checkObjects(reader, { add: each => found.push(each) })
      await reader.close()
      await client.query('DROP OWNED BY looker; DROP ROLE looker')
      expect(found).toEqual([expect.stringContaining('can’t be compared')])
    })

    test('asks amcheck where it is installed', { tags: ['proof'] }, async () => {
      const { postgres: reader } = ledgers[1] as (typeof ledgers)[number]
      expect(await reader.integrity()).toBe(null)
      await client.query('CREATE EXTENSION amcheck')
      expect(await reader.integrity()).toEqual([])
      // The index gets no entry for the record.
      const is_ready = (is: boolean) =>
        client.query(`UPDATE pg_index SET indisready = ${is} WHERE indexrelid = 'small.tiles_pkey'::regclass`)
      await is_ready(false)
      await client.query(
        `INSERT INTO small.tiles (log, tree, level, idx, hash) VALUES (99, 0, 0, 0, '\\x${'00'.repeat(32)}')`,
      )
      await is_ready(true)
      expect(await reader.integrity()).toEqual([expect.stringMatching(/^index tiles_pkey: heap tuple .* lacks/)])
    })
  })
})
