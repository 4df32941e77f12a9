/** Sources of databases against real ones. `npm run connectors` tries them at length; `npm test` each a little. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { OBSERVED, type RowSchema } from '../../src/model/schema.ts'
import { databaseSources } from '../../src/plugins/sources/databases.ts'
import { parseFieldShorthand } from '../../src/sdk/field-type.ts'
import { NOBODY_TO_ASK } from '../../src/sdk/source.ts'
import type { Source, SourceItem, SourceSpec } from '../../src/sdk/spec.ts'
import { conformanceProblems } from '../../src/sdk/testing.ts'
import { CONNECTORS, custodyProcess, KILLS, killAtRandom } from '../support/kills.ts'
import {
  hasServer,
  lettersSql,
  missingServer,
  removeServers,
  SQL_KINDS,
  type SqlDatabase,
  sqlDatabase,
} from '../support/sql-databases.ts'
import { WorkFolder } from '../support/work-folder.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-sql-'))
afterAll(async () => {
  await removeServers()
  rmSync(folder, { recursive: true, force: true })
})

const specOf = (kind: string) => databaseSources.find(({ name }) => name === kind) as SourceSpec

function sourceOf(database: SqlDatabase, more: object, input: RowSchema = OBSERVED): Source {
  const spec = specOf(database.kind)
  const options = spec.options.parse({ ...database.options, ...more })
  return spec.create(options, { node: 'rows', folder, input, secrets: [] }) as Source
}

async function readAll(source: Source): Promise<readonly SourceItem[]> {
  const items: SourceItem[] = []
  try {
    for await (const chunk of source.read(null, NOBODY_TO_ASK)) items.push(...chunk)
  } finally {
    await source.close()
  }
  return items
}

const rowsOf = (items: readonly SourceItem[]) => items.map(item => (item.kind === 'row' ? { ...item.row } : item))

function schemaOf(fields: { readonly [field: string]: string }): RowSchema {
  const declared = Object.entries(fields).map(([name, type]) => {
    const field = parseFieldShorthand(type)
    if ('problem' in field) throw new Error(field.problem)
    return [name, field] as const
  })
  return { fields: new Map(declared), closed: false, observed: false }
}

/** Copies `letters`; the node `stop` ends the run at row 700 of 1,500 as long as there is a file `stop`. */
function pipelineOf({ kind, options }: SqlDatabase, more: object): string {
  const source = { plugin: kind, options: { ...options, ...more }, to: 'stop' }
  return JSON.stringify({
    name: 'copy',
    defaults: { on_error: 'discard', on_invalid: 'discard' },
    plugins: ['./stop.ts'],
    sources: { rows: source },
    nodes: { stop: { transform: 'stop', to: 'out' } },
    sinks: { out: { plugin: 'jsonl', options: { path: 'out.jsonl', if_exists: 'replace' } } },
  })
}

const STOP = `
import { existsSync } from 'node:fs'
import { z } from 'zod'
export default {
  kind: 'transform', name: 'stop', summary: 'Stops', options: z.strictObject({}), determinism: 'deterministic', errors: {},
  examples: [{ title: 'None', options: {} }], cardinality: 'one', guarantees: (_options, input) => input,
  create: () => ({ process: row => { if (row.id === 700 && existsSync('stop')) throw new Error('stop'); return { kind: 'row', row } } }),
}
`

/** A run that has stopped at row 700. */
async function stoppedRun(database: SqlDatabase, more: object): Promise<WorkFolder> {
  const work = new WorkFolder({ 'p.yaml': pipelineOf(database, more), 'stop.ts': STOP, stop: '' })
  const { exit, stderr } = await work.custody('run', 'p.yaml')
  expect(exit, stderr).toBe(1)
  rmSync(join(work.folder, 'stop'))
  return work
}

const idsIn = (file: string) =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line).id)

const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1)

