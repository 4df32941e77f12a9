/**
 * Runs that are given up while somebody may still write for them: a process that only sleeps, a connection whose process is gone. What comes late
 * finds the door shut, and what had come before ended as in doubt.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { OBSERVED } from '../../src/model/schema.ts'
import { type DatabaseKind, DIALECTS } from '../../src/plugins/databases/dialect.ts'
import { openDatabase } from '../../src/plugins/databases/open.ts'
import { FILE_TABLE, placeOf, SERVED_TABLE } from '../../src/plugins/sinks/sql/options.ts'
import { Receipts } from '../../src/plugins/sinks/sql/receipts.ts'
import { TableWriter } from '../../src/plugins/sinks/sql/table-writer.ts'
import type { Outgoing } from '../../src/sdk/spec.ts'
import { SIGNING } from '../crash/place.ts'
import { HoldingProxy } from '../support/holding-proxy.ts'
import { CONNECTORS, custodyProcess, type Ended } from '../support/kills.ts'
import { ROOT } from '../support/source-file.ts'
import { missingServer, removeServers, SQL_KINDS, type SqlDatabase, sqlDatabase } from '../support/sql-databases.ts'

const KINDS: readonly (readonly [DatabaseKind, string])[] = CONNECTORS
  ? await Promise.all(SQL_KINDS.map(async kind => [kind, await missingServer(kind)] as const))
  : [['sqlite', '']]
const isServed = (kind: DatabaseKind) => kind === 'postgres' || kind === 'mysql'

const folders: string[] = []
afterAll(async () => {
  await removeServers()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

interface Bench {
  readonly db: SqlDatabase
  readonly folder: string
  options(more?: object): ReturnType<typeof FILE_TABLE.parse> | ReturnType<typeof SERVED_TABLE.parse>
  ids(): Promise<readonly number[]>
}

async function benchOf(kind: DatabaseKind): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'custody-abandoned-'))
  folders.push(folder)
  const db = await sqlDatabase(kind, folder)
  await db.run('CREATE TABLE letters (id bigint PRIMARY KEY, note varchar(40))')
  const options = (more: object = {}) => {
    const all = { ...db.options, table: 'letters', ...more }
    return isServed(kind) ? SERVED_TABLE.parse(all) : FILE_TABLE.parse(all)
  }
  const ids = async () => {
    const database = await openDatabase(placeOf(kind, options(), folder))
    try {
      const { records } = await database.ask('SELECT id FROM letters ORDER BY id')
      return records.map(([id]) => Number(id))
    } finally {
      await database.close()
    }
  }
  return { db, folder, options, ids }
}

function writerOf({ db, folder, options }: Bench): TableWriter {
  const context = { node: 'table', run: 'a-run', folder, input: OBSERVED, secrets: [], placed: null }
  return new TableWriter(db.kind, options(), { ...context, originalNames: () => ({}) })
}

const NOBODY_STOPS = new AbortController().signal

async function send(writer: TableWriter, id: number) {
  // cast: no row here lacks its key.
  const outgoing = writer.request({ id, note: 'x' }) as Outgoing
  return await writer.send([{ outgoing, key: `a-run-${id}` }], { signal: NOBODY_STOPS, epoch: 1 })
}

describe.each(KINDS)('%s%s', (kind, said) => {
  test.skipIf(said !== '')('takes nothing of who held a run that was given up', async () => {
    const bench = await benchOf(kind)
    const [late, later, giving_up] = [writerOf(bench), writerOf(bench), writerOf(bench)]
    expect(await send(late, 1)).toMatchObject({ kind: 'accepted' })
    // The file of DuckDB is another process's, or nobody's.
    if (kind === 'duckdb') await late.close()
    await giving_up.fence(2, NOBODY_STOPS)
    const refused = { kind: 'rejected', code: 'SQL_REPLACED', retryable: false, stops: 'status' }
    expect(await send(late, 2)).toMatchObject(kind === 'duckdb' ? { kind: 'rejected' } : refused)
    expect(await send(later, 3)).toMatchObject(refused)
    for (const each of [late, later, giving_up]) await each.close()
    expect(await bench.ids()).toEqual([1])
    await bench.db.remove()
  })

  test.skipIf(said !== '')('takes nothing either where nobody had written yet', async () => {
    const bench = await benchOf(kind)
    await writerOf(bench).fence(2, NOBODY_STOPS)
    const late = writerOf(bench)
    expect(await send(late, 1)).toMatchObject({ kind: 'rejected', code: 'SQL_REPLACED' })
    await late.close()
    expect(await bench.ids()).toEqual([])
    await bench.db.remove()
  })

  test.skipIf(said !== '' || !isServed(kind))('is waited for, where somebody has a transaction under way', async () => {
    const bench = await benchOf(kind)
    const first = writerOf(bench)
    await send(first, 1)
    await first.close()
    const sleeper = await openDatabase(placeOf(kind, bench.options(), bench.folder))
    await sleeper.begin('write')
    const receipts = new Receipts(DIALECTS[kind], ['custody_receipts'])
    expect(await receipts.fence(sleeper, { run: 'a-run', part: 0, sink: 'table' }, 1)).toBe('open')
    await sleeper.ask(`INSERT INTO letters VALUES (2, 'late')`)
    let fenced = false
    const fencing = writerOf(bench)
      .fence(2, NOBODY_STOPS)
      .then(() => {
        fenced = true
      })
    await sleep(700)
    expect(fenced).toBe(false)
    await sleeper.rollback()
    await fencing
    await sleeper.close()
    expect(await bench.ids()).toEqual([1])
    await bench.db.remove()
  })
})

test('a place that can’t be asked is said, and nobody is kept waiting', async () => {
  const context = { node: 'table', run: 'r', folder: '/', input: OBSERVED, secrets: [], placed: null }
  const connection = { host: '127.0.0.1', port: 1, database: 'd', user: 'u' }
  const options = SERVED_TABLE.parse({ connection, table: 'letters' })
  const writer = new TableWriter('postgres', options, { ...context, originalNames: () => ({}) })
  await expect(writer.fence(2, NOBODY_STOPS)).rejects.toMatchObject({ code: 'CUSTODY_SINK', where: { node: 'table' } })
})

// ── whole runs ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** So many that none of the databases has all of them when its process is put to sleep. */
const ROWS = { postgres: 4_000, mysql: 4_000, sqlite: 60_000, duckdb: 20_000 } as const

