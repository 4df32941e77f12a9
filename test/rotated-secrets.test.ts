/** A run with secrets that was interrupted, and a signing key that was rotated before anybody resumed it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runInProcess } from './support/in-process.ts'

const PIPELINE = `
name: secretive
plugins: [./mood.mjs]
defaults: { on_error: bad, on_invalid: discard }
sources: { rows: { plugin: jsonl, options: { path: rows.jsonl }, to: mood } }
nodes: { mood: { transform: mood, options: { token: { secret: MOOD_TOKEN } }, to: out } }
sinks:
  out: { plugin: jsonl, options: { path: out.jsonl, if_exists: replace } }
  bad: { plugin: jsonl, options: { path: bad.jsonl, if_exists: replace }, on_error: discard }
`
/** Throws at the second row until there is a file \`fixed\`; the third is an error. */
const PLUGIN = `
import { existsSync } from 'node:fs'
import { defineTransform, oneRow, rowError } from '${join(import.meta.dirname, '..', 'src', 'sdk', 'index.ts')}'
import { z } from '${import.meta.resolve('zod')}'

export default defineTransform({
  kind: 'transform',
  name: 'mood',
  summary: 'Has moods',
  options: z.strictObject({ token: z.string().startsWith('canary-') }),
  determinism: 'deterministic',
  errors: { SULKS: 'It sulks' },
  examples: [{ title: 'One', options: { token: 'x' }, rows_in: [{ n: 1 }], rows_out: [{ n: 1 }] }],
  cardinality: 'one',
  create: () => ({
    process(row) {
      if (row.n === 2 && !existsSync(new URL('./fixed', import.meta.url))) throw new Error('not in the mood')
      return row.n === 3 ? rowError('SULKS', 'no') : oneRow(row)
    },
  }),
})
`
const TOKEN = 'canary-token-1234'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-rotated-'))
  for (const [name, text] of [
    ['p.yaml', PIPELINE],
    ['mood.mjs', PLUGIN],
    ['rows.jsonl', '{"n":1}\n{"n":2}\n{"n":3}\n'],
  ] as const)
    writeFileSync(join(folder, name), text)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const custody = (words: readonly string[], token = TOKEN) =>
  runInProcess(words, folder, { XDG_CONFIG_HOME: join(folder, 'config'), MOOD_TOKEN: token })

test('is resumed, run again and verified, whatever its secret and the key are now', async () => {
  expect((await custody(['run', 'p.yaml'])).stderr).toContain('not in the mood')
  expect((await custody(['key', 'rotate'])).exit).toBe(0)
  expect((await custody(['key', 'rotate'])).exit).toBe(0)
  writeFileSync(join(folder, 'fixed'), '')
  // What is said of a changed pipeline is what was changed.
  writeFileSync(join(folder, 'p.yaml'), PIPELINE.replace(', to: out }', ', to: out, on_error: discard }'))
  const changed = await custody(['resume', 'latest'])
  expect([changed.exit, changed.stderr]).toEqual([
    2,
    expect.stringMatching(/CUSTODY_PLAN_CHANGED: .* the run began with: ways of `mood` differ$/m),
  ])
  writeFileSync(join(folder, 'p.yaml'), PIPELINE)
  expect(await custody(['resume', 'latest'], `${TOKEN}5`)).toMatchObject({ exit: 0 })
  expect(readFileSync(join(folder, 'out.jsonl'), 'utf8')).toBe('{"n":1}\n{"n":2}\n')
  expect(await custody(['rerun', 'latest'])).toMatchObject({ exit: 0 })
  const verified = await custody(['verify'])
  expect([verified.exit, verified.stdout]).toEqual([0, expect.stringContaining('holds')])
})

test('the secret is nowhere', () => {
  const kept = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(each => each.isFile())
  for (const { parentPath, name } of kept)
    expect(readFileSync(join(parentPath, name)).includes(TOKEN), name).toBe(false)
  expect(kept.some(({ name }) => name === 'custody.db')).toBe(true)
})

test('one that isn’t in the environment is read also where not every text would do', async () => {
  writeFileSync(join(folder, 'q.yaml'), PIPELINE.replace('secret: MOOD_TOKEN', 'secret: "file:token"'))
  writeFileSync(join(folder, 'token'), TOKEN)
  expect(await custody(['validate', 'q.yaml'])).toMatchObject({ exit: 0 })
  expect(await custody(['run', 'q.yaml'])).toMatchObject({ exit: 0 })
  writeFileSync(join(folder, 'token'), 'another')
  const { exit, stderr } = await custody(['run', 'q.yaml'])
  expect([exit, stderr]).toEqual([2, expect.stringContaining('CUSTODY_PLUGIN_OPTIONS: `token`')])
  expect(stderr).not.toContain('another')
})
