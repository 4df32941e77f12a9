/** Memory doesn't grow with rows: of each database, of a store, and of a web service, a tenth as many rows need about as much. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { CONNECTORS, custodyProcess } from '../support/kills.ts'
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

/** docs/databases.md, docs/object-stores.md and docs/http-source.md have what it was for a million. */
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

describe.skipIf(!CONNECTORS)('http', () => {
  const OF_A_PAGE = 1000
  const PIPELINE = `
name: pages
defaults: { on_error: problems, on_invalid: problems }
sources:
  rows:
    plugin: http
    options: { url: URL, records: /items, pages: { by: page, param: page }, allow: [127.0.0.1] }
    schema: { mode: fixed, fields: { id: integer, amount: integer, note: string } }
    to: out
sinks:
  out: { plugin: jsonl, options: { path: out/all.jsonl } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl }, on_error: discard }
`

  /** Loaded before the program. What the system counts of a process has that of the one that started it in it. */
  const SAYING = `
import { readFileSync, writeFileSync } from 'node:fs'
const peak_kib = () => /VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]
process.on('exit', () => writeFileSync(process.env.USAGE, peak_kib()))
`

  /** Peak memory of a whole run. */
  async function peakOf(rows: number): Promise<number> {
    const server = createServer(({ url = '' }, response) => {
      const page = Number(new URL(url, 'http://x').searchParams.get('page') ?? 1)
      const first = (page - 1) * OF_A_PAGE
      const count = Math.max(0, Math.min(OF_A_PAGE, rows - first))
      const items = Array.from({ length: count }, (_, i) => ({
        ...{ id: first + i, amount: (i * 7919) % 100_000, note: `some words about row ${first + i}` },
      }))
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ items }))
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    // cast: it listens on a port.
    const { port } = server.address() as AddressInfo
    const place = mkdtempSync(join(folder, 'pages-'))
    const usage = join(place, 'usage.json')
    const saying = join(place, 'saying.mjs')
    writeFileSync(saying, SAYING)
    writeFileSync(join(place, 'p.yaml'), PIPELINE.replace('URL', `http://127.0.0.1:${port}/rows`))
    const { code, stdout, stderr } = await custodyProcess(place, ['run', 'p.yaml', '--json'], null, {
      ...{ NODE_OPTIONS: `--import ${pathToFileURL(saying).href}`, USAGE: usage },
    })
    server.close()
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ rows: { read: rows } })
    const peak_bytes = Number(readFileSync(usage, 'utf8')) * 1024
    if (process.env.CUSTODY_ROWS !== undefined)
      console.log(`http pages in: ${rows} rows, ${Math.round(peak_bytes / MIB)} MiB`)
    return peak_bytes
  }

  test('pages are read in flat memory', async () => {
    expect((await peakOf(ROWS)) - (await peakOf(ROWS / 10))).toBeLessThan(SLACK_BYTES)
  })
})
