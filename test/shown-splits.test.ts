/** What `custody show` says of the splits of a run: how many are done, who works on which, which took long, which are behind. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AnyQuestion } from '../src/host/answers/answer-messages.ts'
import { answer } from '../src/host/answers/answering.ts'
import { Looking } from '../src/host/answers/moment.ts'
import { openLedgerReader } from '../src/ledger/open.ts'
import type { ShownSplit, SplitSummary } from '../src/read/show/splits.ts'
import { shapeProblem } from './answers/questions.ts'
import { runInProcess } from './support/in-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-shown-splits-'))
const env = { XDG_CONFIG_HOME: join(folder, 'config'), XDG_CACHE_HOME: join(folder, 'cache'), COLUMNS: '140' }
const custody = (...argv: string[]) => runInProcess(argv, folder, env)

/** The first thousand records of the second split are broken, which stops it, and the run. */
const SPLITS = 4
const ROWS = 4_200
const isBroken = (id: number) => id > ROWS / SPLITS && id <= ROWS / 2
const lines = (broken: boolean) =>
  Array.from(
    { length: ROWS },
    (_, i) => `${1_000_000 + i + 1},${broken && isBroken(i + 1) ? 'xxxx' : 1000 + (i % 7)}\n`,
  )
const PIPELINE = `
name: claims
splits: { count: ${SPLITS} }
defaults: { on_error: problems, on_invalid: problems }
sources:
  claims:
    plugin: csv
    options: { path: in.csv }
    schema: { mode: fixed, fields: { id: integer, amount: integer } }
    to: out
sinks:
  out: { plugin: csv, options: { path: out.csv, if_exists: replace } }
  problems: { plugin: jsonl, options: { path: problems.jsonl, if_exists: replace }, on_error: discard }
`
let done = ''
let stopped = ''

async function ran(broken: boolean): Promise<string> {
  writeFileSync(join(folder, 'in.csv'), `id,amount\n${lines(broken).join('')}`)
  const { stdout } = await custody('run', 'p.yaml', '--workers', '1', '--json')
  return /"run":"([^"]+)"/.exec(stdout)?.[1] ?? ''
}

