/** The table of a lookup is on record: show, explain and diff have it, and a run is resumed with no other. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runInProcess } from './support/in-process.ts'

/** Stops at the end of its input: there are fewer rows than it demands. */
const PIPELINE = `name: named
defaults: { on_error: discard, on_invalid: discard }
sources: { in: { plugin: jsonl, options: { path: in.jsonl }, to: known } }
nodes: { known: { transform: lookup, options: { path: names.csv, key: { id: id }, select: [name] }, to: out } }
sinks: { out: { plugin: jsonl, options: { path: out.jsonl, if_exists: replace } } }
guards: { min_rows: 3 }
`
const TABLE = 'id,name\n1,one\n2,two\n'
const OTHER = 'id,name\n1,uno\n2,dos\n'
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const read = (text: string) => ({ path: 'names.csv', bytes: text.length, sha256: sha256(text) })

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-table-'))
  put('p.yaml', PIPELINE)
  put('in.jsonl', '{"id":"1"}\n{"id":"2"}\n')
  put('names.csv', TABLE)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const put = (name: string, text: string) => writeFileSync(join(folder, name), text)
const custody = (...words: readonly string[]) =>
  runInProcess(words, folder, { XDG_CONFIG_HOME: join(folder, 'config') })
const answer = async (...words: readonly string[]) => JSON.parse((await custody(...words, '--json')).stdout)
const GO_ON = ['--set', 'guards.min_rows=0']

test('a run whose table was changed isn’t resumed, and is once it is back', async () => {
  expect((await custody('run', 'p.yaml')).stderr).toContain('CUSTODY_GUARD')
  put('names.csv', OTHER)
  const before = await answer('show', 'latest')
  expect(await answer('resume', 'latest', ...GO_ON)).toEqual({
    error: {
      code: 'CUSTODY_FILE_CHANGED',
      message: 'names.csv, which `known` reads, was another file when the run began',
      hint: `Put names.csv back as it was (SHA-256 ${sha256(TABLE)}), or give the run up with \`custody abandon\` and begin a new one.`,
    },
  })
  rmSync(join(folder, 'names.csv'))
  expect((await answer('resume', 'latest', ...GO_ON)).error.message).toBe('names.csv, which `known` reads, is gone')
  // Nothing was touched.
  expect((await answer('show', 'latest')).checkpoint).toBe(before.checkpoint)
  put('names.csv', TABLE)
  expect((await custody('resume', 'latest', ...GO_ON)).exit).toBe(0)
  expect(readFileSync(join(folder, 'out.jsonl'), 'utf8')).toBe('{"id":"1","name":"one"}\n{"id":"2","name":"two"}\n')
})

test('show and explain tell it', async () => {
  expect((await answer('show', 'latest')).reads).toEqual([{ node: 'known', ...read(TABLE) }])
  expect((await custody('show', 'latest')).stdout).toContain(
    `names.csv  by known · 20 bytes, ${sha256(TABLE).slice(0, 8)}…`,
  )
  const { tokens } = await answer('explain', 'latest', '--row', '1')
  expect(tokens[0].visits.map(({ node, reads = null }: { node: string; reads: unknown }) => [node, reads])).toEqual([
    ['in', null],
    ['known', [read(TABLE)]],
    ['out', null],
  ])
  expect((await custody('explain', 'latest', '--row', '1')).stdout).toContain(
    `by names.csv: 20 bytes, ${sha256(TABLE).slice(0, 8)}…`,
  )
})

test('no entry holds its hash, and the record holds', async () => {
  const db = new DatabaseSync(join(folder, 'custody.db'), { readOnly: true })
  const bodies = db.prepare('SELECT body FROM entries').all() as { readonly body: string }[]
  db.close()
  expect(bodies.some(({ body }) => body.includes('"reads":'))).toBe(true)
  expect(bodies.filter(({ body }) => body.includes(sha256(TABLE)))).toEqual([])
  expect((await answer('verify', 'latest')).ok).toBe(true)
})

test('a run that is given up needs no table as it was, and diff names the one that differs', async () => {
  put('names.csv', OTHER)
  expect((await custody('run', 'p.yaml')).exit).toBe(1)
  expect((await answer('diff', 'latest~1', 'latest')).reads).toEqual([
    { node: 'known', path: 'names.csv', old: read(TABLE), new: read(OTHER) },
  ])
  expect((await custody('diff', 'latest~1', 'latest')).stdout).toContain(
    `names.csv, which known reads, differs: 20 bytes, ${sha256(TABLE).slice(0, 8)}… → 20 bytes, ${sha256(OTHER).slice(0, 8)}…`,
  )
  put('names.csv', TABLE)
  expect((await custody('abandon', 'latest')).exit).toBe(0)
  expect((await answer('diff', 'latest', 'latest')).reads).toEqual([])
})
