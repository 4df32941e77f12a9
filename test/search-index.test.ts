/** The index beside a ledger: whatever happens to it, or while it is built, no row is given that doesn't fit, and erased values leave no trace. */
import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RowFilter } from '../src/api/rows.ts'
import { openLedgerReader } from '../src/ledger/open.ts'
import { claim, giveUpClaim, isClaimed } from '../src/search/index/claim.ts'
import { gramsWithin } from '../src/search/index/grams.ts'
import { type BuilderReport, IndexBuilder } from '../src/search/index/index-builder.ts'
import { indexedRuns, RunFolder } from '../src/search/index/index-folder.ts'
import { indexReport } from '../src/search/index/index-report.ts'
import { Segment } from '../src/search/index/segment.ts'
import { ledgerId } from '../src/search/ledger-id.ts'
import { IndexedLedger, SHORT_SEGMENTS } from './support/search.ts'
import { WorkFolder } from './support/work-folder.ts'

const PIPELINE = `
name: letters
defaults: { on_error: problems, on_invalid: problems }
sources:
  people:
    plugin: csv
    options: { path: people.csv }
    schema: { mode: fixed, fields: { id: integer, name: string, town: string } }
    to: both
nodes:
  both: { fork: { a: loud, b: sorted } }
  loud: { transform: compute, options: { set: { said: 'row.name + "-loud"' } }, to: out }
  sorted: { sort: [name desc], to: out }
sinks:
  out: { plugin: jsonl, options: { path: out/all.jsonl, if_exists: number } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl, if_exists: number }, on_error: discard }
`
const ROWS = 40
/** Characters that nothing else has. */
const CANARY = 'ѫѯҩ'
const NAMES = Array.from({ length: ROWS }, (_, i) => (i === 16 ? `Bird ${CANARY}` : `Person ${i + 1}`))
const PEOPLE = `id,name,town\n${NAMES.map((name, i) => `${i + 1},${name},${i % 3 === 0 ? 'north' : 'south'}`).join('\n')}\n`

let work: WorkFolder
let ledger: IndexedLedger
let run: string
beforeAll(async () => {
  work = new WorkFolder({ 'p.yaml': PIPELINE, 'people.csv': PEOPLE })
  run = await work.run()
  ledger = new IndexedLedger(join(work.folder, 'custody.db'))
})
afterAll(() => work.close())

const folder = () => new RunFolder(ledger.index, run)
const removeIndex = () => rmSync(ledger.index, { recursive: true, force: true })
const rowsWith = async (text: string) => (await ledger.find({ text })).rows
const NORTH = NAMES.flatMap((_, i) => (i % 3 === 0 ? [i + 1] : []))
const north = async () => (await ledger.find({ value: ['town=north'], branch: ['a'] })).rows

/** Whether a segment knows of the canary. */
async function isKnown(): Promise<boolean> {
  const reader = await openLedgerReader(ledger.url)
  const of = { ledger: await ledgerId(reader), run, log: 1 }
  await reader.close()
  return folder()
    .all()
    .some(name => {
      const segment = Segment.open(name, of)
      const found = segment?.withGrams(gramsWithin(CANARY))
      segment?.close()
      return found?.some(word => word !== 0) === true
    })
}

test('it is its user’s alone, and rows are found by it', async () => {
  await ledger.build()
  const names = readdirSync(join(ledger.index, run))
  expect(names.length).toBeGreaterThan(5)
  const modes = [ledger.index, join(ledger.index, run), join(ledger.index, run, names[0] ?? '')]
  expect(modes.map(path => statSync(path).mode & 0o777)).toEqual([0o700, 0o700, 0o600])
  const found = await ledger.find({ text: 'PERSON 2' })
  expect(found.rows).toEqual([2, ...Array.from({ length: 10 }, (_, i) => i + 20)])
  expect(found.index).toEqual({ state: 'ready', rows: ROWS, of: ROWS })
  expect(found.looked_at.rows).toBeLessThan(ROWS)
  expect(await north()).toEqual(NORTH)
})

