/** Runs whose records are dealt to splits by a field: what they come to is what a run without splits comes to, in another order. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { partOf } from '../src/model/part-ids.ts'
import { WorkFolder } from './support/work-folder.ts'

const ROWS = Array.from({ length: 300 }, (_, i) => {
  const who = ['', ...'abcdefg'][(i * i) % 8]
  return `${i + 1},${who},${i % 50 === 0 ? 'x' : i * 3}\n`
})
const pipeline = (splits: string, scope: string, more = '') => `
name: claims
${splits}
defaults: { on_error: problems, on_invalid: problems }
sources:
  claims:
    plugin: csv
    options: { path: claims.csv }
    schema: { mode: fixed, fields: { id: integer, who: string?, amount: integer } }
    to: copies
nodes:
  copies: { fork: { all: out, sums: stats } }
  stats: { aggregate: batch_stats${scope}, per: [who], trigger: { count: 7${more} }, options: { value: amount }, to: sums }
sinks:
  out: { plugin: jsonl, options: { path: out/all.jsonl, if_exists: replace } }
  sums: { plugin: jsonl, options: { path: out/sums.jsonl, if_exists: replace } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl, if_exists: replace }, on_error: discard }
`

let work: WorkFolder
beforeEach(() => {
  work = new WorkFolder({ 'claims.csv': `id,who,amount\n${ROWS.join('')}not a record\n` })
})
afterEach(() => work.close())

const put = (text: string) => writeFileSync(join(work.folder, 'p.yaml'), text)
const file = (name: string) => readFileSync(join(work.folder, 'out', `${name}.jsonl`), 'utf8')
const outputs = () => ['all', 'sums', 'problems'].map(name => file(name).split('\n').sort())
const DEALT = (count: number) => pipeline(`splits: { count: ${count}, by: who }`, ', scope: key')

async function json(...argv: string[]) {
  const { json, exit, stderr } = await work.custody(...argv, '--json')
  expect(exit, stderr).toBe(0)
  return json
}

/** Runs without splits, and with so many, which leaves the same, and holds. */
async function both(splits: number) {
  put(pipeline('', ''))
  const whole = await work.run()
  const left = outputs()
  put(DEALT(splits))
  const run = await work.run()
  expect(outputs()).toEqual(left)
  const { stdout } = await work.custody('verify', run, '--files', '--decisions')
  expect(stdout).toMatch(/holds\.\n$/)
  expect(stdout).toMatch(/the input files are as they were read\n/)
  // Batches have other numbers.
  const { rows } = (await work.custody('diff', whole, run, '--json')).json
  expect(rows).toMatchObject({ same: 301, different: 0, only_old: 0, only_new: 0 })
  return { whole, run }
}

test('its rows, and batches of a key, are those of a run without splits; each key is in one split, and readers find its rows', async () => {
  const { whole, run } = await both(3)
  const splitsOf = new Map<string, Set<number>>()
  for (let index = 1; index <= 301; index += 15) {
    const [own, other] = [
      await json('explain', run, '--row', `claims:${index}`),
      await json('explain', whole, '--row', `claims:${index}`),
    ]
    expect(own.origin).toEqual(other.origin)
    expect(own.tokens[0].outcome).toBe(other.tokens[0].outcome)
    const who = ROWS[index - 1]?.split(',')[1] ?? ''
    if (other.tokens[0].outcome === 'FORKED') splitsOf.set(who, (splitsOf.get(who) ?? new Set()).add(partOf(own.row)))
  }
  expect([...splitsOf.values()].every(parts => parts.size === 1)).toBe(true)
  expect(new Set([...splitsOf.values()].flatMap(parts => [...parts])).size).toBeGreaterThan(1)
  await json('erase', run, '--row', 'claims:44', '--yes')
  expect((await work.custody('verify', run)).stdout).toMatch(/holds\.\n$/)
})

test.each([1, 40])('and so they are in %i splits', { tags: ['proof'] }, async splits => {
  await both(splits)
})

test('any input that ends is dealt, several of them together', { tags: ['proof'] }, async () => {
  const records = Array.from({ length: 60 }, (_, i) => ({ id: 1000 + i, who: 'abc'[i % 3] ?? '', amount: i }))
  writeFileSync(join(work.folder, 'more.json'), JSON.stringify(records))
  const table = new DatabaseSync(join(work.folder, 'rows.db'))
  table.exec('CREATE TABLE rows (id INTEGER PRIMARY KEY, who TEXT, amount INTEGER)')
  for (const { id, who, amount } of records)
    table.prepare('INSERT INTO rows VALUES (?, ?, ?)').run(id + 1000, who, amount)
  table.close()
  writeFileSync(join(work.folder, 'claims.csv.gz'), gzipSync(readFileSync(join(work.folder, 'claims.csv'))))
  const schema = '{ mode: fixed, fields: { id: integer, who: string?, amount: integer } }'
  const sources = `sources:
  more: { plugin: json, options: { path: more.json }, schema: ${schema}, to: copies }
  rows: { plugin: sqlite, options: { path: rows.db, table: rows, key: [id] }, schema: ${schema}, to: copies }`
  const all = (text: string) => text.replace('sources:', sources).replace('path: claims.csv', 'path: claims.csv.gz')
  put(all(pipeline('', '').replace('count: 7', 'count: 1000')))
  await work.run()
  const left = outputs()
  put(all(DEALT(4).replace('count: 7', 'count: 1000')))
  const run = await work.run('--workers', '2')
  expect(outputs()).toEqual(left)
  expect((await work.custody('verify', run, '--files')).stdout).toMatch(/holds\.\n$/)
  expect((await json('explain', run, '--row', 'rows:17')).tokens[0].outcome).toBe('FORKED')
})

