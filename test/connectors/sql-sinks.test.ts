/**
 * Sinks that write tables, with real servers behind them: what becomes of rows, whatever happens to the process, the connection and the server.
 * `npm test` tries SQLite, `npm run connectors` all of them, and kills.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import type { Json, Row } from '../../src/model/row.ts'
import { type JsonSchema, OBSERVED, type RowSchema } from '../../src/model/schema.ts'
import type { DatabaseKind } from '../../src/plugins/databases/dialect.ts'
import { openDatabase } from '../../src/plugins/databases/open.ts'
import { FILE_TABLE, placeOf, SERVED_TABLE, type SqlSinkOptions } from '../../src/plugins/sinks/sql/options.ts'
import { sqlSinks } from '../../src/plugins/sinks/sql/sinks.ts'
import { TableWriter } from '../../src/plugins/sinks/sql/table-writer.ts'
import type { Keyed, Outgoing, RowError, Sent } from '../../src/sdk/spec.ts'
import { conformanceProblems } from '../../src/sdk/testing.ts'
import { SIGNING } from '../crash/place.ts'
import { CONNECTORS, custodyProcess, KILLS, killAtRandom } from '../support/kills.ts'
import { PASSWORD, PostgresServer, USER } from '../support/postgres-server.ts'
import { Scissors } from '../support/scissors.ts'
import { ROOT } from '../support/source-file.ts'
import {
  mariadbServer,
  missingServer,
  removeServers,
  SQL_KINDS,
  type SqlDatabase,
  sqlDatabase,
} from '../support/sql-databases.ts'

/** With what is missing on this machine, for their names. */
const KINDS: readonly (readonly [DatabaseKind, string])[] = CONNECTORS
  ? await Promise.all(SQL_KINDS.map(async kind => [kind, await missingServer(kind)] as const))
  : [['sqlite', '']]
const SERVED: readonly DatabaseKind[] = ['postgres', 'mysql']
const ORDERS =
  'CREATE TABLE orders (id bigint PRIMARY KEY, amount decimal(20, 2), note varchar(200), CHECK (amount >= 0))'

const folders: string[] = []

afterAll(async () => {
  await removeServers()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'custody-sinks-'))
  folders.push(folder)
  return folder
}

interface Bench {
  readonly db: SqlDatabase
  readonly folder: string
  writer(options?: object, run?: string, input?: RowSchema): TableWriter
  read(query: string): Promise<ReadonlyArray<readonly unknown[]>>
}

async function benchOf(kind: DatabaseKind): Promise<Bench> {
  const folder = workFolder()
  const db = await sqlDatabase(kind, folder)
  const parsed = (options: object): SqlSinkOptions => {
    const all = { ...db.options, table: 'orders', ...options }
    return kind === 'postgres' || kind === 'mysql' ? SERVED_TABLE.parse(all) : FILE_TABLE.parse(all)
  }
  return {
    db,
    folder,
    writer: (options = {}, run = 'a-run', input = OBSERVED) =>
      new TableWriter(kind, parsed(options), {
        ...{ node: 'table', run, folder, input, secrets: [], placed: null },
        originalNames: () => ({}),
      }),
    read: async query => {
      const database = await openDatabase(placeOf(kind, parsed({}), folder))
      try {
        return (await database.ask(query)).records
      } finally {
        await database.close()
      }
    },
  }
}

/** Sends rows in one request; the first has this number. */
async function send(writer: TableWriter, rows: readonly Row[], { first = 1, epoch = 1 } = {}): Promise<Sent> {
  const keyed = rows.map((row, i): Keyed<Outgoing> => {
    const outgoing: Outgoing | RowError = writer.request(row)
    if (outgoing.kind === 'error') throw new Error(outgoing.message)
    return { outgoing, key: `a-run-${first + i}-2` }
  })
  const [head, ...rest] = keyed
  if (head === undefined) throw new Error('no row')
  return await writer.send([head, ...rest], { signal: new AbortController().signal, epoch })
}

const codes = (sent: Sent) =>
  sent.kind === 'accepted' ? [...(sent.refused ?? [])].map(([place, { code }]) => [place, code]) : sent

