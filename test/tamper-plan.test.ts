/** Code that a plan on record names runs only if that plan is the one that was signed. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WorkFolder } from './support/work-folder.ts'

const PIPELINE = `name: notes
sources: { in: { plugin: jsonl, options: { path: in.jsonl }, on_invalid: discard, to: out } }
sinks: { out: { plugin: jsonl, options: { path: out.jsonl, if_exists: replace }, on_error: discard } }
`

let work: WorkFolder
beforeAll(async () => {
  work = new WorkFolder({ 'p.yaml': PIPELINE, 'in.jsonl': '{"a":1}\n' })
  await work.run()
})
afterAll(() => work?.close())

test('a plugin that somebody wrote into it is never loaded by a replay', async () => {
  const ran = join(work.folder, 'ran')
  const plugin = join(work.folder, 'other.mjs')
  writeFileSync(plugin, `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(ran)}, '')\n`)
  const db = new DatabaseSync(join(work.folder, 'custody.db'))
  db.exec('DROP TRIGGER payloads_no_update')
  const { changes } = db
    .prepare('UPDATE payloads SET body = replace(body, ?, ?) WHERE log = 1 AND seq = 0')
    .run('"name: notes', `"plugins: [${plugin}]\\nname: notes`)
  const { body } = db.prepare('SELECT body FROM payloads WHERE log = 1 AND seq = 0').get() as { body: string }
  db.close()
  expect([changes, body.includes('other.mjs')]).toEqual([1, true])
  const { exit, stdout } = await work.custody('replay', '--from', 'latest', '--no-outputs', '--json')
  expect([exit, JSON.parse(stdout).error?.code]).toEqual([1, 'CUSTODY_VERIFY_FAILED'])
  expect(existsSync(ran)).toBe(false)
})
