/** Files of a server that were damaged on disk: `verify` names each, with checksums of pages and without. Long form: `npm run postgres`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ALL_OF_POSTGRES, ask, TWO_ROWS } from '../support/postgres.ts'
import { PostgresServer } from '../support/postgres-server.ts'
import { WorkFolder } from '../support/work-folder.ts'

const PAGE_BYTES = 8192
const ROWS = 2_000
/** Of a page: where its header says that its free room begins, and the end, where records are. */
const HEADER = 12
const END = PAGE_BYTES - 10
/** As a cluster has it that was made without checksums. */
const UNCHECKED = ['ignore_checksum_failure=on']

describe.runIf(ALL_OF_POSTGRES)('damage of a file', () => {
  let server: PostgresServer
  let work: WorkFolder
  beforeAll(async () => {
    server = await PostgresServer.begin()
    const ids = Array.from({ length: ROWS }, (_, i) => i + 1)
    work = new WorkFolder({ ...TWO_ROWS, 'in.csv': `id\n${ids.join('\n')}\n` })
    await work.run('--ledger', server.url())
    await ask(server.url(), 'CREATE EXTENSION amcheck SCHEMA public')
    await ask(server.url(), 'CHECKPOINT')
  })
  afterAll(async () => {
    await server.remove()
    work.close()
  })

  const verify = () => work.custody('verify', '--json', '--ledger', server.url())

  /** With six bytes of a page changed while the server is down. */
  async function damaged<T>(relation: string, place: number, settings: readonly string[], work: () => Promise<T>) {
    const [found] = await ask(server.url(), `SELECT pg_relation_filepath('custody.${relation}') AS path`)
    await server.stop()
    const path = join(server.folder, 'data', String(found?.path))
    const whole = readFileSync(path)
    const other = Buffer.from(whole)
    for (let i = place; i < place + 6; i++) other[i] = ~(other[i] ?? 0)
    writeFileSync(path, other)
    try {
      await server.start(settings)
      return await work()
    } finally {
      await server.stop()
      writeFileSync(path, whole)
      await server.start()
    }
  }

  test.each([
    ['entries', 5, END, []],
    ['entries', 5, HEADER, UNCHECKED],
    ['payloads', 2, END, []],
    ['entries_subject', 3, END, []],
    ['entries_subject', 3, END, UNCHECKED],
    ['entries_pkey', 1, END, []],
    ['endings_pkey', 2, HEADER, UNCHECKED],
    ['logs_run', 1, END, []],
    ['heads', 0, END, []],
  ] as const)('in %s, page %i, at %i, %j', async (relation, page, at, settings) => {
    const { exit, json, stderr } = await damaged(relation, page * PAGE_BYTES + at, settings, verify)
    expect([exit, stderr]).toEqual([1, expect.any(String)])
    const { problems } = json.ledger.checks.find(({ name }: { readonly name: string }) => name === 'database')
    const kind = /_/.test(relation) ? 'index' : 'table'
    expect(problems).toContainEqual(expect.stringContaining(`${kind} ${relation}: `))
    // Whatever can't be read says why, and not what followed from it.
    expect(JSON.stringify(json)).not.toMatch(/transaction is aborted|cursor|prepared statement/)
  })

  test('is gone when the file is whole again', async () => {
    expect((await verify()).json).toMatchObject({ ok: true, ledger: { checks: [{}, { problems: [] }, {}] } })
  })
})