const order = (id: Json, amount: Json = '1.50', note: Json = 'a note'): Row => ({ id, amount, note })

describe.each(KINDS)('%s%s', (kind, said) => {
  const skipped = said !== ''

  test.skipIf(skipped)('conforms, with rows for a table that is there', async () => {
    const { db } = await benchOf(kind)
    await db.run(ORDERS)
    const spec = sqlSinks.find(({ name }) => name === kind)
    const rows_in = [order(1), order(2, null), order(3, '2.25', 'é😀')]
    const orders = {
      title: 'orders',
      options: { ...db.options, table: 'orders', key: ['id'], mode: 'upsert' },
      rows_in,
    }
    const columns = { id: 'id', note: 'note' }
    const some = { title: 'some columns', options: { ...db.options, table: 'orders', columns }, rows_in }
    expect(await conformanceProblems(spec!, [orders, some])).toEqual([])
    await db.remove()
  })

  test.skipIf(skipped)('takes what a table takes of a request, and answers from its receipt again', async () => {
    const { db, writer, read } = await benchOf(kind)
    await db.run(`${ORDERS}; INSERT INTO orders VALUES (7, 1, 'was there')`)
    const sink = writer({ mode: 'insert', key: ['id'] })
    await sink.prepare()
    const rows = [
      ...[order(1), order(2, '-1'), order(3), order(7), order(3, '2.00')],
      ...[{ ...order(4), colour: 'red' }, order('x'), { id: 5, note: null }, order(6, '3.25', 'é😀')],
    ]
    const first = await send(sink, rows)
    expect(codes(first)).toEqual([
      ...[
        [1, 'SQL_CONSTRAINT'],
        [3, 'SQL_CONSTRAINT'],
        [4, 'SQL_CONSTRAINT'],
        [5, 'SQL_COLUMN'],
      ],
      [6, 'SQL_VALUE'],
    ])
    const table = await read('SELECT id, amount, note FROM orders ORDER BY id')
    expect(table.map(([id, amount, note]) => [Number(id), amount === null ? null : Number(amount), note])).toEqual([
      ...[
        [1, 1.5, 'a note'],
        [3, 1.5, 'a note'],
        [5, null, null],
        [6, 3.25, 'é😀'],
        [7, 1, 'was there'],
      ],
    ])
    // By the same process, and by another one.
    expect(await send(sink, rows)).toEqual(first)
    await sink.close()
    const other = writer({ mode: 'insert', key: ['id'] })
    expect(await send(other, rows, { epoch: 2 })).toEqual(first)
    await other.close()
    expect(await read('SELECT count(*) FROM orders')).toEqual([[5]])
    expect(await read(`SELECT row_count, epoch FROM custody_receipts WHERE batch <> ''`)).toEqual([[9, 1]])
    await db.remove()
  })

  test.skipIf(skipped)('an upsert ends with the later row, in one request as well', async () => {
    const { db, writer, read } = await benchOf(kind)
    await db.run(ORDERS)
    const sink = writer({ mode: 'upsert', key: ['id'], columns: { number: 'id', note: 'note' } })
    await sink.prepare()
    const row = (number: number, note: string) => ({ number, note })
    expect(codes(await send(sink, [row(1, 'a'), row(2, 'b'), row(1, 'c'), row(1, 'd')]))).toEqual([])
    expect(codes(await send(sink, [row(2, 'e'), row(3, 'f')], { first: 5 }))).toEqual([])
    await sink.close()
    expect((await read('SELECT id, note FROM orders ORDER BY id')).map(([id, note]) => `${id} ${note}`)).toEqual([
      '1 d',
      '2 e',
      '3 f',
    ])
    await db.remove()
  })

  test.skipIf(skipped)('refuses who was taken for dead, and wakes up late', async () => {
    const { db, writer, read } = await benchOf(kind)
    await db.run(ORDERS)
    const [first, late, next] = [writer(), writer(), writer()]
    expect(codes(await send(first, [order(1)]))).toEqual([])
    await first.close()
    expect(codes(await send(next, [order(2)], { first: 2, epoch: 2 }))).toEqual([])
    expect(await send(late, [order(3)], { first: 3 })).toMatchObject({
      kind: 'rejected',
      code: 'SQL_REPLACED',
      stops: 'status',
    })
    expect(codes(await send(next, [order(4)], { first: 4, epoch: 2 }))).toEqual([])
    await Promise.all([late.close(), next.close()])
    expect((await read('SELECT id FROM orders ORDER BY id')).map(([id]) => Number(id))).toEqual([1, 2, 4])
    await db.remove()
  })

  test.skipIf(skipped)('says before a run what its table lacks', async () => {
    const { db, writer, read } = await benchOf(kind)
    const failing = async (options: object, input?: RowSchema) => {
      const sink = writer(options, 'a-run', input)
      return await sink.prepare().then(
        () => null,
        error => [error.code, error.message],
      )
    }
    expect(await failing({})).toEqual(['CUSTODY_TABLE', expect.stringContaining('has no table orders')])
    await db.run('CREATE TABLE orders (id bigint, note varchar(20))')
    expect(await failing({ mode: 'upsert', key: ['id'] })).toEqual([
      'CUSTODY_TABLE',
      expect.stringContaining('no key or unique index of id'),
    ])
    expect(await failing({ columns: { id: 'nr' } })).toEqual(['CUSTODY_TABLE', expect.stringContaining('no column nr')])
    const fields = new Map(['id', 'colour'].map(field => [field, { schema: {}, optional: false }] as const))
    expect(await failing({}, { fields, closed: true, observed: false })).toEqual([
      'CUSTODY_TABLE',
      expect.stringContaining('no column colour'),
    ])
    expect(await failing({ columns: ['id'] })).toBeNull()
    expect(await failing({ table: 'none', create: 'if_missing' })).toBeNull()
    expect(await read('SELECT count(*) FROM orders')).toEqual([[0]])
    await db.remove()
  })

  test.skipIf(skipped)(
    'makes a table for rows whose schema is declared, and stops where it is taken away',
    async () => {
      const { db, writer, read } = await benchOf(kind)
      const field = (schema: JsonSchema) => ({ schema, optional: true })
      const fields = new Map([
        ['id', field({ type: 'integer' })],
        ['price', field({ type: 'string', format: 'decimal', scale: 2 })],
        ['size', field({ type: 'number' })],
        ['open', field({ type: 'boolean' })],
        ['tags', field({ type: 'array' })],
        ['note', field({ type: ['string', 'null'] })],
      ])
      const sink = writer({ table: 'made', mode: 'insert', key: ['id'], create: 'if_missing' }, 'a-run', {
        fields,
        closed: true,
        observed: false,
      })
      await sink.prepare()
      const row = { id: 1, price: '12345678901234.25', size: 1.5, open: true, tags: ['a', 'b'], note: 'x' }
      expect(codes(await send(sink, [row, { id: 2, tags: null }]))).toEqual([])
      const [first] = await read('SELECT id, price, size, open, tags, note FROM made WHERE id = 1')
      expect([first?.[0], first?.[1], first?.[2], Boolean(first?.[3]), first?.[4], first?.[5]]).toEqual(
        Object.values(row),
      )
      if (kind === 'duckdb') await sink.close()
      await db.run('DROP TABLE made')
      if (kind === 'duckdb') await db.run('CREATE TABLE other (id int)')
      const options = { table: 'made', mode: 'insert', key: ['id'] }
      const without = writer(options)
      expect(await send(without, [{ id: 3 }], { first: 3 })).toMatchObject({
        kind: 'rejected',
        code: 'SQL_MISSING',
        stops: 'model',
      })
      await Promise.all([sink.close(), without.close()])
      await db.remove()
    },
  )
})