test('what it has and lacks', async () => {
  const reader = await openLedgerReader(ledger.url)
  const entries = await reader.size(1)
  const report = () => indexReport(reader, ledger.index, 10, SHORT_SEGMENTS)
  const bytes = readdirSync(join(ledger.index, run)).reduce(
    (sum, name) => sum + statSync(join(ledger.index, run, name)).size,
    0,
  )
  const whole = { entries, entries_behind: 0, bytes, is_building: false, failed_runs: 0 }
  expect(await report()).toEqual(whole)
  const [last] = folder()
    .all()
    .toSorted((a, b) => b.end - a.end)
  folder().remove(last === undefined ? [] : [last])
  claim(ledger.index, 'somebody')
  expect(await report()).toMatchObject({
    entries: last?.from,
    entries_behind: entries - (last?.from ?? 0),
    is_building: true,
  })
  giveUpClaim(ledger.index, 'somebody')
  folder().trouble = 'no room'
  expect(await report()).toMatchObject({ is_building: false, failed_runs: 1 })
  await reader.close()
  await ledger.build()
})

test('whoever builds ends after any page: who builds next comes to the same', { tags: ['proof'] }, async () => {
  for (let pages = 1; ; pages++) {
    removeIndex()
    let done = 0
    const ended = await ledger
      .build(async () => {
        if (++done === pages) throw new Error('the power is gone')
      })
      .then(
        () => 'whole',
        () => 'ended',
      )
    writeFileSync(folder().draft(), 'half a segm')
    expect(await north()).toEqual(NORTH)
    await ledger.build()
    expect(readdirSync(join(ledger.index, run)).filter(name => !name.endsWith('.segment'))).toEqual([])
    const found = await ledger.find({ text: CANARY })
    expect(found.rows).toEqual([17])
    expect(found.looked_at.rows).toBeLessThan(ROWS)
    if (ended === 'whole') break
  }
})

test('damaged anywhere: a row may be missing until it is built again, and none is there that doesn’t fit', {
  tags: ['proof'],
}, async () => {
  removeIndex()
  await ledger.build()
  const [segment] = folder().chain()
  const path = segment?.path ?? ''
  const whole = readFileSync(path)
  for (let at = 0; at < whole.length; at += 97) {
    const damaged = Buffer.from(whole)
    damaged.writeUInt8((whole[at] ?? 0) ^ 0x5a, at)
    writeFileSync(path, damaged)
    for (const row of await rowsWith('person 1')) expect(NAMES[row - 1]).toMatch(/^Person 1/)
  }
  for (const damage of [() => truncateSync(path, whole.length - 1), () => appendFileSync(path, 'x')]) {
    writeFileSync(path, whole)
    damage()
    expect(await north()).toEqual(NORTH)
  }
  await ledger.build()
  expect(readFileSync(path).equals(whole)).toBe(true)
  expect(await north()).toEqual(NORTH)
})

test('of another ledger, or of this one as it isn’t any more: it isn’t used', async () => {
  removeIndex()
  await ledger.build()
  const other = new WorkFolder({ 'p.yaml': PIPELINE, 'people.csv': PEOPLE.replaceAll('Person', 'Nobody') })
  try {
    const foreign = new IndexedLedger(join(other.folder, 'custody.db'))
    const elsewhere = await other.run()
    await foreign.build()
    for (const { path, from, end } of new RunFolder(foreign.index, elsewhere).all())
      writeFileSync(join(ledger.index, run, `${from}-${end}.segment`), readFileSync(path))
  } finally {
    other.close()
  }
  const found = await ledger.find({ text: 'person 40' })
  expect([found.rows, found.looked_at.rows]).toEqual([[40], ROWS])
  await ledger.build()
  expect((await ledger.find({ text: 'person 40' })).looked_at.rows).toBeLessThan(ROWS)
})

test('runs that the ledger hasn’t, and what was being forgotten, are removed', async () => {
  const stray = new RunFolder(ledger.index, '01890000-0000-7000-8000-000000000009')
  writeFileSync(stray.draft(), 'x')
  await ledger.build()
  expect(indexedRuns(ledger.index)).toEqual([run])
  stray.forget()
})

test('what is erased is forgotten by the index, and by whoever is building it meanwhile', async () => {
  removeIndex()
  await ledger.build()
  expect([await isKnown(), await rowsWith(CANARY)]).toEqual([true, [17]])
  // In the middle of a new building, after the row was read.
  removeIndex()
  let erased = false
  await ledger.build(async () => {
    if (erased || !(await isKnown())) return
    erased = true
    const { exit } = await work.custody('erase', 'latest', '--row', '17', '--derived', '--json')
    expect(exit).toBe(0)
    expect(await isKnown()).toBe(false)
  })
  expect([erased, await isKnown()]).toEqual([true, false])
  await ledger.build()
  expect([await isKnown(), await rowsWith(CANARY)]).toEqual([false, []])
  expect(await rowsWith('person 40')).toEqual([40])
  const bytes = readdirSync(join(ledger.index, run)).map(name => readFileSync(join(ledger.index, run, name), 'latin1'))
  expect(bytes.join('').includes(Buffer.from(CANARY).toString('latin1'))).toBe(false)
  expect((await work.custody('verify')).exit).toBe(0)
})

