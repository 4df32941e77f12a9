/** `custody export`, end to end within this process. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { VIEW_COLUMNS, VIEW_NAMES } from '../src/ledger/read-port.ts'
import { runInProcess } from './support/in-process.ts'

const ROOT = join(import.meta.dirname, '..')
/** Names in the data are canaries. */
const PIPELINE = `
name: letters
defaults: { on_error: problems, on_invalid: problems }
sources:
  people:
    plugin: csv
    options: { path: people.csv }
    schema: { mode: fixed, fields: { id: integer, name: string, town: string } }
    to: check
nodes:
  check: { transform: keyword_filter, options: { fields: [name], patterns: ['bad'] }, to: map }
  map: { transform: field_mapper, options: { rename: { name: who } }, to: set }
  set: { transform: compute, options: { set: { greeting: '"to " + row.who + " of " + row.town' } }, to: towns }
  towns: { aggregate: batch_stats, per: [town], trigger: { count: 2 }, options: { value: id, group_by: town }, to: out }
sinks:
  out: { plugin: jsonl, options: { path: out/all.jsonl, if_exists: number } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl, if_exists: number }, on_error: discard }
`
const PEOPLE = `id,name,town
1,anna-canary,"north, east"
2,bad-berta-canary,north
x,carl-canary,south
4,dora-canary,"north, east"
5,emil-canary,south
`

let folder: string
let env: { XDG_CONFIG_HOME: string }
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-export-'))
  env = { XDG_CONFIG_HOME: join(folder, 'home') }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'p.yaml'), PIPELINE)
  writeFileSync(join(folder, 'people.csv'), PEOPLE)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function custody(...argv: string[]) {
  const result = await runInProcess(argv, folder, env)
  return { ...result, json: argv.includes('--json') ? JSON.parse(result.stdout) : null }
}
async function run(): Promise<string> {
  const { json, exit, stderr } = await custody('run', 'p.yaml', '--json')
  expect(exit, stderr).toBe(0)
  return json.run
}
const database = () => new DatabaseSync(join(folder, 'custody.db'))
/** A view as SQLite itself gives it, each row as JSON, sorted. */
function viewOf(name: string, id: string): Record<string, unknown>[] {
  const db = database()
  try {
    return db
      .prepare(`SELECT * FROM ${name} WHERE run_id = ?`)
      .all(id)
      .map(row => ({ ...row }))
  } finally {
    db.close()
  }
}
const sorted = (rows: readonly unknown[]) => rows.map(row => JSON.stringify(row)).sort()
/** Hidden names of an export that came to no end. */
const leftovers = () => readdirSync(folder).filter(name => name.endsWith('.part'))

test('jsonl has all views, each with all of its rows and columns', async () => {
  const id = await run()
  const { exit, json } = await custody('export', 'latest', '--format', 'jsonl', '--out', 'out-j', '--json')
  expect(exit).toBe(0)
  expect(json).toMatchObject({ run: id, format: 'jsonl', out: join(folder, 'out-j') })
  expect(readdirSync(join(folder, 'out-j')).sort()).toEqual(VIEW_NAMES.map(name => `${name}.jsonl`).sort())
  for (const name of VIEW_NAMES) {
    const text = readFileSync(join(folder, 'out-j', `${name}.jsonl`), 'utf8')
    const rows = text
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line))
    const expected = viewOf(name, id).map(row => ({
      ...row,
      ...('is_terminal' in row ? { is_terminal: row.is_terminal === 1 } : {}),
      ...('key' in row ? { key: JSON.parse(`${row.key}`) } : {}),
    }))
    expect(sorted(rows), name).toEqual(sorted(expected))
    expect(json.files).toContainEqual({ file: `${name}.jsonl`, rows: rows.length, bytes: Buffer.byteLength(text) })
    for (const row of rows) expect(Object.keys(row), name).toEqual(Object.keys(VIEW_COLUMNS[name]))
  }
  expect(viewOf('batches', id).length).toBeGreaterThan(0)
})

test('csv has a header, and quotes what has to be', async () => {
  const id = await run()
  expect((await custody('export', 'latest', '--format', 'csv', '--out', 'c')).exit).toBe(0)
  const text = readFileSync(join(folder, 'c', 'batches.csv'), 'utf8')
  expect(text).toMatch(/^run_id,batch_id,node,trigger,size,key\r\n/)
  expect(text).toContain(`${id},1,towns,count,2,"{""town"":""north, east""}"\r\n`)
  expect(readFileSync(join(folder, 'c', 'nodes.csv'), 'utf8').split('\r\n')).toHaveLength(
    viewOf('nodes', id).length + 2,
  )
})