// ── whole runs ──────────────────────────────────────────────────────────────────────────────────────────────────────

const ROWS = 1_200

/** Rows whose ids come again: `added` refuses these, `latest` takes the last of each. */
function layOut({ db, folder }: Bench, options: object = {}, rows = ROWS): void {
  const where = JSON.stringify({ ...db.options, ...options })
  writeFileSync(
    join(folder, 'in.jsonl'),
    Array.from(
      { length: rows },
      (_, i) => `${JSON.stringify(order((i * 7) % (rows - 100), `${i}.25`, `row ${i}`))}\n`,
    ).join(''),
  )
  writeFileSync(
    join(folder, 'p.yaml'),
    `
name: orders
defaults: { on_error: problems, on_invalid: problems }
sources:
  rows: { plugin: jsonl, options: { path: in.jsonl }, to: both }
nodes:
  both: { fork: { a: added, b: latest } }
sinks:
  added:
    plugin: ${db.kind}
    options: { ...: ${where}, table: added, mode: insert, key: [id], batch: { rows: 60, wait: 200ms } }
  latest:
    plugin: ${db.kind}
    options: { ...: ${where}, table: latest, mode: upsert, key: [id], batch: { rows: 60, wait: 200ms } }
  problems: { plugin: jsonl, options: { path: problems.jsonl, if_exists: replace }, on_error: discard }
`.replaceAll(`...: ${where}`, where.slice(1, -1)),
  )
}

