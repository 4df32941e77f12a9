/** What is read of a run some at a time is the same as what is read at once. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SqliteReader } from '../src/ledger/sqlite/reader.ts'
import { VIEWS } from '../src/ledger/sqlite/views.ts'
import { CheckedReader } from '../src/read/evidence/checked-reader.ts'
import { runInProcess } from './support/in-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-long-'))
/** More than are sorted at once. */
const ROWS = 2_100
const PLAN = `name: many
sources: { rows: { plugin: jsonl, options: { path: rows.jsonl }, on_invalid: discard, to: size } }
nodes: { size: { gate: row.i > 2000, routes: { true: high, false: low }, on_error: discard } }
sinks:
  high: { plugin: jsonl, options: { path: high.jsonl }, on_error: discard }
  low: { plugin: jsonl, options: { path: low.jsonl }, on_error: discard }
`

let db: DatabaseSync
let reader: SqliteReader
let run: string
beforeAll(async () => {
  writeFileSync(join(folder, 'plan.yaml'), PLAN)
  writeFileSync(join(folder, 'rows.jsonl'), Array.from({ length: ROWS }, (_, i) => `{"i":${i}}\n`).join(''))
  const made = await runInProcess(['run', 'plan.yaml', '--json'], folder, { XDG_CONFIG_HOME: join(folder, 'config') })
  expect(made.exit, made.stderr).toBe(0)
  run = JSON.parse(made.stdout).run
  db = new DatabaseSync(join(folder, 'custody.db'))
  reader = new SqliteReader(db, 'sqlite:custody.db')
})
afterAll(() => {
  db.close()
  rmSync(folder, { recursive: true, force: true })
})

test.each(['token_outcomes', 'node_states'] as const)('view %s', async name => {
  const rows: unknown[] = []
  for await (const row of reader.view(name, run)) rows.push(row)
  const order = VIEWS[name].order.join(', ')
  expect(rows).toEqual(db.prepare(`SELECT * FROM ${name} WHERE run_id = ? ORDER BY ${order}`).all(run))
  expect(rows.length).toBeGreaterThanOrEqual(ROWS)
})

test('texts of entries, from any on, and only those that were signed', async () => {
  const all: string[] = []
  for await (const { body } of reader.entries(1)) all.push(body)
  const textsOf = async (of: Pick<SqliteReader, 'bodies'>, from?: number) => {
    const found: string[] = []
    for await (const bodies of of.bodies(1, from)) found.push(...bodies)
    return found
  }
  const checked = () => new CheckedReader(reader, { remembered: null })
  expect(await textsOf(reader)).toEqual(all)
  expect(await textsOf(checked(), 300)).toEqual(all.slice(300))
  db.exec('BEGIN; DROP TRIGGER entries_no_update; DROP TRIGGER entries_no_delete')
  db.exec('UPDATE entries SET body = replace(body, \'"o":0\', \'"o":1\') WHERE log = 1 AND seq = 1000')
  await expect(textsOf(checked())).rejects.toMatchObject({
    problems: [expect.stringContaining('isn’t in the tree that was signed')],
  })
  // Up to the first that is missing.
  db.exec('DELETE FROM entries WHERE log = 1 AND seq = 700')
  expect(await textsOf(reader)).toEqual(all.slice(0, 700))
  db.exec('ROLLBACK')
})