for (const kind of SQL_KINDS) {
  const said = await missingServer(kind)
  describe.skipIf(!hasServer(kind) || said !== '' || (kind === 'mysql' && !CONNECTORS))(`${kind}${said}`, () => {
    /** Of what is alike for all of them, `npm test` tries one. */
    const isTried = CONNECTORS || kind === 'sqlite'
    const made: SqlDatabase[] = []
    const newLetters = async (rows: number) => {
      const database = await sqlDatabase(kind, folder)
      made.push(database)
      await database.run(lettersSql(kind, rows))
      return database
    }
    afterEach(async () => {
      for (const database of made.splice(0)) await database.remove()
    })

    test('conforms, and reads on behind each record to the same rest', { tags: ['proof'] }, async () => {
      const database = await newLetters(7)
      const row = (id: number) => ({
        id,
        subject: `letter ${id} of many`,
        weight: id % 7,
        price: kind === 'sqlite' ? id * 1.25 : (id * 1.25).toFixed(2),
      })
      const sample = {
        title: 'letters',
        options: { ...database.options, table: 'letters' },
        rows_out: upTo(7).map(row),
      }
      const query = { ...database.options, query: 'SELECT id FROM letters WHERE id < 4 -- three', key: ['id'] }
      const ids = { title: 'some', options: query, rows_out: [{ id: 1 }, { id: 2 }, { id: 3 }] }
      expect(await conformanceProblems(specOf(kind), [sample, ids])).toEqual([])
    })

    test.skipIf(!isTried)(
      'rows that are added behind what was read are read when the run is resumed',
      { tags: ['proof'] },
      async () => {
        const database = await newLetters(1_500)
        const work = await stoppedRun(database, { table: 'letters' })
        await database.run(`INSERT INTO letters VALUES (1501, 'late', 1, 1)`)
        const { exit, stderr } = await work.custody('resume', 'latest')
        expect(exit, stderr).toBe(0)
        expect(idsIn(join(work.folder, 'out.jsonl'))).toEqual(upTo(1_501))
        const verified = await work.custody('verify', 'latest', '--files')
        expect([verified.exit, verified.stdout.includes('was changed since')]).toEqual([0, false])
        if ('path' in database.options)
          expect(verified.stdout).toContain('on record is the hash of the rows that were read')
        work.close()
      },
    )

    test.skipIf(!isTried).each([
      ['is changed', `UPDATE letters SET subject = 'other' WHERE id = 3`, /isn't what stands there now/],
      ['comes before it', `INSERT INTO letters VALUES (0, 'early', 1, 1)`, /isn't what stands there now/],
      [
        'is gone, and all behind it',
        'DELETE FROM letters WHERE id > 100',
        /has only 100 rows, and \d+ of it were read/,
      ],
    ])('what was read and %s refuses to go on', { tags: ['proof'] }, async (_what, statement, message) => {
      const database = await newLetters(1_500)
      const work = await stoppedRun(database, { table: 'letters' })
      await database.run(statement)
      const { exit, json } = await work.custody('resume', 'latest', '--json')
      expect(exit).toBe(1)
      expect(json.error).toMatchObject({ code: 'CUSTODY_SOURCE_CHANGED', message: expect.stringMatching(message) })
      work.close()
    })

    test.each([
      ['a table that isn’t there', { table: 'nothing' }, /nothing/],
      ['a column that isn’t there', { table: 'letters', columns: ['id', 'nothing'] }, /nothing/],
      ['a query that is none', { query: 'SELEC id FROM letters' }, /syntax|SELEC/i],
      ['two statements', { query: 'SELECT 1 AS a; SELECT 2 AS a' }, /multiple|syntax|statements/],
      ['a statement that would write', { query: `INSERT INTO letters VALUES (9, 'x', 1, 1)` }, /./],
    ])('%s is said before anything is read', async (_what, more, message) => {
      const database = await newLetters(2)
      const source = sourceOf(database, more)
      const failed = { code: 'CUSTODY_SOURCE', where: { node: 'rows' }, message: expect.stringMatching(message) }
      await expect(source.begin?.()).rejects.toMatchObject(failed)
      await source.close()
      expect(await readAll(sourceOf(database, { table: 'letters' }))).toHaveLength(2)
    })

    test('two columns of one name are refused, and a query without an order is warned of', async () => {
      const database = await newLetters(1)
      await expect(readAll(sourceOf(database, { query: 'SELECT id, id FROM letters' }))).rejects.toMatchObject({
        code: 'CUSTODY_INPUT_FORMAT',
      })
      const source = sourceOf(database, { query: 'SELECT id FROM letters' })
      expect((await source.begin?.())?.warnings).toEqual([expect.stringMatching(/order of rows/)])
      await source.close()
    })

    test('what is declared decides how a value comes', async () => {
      const database = await newLetters(1)
      const expected = { id: 1, subject: 'letter 1 of many', weight: 1, price: 1.25, flag: true, list: [1, { a: 2.5 }] }
      const text = `SELECT id, subject, weight, price, 1 AS flag, '[1,{"a":2.5}]' AS list FROM letters`
      const source = sourceOf(database, { query: text }, schemaOf({ price: 'number', flag: 'boolean', list: 'array' }))
      expect(rowsOf(await readAll(source))).toEqual([expected])
    })

    test.skipIf(!CONNECTORS)(`${KILLS} random kills leave what none leaves`, { timeout: 1_800_000 }, async () => {
      const database = await newLetters(6_000)
      const work = new WorkFolder({ 'p.yaml': pipelineOf(database, { table: 'letters' }), 'stop.ts': STOP })
      let expected: Buffer | null = null
      const { killed } = await killAtRandom(work.folder, KILLS, () => {
        const found = readFileSync(join(work.folder, 'out.jsonl'))
        expected ??= found
        expect(found.equals(expected)).toBe(true)
      })
      expect(killed).toBe(KILLS)
      expect(await custodyProcess(work.folder, ['verify'], null)).toMatchObject({ code: 0 })
      work.close()
    })
  })
}
