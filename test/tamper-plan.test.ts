/** Code that a plan on record names runs only if that plan is the one that was signed. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WorkFolder } from './support/work-folder.ts'

const PIPELINE = `name: notes
sources: { in: { plugin: jsonl, options: { path: in.jsonl }, on_invalid: discard, to: out } }
sinks: { out: { plugin: jsonl, options: { path: out.jsonl, if_exists: replace }, on_error: discard } }
`

let work: WorkFolder
beforeEach(async () => {
  work = new WorkFolder({ 'p.yaml': PIPELINE, 'in.jsonl': '{"a":1}\n' })
})
afterEach(() => work?.close())

test('a plugin that somebody wrote into it is never loaded: not by a replay', async () => {
  await work.run()
  const ran = plant()
  const { exit, stdout } = await work.custody('replay', '--from', 'latest', '--no-outputs', '--json')
  expect([exit, JSON.parse(stdout).error?.code]).toEqual([1, 'CUSTODY_VERIFY_FAILED'])
  expect(existsSync(ran)).toBe(false)
})

test.each(['resume', 'abandon'])(
  'nor by %s, nor one of a file in another folder that is named there',
  async command => {
    await work.custody('run', 'p.yaml', '--set', 'guards.min_rows=100')
    const ran = plant()
    const { exit, stdout } = await work.custody(command, 'latest', '--json')
    expect([exit, JSON.parse(stdout).error?.code]).toEqual([1, 'CUSTODY_VERIFY_FAILED'])
    expect(existsSync(ran)).toBe(false)
  },
)

/** Returns the file that the plugin makes if it runs. */
function plant(): string {
  const ran = join(work.folder, 'ran')
  const other = join(work.folder, 'other')
  mkdirSync(other)
  const plugin = join(other, 'plugin.mjs')
  writeFileSync(plugin, `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(ran)}, '')\n`)
  writeFileSync(join(other, 'p.yaml'), `plugins: [${plugin}]\n${PIPELINE}`)
  const db = new DatabaseSync(join(work.folder, 'custody.db'))
  db.exec('DROP TRIGGER payloads_no_update')
  const change = db.prepare('UPDATE payloads SET body = replace(body, ?, ?) WHERE log = 1 AND seq = 0')
  change.run('"name: notes', `"plugins: [${plugin}]\\nname: notes`)
  change.run(JSON.stringify(work.folder), JSON.stringify(other))
  const { body } = db.prepare('SELECT body FROM payloads WHERE log = 1 AND seq = 0').get() as { body: string }
  db.close()
  expect(body).toContain(JSON.stringify(other))
  expect(body).toContain('plugin.mjs')
  return ran
}
