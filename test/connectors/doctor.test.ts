/** `custody doctor FILE` asks each place that a pipeline reads from or writes to, says what a run would stop at, and writes nothing. */
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FaultyProxy } from '../support/faulty-proxy.ts'
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
import { serve } from '../support/web-server.ts'
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
  const checks = (json.checks as Check[]).filter(({ name }) => /^(?:pipeline$|source |transform |sink )/.test(name))
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

describe('the web', () => {
  const NOBODY = 'http://127.0.0.1:1/x'
  const pipeline = (source: object, look: object, sink: object) =>
    JSON.stringify({
      name: 'copy',
      defaults: { on_error: 'discard', on_invalid: 'discard' },
      sources: { rows: { plugin: 'http', options: { allow: ['127.0.0.1'], ...source }, to: 'look' } },
      nodes: { look: { transform: 'http', options: { allow: ['127.0.0.1'], field: 'f', ...look }, to: 'out' } },
      sinks: { out: { plugin: 'http', options: { allow: ['127.0.0.1'], ...sink } } },
    })
  const looked = async (source: object, look: object, sink: object) => {
    const work = new WorkFolder({ 'p.yaml': pipeline(source, look, sink) })
    const { exit, checks } = await doctor(work)
    expect(existsSync(join(work.folder, 'custody.db'))).toBe(false)
    work.close()
    expect(checks.map(({ name }) => name)).toEqual(['pipeline', 'source rows', 'transform look', 'sink out'])
    return { exit, checks: checks.slice(1) }
  }

  test('is asked by HEAD and OPTIONS, and gets no row and nothing that a row would say', async () => {
    const { origin, asked } = await serve(
      ({ method }, response) => void response.writeHead(method === 'HEAD' ? 200 : 405).end(),
    )
    const auth = { headers: { 'X-Tenant': 'north' } }
    const { exit, checks } = await looked(
      { url: `${origin}/items?a=1`, ...auth, pages: { by: 'page' } },
      { url: `${origin}/one/{{ row.id }}`, headers: { 'X-Row': '{{ row.id }}' } },
      { url: `${origin}/hook`, ...auth, body: '{{ row.id }}' },
    )
    expect(checks).toMatchObject([
      { state: 'ok', message: `http: ${origin} answers HEAD with status 200` },
      { state: 'ok', message: `http: ${origin} answers` },
      { state: 'ok', message: `http: ${origin} answers OPTIONS with status 405` },
    ])
    expect(exit).toBe(0)
    const requests = asked.map(({ method, url, headers, body }) => [method, url, headers['x-tenant'], body])
    expect(requests.toSorted()).toEqual([
      ['HEAD', '/', undefined, ''],
      ['HEAD', '/items?a=1', 'north', ''],
      ['OPTIONS', '/hook', 'north', ''],
    ])
  })

  test('that doesn’t answer, or not those who ask, is said; what only a run shows is a warning', async () => {
    const { origin } = await serve(({ url }, response) => void response.writeHead(url === '/items' ? 401 : 503).end())
    const { exit, checks } = await looked({ url: `${origin}/items` }, { url: `${origin}/one` }, { url: NOBODY })
    expect(exit).toBe(1)
    const hint = expect.any(String)
    expect(checks).toMatchObject([
      { state: 'fail', code: 'HTTP_STATUS_4XX', message: `http: ${origin} answers HEAD with status 401`, hint },
      { state: 'warn', code: 'HTTP_STATUS_5XX', message: `http: ${origin} answers HEAD with status 503`, hint },
      { state: 'fail', code: 'HTTP_NETWORK', hint },
    ])
    const refused = await looked({ url: NOBODY, allow: [] }, { url: `${origin}/one` }, { url: NOBODY })
    expect(refused.checks[0]).toMatchObject({ state: 'fail', code: 'HTTP_ADDRESS_REFUSED', hint })
  })

  test('of models is asked without a question', async () => {
    const { origin, asked } = await serve((_, response) => void response.writeHead(404).end())
    const of = (base_url: string) => ({
      transform: 'llm',
      options: { provider: 'compatible', model: 'm', base_url, prompt: '{{ row.id }}', field: 'said' },
      to: 'out',
    })
    const work = new WorkFolder({
      'p.yaml': JSON.stringify({
        name: 'ask',
        defaults: { on_error: 'discard', on_invalid: 'discard' },
        sources: { rows: { ...csv('in.csv'), to: 'here' } },
        nodes: { here: { ...of(`${origin}/v1`), to: 'nowhere' }, nowhere: of('http://127.0.0.1:1/v1') },
        sinks: { out: jsonl('out.jsonl') },
      }),
      'in.csv': 'id\n1\n',
    })
    const { exit, json } = await work.custody('doctor', 'p.yaml', '--json')
    const checks = (json.checks as Check[]).filter(({ name }) => name.startsWith('transform '))
    expect(exit).toBe(1)
    expect(checks).toMatchObject([
      { name: 'transform here', state: 'ok', message: `llm: ${origin} answers` },
      { name: 'transform nowhere', state: 'fail', code: 'HTTP_NETWORK' },
    ])
    expect(asked.map(({ method, body }) => [method, body])).toEqual([['HEAD', '']])
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

    test('a lookup has its query planned, and nothing asked', async () => {
      const mark = kind === 'postgres' ? '$1' : '?'
      await database.run('CREATE TABLE answers (letter bigint, text varchar(20))')
      const found = async (query: string, more: object = {}) => {
        const options = { database: kind, ...database.options, query, params: ['id'], select: ['text'], ...more }
        const pipeline = {
          name: 'look',
          defaults: { on_error: 'discard', on_invalid: 'discard' },
          sources: { rows: { ...csv('in.csv'), to: 'look' } },
          nodes: { look: { transform: 'sql', options, to: 'out' } },
          sinks: { out: jsonl('out.jsonl') },
        }
        writeFileSync(join(work.folder, 'in.csv'), 'id\n1\n')
        writeFileSync(join(work.folder, 'p.yaml'), JSON.stringify(pipeline))
        return (await doctor(work)).checks.find(({ name }) => name === 'transform look')
      }
      const sound = {
        state: 'ok',
        message: expect.stringMatching(/^sql: .* answers, and the query gives text, letter$/),
      }
      expect(await found(`SELECT text, letter FROM answers WHERE letter = ${mark}`)).toMatchObject(sound)
      expect(await found(`-- all\nSELECT text, letter FROM answers WHERE letter = ${mark}; -- end\n`)).toMatchObject(
        sound,
      )
      expect(await found(`SELECT letter FROM answers WHERE letter = ${mark}`)).toMatchObject({
        ...{ state: 'fail', code: 'SQL_COLUMN', message: 'sql: the query gives letter, and no column text' },
      })
      const wrong = (code: string) => ({ state: 'fail', code, message: expect.any(String) })
      expect(await found(`SELECT text FROM nowhere WHERE letter = ${mark}`)).toMatchObject(wrong('SQL_REFUSED'))
      expect(await found(`SELECT FROM WHERE ${mark}`)).toMatchObject(wrong('SQL_FAILED'))
      if (kind === 'sqlite') return
      const at = { connection: { ...connectionOf(), port: 1 }, connect_timeout: '2s' }
      expect(await found('SELECT text FROM answers', at)).toMatchObject({
        ...{ ...wrong('SQL_UNREACHABLE'), hint: expect.any(String) },
      })
      if (kind === 'postgres') {
        // With a parameter that it has no place for.
        expect(await found('SELECT text FROM answers')).toMatchObject({ state: 'fail' })
        await database.run('DROP ROLE IF EXISTS looker_postgres; CREATE ROLE looker_postgres LOGIN')
        const looker = { connection: { ...connectionOf(), user: 'looker_postgres' }, params: [] }
        expect(await found('SELECT text FROM answers', looker)).toMatchObject({
          ...{ ...wrong('SQL_REFUSED'), hint: expect.stringContaining('rights') },
        })
      }
      const stranger = { connection: { ...connectionOf(), user: `nobody_${kind}` } }
      expect(await found('SELECT text FROM answers', stranger)).toMatchObject(wrong('SQL_REFUSED'))
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
        { state: 'ok', message: `jsonl: ${server.url('out.jsonl')} may be written` },
      ])
      expect(await server.keys()).toEqual(['in/1.csv'])
      const [, by_value] = await looked(server.url('in/*.csv'), server.url('by/deep/{{ row.id }}.jsonl'))
      expect(by_value).toMatchObject({
        state: 'ok',
        message: expect.stringContaining('by/deep/*.jsonl may be written'),
      })
      expect(await server.keys()).toEqual(['in/1.csv'])
      expect(await looked(server.url('none/*.csv'), server.url('in/1.csv'))).toMatchObject([
        { state: 'fail', code: 'CUSTODY_FILE_NOT_FOUND' },
        { state: 'fail', code: 'CUSTODY_TARGET_EXISTS' },
      ])
    })

    test('what may be read there, and not written, is said', { skip: kind === 'sftp' }, async () => {
      const none = { cut: 0, cut_bytes: 0, busy: 0, slow: 0, slow_ms: 0 }
      const proxy = await FaultyProxy.begin(server.port, none, () => 1)
      proxy.refuses = /^(?:POST|PUT) /
      const { port } = proxy
      const at = (key: string) => server.url(key, port)
      expect(await looked(at('in/*.csv'), at('out.jsonl'), server.storage(port))).toMatchObject([
        { state: 'ok' },
        {
          ...{ state: 'fail', code: 'CUSTODY_SINK', message: expect.stringContaining('may not be written') },
          hint: expect.stringContaining('the right to read and to write'),
        },
      ])
      await proxy.close()
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
