/** What goes wrong with a server that a source reads: each is said by its code, with what to do, and none makes anybody wait for ever. */
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OBSERVED } from '../../src/model/schema.ts'
import { openDatabase } from '../../src/plugins/databases/open.ts'
import { placeOf, SERVED_TABLE } from '../../src/plugins/sinks/sql/options.ts'
import { TableWriter } from '../../src/plugins/sinks/sql/table-writer.ts'
import { databaseSources } from '../../src/plugins/sources/databases.ts'
import { NOBODY_TO_ASK } from '../../src/sdk/source.ts'
import type { Outgoing, Source, SourceItem, SourceSpec } from '../../src/sdk/spec.ts'
import { Random } from '../simulation/random.ts'
import { EXTENSIONS, type Party, party } from '../support/authority.ts'
import { cutAfter, type Fate, Gate, PASS, REFUSE, silentAfter } from '../support/gate.ts'
import { CONNECTORS } from '../support/kills.ts'
import { MARIADB_SAID, MariadbServer } from '../support/mariadb.ts'
import { ask } from '../support/postgres.ts'
import { PostgresServer, who } from '../support/postgres-server.ts'
import { hasServer, lettersSql } from '../support/sql-databases.ts'
import { WorkFolder } from '../support/work-folder.ts'

const SEED = Number(process.env.CUSTODY_SEED ?? 1)
const ROWS = 6_000
const PASSWORD = 'only-for-the-locked'

const authority = party('authority', { extensions: [EXTENSIONS.authority, EXTENSIONS.may_certify] })
const other = party('other', { extensions: [EXTENSIONS.authority, EXTENSIONS.may_certify] })
const host = party('localhost', { issuer: authority, extensions: [EXTENSIONS.localhost] })

function pemOf({ certificate }: Party): string {
  const base64 = Buffer.from(certificate).toString('base64')
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
}

/** One server with TLS, of its own; the user `locked` has a password, and a right to nothing. */
interface Server {
  readonly port: number
  readonly database: string
  readonly user: string
  run(statements: string): Promise<void>
  restart(settings?: readonly string[]): Promise<void>
  remove(): Promise<void>
}

async function postgresServer(folder: string): Promise<Server> {
  const settings = ['ssl=on', `ssl_cert_file=${join(folder, 'host.pem')}`, `ssl_key_file=${join(folder, 'host.key')}`]
  const server = await PostgresServer.begin(settings)
  await ask(server.url(), `CREATE USER locked PASSWORD '${PASSWORD}'`)
  await ask(server.url(), 'CREATE USER ciphered')
  const rules = ['hostnossl all ciphered all reject', 'host all locked all scram-sha-256', 'host all all all trust', '']
  writeFileSync(join(server.data, 'pg_hba.conf'), rules.join('\n'))
  const restart = async (more: readonly string[] = []) => {
    await server.stop()
    await server.start([...settings, ...more])
  }
  await restart()
  return {
    ...{ port: server.port, database: 'postgres', user: 'custody', restart, remove: () => server.remove() },
    run: async statements => void (await ask(server.url(), statements)),
  }
}

async function mysqlServer(folder: string): Promise<Server> {
  const settings = [`--ssl-cert=${join(folder, 'host.pem')}`, `--ssl-key=${join(folder, 'host.key')}`]
  const server = await MariadbServer.begin(settings)
  await server.sql(`CREATE DATABASE faults; CREATE USER locked@'127.0.0.1' IDENTIFIED BY '${PASSWORD}';
    GRANT CREATE TEMPORARY TABLES ON faults.* TO locked@'127.0.0.1'`)
  return {
    ...{ port: server.port, database: 'faults', user: 'guest', remove: () => server.remove() },
    run: statements => server.sql(statements, 'faults'),
    restart: async (more = []) => {
      await server.stop()
      await server.start([...settings, ...more])
    },
  }
}

const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1)
const idsOf = (items: readonly SourceItem[]) => items.map(item => (item.kind === 'row' ? item.row.id : item))