beforeAll(async () => {
  writeFileSync(join(folder, 'p.yaml'), PIPELINE)
  done = await ran(false)
  stopped = await ran(true)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Shown {
  readonly status: string
  readonly split_summary: SplitSummary
  readonly splits?: readonly ShownSplit[]
}

async function shown(run: string, ...options: readonly string[]): Promise<Shown> {
  const { stdout, stderr } = await custody('show', run, '--json', ...options)
  expect(stderr).toBe('')
  return JSON.parse(stdout) as Shown
}

const sql = (work: (db: DatabaseSync) => void) => {
  const db = new DatabaseSync(join(folder, 'custody.db'))
  work(db)
  db.close()
}

test('of a run that is done', async () => {
  const { split_summary, splits } = await shown(done)
  expect(split_summary).toMatchObject({ count: SPLITS, closed: SPLITS, under_way: 0, not_begun: 0 })
  expect([split_summary.workers, split_summary.behind, splits]).toEqual([[], [], undefined])
  expect(split_summary.signed_by?.map(each => each.splits)).toEqual([SPLITS])
  const took = split_summary.slowest?.map(each => each.duration_ms) ?? []
  expect(took).toHaveLength(3)
  expect(took).toEqual(took.toSorted((a, b) => b - a))

  const { splits: all = [] } = await shown(done, '--splits')
  expect(all.map(each => [each.split, each.status, each.worker])).toEqual([1, 2, 3, 4].map(n => [n, 'closed', null]))
  expect(all.reduce((sum, { rows }) => sum + rows, 0)).toBe(ROWS)
  for (const { started_at, last_entry_at, duration_ms } of all)
    expect(Math.abs(Date.parse(last_entry_at ?? '') - Date.parse(started_at ?? '') - duration_ms)).toBeLessThan(2)

  const { stdout } = await custody('show', done, '--splits')
  expect(stdout).toContain('splits       4, all closed')
  expect(stdout).toMatch(/slowest {6}split \d /)
  expect(stdout).toMatch(/\n {2}split {2}status +rows +took {2}last entry +signed by\n/)
  expect(stdout.match(/ closed /g)).toHaveLength(SPLITS)
})

test('what the ledger’s own log binds of one that isn’t is what its coordinator has of its splits, too', async () => {
  const db = new DatabaseSync(join(folder, 'custody.db'))
  const bodies = (query: string) =>
    db
      .prepare(query)
      .all()
      .map(({ body }) => JSON.parse(`${body}`))
  const progress = bodies('SELECT body FROM entries WHERE log = 0 AND body LIKE \'%"progress"%\'').at(-1)
  expect(progress.run).toBe(stopped)
  const said = bodies(
    `SELECT body FROM entries WHERE log = ${progress.log} AND seq < ${progress.size} AND body LIKE '%"parts"%' ORDER BY seq`,
  )
  db.close()
  const heads: Array<{ part: number; size: number }> = said.flatMap(each => each.heads)
  const sizes = new Map(heads.map(({ part, size }) => [part, size]))
  expect(sizes.size).toBeGreaterThan(0)
  const all = sizes.values().reduce((sum, size) => sum + size, progress.size)

  const verified = JSON.parse((await custody('verify', stopped, '--json')).stdout)
  expect(verified.runs).toMatchObject([{ run: stopped, bound: all }])
  expect((await custody('show', stopped)).stdout).toContain(`it binds all ${all.toLocaleString('en')} entries so far`)
  for (const [part, size] of sizes) {
    const story = JSON.parse((await custody('explain', stopped, '--row', `${part}:1`, '--json')).stdout)
    expect(story.bound).toBe(size)
    const { stdout } = await custody('explain', stopped, '--row', `${part}:1`)
    expect(stdout).toContain('The ledger’s own log binds what is shown here.')
  }
})

test('of one that isn’t: who works on which, whose lease has run out, and what nobody works on', async () => {
  const holder = (host: string, pid: number) => JSON.stringify({ host: `${host} pid:1`, boot: 'b', pid, start: '1' })
  const first = (db: DatabaseSync) => Number(db.prepare('SELECT log FROM logs WHERE run = ?').get(stopped)?.log)
  const hold = (part: number, held_by: string, for_s: number) =>
    sql(db =>
      db
        .prepare('UPDATE leases SET holder = ?, expires_us = ? WHERE log = ?')
        .run(held_by, (Date.now() + for_s * 1000) * 1000, first(db) + part),
    )
  const before = await shown(stopped)
  expect(before.split_summary).toMatchObject({ closed: 1, under_way: 1, not_begun: 2, workers: [] })
  expect(before.split_summary.behind).toMatchObject([{ split: 2, status: 'under_way', worker: null }])
  const { stdout: left } = await custody('show', stopped)
  expect(left).toContain('splits       1 of 4 closed · 1 under way · 2 not begun')
  expect(left).toMatch(/behind {7}split 2: [\d,]+ rows, last entry \d{4}-\d\d-\d\d [\d:.]+Z, nobody works on it\n/)

  hold(2, holder('alpha', 4123), 60)
  hold(3, holder('beta', 77), -5)
  hold(4, holder('alpha', 4123), 60)
  const { split_summary, splits } = await shown(stopped, '--splits')
  expect(split_summary.workers).toEqual([
    { host: 'alpha', pid: 4123, lease: 'held', splits: [2, 4] },
    { host: 'beta', pid: 77, lease: 'run_out', splits: [3] },
  ])
  expect(splits?.map(each => [each.status, each.worker?.host])).toEqual([
    ['closed', undefined],
    ['under_way', 'alpha'],
    ['not_begun', 'beta'],
    ['not_begun', 'alpha'],
  ])
  const { stdout } = await custody('show', stopped)
  expect(stdout).toContain('  worked on    by alpha, process 4123: splits 2, 4\n')
  expect(stdout).toContain('               by beta, process 77, whose lease has run out: split 3\n')
})

test('the server’s answers have the same: the summary, splits a page at a time, and counts of those that work', async () => {
  const reader = await openLedgerReader(`sqlite:${join(folder, 'custody.db')}`)
  const looking = new Looking(reader, { env, keys: [], before: null, index: null })
  const ask = async (kind: 'run' | 'counts' | 'splits', params: object): Promise<unknown> => {
    const question = { kind, params } as AnyQuestion
    const found = await looking.at(moment =>
      answer(moment, question, false, { onProgress: () => undefined, onPiece: async () => undefined }),
    )
    expect(shapeProblem(kind, found)).toBe(null)
    return found
  }
  for (const run of [done, stopped]) {
    const { split_summary, splits = [] } = await shown(run, '--splits')
    expect(await ask('run', { run })).toMatchObject({ split_summary })
    const { slowest: _, behind: __, signed_by: ___, ...at_work } = split_summary
    expect(await ask('counts', { run })).toMatchObject({ splits: at_work })
    const page = { run, count: SPLITS, holds: true }
    expect(await ask('splits', { run, limit: 3 })).toEqual({ ...page, splits: splits.slice(0, 3), next_cursor: '3' })
    const rest = { ...page, splits: splits.slice(3), next_cursor: null }
    expect(await ask('splits', { run, limit: 3, cursor: '3' })).toEqual(rest)
    expect(await ask('splits', { run, limit: 3, at: 3 })).toEqual(rest)
    expect(await ask('splits', { run, limit: 3, at: 9 })).toEqual({ ...page, splits: [], next_cursor: null })
  }
  await reader.close()
})

test('of what isn’t what was signed nothing is shown', async () => {
  sql(db => {
    for (const { name } of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all())
      db.exec(`DROP TRIGGER ${name}`)
    db.exec(`UPDATE entries SET body = replace(body, '"k":"close"', '"k":"close","x":1') WHERE log = 2`)
  })
  const { stdout, exit } = await custody('show', done, '--json')
  expect([exit, JSON.parse(stdout)]).toMatchObject([1, { holds: false }])
})
