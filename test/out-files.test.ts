/** What --out may not take the place of, with --force as well: the ledger, keys, and what a run read and wrote. */
import { linkSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runInProcess } from './support/in-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-out-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const PLAN = `name: few
sources: { people: { plugin: csv, options: { path: in.csv }, on_invalid: discard, to: known } }
nodes: { known: { transform: lookup, options: { path: table.csv, key: { name: name }, missing: 'null' }, on_error: discard, to: out } }
sinks: { out: { plugin: jsonl, options: { path: out.jsonl }, on_error: discard } }
`
const custody = (...words: readonly string[]) =>
  runInProcess(words, folder, { XDG_CONFIG_HOME: join(folder, 'config') })
const bytesOf = (name: string) => readFileSync(join(folder, name)).toString('latin1')

const OWN = ['custody.db', 'link', 'hard', 'other.db', 'config/custody/key', 'own.key']
const NOT_THERE = ['custody.db-wal', 'custody.db-journal', 'config/custody/more']
const OF_RUN = ['plan.yaml', 'in.csv', 'table.csv', 'out.jsonl']

beforeAll(async () => {
  writeFileSync(join(folder, 'plan.yaml'), PLAN)
  writeFileSync(join(folder, 'in.csv'), 'name\nAda\n')
  writeFileSync(join(folder, 'table.csv'), 'name,town\nAda,London\n')
  const ran = await custody('run', 'plan.yaml')
  expect(ran.exit, ran.stderr).toBe(0)
  expect((await custody('ledger', 'init', '--ledger', 'other.db')).exit).toBe(0)
  expect((await custody('key', 'new', '--out', 'own.key')).exit).toBe(0)
  symlinkSync('custody.db', join(folder, 'link'))
  linkSync(join(folder, 'custody.db'), join(folder, 'hard'))
})

const COMMANDS: ReadonlyArray<readonly [words: string, places: readonly string[]]> = [
  ['prove latest --row 1 --force', [...OWN, ...OF_RUN]],
  ['prove latest --force', [...OWN, ...OF_RUN]],
  ['prove --ledger --force', OWN],
  ['verifier --force', OWN],
  ['infer in.csv --force', [...OWN, 'in.csv']],
  ['erase latest --row 1', OWN],
  ['purge --older-than 0d', OWN],
  ['export latest --format prov', OWN],
]

test.each(COMMANDS)('%s', async (words, places) => {
  for (const place of [...places, ...NOT_THERE]) {
    const before = NOT_THERE.includes(place) ? null : bytesOf(place)
    const { exit, stderr } = await custody(...words.split(' '), '--out', place)
    expect([place, exit, stderr.slice(0, 22)]).toEqual([place, 2, 'error CUSTODY_ARGUMENT'])
    if (before !== null) expect(bytesOf(place) === before, place).toBe(true)
  }
})

test('others it may', async () => {
  for (const _ of [1, 2])
    expect((await custody('prove', 'latest', '--row', '1', '--out', 'row.json', '--force')).exit).toBe(0)
  expect((await custody('verify')).exit).toBe(0)
})