test('a thread keeps it until it is closed, and one builds at a time', async () => {
  const reports: BuilderReport[] = []
  let onFirst: () => void = () => undefined
  const first = new Promise<void>(resolve => {
    onFirst = resolve
  })
  const reader = await openLedgerReader(ledger.url)
  const input = { url: ledger.url, index: ledger.index, ledger: await ledgerId(reader) }
  await reader.close()
  const builder = new IndexBuilder(input, report => {
    reports.push(report)
    onFirst()
  })
  await first
  expect(reports[0]).toEqual({ kind: 'round' })
  expect([isClaimed(ledger.index), claim(ledger.index, 'another')]).toEqual([true, false])
  await builder.close()
  expect([isClaimed(ledger.index), claim(ledger.index, 'another')]).toEqual([false, true])
  giveUpClaim(ledger.index, 'another')
})

test('where it can’t be claimed that is reported, and tried again', async () => {
  const reader = await openLedgerReader(ledger.url)
  const input = { url: ledger.url, index: join(work.folder, 'a-file', 'index'), ledger: await ledgerId(reader) }
  await reader.close()
  writeFileSync(join(work.folder, 'a-file'), '')
  const [trouble, round] = [Promise.withResolvers<BuilderReport>(), Promise.withResolvers<BuilderReport>()]
  const builder = new IndexBuilder(input, report => (report.kind === 'trouble' ? trouble : round).resolve(report))
  expect(await trouble.promise).toMatchObject({ message: expect.stringMatching(/can’t be kept: .*ENOTDIR/) })
  rmSync(join(work.folder, 'a-file'))
  expect(await round.promise).toEqual({ kind: 'round' })
  await builder.close()
})

describe('of an index that is far behind its run', () => {
  /** Of a run whose index has some hundred of its entries: what is found, and by looking at how many rows. */
  async function foundIn(pipeline: string, rows: number, filter: RowFilter) {
    const many = Array.from({ length: rows }, (_, i) => `${i + 1},Person ${i + 1},south`)
    const long = new WorkFolder({ 'p.yaml': pipeline, 'people.csv': `id,name,town\n${many.join('\n')}\n` })
    try {
      await long.run()
      const begun = new IndexedLedger(join(long.folder, 'custody.db'))
      let pages = 0
      const pace = async () => {
        if (++pages === 100) throw new Error('the power is gone')
      }
      await begun.build(pace).catch(() => undefined)
      return await begun.find(filter)
    } finally {
      long.close()
    }
  }

  test('rows of which it has only a part are found as well', { tags: ['proof'] }, async () => {
    const { rows, matches } = await foundIn(PIPELINE, 2_100, { edge: ['sorted:to'] })
    expect([rows.slice(0, 3), matches]).toEqual([[1, 2, 3], { count: 2_100, exact: true }])
  })

  test('those that it has are found by it, up to the first of which more is known', { tags: ['proof'] }, async () => {
    const straight = PIPELINE.replace('to: both', 'to: out').replace(/nodes:[\s\S]*sinks:/, 'sinks:')
    const { rows, matches, looked_at } = await foundIn(straight, 5_000, { text: 'person 49' })
    const all = Array.from({ length: 5_000 }, (_, i) => i + 1).filter(row => `${row}`.startsWith('49'))
    expect([rows, matches]).toEqual([all, { count: all.length, exact: true }])
    expect(looked_at.rows).toBeGreaterThan(3_900)
    expect(looked_at.rows).toBeLessThan(4_600)
  })
})

test('a value that was changed in the ledger is met, not shown', async () => {
  await ledger.build()
  const db = new DatabaseSync(ledger.url.slice('sqlite:'.length))
  db.exec(
    "DROP TRIGGER payloads_no_update; UPDATE payloads SET body = replace(body, 'Person 23', 'Person 99') WHERE log = 1",
  )
  db.close()
  await expect(ledger.find({ text: 'person 23' })).resolves.toMatchObject({ rows: [] })
  removeIndex()
  await ledger.build()
  await expect(ledger.find({ text: 'person 99' })).rejects.toMatchObject({ code: 'CUSTODY_VERIFY_FAILED' })
})
