/** Memory doesn't grow with rows: of each database, and of a store, a tenth as many rows need about as much. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { CONNECTORS } from '../support/kills.ts'
import {
  hasServer,
  lettersSql,
  missingServer,
  removeServers,
  SQL_KINDS,
  sqlDatabase,
} from '../support/sql-databases.ts'
import { hasStore, StoreServer, storeSaid } from '../support/store-servers.ts'
import type { Flown, FlowTask } from './flow.ts'

/** docs/databases.md and docs/object-stores.md have what it was for a million. */
const ROWS = Number(process.env.CUSTODY_ROWS ?? 100_000)
const MIB = 1024 * 1024
/** What a heap may keep that isn't collected yet. */
const SLACK_BYTES = 64 * MIB
/** DuckDB works within the process, and keeps pages of its file. */
const DUCKDB_BYTES = 128 * MIB
const PROGRAM = join(import.meta.dirname, 'flow.ts')

const folder = mkdtempSync(join(tmpdir(), 'custody-memory-'))
afterAll(async () => {
  await removeServers()
  rmSync(folder, { recursive: true, force: true })
})

async function flown(task: FlowTask): Promise<Flown> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, JSON.stringify(task)])
  // cast: the program says it.
  const flown = JSON.parse(stdout) as Flown
  expect(flown.rows).toBe(task.rows)
  if (process.env.CUSTODY_ROWS !== undefined) {
    const { rows, peak_bytes, cpu_ms } = flown
    console.log(
      `${task.kind} ${task.what}: ${rows} rows, ${Math.round(peak_bytes / MIB)} MiB, ${Math.round(cpu_ms)} ms of CPU`,
    )
  }
  return flown
}

async function isFlat(few: FlowTask, many: FlowTask): Promise<void> {
  const [before, after] = [await flown(few), await flown(many)]
  expect(after.peak_bytes - before.peak_bytes).toBeLessThan(few.kind === 'duckdb' ? DUCKDB_BYTES : SLACK_BYTES)
}

for (const kind of SQL_KINDS) {
  const said = await missingServer(kind)
  describe.skipIf(!CONNECTORS || !hasServer(kind) || said !== '')(`${kind}${said}`, () => {
    test('a table is read in flat memory', async () => {
      const [few, many] = [await sqlDatabase(kind, folder), await sqlDatabase(kind, folder)]
      await few.run(lettersSql(kind, ROWS / 10))
      await many.run(lettersSql(kind, ROWS))
      const task = (options: object, rows: number): FlowTask => {
        return { what: 'table in', kind, options: { ...options, table: 'letters' }, rows }
      }
      await isFlat(task(few.options, ROWS / 10), task(many.options, ROWS))
      await few.remove()
      await many.remove()
    })

    test('a table is written in flat memory', async () => {
      const database = await sqlDatabase(kind, folder)
      await database.run('CREATE TABLE letters (id bigint, subject varchar(100), weight int, price decimal(20, 2))')
      const options = { ...database.options, table: 'letters' }
      const task = (rows: number): FlowTask => ({ what: 'table out', kind, options, rows })
      await isFlat(task(ROWS / 10), task(ROWS))
      await database.remove()
    })
  })
}

describe.skipIf(!CONNECTORS || !hasStore('s3'))(`s3${storeSaid('s3')}`, () => {
  test('objects are written and read in flat memory', async () => {
    const server = await StoreServer.begin('s3')
    const storage = server.plain()
    const kind = 'sqlite'
    const out = (rows: number): FlowTask => {
      return { what: 'object out', kind, options: { path: server.url(`${rows}.jsonl`), storage }, rows }
    }
    await isFlat(out(ROWS / 10), out(ROWS))
    const csvOf = (rows: number) =>
      `id,text\n${Array.from({ length: rows }, (_, id) => `${id},letter ${id} of many\n`).join('')}`
    const into = (rows: number): FlowTask => {
      return { what: 'object in', kind, options: { path: server.url(`${rows}.csv`), storage }, rows }
    }
    for (const rows of [ROWS / 10, ROWS]) await server.put(`${rows}.csv`, csvOf(rows))
    await isFlat(into(ROWS / 10), into(ROWS))
    await server.close()
  })
})
