/** Splits that send: each row comes once, whoever is killed between sending it and saying so, and whoever wakes up late. */
// @module-tag proof
import { rmSync } from 'node:fs'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Point } from '../../src/engine/ports/crash-points.ts'
import { openDatabase } from '../../src/plugins/databases/open.ts'
import { FILE_TABLE, placeOf, SERVED_TABLE } from '../../src/plugins/sinks/sql/options.ts'
import { LONG } from '../support/form.ts'
import { missingServer, removeServers, type SqlDatabase, sqlDatabase } from '../support/sql-databases.ts'
import { endure, type Kill, runUndisturbed } from './endure.ts'
import { eachPoint, testKills, undisturbedRuns } from './kills.ts'
import { type CrashPipeline, inSplits, pipelineNamed } from './pipelines.ts'
import { Place, type Program, reportOf } from './place.ts'

// ── a far side that remembers keys ──────────────────────────────────────────────────────────────────────────────────

const LETTERS = inSplits(pipelineNamed('letters'), 3)
const of_letters = undisturbedRuns()
const sending = { point: 'before_send', later: true } as const
/** Where a letter may have been sent, or a split that has sent some is continued, or put together. */
const NEAR: readonly Point[] = [
  'after_flush',
  'after_commit',
  'before_publish',
  'after_take_over',
  'after_resume_entry',
]
const near = eachPoint(1).filter(({ point }) => LONG && NEAR.includes(point))
testKills(
  [...near, sending].map(each => ({ ...each, threaded: false, pipeline: LETTERS })),
  of_letters,
  { often: true },
)

// ── tables ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const KINDS = LONG ? (['sqlite', 'postgres', 'duckdb'] as const) : (['sqlite'] as const)
const ROWS = 400
const SPLITS = 4

/** What the table has is the last of each key; every 37th row is refused. */
const intoTable = ({ kind, options }: SqlDatabase, by: string): CrashPipeline => ({
  name: `table-${kind}`,
  splits: SPLITS,
  asynchronous: true,
  files: {
    'in.csv': `id,shop,amount\n${Array.from({ length: ROWS }, (_, i) => `${i + 1},s${(i * 5) % 23},${i % 37 === 36 ? -1 : i}\n`).join('')}`,
  },
  yaml: `
splits: { count: ${SPLITS}${by} }
name: table
defaults: { on_error: refused, on_invalid: refused }
sources:
  orders:
    plugin: csv
    options: { path: in.csv }
    schema: { mode: fixed, fields: { id: integer, shop: string, amount: integer } }
    to: ways
nodes:
  ways: { fork: { all: added, last: latest } }
sinks:
  added: { plugin: ${kind}, options: ${JSON.stringify({ ...options, table: 'added', batch: { rows: 7 } })} }
  latest: { plugin: ${kind}, options: ${JSON.stringify(by === '' ? { ...options, table: 'latest' } : { ...options, table: 'latest', mode: 'upsert', key: ['shop'], batch: { rows: 7 } })} }
  refused: { plugin: jsonl, options: { path: out/refused.jsonl }, on_error: discard }
`,
})

const TABLES = (key: string) => `
  CREATE TABLE added (id integer, shop varchar(20), amount integer CHECK (amount >= 0));
  CREATE TABLE latest (id integer, shop varchar(20)${key}, amount integer CHECK (amount >= 0));`

/** The records of each statement, one after the other. */
async function ask({ kind, options }: SqlDatabase, ...statements: readonly string[]) {
  const given = { ...options, table: 'added' }
  const parsed = kind === 'postgres' || kind === 'mysql' ? SERVED_TABLE.parse(given) : FILE_TABLE.parse(given)
  const database = await openDatabase(placeOf(kind, parsed, '/'))
  try {
    const answers: string[][] = []
    for (const each of statements) answers.push((await database.ask(each)).records.map(record => record.join(' ')))
    return answers
  } finally {
    await database.close()
  }
}

