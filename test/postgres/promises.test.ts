/** What docs/postgres.md promises of connections: one way there and back for a commit, servers that keep what they report, and no password. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openLedger } from '../../src/ledger/open.ts'
import { addressOf, withoutPassword } from '../../src/ledger/postgres/address.ts'
import { Connection } from '../../src/ledger/postgres/connection.ts'
import { opening, RUN, simpleRow, testPorts } from '../support/ledger.ts'
import { ask, newDatabase, postgres } from '../support/postgres.ts'

const server = await postgres()

describe.skipIf(server.url === null)(`connections to PostgreSQL${server.said}`, () => {
  let database: Awaited<ReturnType<typeof newDatabase>>
  beforeAll(async () => {
    database = await newDatabase(server.url ?? '')
  })
  afterAll(() => database.remove())
  const create = (url: string) => openLedger(url, testPorts(), { create: true })

  test('a commit asks the server once', async () => {
    const ledger = await create(database.url)
    const run = await ledger.openRun(RUN, opening())
    run.append(simpleRow(1))
    const asked = (['all', 'once', 'run', 'texts'] as const).map(name => vi.spyOn(Connection.prototype, name))
    await run.commit()
    expect(asked.flatMap(({ mock }) => mock.calls)).toHaveLength(1)
    await ledger.close()
  })

  test('of processes that make a ledger at once one makes it, and the others find it', async () => {
    const holder = new pg.Client({ connectionString: database.url })
    await holder.connect()
    await holder.query(`BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('custody ledger at_once', 0))`)
    const url = `${database.url}?schema=at_once`
    const ledgers = ['a', 'b', 'c'].map(seed => openLedger(url, testPorts(seed), { create: true }))
    const waiting = `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
    while ((await holder.query<{ n: number }>(waiting)).rows[0]?.n !== ledgers.length) await sleep(5)
    await holder.query('COMMIT')
    await holder.end()
    const ids = (await Promise.all(ledgers)).map(ledger => ledger.id)
    expect(new Set(ids).size).toBe(1)
    for (const ledger of ledgers) await (await ledger).close()
  })

  test('a server that forgets what it has reported is refused', async () => {
    const name = new URL(database.url).pathname.slice(1)
    await ask(database.url, `ALTER DATABASE ${name} SET synchronous_commit = off`)
    const refused = { code: 'CUSTODY_LEDGER_WRITE', message: expect.stringContaining('synchronous_commit = off') }
    await expect(create(`${database.url}?schema=forgetful`)).rejects.toMatchObject(refused)
    await ask(database.url, `ALTER DATABASE ${name} RESET synchronous_commit`)
  })

  test('a database that can’t hold every text is refused', async () => {
    const name = `${new URL(database.url).pathname.slice(1)}_latin`
    await ask(
      server.url ?? '',
      `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'`,
    )
    const place = new URL(database.url)
    place.pathname = `/${name}`
    const refused = { code: 'CUSTODY_LEDGER_FORMAT', message: expect.stringContaining('LATIN1') }
    await expect(create(place.href)).rejects.toMatchObject(refused)
    await ask(server.url ?? '', `DROP DATABASE ${name} WITH (FORCE)`)
  })
})

test.each([
  ['require', /sslmode=require/],
  ['prefer', /sslmode=prefer/],
  ['allow', /sslmode=allow/],
])('sslmode=%s, by which a server isn’t verified, is refused', (mode, message) => {
  expect(() => addressOf(`postgres://u:secret@db.example.org/e?sslmode=${mode}`)).toThrow(message)
})

test('another machine must prove who it is, this one needn’t', () => {
  expect(addressOf('postgres://u@db.example.org/e').ssl).toEqual({})
  expect(addressOf('postgres://u@127.0.0.1/e').ssl).toBe(false)
})

test.each(['postgres://u:secret@h/e?what=1', 'postgres://u:secret@h/e?schema=No', 'postgres:u:secret@h'])(
  'a password in %s isn’t in what is wrong with it',
  url => {
    expect(() => addressOf(url)).toThrow(expect.not.objectContaining({ message: expect.stringContaining('secret') }))
  },
)

test('people see URLs without a password', () => {
  expect(withoutPassword('postgres://u:secret@h/e?schema=a')).toBe('postgres://u@h/e?schema=a')
})
