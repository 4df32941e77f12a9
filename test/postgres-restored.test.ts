/** A ledger in PostgreSQL of which an older backup was restored, or that lost its last commits in a failover: that is noticed. */
// @module-tag proof
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ask, newDatabase, postgres, TWO_ROWS } from './support/postgres.ts'
import { WorkFolder } from './support/work-folder.ts'

const server = await postgres()

describe.skipIf(server.url === null)(`a backup of a ledger in PostgreSQL${server.said}`, () => {
  test('that was restored is an older one to those who saw it later', async () => {
    const database = await newDatabase(server.url ?? '')
    const work = new WorkFolder(TWO_ROWS)
    const name = new URL(database.url).pathname.slice(1)
    const kept = `${name}_kept`
    const on = (...argv: string[]) => work.custody(...argv, '--ledger', database.url)
    try {
      expect((await on('run', 'p.yaml')).exit).toBe(0)
      await ask(server.url ?? '', `CREATE DATABASE ${kept} TEMPLATE ${name}`)
      expect((await on('run', 'p.yaml')).exit).toBe(0)
      const { stdout: checkpoint } = await on('checkpoint')
      writeFileSync(join(work.folder, 'later.txt'), checkpoint)
      expect((await on('verify', '--since', 'later.txt')).exit).toBe(0)

      await ask(server.url ?? '', `ALTER DATABASE ${name} RENAME TO ${name}_lost`)
      await ask(server.url ?? '', `ALTER DATABASE ${kept} RENAME TO ${name}`)
      expect((await on('show', 'latest')).stderr).toContain('is older than when you last saw it')
      const refused = await on('run', 'p.yaml', '--json')
      expect(refused.json.error.code).toBe('CUSTODY_LEDGER_ROLLED_BACK')
      const size = /--accept-rollback (\d+)/.exec(refused.json.error.hint)?.[1] ?? ''
      const since = await on('verify', '--since', 'later.txt')
      expect([since.exit, since.stdout]).toEqual([1, expect.stringContaining('CUSTODY_LEDGER_ROLLED_BACK')])
      const begun = await work.custody(
        'ledger',
        'init',
        '--ledger',
        'next.db',
        '--succeeds',
        database.url,
        '--json',
        '--accept-rollback',
        size,
      )
      expect(begun.json.succeeds.size).toBe(Number(size))
      await ask(server.url ?? '', `DROP DATABASE ${name}_lost WITH (FORCE)`)
    } finally {
      await database.remove()
      work.close()
    }
  })
})