const tables = (kind: DatabaseKind) =>
  ['added', 'latest']
    .map(name => ORDERS.replace('orders', name))
    .join('; ')
    .concat(kind === 'duckdb' ? '' : '')

/** What the tables and the file must be, row by row. */
function expected(rows = ROWS) {
  const added = new Map<number, string>()
  const latest = new Map<number, string>()
  let refused = 0
  for (let i = 0; i < rows; i++) {
    const id = (i * 7) % (rows - 100)
    if (added.has(id)) refused++
    else added.set(id, `row ${i}`)
    latest.set(id, `row ${i}`)
  }
  return { added, latest, refused }
}

async function judge({ read, folder }: Bench, rows = ROWS): Promise<void> {
  const due = expected(rows)
  for (const name of ['added', 'latest'] as const) {
    const found = await read(`SELECT id, note FROM ${name} ORDER BY id`)
    expect(found.map(([id, note]) => [Number(id), note])).toEqual([...due[name]].sort(([a], [b]) => a - b))
  }
  const problems = readFileSync(join(folder, 'problems.jsonl'), 'utf8').trim().split('\n')
  expect(problems).toHaveLength(due.refused)
  expect(new Set(problems).size).toBe(due.refused)
}

describe.skipIf(!CONNECTORS).each(KINDS)('runs of %s%s', (kind, said) => {
  const skipped = said !== ''

  test.skipIf(skipped)('killed at random leave each row exactly once', async () => {
    const bench = await benchOf(kind)
    await bench.db.run(tables(kind))
    layOut(bench)
    const reference = { text: '' }
    let judged = 0
    const { killed } = await killAtRandom(bench.folder, KILLS, async () => {
      // One that was killed before it had begun has left the run before it, which is finished already.
      const [[runs] = []] = await bench.read('SELECT count(DISTINCT run) FROM custody_receipts')
      if (Number(runs) === judged) return
      judged = Number(runs)
      await judge(bench)
      // Row for row as in the run before, whichever way it came to its end.
      const text = readFileSync(join(bench.folder, 'problems.jsonl'), 'utf8').replace(
        /Duplicate key[^"]*|duplicate key[^"]*\\".*?\\"/gi,
        '',
      )
      reference.text ||= text
      expect(text).toBe(reference.text)
      await bench.db.run('DELETE FROM added; DELETE FROM latest')
    })
    expect(killed).toBe(KILLS)
    expect(judged).toBeGreaterThan(0)
    expect(await custodyProcess(bench.folder, ['verify'], null)).toMatchObject({ code: 0 })
    await bench.db.remove()
  })
})

/** Resolves when a run in the folder is on record. */
async function begun(folder: string): Promise<void> {
  for (let looks = 0; looks < 1_200 && !isOnRecord(join(folder, 'custody.db')); looks++) await sleep(50)
}

function isOnRecord(path: string): boolean {
  if (!existsSync(path)) return false
  try {
    const db = new DatabaseSync(path, { readOnly: true })
    const found = db.prepare('SELECT 1 FROM logs WHERE run IS NOT NULL').get()
    db.close()
    return found !== undefined
  } catch {
    // It is being made.
    return false
  }
}

