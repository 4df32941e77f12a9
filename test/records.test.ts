/** What a completeness record discloses: exactly the values that were asked for, searched for byte by byte; and what ties files to it. */
import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CheckedRecord } from '../src/read/check/check-record.ts'
import { runInProcess } from './support/in-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-record-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const PLAN = `name: canaries
sources:
  people:
    plugin: csv
    options: { path: in/canary-path.csv }
    schema: { mode: fixed, fields: { name: string, canary_field: integer } }
    on_invalid: discard
    to: old
nodes:
  old: { gate: row.canary_field > 41, routes: { true: kept, false: discard }, on_error: discard }
sinks:
  kept: { plugin: jsonl, options: { path: out/canary-out.jsonl }, on_error: discard }
`
const DATA = 'name,canary_field\ncanary-one,12\ncanary-two,77\n'
const INPUT = 'in/canary-path.csv'
const OUTPUT = 'out/canary-out.jsonl'

async function custody(...words: readonly string[]) {
  return await runInProcess(words, folder, { XDG_CONFIG_HOME: join(folder, 'config') })
}

/** The text of a record that discloses these. */
async function recordText(name: string, ...disclosed: readonly string[]): Promise<string> {
  const made = await custody('prove', 'latest', '--out', name, ...disclosed.flatMap(each => ['--disclose', each]))
  expect([made.exit, made.stderr]).toEqual([0, expect.stringContaining('Whoever gets it')])
  return gunzipSync(readFileSync(join(folder, name))).toString()
}

async function checked(...words: readonly string[]): Promise<CheckedRecord & { readonly exit: number }> {
  const { stdout, exit } = await custody('check', ...words, '--json')
  return { ...(JSON.parse(stdout) as CheckedRecord), exit }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

let output: string

beforeAll(async () => {
  writeFileSync(join(folder, 'plan.yaml'), PLAN)
  mkdirSync(join(folder, 'in'))
  writeFileSync(join(folder, INPUT), DATA)
  expect((await custody('run', 'plan.yaml')).exit).toBe(0)
  output = readFileSync(join(folder, OUTPUT), 'utf8')
})

/** By what is disclosed: texts that are there then, and at no other time. */
const HASHES: ReadonlyArray<readonly [what: string, texts: () => readonly string[]]> = [
  ['source:people', () => [sha256(DATA)]],
  ['output:kept', () => [sha256(output)]],
  ['plan', () => ['on_invalid: discard', 'canary-path.csv', 'plan.yaml']],
  ['options:people', () => ['canary-path.csv', 'canary_field']],
]

test('without anything disclosed there is no value in it, nor a hash of one', async () => {
  const text = await recordText('nothing.gz')
  for (const canary of ['canary-', 'canary_field', folder, ...HASHES.flatMap(([, texts]) => texts())])
    expect(text).not.toContain(canary)
  // The name of a pipeline, of its nodes and plugins are on record; what stands in its file isn't.
  expect(text).toContain('"name":"canaries"')
})

test.each(HASHES)('%s adds exactly that', async (what, texts) => {
  const text = await recordText(`${what.replace(':', '-')}.gz`, what)
  for (const each of texts()) expect(text).toContain(each)
  const others = HASHES.flatMap(([, other]) => other()).filter(
    each => !texts().some(own => own.includes(each) || PLAN.includes(each)),
  )
  for (const each of [...others, 'canary-one', 'canary-two', folder]) expect(text).not.toContain(each)
  // Line by line it is the one without, but for the header and the values.
  const plain = (await recordText(`${what.replace(':', '-')}-plain.gz`)).split('\n')
  expect(text.split('\n').filter((line, i) => i > 0 && !line.startsWith('{"number":'))).toEqual(plain.slice(1))
})

test('files are tied to it by bytes and hash, or found to be others', async () => {
  await recordText('tied.gz', 'source:people', 'output:kept')
  const files = [`--source`, `people=${INPUT}`, '--output', `kept=${OUTPUT}`]
  const held = await checked('tied.gz', ...files)
  expect(held).toMatchObject({ exit: 0, ok: true })
  expect(held.proven.map(({ what }) => what).slice(-2)).toEqual([
    `${INPUT} is what people read: 2 records in ${DATA.length} bytes, SHA-256 ${sha256(DATA)}`,
    `${OUTPUT} is what kept published: 1 row in ${output.length} bytes, SHA-256 ${sha256(output)}`,
  ])
  appendFileSync(join(folder, INPUT), 'canary-three,1\n')
  const other = await checked('tied.gz', ...files)
  expect(other).toMatchObject({ exit: 1, ok: false })
  expect(other.checks.find(({ name }) => name === 'files')?.problems).toEqual([`${INPUT} isn’t what people read`])
  expect(other.proven).toHaveLength(held.proven.length - 1)
  truncateSync(join(folder, INPUT), DATA.length)
})

test('one that is packed otherwise, or from a ledger that it doesn’t extend, is refused', async () => {
  const text = await recordText('packed.gz')
  writeFileSync(join(folder, 'twice.gz'), Buffer.concat([gzipSync(text), gzipSync('')]))
  writeFileSync(join(folder, 'text.jsonl'), text)
  for (const name of ['twice.gz', 'text.jsonl']) expect((await custody('check', name)).exit).toBe(2)
  const { checkpoint } = JSON.parse(text.split('\n')[0] ?? '') as { readonly checkpoint: string }
  writeFileSync(join(folder, 'head.txt'), checkpoint)
  expect(await checked('packed.gz', '--since', 'head.txt')).toMatchObject({ exit: 0, ok: true })
  const [origin, size, root = ''] = checkpoint.split('\n')
  const other = root.startsWith('A') ? `B${root.slice(1)}` : `A${root.slice(1)}`
  writeFileSync(
    join(folder, 'other.txt'),
    checkpoint.replace(`${origin}\n${size}\n${root}`, `${origin}\n${size}\n${other}`),
  )
  const forked = await checked('packed.gz', '--since', 'other.txt')
  expect(forked).toMatchObject({ exit: 1, ok: false, proven: [] })
  expect(forked.checks.find(({ name }) => name === 'since')?.problems).toEqual([
    'it has another history than the head that you have',
  ])
})
