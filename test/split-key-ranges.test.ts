/** Runs with splits that read tables: key ranges are what is cut. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Json } from '../src/model/row.ts'
import {
  hasServer,
  lettersSql,
  missingServer,
  removeServers,
  SQL_KINDS,
  type SqlDatabase,
  sqlDatabase,
} from './support/sql-databases.ts'
import { WorkFolder } from './support/work-folder.ts'

const ROWS = 300

/** Ends the run at row 200 as long as there is a file `stop`. */
const STOP = `
import { existsSync } from 'node:fs'
import { z } from 'zod'
export default {
  kind: 'transform', name: 'stop', summary: 'Stops', options: z.strictObject({}), determinism: 'deterministic', errors: {},
  examples: [{ title: 'None', options: {} }], cardinality: 'one', guarantees: (_options, input) => input,
  create: (_options, { folder }) => ({
    process: row => { if (row.id === 200 && existsSync(folder + '/stop')) throw new Error('stop'); return { kind: 'row', row } },
  }),
}
`

let work: WorkFolder
beforeEach(() => {
  work = new WorkFolder({ 'stop.ts': STOP })
})
afterEach(() => work.close())
afterAll(removeServers)

interface Parts {
  readonly splits?: number
  /** More of the source's options. */
  readonly more?: { readonly [option: string]: Json }
}

function write({ kind, options }: SqlDatabase, { splits, more = { table: 'letters' } }: Parts): void {
  const pipeline = {
    name: 'copy',
    ...(splits === undefined ? {} : { splits: { count: splits } }),
    defaults: { on_error: 'discard', on_invalid: 'discard' },
    plugins: ['./stop.ts'],
    sources: { letters: { plugin: kind, options: { ...options, ...more }, to: 'stop' } },
    nodes: { stop: { transform: 'stop', to: 'out' } },
    sinks: { out: { plugin: 'jsonl', options: { path: 'out.jsonl', if_exists: 'replace' } } },
  }
  writeFileSync(join(work.folder, 'p.yaml'), JSON.stringify(pipeline))
}

const output = () => readFileSync(join(work.folder, 'out.jsonl'), 'utf8')
const idsIn = (text: string): readonly number[] =>
  text.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line).id]))

/** How many rows each split has read. */
async function shares(run: string): Promise<readonly number[]> {
  const { json } = await work.custody('show', run, '--splits', '--json')
  return json.splits.map(({ rows }: { rows: number }) => rows)
}

async function holds(run: string): Promise<void> {
  const { exit, stdout } = await work.custody('verify', run, '--files')
  expect(exit, stdout).toBe(0)
}

describe.each(SQL_KINDS)('a table of %s', kind => {
  let database: SqlDatabase
  beforeEach(async ({ skip }) => {
    if (!hasServer(kind)) skip(await missingServer(kind))
    database = await sqlDatabase(kind, work.folder)
    await database.run(lettersSql(kind, ROWS))
  })
  afterEach(async () => {
    if (hasServer(kind)) await database.remove()
  })

  const in_full = { tags: kind === 'sqlite' ? [] : ['proof'] }

  test('leaves what it leaves without splits, whoever works on them', in_full, async () => {
    for (const limit of [[], ['--limit', '100']]) {
      write(database, {})
      await work.run(...limit)
      const left = output()
      write(database, { splits: 4 })
      const runs: string[] = []
      for (const workers of limit.length > 0 ? [1] : [1, 2]) {
        const run = await work.run('--workers', String(workers), ...limit)
        expect(output()).toBe(left)
        await holds(run)
        runs.push(run)
      }
      const [first = '', second] = runs
      if (second === undefined) continue
      expect((await work.custody('diff', first, second)).stdout).toMatch(/^no row differs/)
      for (const rows of await shares(first)) expect(Math.abs(rows - ROWS / 4)).toBeLessThan(2)
      const { json } = await work.custody('explain', first, '--row', 'letters:222', '--json')
      expect(JSON.stringify(json)).toContain('letter 222 of many')
    }
  })

  test('continues in the midst of a split, and reads nothing that was added behind the last row', in_full, async () => {
    write(database, { splits: 4 })
    writeFileSync(join(work.folder, 'stop'), '')
    expect((await work.custody('run', 'p.yaml')).exit).toBe(1)
    rmSync(join(work.folder, 'stop'))
    await database.run(`INSERT INTO letters VALUES (${ROWS + 1}, 'late', 1, 1)`)
    const { exit, stderr } = await work.custody('resume', 'latest')
    expect(exit, stderr).toBe(0)
    expect(idsIn(output())).toEqual(Array.from({ length: ROWS }, (_, i) => i + 1))
    await holds('latest')
  })

  test.each([
    ['changed', `UPDATE letters SET subject = 'other' WHERE id = 290`],
    ['added', `INSERT INTO letters VALUES (299, 'another', 1, 1)`],
    ['gone', 'DELETE FROM letters WHERE id = 210'],
  ])('a row that is %s since the table was cut is noticed where it is read', in_full, async (_what, statement) => {
    await database.run('DELETE FROM letters WHERE id = 299')
    write(database, { splits: 4 })
    writeFileSync(join(work.folder, 'stop'), '')
    expect((await work.custody('run', 'p.yaml', '--workers', '1')).exit).toBe(1)
    rmSync(join(work.folder, 'stop'))
    await database.run(statement)
    const { exit, json } = await work.custody('resume', 'latest', '--json')
    expect([exit, json.error.code, json.error.where]).toEqual([1, 'CUSTODY_SOURCE_CHANGED', { node: 'letters' }])
    expect(json.error.hint).toBeTruthy()
    expect((await work.custody('abandon', 'latest')).exit).toBe(0)
    await holds('latest')
  })
})

