/** `custody doctor FILE` asks each place that a pipeline reads from or writes to, says what a run would stop at, and writes nothing. */
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CONNECTORS } from '../support/kills.ts'
import {
  hasServer,
  mariadbServer,
  missingServer,
  removeServers,
  type SqlDatabase,
  sqlDatabase,
} from '../support/sql-databases.ts'
import { hasStore, STORE_KINDS, StoreServer, storeSaid } from '../support/store-servers.ts'
import { WorkFolder } from '../support/work-folder.ts'

interface Check {
  readonly name: string
  readonly state: string
  readonly code?: string
  readonly message: string
  readonly hint?: string
}

interface Connection {
  readonly port: number
  readonly database: string
}

const pipelineOf = (source: object, sinks: { readonly [name: string]: object }) =>
  JSON.stringify({
    name: 'copy',
    defaults: { on_error: 'discard', on_invalid: 'discard' },
    sources: { rows: { ...source, to: Object.keys(sinks)[0] } },
    nodes: {},
    sinks,
  })

/** What `doctor` says of the pipeline and its places. */
async function doctor(work: WorkFolder): Promise<{ readonly exit: number; readonly checks: readonly Check[] }> {
  const { exit, json } = await work.custody('doctor', 'p.yaml', '--json')
  const checks = (json.checks as Check[]).filter(({ name }) => /^(?:pipeline$|source |sink )/.test(name))
  return { exit, checks }
}

const csv = (path: string, more: object = {}) => ({ plugin: 'csv', options: { path, ...more } })
const jsonl = (path: string, more: object = {}) => ({ plugin: 'jsonl', options: { path, ...more } })

describe('files', () => {
  test('what is there is named, and nothing is made', async () => {
    const work = new WorkFolder({ 'p.yaml': pipelineOf(csv('in.csv'), { out: jsonl('out/x.jsonl') }) })
    writeFileSync(join(work.folder, 'in.csv'), 'id,note\n1,x\n')
    const before = readdirSync(work.folder)
    const { exit, checks } = await doctor(work)
    expect(checks).toMatchObject([
      { name: 'pipeline', state: 'ok', message: 'copy is sound' },
      { name: 'source rows', state: 'ok', message: 'csv: in.csv has id, note' },
      { name: 'sink out', state: 'ok', message: `jsonl: ${join(work.folder, 'out/x.jsonl')} (fail)` },
    ])
    expect(exit).toBe(0)
    // The signing key stays unmade, too: it would be in `home`.
    expect(readdirSync(work.folder)).toEqual(before)
    work.close()
  })

  test('what isn’t is said for each place, by the code of a run', async () => {
    const work = new WorkFolder({ 'p.yaml': pipelineOf(csv('nothing.csv'), { out: jsonl('there.jsonl') }) })
    writeFileSync(join(work.folder, 'there.jsonl'), '')
    const { exit, checks } = await doctor(work)
    expect(exit).toBe(1)
    expect(checks).toMatchObject([
      { name: 'pipeline', state: 'ok' },
      { name: 'source rows', state: 'fail', code: 'CUSTODY_FILE_NOT_FOUND' },
      { name: 'sink out', state: 'fail', code: 'CUSTODY_TARGET_EXISTS' },
    ])
    const { stderr } = await work.custody('run', 'p.yaml')
    expect(stderr).toContain(checks[1]?.message)
    work.close()
  })

  test.skipIf(process.getuid?.() === 0)('a folder that can’t be written to is said', async () => {
    const work = new WorkFolder({
      'p.yaml': pipelineOf(csv('in.csv'), { out: jsonl('shut/x.jsonl') }),
      'in.csv': 'id\n',
    })
    mkdirSync(join(work.folder, 'shut'))
    chmodSync(join(work.folder, 'shut'), 0o500)
    expect((await doctor(work)).checks[2]).toMatchObject({ state: 'fail', code: 'CUSTODY_SINK' })
    work.close()
  })

  test('a file that is no pipeline is said, and nothing is asked', async () => {
    const work = new WorkFolder({ 'p.yaml': pipelineOf({ plugin: 'cvs', options: {} }, { out: jsonl('x.jsonl') }) })
    const { exit, checks } = await doctor(work)
    expect(exit).toBe(1)
    expect(checks).toMatchObject([{ name: 'pipeline', state: 'fail', code: 'CUSTODY_UNKNOWN_PLUGIN' }])
    work.close()
  })
})

const KINDS = ['sqlite', 'postgres', ...(CONNECTORS ? (['mysql'] as const) : [])] as const

afterAll(() => removeServers())