// What they take is waiting, so that all of them wait at once.
describe.skipIf(!CONNECTORS)('a process that sleeps, and whose run somebody else takes over', () => {
  for (const [kind, said] of KINDS)
    test.skipIf(said !== '').concurrent(`of ${kind}${said} wakes up to nothing`, async () => {
      const bench = await benchOf(kind)
      await bench.db.run(tables(kind))
      layOut(bench, {}, 3_000)
      const late = spawn(process.execPath, [join(ROOT, 'test/crash/custody.ts'), 'run', 'p.yaml'], {
        cwd: bench.folder,
        env: { PATH: process.env.PATH, HOME: bench.folder, ...SIGNING },
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let heard = ''
      late.stderr.setEncoding('utf8').on('data', text => {
        heard += text
      })
      const gone = once(late, 'close')
      await Promise.race([gone, begun(bench.folder)])
      // Some rows are written, and by far not all.
      await sleep(500)
      late.kill('SIGSTOP')
      // Its lease runs out. Files are the sleeper's until it wakes up.
      const wakes = kind === 'sqlite' || kind === 'duckdb' ? 16_000 : 90_000
      const woken = sleep(wakes).then(() => late.kill('SIGCONT'))
      let ended = await custodyProcess(bench.folder, ['resume', 'latest'], null)
      // The sleeper may have the ledger’s lock, or the file’s, as well.
      while (/CUSTODY_(?:RUN_HELD|LEDGER_BUSY)/.test(ended.stderr)) {
        await sleep(1_000)
        ended = await custodyProcess(bench.folder, ['resume', 'latest'], null)
      }
      expect(ended.code, ended.stderr).toBe(0)
      late.kill('SIGCONT')
      await gone
      expect(heard).toMatch(/CUSTODY_RUN_LOST|CUSTODY_SERVICE_STATUS|done in/)
      await judge(bench, 3_000)
      await woken
      await bench.db.remove()
    })
})

describe.skipIf(!CONNECTORS).each(KINDS.filter(([kind]) => SERVED.includes(kind)))('a server of %s%s', (kind, said) => {
  const skipped = said !== ''

  test.skipIf(skipped)('whose connections are cut in the middle of COMMIT has each row once', async () => {
    const bench = await benchOf(kind)
    await bench.db.run(tables(kind))
    const { connection } = bench.db.options as { readonly connection: { readonly port: number } }
    const scissors = new Scissors(connection.port)
    const port = await scissors.listen()
    layOut(bench, { connection: { ...connection, port } })
    const ended = await custodyProcess(bench.folder, ['run', 'p.yaml'], null)
    scissors.close()
    expect(ended.code, ended.stderr).toBe(0)
    expect(scissors.cuts).toBeGreaterThan(5)
    await judge(bench)
    await bench.db.remove()
  })

  test.skipIf(skipped)('that is stopped and started again in the middle of a run has each row once', async () => {
    const bench = await benchOf(kind)
    const own = kind === 'postgres' ? await PostgresServer.begin() : await mariadbServer()
    let { options } = bench.db
    if (own instanceof PostgresServer) {
      const [{ default: pg }] = [await import('pg')]
      const client = new pg.Client({ connectionString: own.url() })
      await client.connect()
      await client.query(tables(kind))
      await client.end()
      options = {
        connection: { host: '127.0.0.1', port: own.port, database: 'postgres', user: USER, password: PASSWORD },
      }
    } else await bench.db.run(tables(kind))
    const restarted = { ...bench, db: { ...bench.db, options } }
    layOut(
      restarted,
      'password' in (options.connection as object)
        ? { connection: { ...(options.connection as object), password: { secret: 'DB_PASSWORD' } } }
        : {},
    )
    const running = custodyProcess(bench.folder, ['run', 'p.yaml'], null, { DB_PASSWORD: PASSWORD })
    await Promise.race([running, begun(bench.folder)])
    await sleep(1_200)
    await own.stop()
    await sleep(1_500)
    await own.start()
    expect(await running).toMatchObject({ code: 0 })
    const database = await openDatabase(placeOf(kind, SERVED_TABLE.parse({ ...options, table: 'added' }), bench.folder))
    await judge({ ...restarted, read: async query => (await database.ask(query)).records })
    await database.close()
    if (own instanceof PostgresServer) await own.remove()
    await bench.db.remove()
  })
})
