/** What the roles of a ledger in PostgreSQL may, and what they can't: each by a user who has no other right. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, newDatabase, postgres, TWO_ROWS } from './support/postgres.ts'
import { WorkFolder } from './support/work-folder.ts'

const server = await postgres()

describe.skipIf(server.url === null)(`roles of a ledger in PostgreSQL${server.said}`, () => {
  let work: WorkFolder
  let database: Awaited<ReturnType<typeof newDatabase>>
  const users: string[] = []
  let run: string

  const schema = `roles_${process.pid}`
  const urlOf = (user: string) => {
    const url = new URL(database.url)
    if (user !== '') [url.username, url.password] = [`${schema}_${user}_user`, 'secret']
    url.searchParams.set('schema', schema)
    return url.href
  }
  const as = (user: string, ...argv: string[]) => work.custody(...argv, '--ledger', urlOf(user))
  const sql = (user: string, statement: string) => ask(urlOf(user).replace(/\?.*/, ''), statement)

  beforeAll(async () => {
    database = await newDatabase(server.url ?? '')
    work = new WorkFolder(TWO_ROWS)
    const made = await as('', 'ledger', 'init')
    expect(made.stderr + made.stdout).toContain(`roles: ${schema}_reader, ${schema}_writer, ${schema}_eraser`)
    for (const role of ['reader', 'writer', 'eraser']) {
      users.push(`${schema}_${role}_user`)
      await ask(database.url, `CREATE ROLE ${users.at(-1)} LOGIN PASSWORD 'secret' IN ROLE ${schema}_${role}`)
    }
    const { json, exit, stdout } = await as('writer', 'run', 'p.yaml', '--json')
    expect(exit, stdout).toBe(0)
    run = json.run
  })

  afterAll(async () => {
    await database.remove()
    for (const name of [...users, ...['reader', 'writer', 'eraser'].map(each => `${schema}_${each}`)])
      await ask(server.url ?? '', `DROP ROLE ${name}`)
    work.close()
  })

  test('whoever reads sees all of it, and begins nothing', async () => {
    const { exit, stdout } = await as('reader', 'explain', run, '--row', '1')
    expect([exit, stdout]).toEqual([0, expect.stringContaining('out')])
    const refused = await as('reader', 'run', 'p.yaml', '--json')
    expect(refused.exit).toBe(1)
    expect(refused.json.error).toMatchObject({ code: 'CUSTODY_LEDGER_WRITE' })
  })

  test.each([
    ['reader', `INSERT INTO ${schema}.entries (log, seq, body) VALUES (1, 99, '{}')`],
    ['writer', `UPDATE ${schema}.entries SET body = '{}'`],
    ['writer', `DELETE FROM ${schema}.entries`],
    ['writer', `DELETE FROM ${schema}.payloads`],
    ['writer', `TRUNCATE ${schema}.endings`],
    ['writer', `DROP TABLE ${schema}.tiles`],
    ['writer', `ALTER TABLE ${schema}.entries DISABLE TRIGGER ALL`],
    ['eraser', `DELETE FROM ${schema}.entries`],
    ['eraser', `UPDATE ${schema}.endings SET fate = 1`],
    ['eraser', `INSERT INTO ${schema}.entries (log, seq, body) VALUES (1, 99, '{}')`],
    ['eraser', `INSERT INTO ${schema}.tiles (log, tree, level, idx, hash) VALUES (0, 0, 1, 0, '')`],
    ['eraser', `UPDATE ${schema}.heads SET note = ''`],
    ['reader', `SELECT ${schema}.append_log_zero(9, '{}', '{}', '{}', '{}', '')`],
    ['reader', `SELECT ${schema}.lock_log_zero()`],
  ])('the %s can’t %s', async (user, statement) => {
    await expect(sql(user, statement)).rejects.toMatchObject({ code: '42501' })
  })

  test('whoever erases does so, and evidence holds', async () => {
    const { exit, stderr } = await as('eraser', 'erase', run, '--row', '1', '--yes', '--json')
    expect(exit, stderr).toBe(0)
    expect((await as('reader', 'verify')).exit).toBe(0)
    const written = await as('eraser', 'run', 'p.yaml', '--json')
    expect(written.json.error).toMatchObject({ code: 'CUSTODY_LEDGER_WRITE' })
  })

  test('they can be made again', async () => {
    const { exit } = await as('', 'ledger', 'roles')
    expect(exit).toBe(0)
    const { exit: refused } = await work.custody('ledger', 'roles', '--ledger', 'sqlite:x.db')
    expect(refused).toBe(2)
    for (const user of ['reader', 'writer']) {
      const { exit: done, stderr } = await as(user, 'ledger', 'roles')
      expect([done, stderr]).toEqual([1, expect.stringContaining('doesn’t own the ledger')])
    }
  })
})