const tablesOf = (database: SqlDatabase) =>
  ask(database, ...['added', 'latest'].map(name => `SELECT id, shop, amount FROM ${name} ORDER BY id`))

const folder = new Place(LETTERS)
const programs: Program[] = []
afterEach(() => {
  for (const { process } of programs.splice(0)) process.kill('SIGKILL')
})
afterAll(async () => {
  await removeServers()
  rmSync(folder.folder, { recursive: true, force: true })
})

describe.each(KINDS)('tables of %s', kind => {
  beforeEach(async ({ skip }) => {
    const said = await missingServer(kind)
    if (said !== '') skip(said)
  })
  const DEALT = ', by: shop'
  const made = async (by = DEALT) => {
    const database = await sqlDatabase(kind, folder.folder)
    await database.run(TABLES(by === '' ? '' : ' PRIMARY KEY'))
    return database
  }

  const kills: readonly (readonly [Point, readonly number[]])[] = [
    ['after_call', [1, 2, 9]],
    ['before_send', [2, 7]],
    ['after_commit', [3]],
    ['mid_flush', [5, 2]],
    ['before_seal', [1, 2]],
  ]
  test.each(LONG && kind === 'sqlite' ? kills : kills.slice(0, LONG ? 2 : 1))(
    'have each row once where processes are killed at %s %j',
    async (point, times) => {
      const quiet = await made()
      const whole = await runUndisturbed(intoTable(quiet, DEALT))
      const tables = await tablesOf(quiet)
      expect(tables.map(rows => rows.length)).toEqual([ROWS - Math.floor(ROWS / 37), 23])
      const database = await made()
      const at = times.map((nth): Kill => ({ at: { point, nth } }))
      const { problems, killed } = await endure(intoTable(database, DEALT), at, whole, { often: true, threaded: false })
      expect(problems).toEqual([])
      expect(killed).toBe(times.length)
      expect(await tablesOf(database)).toEqual(tables)
      await quiet.remove()
      await database.remove()
    },
  )

  // A process that sleeps has the file to itself.
  test.skipIf(kind === 'duckdb')('take nothing of a process whose split another one has taken over', async () => {
    const database = await made('')
    const place = new Place(intoTable(database, ''))
    const former = place.begin({ resume: false, suspend: { point: 'before_send', nth: 3 } })
    programs.push(former)
    await former.suspended()
    const report = reportOf(await place.begin({ resume: true, ahead_us: 11_000_000 }).exit)
    expect(report).toMatchObject({ status: 'completed_with_failures', code: null })
    const tables = await tablesOf(database)
    former.process.kill('SIGCONT')
    expect(reportOf(await former.exit).code).toBe('CUSTODY_RUN_LOST')
    expect(await tablesOf(database)).toEqual(tables)
    expect(tables.map(rows => new Set(rows).size)).toEqual([ROWS - Math.floor(ROWS / 37), ROWS - Math.floor(ROWS / 37)])
    expect(await place.problems(true)).toEqual([])
    place.close()
    await database.remove()
  })

  test.runIf(LONG)('take nothing of a run that was given up, and what was on its way ends as in doubt', async () => {
    const database = await made()
    const place = new Place(intoTable(database, DEALT))
    const killed = await place.begin({ resume: false, kill: { point: 'before_send', nth: 3 } }).exit
    expect(killed.signal).toBe('SIGKILL')
    const given_up = reportOf(await place.begin({ resume: true, abandon: true }).exit)
    expect(given_up).toMatchObject({ status: 'abandoned', code: null })
    expect(await place.problems(true)).toEqual([])
    const { stdout } = await place.custody('show', 'latest', '--json').exit
    expect(JSON.parse(stdout).in_doubt.length).toBeGreaterThan(0)
    const [shut = []] = await ask(
      database,
      `SELECT part, epoch FROM custody_receipts WHERE batch = '' AND part > 0 AND epoch > 1`,
    )
    expect(shut.length).toBeGreaterThan(0)
    place.close()
    await database.remove()
  })
})