describe('a table', () => {
  let database: SqlDatabase
  beforeEach(async () => {
    database = await sqlDatabase('sqlite', work.folder)
    await database.run(lettersSql('sqlite', ROWS))
  })

  test.each([
    ['a query', { query: 'SELECT * FROM letters ORDER BY id', key: ['id'] }],
    ['a table without a key', { table: 'loose' }],
    ['a table with a key that two rows share', { table: 'letters', key: ['weight'] }],
    ['a table with a key that two rows share by their collation', { table: 'names', key: ['name'] }],
  ])('%s is read by one split', async (_what, more) => {
    await database.run('CREATE TABLE loose AS SELECT * FROM letters')
    await database.run(
      `CREATE TABLE names (id, name TEXT COLLATE NOCASE); INSERT INTO names VALUES (1, 'a'), (2, 'A'), (3, 'b')`,
    )
    write(database, { splits: 3, more })
    const { stderr } = await work.custody('validate', 'p.yaml')
    expect(stderr.includes('CUSTODY_SPLITS_IDLE')).toBe('query' in more)
    const { stderr: said } = await work.custody('run', 'p.yaml')
    // What validate has said needn't be said again.
    expect(said.includes('can’t be cut: split 1 reads all of it')).toBe(!('query' in more))
    const [first = 0, ...others] = await shares((await work.custody('show', 'latest', '--json')).json.run)
    expect([first > 0, ...others]).toEqual([true, 0, 0])
  })

  test('that has no rows, or fewer than there are splits, leaves none, or these', async () => {
    write(database, { splits: 5 })
    await database.run('DELETE FROM letters')
    await holds(await work.run('--limit', '1'))
    expect(output()).toBe('')
    await database.run(`INSERT INTO letters VALUES (1, 'one', 1, 1), (2, 'two', 1, 1)`)
    await holds(await work.run())
    expect(idsIn(output())).toEqual([1, 2])
  })

  test('is cut beside a file, each by its length', async () => {
    write(database, { splits: 6 })
    const pipeline = JSON.parse(readFileSync(join(work.folder, 'p.yaml'), 'utf8'))
    const lines = Array.from(
      { length: ROWS },
      (_, i) => `{"id":${1000 + i},"subject":"a letter in a file","price":1}\n`,
    )
    writeFileSync(join(work.folder, 'in.jsonl'), lines.join(''))
    pipeline.sources.more = { plugin: 'jsonl', options: { path: 'in.jsonl' }, to: 'stop' }
    writeFileSync(join(work.folder, 'p.yaml'), JSON.stringify(pipeline))
    const run = await work.run()
    expect(idsIn(output())).toEqual(Array.from({ length: 2 * ROWS }, (_, i) => (i < ROWS ? i + 1 : 700 + i)))
    for (const rows of await shares(run)) expect(rows).toBeGreaterThan(ROWS / 6)
  })

  test('keys of rows that are erased are on record no more', async () => {
    await database.run(`CREATE TABLE people (name TEXT PRIMARY KEY, age)`)
    await database.run(
      `INSERT INTO people VALUES ('ann-secret', 1), ('bob-secret', 2), ('cyd-secret', 3), ('dan-secret', 4)`,
    )
    write(database, { splits: 2, more: { table: 'people' } })
    const run = await work.run()
    const isOnRecord = (text: string) => readFileSync(join(work.folder, 'custody.db')).includes(text)
    for (const [i, name] of ['ann', 'bob', 'cyd', 'dan'].entries()) {
      expect(isOnRecord(`${name}-secret`)).toBe(true)
      expect((await work.custody('erase', run, '--row', `letters:${i + 1}`)).exit).toBe(0)
      expect([name, isOnRecord(`${name}-secret`)]).toEqual([name, false])
    }
    await holds(run)
  })
})
