/** Runs are listed by the first and the last entry of each: one whose are no longer those that were recorded isn't listed as if nothing were. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LedgerAnswers } from '../../src/host/answers/ledger-answers.ts'
import { WorkFolder } from '../support/work-folder.ts'

const PIPELINE = `
name: notes
sources: { in: { plugin: jsonl, options: { path: in.jsonl }, on_invalid: discard, to: out } }
sinks: { out: { plugin: jsonl, options: { path: out.jsonl, if_exists: replace }, on_error: discard } }
`
/** By log, and how it was changed: in its first entry, in its last, by one that is missing, by none, and as another's. */
const CHANGES: readonly (readonly [sql: string, problem: RegExp | null])[] = [
  [`UPDATE entries SET body = replace(body, '"notes"', '"other"') WHERE log = 1 AND seq = 0`, /entry 0 isn’t the one/],
  [`UPDATE entries SET body = replace(body, '"read":2', '"read":9') WHERE log = 2`, /entry \d+, its last one, isn’t/],
  [
    'DELETE FROM entries WHERE log = 3 AND seq = (SELECT max(seq) FROM entries WHERE log = 3)',
    /sealed with \d+ entries/,
  ],
  ['SELECT 1', null],
]

let work: WorkFolder
let answers: LedgerAnswers
const runs: string[] = []
beforeAll(async () => {
  work = new WorkFolder({ 'p.yaml': PIPELINE, 'in.jsonl': '{"note":"a"}\n{"note":"b"}\n' })
  for (const _ of CHANGES) runs.push(await work.run())
  answers = await LedgerAnswers.open({ url: `sqlite:${work.folder}/custody.db`, env: work.env })
})
afterAll(async () => {
  await answers?.close()
  work?.close()
})

const listed = async (values = true) => (await answers.ask('runs', { limit: 10 }, { values })).runs

test('it says so, also where it was listed before; a viewer isn’t shown why', async () => {
  expect((await listed()).filter(each => 'problem' in each)).toEqual([])
  const db = new DatabaseSync(join(work.folder, 'custody.db'))
  for (const trigger of ['entries_no_update', 'entries_no_delete']) db.exec(`DROP TRIGGER ${trigger}`)
  for (const [sql] of CHANGES) db.exec(sql)
  db.close()
  const lines = (await listed()).toReversed()
  for (const [i, [, problem]] of CHANGES.entries()) {
    if (problem === null) expect(lines[i]).toMatchObject({ run: runs[i], rows: { read: 2 } })
    else expect(lines[i]).toEqual({ run: runs[i], problem: expect.stringMatching(problem) })
  }
  const [, , last] = (await listed(false)).toReversed()
  expect(last).toEqual({ run: runs[2], problem: expect.stringMatching(/^1 problem, which may quote values/) })
})

test('so do `runs` and its JSON', async () => {
  const { exit, stdout, stderr } = await work.custody('runs')
  expect([exit, stdout.match(/notes/g)?.length, stderr.match(/can’t be read: /g)?.length]).toEqual([1, 1, 3])
  const { json } = await work.custody('runs', '--json')
  expect(json.map((each: object) => 'problem' in each)).toEqual([false, true, true, true])
})
