/** The views for auditors of a run with splits, in SQLite; test/postgres has the same. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openLedgerReader } from '../src/ledger/open.ts'
import { drive } from './crash/drive.ts'
import { layOut } from './crash/pipelines.ts'
import { testPorts } from './support/ledger.ts'
import { runSplitPipeline, SPLITS } from './support/split-ledger.ts'
import { type SplitRuns, testSplitViews } from './support/split-views.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-split-views-'))
let database: DatabaseSync
let runs: SplitRuns

beforeAll(async () => {
  const path = join(folder, 'ledger.db')
  for (const splits of [undefined, 1, SPLITS]) await runSplitPipeline(`sqlite:${path}`, splits)
  database = new DatabaseSync(path, { readOnly: true })
  const reader = await openLedgerReader(`sqlite:${path}`)
  const [whole, one, some] = (await reader.logs()).flatMap(({ run }) => run ?? [])
  if (whole === undefined || one === undefined || some === undefined) throw new Error('a run is missing')
  runs = { reader, whole, one, some, ask: async sql => database.prepare(sql).all() }
})
afterAll(async () => {
  await runs.reader.close()
  database.close()
  rmSync(folder, { recursive: true })
})

testSplitViews(() => runs)

const LISTED = {
  name: 'listed',
  asynchronous: false,
  files: { 'more-1.csv': 'id\n100\n101\n', 'more-2.csv': 'id\n102\n' },
  yaml: `
name: listed
defaults: { on_error: discard, on_invalid: discard }
sources: { more: { plugin: csv, options: { path: 'more-*.csv' }, to: out } }
sinks: { out: { plugin: csv, options: { path: out.csv } } }
`,
}

/** No source with a list is cut yet; the format has room for it. */
test('where several splits have read of a file it is there once, with what they have read added up', async () => {
  const place = mkdtempSync(join(tmpdir(), 'custody-split-views-'))
  const path = join(place, 'ledger.db')
  layOut(LISTED, place)
  const { signer } = testPorts()
  expect((await drive({ folder: place, url: `sqlite:${path}`, signer, resume: false })).error).toBe(null)
  const reader = await openLedgerReader(`sqlite:${path}`)
  const [run = ''] = (await reader.logs()).flatMap(each => each.run ?? [])
  const inputs = async () => {
    const rows: object[] = []
    for await (const { run_id, ...rest } of reader.view('inputs', run)) rows.push(rest)
    return rows
  }
  const files = await inputs()
  expect(files).toMatchObject([
    { source: 'more', file: 1, rows: 2, bytes: 11, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    { source: 'more', file: 2, rows: 1, bytes: 7 },
  ])
  const db = new DatabaseSync(path)
  db.exec(`INSERT INTO logs VALUES (2, '${run}', 1); INSERT INTO entries SELECT 2, seq, row, batch, body FROM entries
    WHERE log = 1 AND body LIKE '%"file":1,%' AND body LIKE '%"k":"file"%'`)
  db.close()
  expect(await inputs()).toEqual([{ ...files[0], rows: 4, bytes: 22, sha256: null }, files[1]])
  await reader.close()
  rmSync(place, { recursive: true })
})