function layOut({ db, folder }: Bench, more: object = {}): void {
  const rows = Array.from(
    { length: ROWS[db.kind] },
    (_, i) => `${JSON.stringify({ id: i + 1, note: `letter ${i + 1}` })}\n`,
  )
  writeFileSync(join(folder, 'in.jsonl'), rows.join(''))
  const options = { ...db.options, table: 'letters', batch: { rows: 40, wait: '200ms' }, ...more }
  const pipeline = {
    name: 'letters',
    defaults: { on_error: 'discard', on_invalid: 'discard' },
    sources: { rows: { plugin: 'jsonl', options: { path: 'in.jsonl' }, to: 'table' } },
    sinks: { table: { plugin: db.kind, options } },
  }
  writeFileSync(join(folder, 'p.yaml'), JSON.stringify(pipeline))
}

/** A process that runs `p.yaml`, of whose rows some are on record as written, and by far not all. @throws Error if it ended before */
async function begun({ folder }: Bench): Promise<{ readonly late: ChildProcess; readonly gone: Promise<unknown> }> {
  const { PATH } = process.env
  const late = spawn(process.execPath, [join(ROOT, 'test/crash/custody.ts'), 'run', 'p.yaml'], {
    ...{ cwd: folder, env: { PATH, HOME: folder, ...SIGNING }, stdio: ['ignore', 'ignore', 'pipe'] },
  })
  let heard = ''
  late.stderr?.setEncoding('utf8').on('data', text => {
    heard += text
  })
  const gone = once(late, 'close')
  const path = join(folder, 'custody.db')
  while (!(existsSync(path) && hasEndings(path))) {
    if (late.exitCode !== null) throw new Error(`it has ended: ${heard}`)
    await sleep(10)
  }
  return { late, gone }
}

function hasEndings(path: string): boolean {
  const query = 'SELECT 1 FROM token_outcomes WHERE is_terminal = 1 LIMIT 1'
  return inLedger(path, ledger => ledger.prepare(query).get() !== undefined) ?? false
}

/** null: it is being made, or locked. */
function inLedger<T>(path: string, work: (ledger: DatabaseSync) => T): T | null {
  try {
    const ledger = new DatabaseSync(path, { timeout: 0 })
    try {
      return work(ledger)
    } finally {
      ledger.close()
    }
  } catch {
    return null
  }
}

/** Puts a process to sleep at a moment when it hasn't locked the ledger, which nobody could take over then. */
async function putToSleep(late: ChildProcess, path: string): Promise<void> {
  const isFree = () =>
    inLedger(path, ledger => {
      ledger.exec('BEGIN IMMEDIATE; ROLLBACK')
      return true
    }) ?? false
  for (late.kill('SIGSTOP'); !isFree(); late.kill('SIGSTOP')) {
    late.kill('SIGCONT')
    await sleep(7)
  }
}

