/** Every command gives the same answer of a ledger in PostgreSQL as of the same one in SQLite. Long form: `npm run postgres`. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ALL_OF_POSTGRES, newDatabase, postgres, TWO_ROWS } from '../support/postgres.ts'
import { WorkFolder } from '../support/work-folder.ts'

const server = await postgres()

const READERS = [
  ['runs', '--json'],
  ['show', 'latest'],
  ['show', 'latest', '--json'],
  ['explain', 'latest', '--row', '2'],
  ['explain', 'latest', '--row', '2', '--json'],
  ['explain', 'latest', '--where', 'row.id == "1"'],
  ['explain', 'latest', '--row', '99'],
  ['diff', 'latest', 'latest', '--json'],
  ['checkpoint'],
  ['browse', 'latest', '--plain'],
] as const

const FORMATS = ['csv', 'jsonl', 'parquet', 'prov', 'openlineage', 'tiles'] as const

/** Each writes, behind the one before; the rest of its answer has ids and times of its own. */
const WRITERS = [
  ['rerun', 'latest', '--row', '1', '--json'],
  ['replay', 'p.yaml', '--from', 'latest', '--json'],
  ['erase', 'latest~2', '--row', '1', '--yes', '--json'],
  ['resume', 'latest', '--json'],
  ['abandon', 'latest', '--yes', '--json'],
] as const

describe.runIf(ALL_OF_POSTGRES && server.url !== null)(`answers over PostgreSQL${server.said}`, () => {
  let work: WorkFolder
  let database: Awaited<ReturnType<typeof newDatabase>>
  const sqlite = 'sqlite:custody.db'
  beforeAll(async () => {
    database = await newDatabase(server.url ?? '')
    work = new WorkFolder(TWO_ROWS)
    await work.run('--ledger', sqlite)
    expect((await work.custody('ledger', 'copy', '--keep', sqlite, database.url)).exit).toBe(0)
  })
  afterAll(async () => {
    await database.remove()
    work.close()
  })

  const both = async (argv: readonly string[], one = sqlite, other = database.url) => [
    await work.custody(...argv, '--ledger', one),
    await work.custody(...argv, '--ledger', other),
  ]

  test.each(READERS.map(argv => [argv.join(' '), argv] as const))('%s', async (_, argv) => {
    const [one, other] = await both(argv)
    expect(other?.stdout.replaceAll(database.url, sqlite)).toEqual(one?.stdout)
    expect(other?.exit).toBe(one?.exit)
  })

  test.each(FORMATS)('export as %s', async format => {
    for (const [name, url] of [
      ['one', sqlite],
      ['other', database.url],
    ] as const) {
      const argv = ['export', 'latest', '--format', format, '--out', `${name}-${format}`, '--ledger', url]
      const { exit, stderr } = await work.custody(...argv)
      expect(exit, stderr).toBe(0)
    }
    const files = (name: string) => {
      const place = join(work.folder, `${name}-${format}`)
      if (statSync(place).isFile()) return [readFileSync(place, 'utf8')]
      const names = readdirSync(place, { recursive: true, withFileTypes: true }).filter(each => each.isFile())
      const paths = names.map(each => join(each.parentPath, each.name)).sort()
      return paths.map(path => [path.slice(place.length), readFileSync(path, 'base64')])
    }
    expect(files('other')).toEqual(files('one'))
  })

  test('a proof holds', async () => {
    for (const { exit, stderr } of await both(['prove', 'latest', '--row', '2', '--out', 'proof.json', '--force']))
      expect(exit, stderr).toBe(0)
    const { exit, stdout } = await work.custody('check', 'proof.json')
    expect([exit, stdout]).toEqual([0, expect.stringContaining('row 2')])
  })

  test('what writes ends alike, and holds', async () => {
    const [one, other] = ['sqlite:written.db', `${database.url}?schema=written`]
    await work.run('--ledger', one)
    await work.run('--ledger', other)
    for (const argv of WRITERS) {
      const [here, there] = await both(argv, one, other)
      const keys = [here, there].map(result => Object.keys(result?.json ?? {}))
      expect([argv, there?.exit, keys[1], there?.json?.error?.code]).toEqual([
        ...[argv, here?.exit, keys[0], here?.json?.error?.code],
      ])
    }
    for (const { exit, stdout } of await both(['verify'], one, other)) expect(exit, stdout).toBe(0)
  })
})