test('parquet has the same rows with types', async () => {
  const id = await run()
  expect((await custody('export', 'latest', '--format', 'parquet', '--out', 'pq')).exit).toBe(0)
  for (const name of VIEW_NAMES) {
    const file = await asyncBufferFromFile(join(folder, 'pq', `${name}.parquet`))
    const types = parquetSchema(await parquetMetadataAsync(file)).children.map(({ element }) => [
      element.name,
      element.logical_type?.type ?? element.type,
    ])
    const written = { integer: 'INT64', flag: 'BOOLEAN', text: 'STRING', time: 'TIMESTAMP', json: 'STRING' }
    expect(types).toEqual(Object.entries(VIEW_COLUMNS[name]).map(([column, type]) => [column, written[type]]))
    const rows = (await parquetReadObjects({ file })).map(row =>
      Object.fromEntries(Object.entries(row).map(([column, value]) => [column, plain(value)])),
    )
    expect(sorted(rows), name).toEqual(sorted(viewOf(name, id)))
  }
})

/** As SQLite has it. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'boolean') return value ? 1 : 0
  return value instanceof Date ? value.toISOString() : value
}

test('nothing is replaced, and an empty folder is no obstacle', async () => {
  const id = await run()
  expect((await custody('export', 'latest', '--format', 'csv')).exit).toBe(0)
  expect(existsSync(join(folder, `export-${id.slice(0, 13)}-csv`, 'runs.csv'))).toBe(true)
  const again = await custody('export', 'latest', '--format', 'csv', '--json')
  expect(again).toMatchObject({ exit: 2, json: { error: { code: 'CUSTODY_TARGET_EXISTS' } } })
  mkdirSync(join(folder, 'empty'))
  expect((await custody('export', 'latest', '--format', 'csv', '--out', 'empty')).exit).toBe(0)
  expect(existsSync(join(folder, 'empty', 'runs.csv'))).toBe(true)
  expect(leftovers()).toEqual([])
})

test('a run that isn’t there, and a format that isn’t', async () => {
  await run()
  expect(await custody('export', 'ffff', '--format', 'csv', '--json')).toMatchObject({
    exit: 2,
    json: { error: { code: 'CUSTODY_RUN_UNKNOWN' } },
  })
  expect(await custody('export', 'latest', '--format', 'xml', '--json')).toMatchObject({
    exit: 2,
    json: { error: { code: 'CUSTODY_ARGUMENT' } },
  })
})

test.each(['jsonl', 'csv', 'parquet', 'tiles'])('what doesn’t hold isn’t exported: %s', async format => {
  await run()
  const db = database()
  for (const { name } of db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'entries'")
    .all())
    db.exec(`DROP TRIGGER ${name}`)
  db.exec(`UPDATE entries SET body = replace(body, '"o":0', '"o":1') WHERE row = 1`)
  db.close()
  const { exit, json } = await custody('export', 'latest', '--format', format, '--out', 'bad', '--json')
  expect(exit).toBe(1)
  expect(json).toMatchObject({ run: 'latest', holds: false })
  expect(json.problems.length).toBeGreaterThan(0)
  expect(existsSync(join(folder, 'bad'))).toBe(false)
  expect(leftovers()).toEqual([])
})

test('tables aren’t taken from a view that was altered', async () => {
  await run()
  const db = database()
  db.exec("DROP VIEW runs; CREATE VIEW runs AS SELECT run AS run_id, 'nothing' AS name FROM logs")
  db.close()
  const { exit, json } = await custody('export', 'latest', '--format', 'csv', '--json')
  expect(exit).toBe(1)
  expect(json.problems.join()).toContain('view runs')
})

test('tiles are those of the ledger’s log and of the run’s', async () => {
  const id = await run()
  const { json, exit } = await custody('export', id, '--format', 'tiles', '--out', 't', '--json')
  expect(exit).toBe(0)
  expect(json.logs).toMatchObject([
    { folder: 'ledger', unbundled: null },
    { folder: `runs/${id}`, unbundled: null },
  ])
  const db = database()
  for (const [log, { folder: prefix, size }] of json.logs.entries()) {
    const at = join(folder, 't', prefix)
    expect(readFileSync(join(at, 'checkpoint'), 'utf8')).toBe(
      db.prepare('SELECT note FROM heads WHERE log = ?').get(log)?.note,
    )
    const bundle = readFileSync(join(at, 'tile', 'entries', '000.p', `${size}`))
    const bodies = db
      .prepare('SELECT body FROM entries WHERE log = ? ORDER BY seq')
      .all(log)
      .map(({ body }) => `${body}`)
    const expected = bodies.flatMap(body => [Buffer.from([body.length >> 8, body.length & 255]), Buffer.from(body)])
    expect(bundle.equals(Buffer.concat(expected))).toBe(true)
  }
  db.close()
})