/** At the end of what is said at once. */
const COMMIT = /COMMIT\0?(?:[^A-Z]|$)/

/** Gives the run up, as soon as whoever held it may be taken for gone. */
async function giveUp(folder: string): Promise<Ended> {
  for (;;) {
    const ended = await custodyProcess(folder, ['abandon', 'latest'], null)
    if (!/CUSTODY_(?:RUN_HELD|LEDGER_BUSY)/.test(ended.stderr)) return ended
    await sleep(1_000)
  }
}

/** Ids of rows by how they ended: each is that of its row. */
function endings(folder: string): { readonly written: readonly number[]; readonly in_doubt: readonly number[] } {
  const ledger = new DatabaseSync(join(folder, 'custody.db'), { readOnly: true })
  try {
    const query = `SELECT row_id, outcome, cause FROM token_outcomes WHERE is_terminal = 1 ORDER BY row_id`
    const found = ledger.prepare(query).all() as unknown as readonly {
      readonly row_id: number
      readonly outcome: string
      readonly cause: string
    }[]
    const of = (text: string) =>
      found.filter(({ outcome, cause }) => text === `${outcome}/${cause}`).map(({ row_id }) => Number(row_id))
    return { written: of('COMPLETED/flow'), in_doubt: of('FAILED/in_doubt') }
  } finally {
    ledger.close()
  }
}

/** What is in the table is what the ledger says, once and for ever. */
async function judge(bench: Bench): Promise<ReturnType<typeof endings>> {
  const ended = endings(bench.folder)
  const ids = await bench.ids()
  expect(ids).toEqual(expect.arrayContaining([...ended.written]))
  const known = new Set([...ended.written, ...ended.in_doubt])
  expect(ids.filter(id => !known.has(id))).toEqual([])
  return ended
}

// What they take is waiting, so that all of them wait at once.
describe.skipIf(!CONNECTORS)('a run that is given up', () => {
  for (const [kind, said] of KINDS)
    test
      .skipIf(said !== '')
      .concurrent(`while its process of ${kind}${said} sleeps takes nothing of it later`, async () => {
        const bench = await benchOf(kind)
        layOut(bench)
        const { late, gone } = await begun(bench)
        await putToSleep(late, join(bench.folder, 'custody.db'))
        // Files are the sleeper's until it wakes up.
        const woken = isServed(kind) ? null : sleep(30_000).then(() => late.kill('SIGCONT'))
        const ended = await giveUp(bench.folder)
        expect([ended.code, ended.stderr]).toEqual([0, expect.not.stringContaining('may still come')])
        const before = await bench.ids()
        late.kill('SIGCONT')
        await gone
        await woken
        const { written } = await judge(bench)
        expect(written.length).toBeLessThan(ROWS[kind])
        expect(await bench.ids()).toEqual(before)
        expect(await custodyProcess(bench.folder, ['verify'], null)).toMatchObject({ code: 0 })
        await bench.db.remove()
      })

  for (const [kind, said] of KINDS.filter(([each]) => isServed(each)))
    for (const moment of ['long after', 'before'] as const)
      test
        .skipIf(said !== '')
        .concurrent(`when its process of ${kind}${said} is gone, and the COMMIT comes ${moment} that`, async () => {
          const bench = await benchOf(kind)
          const { connection } = bench.db.options as { readonly connection: { readonly port: number } }
          const proxy = await HoldingProxy.begin(connection.port)
          layOut(bench, { connection: { ...connection, port: proxy.port } })
          const { late, gone } = await begun(bench)
          await proxy.hold(COMMIT)
          late.kill('SIGKILL')
          await gone
          const giving_up = giveUp(bench.folder)
          if (moment === 'before') await proxy.release()
          const ended = await giving_up
          expect([ended.code, ended.stderr]).toEqual([0, expect.not.stringContaining('may still come')])
          const before = await bench.ids()
          await proxy.release()
          await sleep(500)
          const { in_doubt } = await judge(bench)
          expect(await bench.ids()).toEqual(before)
          expect(in_doubt.length).toBeGreaterThan(0)
          // What the server had when the run was given up it has; else it never comes.
          const there = in_doubt.filter(id => before.includes(id)).length
          expect(there > 0).toBe(moment === 'before')
          expect(await custodyProcess(bench.folder, ['verify'], null)).toMatchObject({ code: 0 })
          await proxy.close()
          await bench.db.remove()
        })
})