for (const kind of KINDS) {
  const said = await missingServer(kind)
  describe.skipIf(said !== '' || !hasServer(kind))(`${kind}${said}`, () => {
    const work = new WorkFolder({})
    let database: SqlDatabase
    beforeAll(async () => {
      database = await sqlDatabase(kind, work.folder)
      await database.run('CREATE TABLE letters (id bigint PRIMARY KEY, note varchar(20))')
    })
    afterAll(async () => {
      await database?.remove()
      work.close()
    })
    const looked = async (source: object, sink: object) => {
      const options = { ...database.options, mode: 'insert', key: ['id'] }
      const pipeline = pipelineOf(
        { plugin: kind, options: { ...database.options, ...source } },
        { out: { plugin: kind, options: { ...options, ...sink } } },
      )
      writeFileSync(join(work.folder, 'p.yaml'), pipeline)
      return (await doctor(work)).checks.slice(1)
    }

    test('tables that are there, and that aren’t', async () => {
      const [source, sink] = await looked({ table: 'letters' }, { table: 'letters' })
      expect(source).toMatchObject({ state: 'ok', message: expect.stringContaining('has id, note') })
      expect(sink?.state).toBe('ok')
      expect(await looked({ table: 'nothing' }, { table: 'nothing' })).toMatchObject([
        { state: 'fail', code: 'CUSTODY_SOURCE', message: expect.stringContaining('nothing') },
        { state: 'fail', code: 'CUSTODY_TABLE', hint: expect.stringContaining('create: if_missing') },
      ])
      expect(existsSync(join(work.folder, 'custody.db'))).toBe(false)
    })

    test.skipIf(kind === 'sqlite')('a server that isn’t there, a login that fails, and rights that lack', async () => {
      const connection = connectionOf()
      const other = (more: object) => ({ connection: { ...connection, ...more }, table: 'letters' })
      const unreachable = {
        state: 'fail',
        message: expect.stringContaining('can’t be reached'),
        hint: expect.any(String),
      }
      const at = { connection: { ...connection, port: 1 }, table: 'letters', connect_timeout: '2s' }
      expect(await looked(at, at)).toMatchObject([
        { ...unreachable, code: 'CUSTODY_SOURCE' },
        { ...unreachable, code: 'CUSTODY_SINK' },
      ])
      await makeReader()
      const reader = other({ user: `reader_${kind}` })
      const [source, sink] = await looked(reader, reader)
      expect(source?.state).toBe('ok')
      expect(sink).toMatchObject({
        ...{ state: 'fail', code: 'CUSTODY_SINK' },
        message: expect.stringMatching(/permission denied|denied to user/),
        hint: expect.stringContaining('rights'),
      })
      const stranger = other({ user: `stranger_${kind}` })
      expect(await looked(stranger, stranger)).toMatchObject([
        { state: 'fail', code: 'CUSTODY_SOURCE' },
        { state: 'fail', code: 'CUSTODY_SINK' },
      ])
    })

    // cast: of those kinds that are servers.
    const connectionOf = () => (database.options as unknown as { readonly connection: Connection }).connection

    async function makeReader(): Promise<void> {
      if (kind === 'postgres')
        await database.run(
          `DROP ROLE IF EXISTS reader_postgres; CREATE ROLE reader_postgres LOGIN; GRANT SELECT ON letters TO reader_postgres`,
        )
      else {
        const server = await mariadbServer()
        await server.sql(
          `CREATE USER reader_mysql@'127.0.0.1'; GRANT SELECT ON ${connectionOf().database}.* TO reader_mysql@'127.0.0.1'`,
        )
      }
    }
  })
}

for (const kind of STORE_KINDS)
  describe.skipIf(!CONNECTORS || !hasStore(kind))(`${kind}${storeSaid(kind)}`, () => {
    let server: StoreServer
    beforeAll(async () => {
      server = await StoreServer.begin(kind)
      await server.put('in/1.csv', 'id,note\n1,x\n')
    })
    afterAll(() => server?.close())
    const looked = async (from: string, to: string, storage = server.storage()) => {
      const work = new WorkFolder({
        'p.yaml': pipelineOf(csv(from, { storage }), { out: jsonl(to, { storage }) }),
      })
      const { checks } = await doctor(work)
      expect(existsSync(join(work.folder, 'custody.db-staged'))).toBe(false)
      work.close()
      return checks.slice(1)
    }

    test('what is there is named, what isn’t is said, and nothing is written', async () => {
      expect(await looked(server.url('in/*.csv'), server.url('out.jsonl'))).toMatchObject([
        { state: 'ok', message: expect.stringContaining('has id, note') },
        { state: 'ok', message: expect.stringContaining('whether it may be written shows when it is') },
      ])
      expect(await server.get('out.jsonl')).toBeNull()
      expect(await looked(server.url('none/*.csv'), server.url('in/1.csv'))).toMatchObject([
        { state: 'fail', code: 'CUSTODY_FILE_NOT_FOUND' },
        { state: 'fail', code: 'CUSTODY_TARGET_EXISTS' },
      ])
    })

    // Each tries for a quarter of a minute.
    test.skipIf(kind === 'az' || kind === 'gs')('a store that isn’t there is said', async () => {
      const [source, sink] = await looked(server.url('in/*.csv', 1), server.url('out.jsonl', 1), server.storage(1))
      expect(source).toMatchObject({ state: 'fail', code: 'CUSTODY_SOURCE' })
      expect(sink).toMatchObject({ state: 'fail' })
    })
  })

test('the command’s text has the codes and the hints', async () => {
  const work = new WorkFolder({ 'p.yaml': pipelineOf(csv('nothing.csv'), { out: jsonl('x.jsonl') }) })
  const { stdout } = await work.custody('doctor', 'p.yaml')
  expect(stdout).toContain('source rows  CUSTODY_FILE_NOT_FOUND: ')
  work.close()
})