for (const kind of ['postgres', 'mysql'] as const)
  describe.skipIf(!CONNECTORS || !hasServer(kind))(`${kind}${kind === 'mysql' ? MARIADB_SAID : ''}`, () => {
    let folder: string
    let server: Server
    const gates: Gate[] = []

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'custody-faults-'))
      const key = host.private_key.export({ format: 'pem', type: 'pkcs8' })
      const files = { 'host.pem': pemOf(host), 'host.key': key, 'authority.pem': pemOf(authority) }
      for (const [name, text] of Object.entries({ ...files, 'other.pem': pemOf(other), 'none.pem': 'none' })) {
        writeFileSync(join(folder, name), text, { mode: 0o600 })
        const { uid, gid } = who()
        if (uid !== undefined && gid !== undefined) chownSync(join(folder, name), uid, gid)
      }
      chmodSync(folder, 0o755)
      server = await (kind === 'postgres' ? postgresServer(folder) : mysqlServer(folder))
      await server.run(lettersSql(kind, ROWS))
    })
    afterAll(async () => {
      for (const gate of gates) await gate.close()
      await server?.remove()
      rmSync(folder, { recursive: true, force: true })
    })

    const connectionTo = (more: object = {}) => {
      const { port, database, user } = server
      return { host: '127.0.0.1', port, database, user, ...more }
    }
    const sourceOf = (connection: object, more: object = {}): Source => {
      const spec = databaseSources.find(({ name }) => name === kind) as SourceSpec
      const options = spec.options.parse({ connection: connectionTo(connection), table: 'letters', ...more })
      return spec.create(options, { node: 'rows', folder, input: OBSERVED, secrets: [] }) as Source
    }
    const gated = async (fateOf: (connection: number) => Fate) => {
      const gate = await Gate.begin(server.port, fateOf)
      gates.push(gate)
      return gate
    }
    async function readAll(source: Source, at: (rows: number) => Promise<void> | void = () => undefined) {
      const items: SourceItem[] = []
      try {
        for await (const chunk of source.read(null, NOBODY_TO_ASK)) {
          items.push(...chunk)
          await at(items.length)
        }
      } finally {
        await source.close()
      }
      return items
    }
    const stopped = (message: RegExp, hint: RegExp, code = 'CUSTODY_SOURCE') => ({
      ...{ code, message: expect.stringMatching(message), hint: expect.stringMatching(hint) },
      where: { node: 'rows' },
    })
    /** How many bytes the server says in all. */
    const bytesOfAll = async () => {
      const gate = await gated(() => PASS)
      await readAll(sourceOf({ port: gate.port }))
      return gate.bytes
    }

    test('connections that are cut at any byte change nothing', async () => {
      const random = new Random(SEED)
      const all = await bytesOfAll()
      const gate = await gated(connection => {
        // One after another a little further, so that something is read of most.
        const after_bytes = Math.floor((all * (connection - random.next())) / 8)
        return connection > 6 ? PASS : cutAfter(after_bytes)
      })
      expect(idsOf(await readAll(sourceOf({ port: gate.port })))).toEqual(upTo(ROWS))
      expect(gate.connections).toBe(7)
    })

    test('a connection that stays cut stops the run, after `reconnect`', async () => {
      const gate = await gated(connection => (connection === 1 ? cutAfter(90_000) : REFUSE))
      const began = performance.now()
      await expect(readAll(sourceOf({ port: gate.port }, { reconnect: '1s' }))).rejects.toMatchObject(
        stopped(/can’t be (?:reached|read)/, /Check that the server runs/),
      )
      expect(performance.now() - began).toBeLessThan(10_000)
      expect(gate.connections).toBeGreaterThan(2)
    })

    test('rows that changed while there was no connection refuse to go on', async () => {
      const gate = await gated(connection => (connection === 1 ? cutAfter(90_000) : PASS))
      let changed = false
      const change = async () => {
        if (!changed) await server.run(`UPDATE letters SET subject = 'changed' WHERE id = 7`)
        changed = true
      }
      await expect(readAll(sourceOf({ port: gate.port }), change)).rejects.toMatchObject(
        stopped(/doesn’t give the rows any more that were read/, /Put the rows back/, 'CUSTODY_SOURCE_CHANGED'),
      )
      await server.run(`UPDATE letters SET subject = 'letter 7 of many' WHERE id = 7`)
    })

    test('what others change meanwhile is not seen: all rows are of one snapshot', async () => {
      let changed = false
      const items = await readAll(sourceOf({}), async () => {
        if (!changed) await server.run(`UPDATE letters SET subject = 'changed'; DELETE FROM letters WHERE id > 5000`)
        changed = true
      })
      expect(new Set(items.map(item => item.kind === 'row' && item.row.subject)).has('changed')).toBe(false)
      expect(idsOf(items)).toEqual(upTo(ROWS))
      await server.run(`DROP TABLE letters; ${lettersSql(kind, ROWS)}`)
    })

    test('a server that is started anew in the middle is read on', async () => {
      let restarted = false
      const items = await readAll(sourceOf({}), async () => {
        if (!restarted) await server.restart()
        restarted = true
      })
      expect(idsOf(items)).toEqual(upTo(ROWS))
    })

    test.each([
      ['from the beginning on', 0],
      ['in the middle of the greeting', 5],
    ])('a server that is silent %s is given up after `connect_timeout`', async (_what, after_bytes) => {
      const gate = await gated(() => silentAfter(after_bytes))
      const source = sourceOf({ port: gate.port }, { connect_timeout: '300ms' })
      await expect(source.prepare?.()).rejects.toMatchObject(stopped(/can’t be reached/, /server/))
      await source.close()
    })

    test('a server that becomes silent is asked anew, and read on', async () => {
      const gate = await gated(connection => (connection < 3 ? silentAfter(90_000) : PASS))
      const source = sourceOf({ port: gate.port }, { answer_timeout: '300ms' })
      expect(idsOf(await readAll(source))).toEqual(upTo(ROWS))
      expect(gate.connections).toBe(3)
    })

    test('a server that is always silent stops the run', async () => {
      const gate = await gated(() => silentAfter(90_000))
      const source = sourceOf({ port: gate.port }, { answer_timeout: '200ms', reconnect: '500ms' })
      await expect(readAll(source)).rejects.toMatchObject(
        stopped(/can’t be read: nothing has come from the server for 0.2 s/, /holds its answers back/),
      )
    })

    test('closing a source ends whatever it waits for, and every connection', async () => {
      const gate = await gated(() => silentAfter(90_000))
      const source = sourceOf({ port: gate.port })
      const reading = source.read(null, NOBODY_TO_ASK)[Symbol.asyncIterator]()
      for (let rows = 0; rows < 64; ) rows += (await reading.next()).value?.length ?? 64
      const rest = (async () => {
        while ((await reading.next()).done !== true);
      })()
      rest.catch(() => undefined)
      await sleep(200)
      await source.close()
      await expect(rest).rejects.toMatchObject({ code: 'CUSTODY_SOURCE' })
      for (let looks = 0; gate.open > 0 && looks < 100; looks++) await sleep(20)
      expect(gate.open).toBe(0)
    })

    test('who asks for what isn’t his hears so before anything is read', async () => {
      const locked = { user: 'locked', password: PASSWORD }
      const said = (source: Source) => source.prepare?.()
      await expect(said(sourceOf({ ...locked, password: 'wrong' }))).rejects.toMatchObject(
        stopped(/can’t be reached: .*(?:password authentication failed|Access denied)/, /user, the password/),
      )
      await expect(said(sourceOf({ user: 'locked' }))).rejects.toMatchObject(stopped(/password/i, /user, the password/))
      await expect(said(sourceOf({ database: 'nowhere' }))).rejects.toMatchObject(
        stopped(/nowhere/, /name of the database/),
      )
      const source = sourceOf(locked)
      await expect(source.begin?.()).rejects.toMatchObject(
        stopped(/letters of .* can’t be read: .*(?:permission denied|denied to user)/, /needs more rights/),
      )
      await source.close()
      const gate = await gated(() => REFUSE)
      await expect(said(sourceOf({ port: gate.port }))).rejects.toMatchObject(stopped(/can’t be reached/, /runs/))
    })

    test('a certificate is verified, and what is wrong with it is said', async () => {
      const prepared = async (connection: object) => {
        const source = sourceOf(connection)
        await source.prepare?.()
        await source.close()
      }
      const tls = (name: string, more: object = {}) => ({ host: name, tls: { ca: 'authority.pem', ...more } })
      await prepared(tls('localhost'))
      await prepared(tls('127.0.0.1', { verify: 'ca' }))
      const refused = (message: RegExp) => stopped(message, /certificate/)
      await expect(prepared(tls('127.0.0.1'))).rejects.toMatchObject(refused(/altnames|127\.0\.0\.1/))
      await expect(prepared(tls('localhost', { ca: 'other.pem' }))).rejects.toMatchObject(refused(/can’t be reached/))
      await expect(prepared({ host: 'localhost', tls: 'verify' })).rejects.toMatchObject(refused(/can’t be reached/))
      await expect(prepared(tls('localhost', { ca: 'none.pem' }))).rejects.toMatchObject(
        stopped(/none.pem is no PEM file/, /PEM files/),
      )
      await expect(prepared(tls('localhost', { ca: 'lost.pem' }))).rejects.toMatchObject(
        stopped(/lost.pem can’t be read/, /PEM files/),
      )
      expect(idsOf(await readAll(sourceOf(tls('localhost'))))).toEqual(upTo(ROWS))
    })

    test('whoever comes without TLS where nobody may hears of it', async () => {
      await server.restart(kind === 'postgres' ? [] : ['--require-secure-transport=ON'])
      const user = kind === 'postgres' ? 'ciphered' : 'guest'
      const prepared = (connection: object) => sourceOf({ user, ...connection }).prepare?.()
      await expect(prepared({ host: 'localhost' })).rejects.toMatchObject(stopped(/can’t be reached/, /`tls: verify`/))
      await prepared({ host: 'localhost', tls: { ca: 'authority.pem' } })
      await server.restart()
    })

    test('versions of TLS that don’t meet are told from a certificate that doesn’t hold', async () => {
      const old = ['ssl_min_protocol_version=TLSv1', 'ssl_max_protocol_version=TLSv1.1']
      await server.restart(kind === 'postgres' ? old : ['--tls-version=TLSv1.1', '--ssl-cipher=DEFAULT@SECLEVEL=0'])
      const said = sourceOf({ host: 'localhost', tls: { ca: 'authority.pem' } }).prepare?.()
      await expect(said).rejects.toMatchObject(stopped(/alert protocol version/, /must speak TLS 1\.2/))
      await server.restart()
    })

    test('a run says it in one sentence, and shows no password', async () => {
      const connection = { ...connectionTo({ user: 'locked' }), password: { secret: 'file:password' } }
      const pipeline = {
        name: 'copy',
        sources: {
          rows: { plugin: kind, options: { connection, table: 'letters' }, on_invalid: 'discard', to: 'out' },
        },
        sinks: { out: { plugin: 'jsonl', options: { path: 'out.jsonl' }, on_error: 'discard' } },
      }
      const work = new WorkFolder({ 'p.yaml': JSON.stringify(pipeline), password: 'a-wrong-password' })
      const { exit, stdout, stderr } = await work.custody('run', 'p.yaml')
      expect([exit, stderr]).toEqual([1, expect.stringMatching(/./)])
      expect(stderr).toMatch(
        /^error CUSTODY_SOURCE: .* can’t be reached: .*\n {2}at: node rows\n {2}hint: Check the user, the password/m,
      )
      expect(stdout + stderr).not.toContain('a-wrong-password')
      work.close()
    })

    test('a sink whose server becomes silent is given up with its run, and takes nothing twice', async () => {
      await server.run('CREATE TABLE IF NOT EXISTS orders (id bigint PRIMARY KEY)')
      const gate = await gated(connection => (connection === 1 ? silentAfter(3_000) : PASS))
      const options = SERVED_TABLE.parse({ connection: connectionTo({ port: gate.port }), table: 'orders' })
      const writer = new TableWriter(kind, options, {
        ...{ node: 'table', run: 'a-run', folder, input: OBSERVED, secrets: [], placed: null },
        originalNames: () => ({}),
      })
      const abort = new AbortController()
      const send = (id: number) => {
        const keyed = { outgoing: writer.request({ id }) as Outgoing, key: `a-run-${id}` }
        return writer.send([keyed], { signal: abort.signal, epoch: 1 })
      }
      const gaveUp = sleep(2_000).then(() => abort.abort())
      let id = 1
      for (; !abort.signal.aborted; id++) {
        const sent = await send(id)
        if (sent.kind !== 'accepted') break
      }
      await gaveUp
      await writer.close()
      const database = await openDatabase(placeOf(kind, options, folder))
      const { records } = await database.ask('SELECT count(*) FROM orders')
      expect([id - 1, id]).toContain(Number(records[0]?.[0]))
      await database.close()
    })
  })