test('threads leave what one leaves', { tags: ['proof'] }, async () => {
  put(DEALT(5))
  const left = []
  for (const workers of ['1', '2']) {
    await work.run('--workers', workers)
    left.push(['all', 'sums', 'problems'].map(file))
  }
  expect(left[1]).toEqual(left[0])
  expect(existsSync(join(work.folder, 'custody.db-pieces'))).toBe(false)
})

test('--limit counts before records are dealt', async () => {
  put(pipeline('', ''))
  await work.run('--limit', '60')
  const left = outputs()
  put(DEALT(4))
  await work.run('--limit', '60')
  expect(outputs()).toEqual(left)
})

test('that split 1 has all records that can’t be read says nothing of the input', async () => {
  const unreadable = 1200
  const rows = Array.from({ length: 2 * unreadable }, (_, i) => (i % 2 === 0 ? `${i},a,1\n` : 'not a record\n'))
  writeFileSync(join(work.folder, 'claims.csv'), `id,who,amount\n${rows.join('')}`)
  put(DEALT(8))
  const run = await work.run()
  expect(new Set((await json('runs')).map((each: { status: string }) => each.status))).toEqual(
    new Set(['completed_with_failures']),
  )
  const { rows: read, split_summary: _, splits } = await json('show', run, '--splits')
  expect(read).toEqual({ read: 2 * unreadable, ingested: unreadable, rejected: unreadable })
  // They are all that it has.
  expect(splits[0]).toMatchObject({ split: 1, rows: unreadable })
  // Of an input of which nothing can be read the guards of the whole run say so.
  writeFileSync(join(work.folder, 'claims.csv'), `id,who,amount\n${'not a record\n'.repeat(unreadable)}`)
  const { exit, json: stopped } = await work.custody('run', 'p.yaml', '--json')
  expect(exit).toBe(1)
  expect(stopped.error).toMatchObject({
    code: 'CUSTODY_GUARD',
    message: 'all 1,200 records of source `claims` were rejected',
  })
})

test('what was dealt is its owner’s alone, until the run is given up', async () => {
  const stopping = 'nodes:\n  known: { transform: coerce, options: { fields: { id: integer } }, to: copies }'
  put(DEALT(3).replace('to: copies', 'guards: { failed: 0, rejected: 0 }\n    to: known').replace('nodes:', stopping))
  const { exit } = await work.custody('run', 'p.yaml')
  expect(exit).toBe(1)
  const pieces = join(work.folder, 'custody.db-pieces')
  const folder = join(pieces, readdirSync(pieces)[0] ?? '')
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
  expect((await work.custody('abandon', 'latest')).exit).toBe(0)
  expect(existsSync(pieces)).toBe(false)
  expect((await work.custody('verify', 'latest')).stdout).toMatch(/holds\.\n$/)
})

describe('what is refused', () => {
  test.each([
    [
      'a scope of keys without `by`',
      pipeline('splits: { count: 2 }', ', scope: key'),
      /doesn’t deal its records by one/,
    ],
    [
      'batches of another key',
      pipeline('splits: { count: 2, by: id }', ', scope: key'),
      /its batches are not those of one value of `id`/,
    ],
    [
      'a trigger that counts time',
      pipeline('splits: { count: 2, by: who }', ', scope: key', ', max_age: 1h'),
      /a trigger that counts time/,
    ],
    [
      'a field that a source hasn’t',
      pipeline('splits: { count: 2, by: whom }', ', scope: split'),
      /has no field `whom`[\s\S]*did you mean who\?/,
    ],
  ])('%s', async (_, text, said) => {
    put(text)
    const { exit, stderr, stdout } = await work.custody('validate', 'p.yaml')
    expect(exit).toBe(2)
    expect(stderr + stdout).toMatch(said)
  })

  test('a value that was changed on the way to an aggregate with the scope of a key', async () => {
    const changed = `nodes:\n  known: { transform: compute, options: { set: { who: '"z"' } }, to: copies }`
    put(DEALT(3).replace('to: copies', 'to: known').replace('nodes:', changed))
    const { exit, stderr } = await work.custody('run', 'p.yaml')
    expect(exit).not.toBe(0)
    expect(stderr).toMatch(/CUSTODY_SPLITS[\s\S]*other splits have that value/)
  })
})
