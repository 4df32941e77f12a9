/** Runs with splits whose signing key is changed while they stand: heads of splits are good under the keys of their time. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { askPython, NO_PYTHON } from './python/python.ts'
import { WorkFolder } from './support/work-folder.ts'

const PIPELINE = `
name: keys
splits: { count: 3 }
defaults: { on_error: failed, on_invalid: failed }
sources:
  rows:
    plugin: csv
    options: { path: in.csv }
    schema: { mode: fixed, fields: { id: integer, amount: integer } }
    to: share
nodes:
  share: { transform: compute, options: { set: { share: 100 / row.amount } }, to: out }
sinks:
  out: { plugin: jsonl, options: { path: out/all.jsonl, if_exists: replace } }
  failed: { plugin: jsonl, options: { path: out/failed.jsonl, if_exists: replace }, on_error: discard }
guards: { failed: 0 }
`

let work: WorkFolder
beforeEach(() => {
  work = new WorkFolder({
    'p.yaml': PIPELINE,
    'in.csv': `id,amount\n${Array.from({ length: 60 }, (_, i) => `${i},${i % 20}\n`).join('')}`,
  })
})
afterEach(() => work.close())

/** All splits are closed, and the guard stops the run. */
async function stopped(): Promise<void> {
  expect((await work.custody('run', 'p.yaml')).exit).toBe(1)
}

const tolerantly = () => writeFileSync(join(work.folder, 'p.yaml'), PIPELINE.replace('failed: 0', 'failed: 50%'))

test('one that was stopped is resumed, sealed and proven with another key', { tags: ['proof'] }, async () => {
  await stopped()
  expect((await work.custody('key', 'rotate')).exit).toBe(0)
  tolerantly()
  const resumed = await work.custody('resume', 'latest', '--json')
  expect(resumed.exit, resumed.stderr).toBe(0)
  expect((await work.custody('verify')).stdout).toMatch(/holds\.\n$/)
  // Who opens the ledger looks at all heads.
  expect((await work.custody('run', 'p.yaml')).exit).toBe(0)
  const { stdout: keys } = await work.custody('key', 'show')
  writeFileSync(join(work.folder, 'keys.txt'), keys)
  expect((await work.custody('prove', 'latest', '--row', '2:3', '--out', 'proof.json')).exit).toBe(0)
  expect((await work.custody('check', 'proof.json')).exit).toBe(0)
  if (NO_PYTHON !== null) return
  const [answer] = askPython([join(work.folder, 'custody.db')], join(work.folder, 'keys.txt'))
  expect(answer).toMatchObject({ ok: true })
})

test('what a key had signed that was revoked since is nobody’s to seal, and other runs go on', async () => {
  await stopped()
  expect((await work.custody('key', 'rotate', '--revoke')).exit).toBe(0)
  tolerantly()
  expect((await work.custody('resume', 'latest')).stderr).toContain('until it was revoked')
  expect((await work.custody('run', 'p.yaml')).exit).toBe(0)
})
