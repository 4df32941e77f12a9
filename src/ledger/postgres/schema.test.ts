import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testPorts } from '../../../test/support/ledger.ts'
import { ask, newDatabase, postgres } from '../../../test/support/postgres.ts'
import { openLedger } from '../open.ts'
import { schemaStatements } from './schema.ts'

const server = await postgres()

describe.skipIf(server.url === null)(`the schema in PostgreSQL${server.said}`, () => {
  let place: Awaited<ReturnType<typeof newDatabase>>
  let client: pg.Client
  beforeAll(async () => {
    place = await newDatabase(server.url ?? '')
    client = new pg.Client({ connectionString: place.url })
    await client.connect()
    await client.query('CREATE SCHEMA custody; SET search_path = custody')
    for (const each of schemaStatements()) await client.query(each)
  })
  const role = `given_${process.pid}`
  afterAll(async () => {
    await client.end()
    await place.remove()
    await ask(server.url ?? '', `DROP ROLE IF EXISTS ${role}`)
  })

  test('whoever was given a schema makes a ledger in it, and may make no other', async () => {
    await client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'; CREATE SCHEMA given AUTHORIZATION ${role}`)
    const url = new URL(place.url)
    ;[url.username, url.password] = [role, 'secret']
    const made = (schema: string) => openLedger(`${url}?schema=${schema}`, testPorts(), { create: true })
    await (await made('given')).close()
    await expect(made('other')).rejects.toMatchObject({ code: 'CUSTODY_LEDGER_WRITE' })
    await client.query('CREATE TABLE public.theirs (a int)')
    await expect(made('public')).rejects.toMatchObject({
      code: 'CUSTODY_LEDGER_FORMAT',
      message: expect.stringContaining('other tables, as theirs'),
    })
  })

  test('evidence can be added to, and neither changed nor taken away', async () => {
    await client.query(`INSERT INTO logs (log, run, part) VALUES (0, NULL, 0)`)
    await client.query(`INSERT INTO entries (log, seq, body) VALUES (0, 0, '{"log":7}'), (0, 1, 'no JSON')`)
    for (const table of ['logs', 'entries', 'endings', 'tiles', 'witnessed', 'timestamps'])
      for (const change of [`UPDATE ${table} SET log = 1`, `DELETE FROM ${table}`, `TRUNCATE ${table}`]) {
        const statement = ['witnessed', 'timestamps'].includes(table) ? change.replace('log = 1', 'size = 1') : change
        await expect(client.query(statement), statement).rejects.toMatchObject({ code: 'CU003' })
      }
    for (const change of [`UPDATE payloads SET body = ''`, `TRUNCATE payloads`])
      await expect(client.query(change)).rejects.toMatchObject({ code: 'CU003' })
  })
})
