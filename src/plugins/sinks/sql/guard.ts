/** What keeps a process that was stopped in the middle of a transaction from holding up whoever takes its run over. */
import type { Database } from '../../databases/database.ts'
import { DatabaseError } from '../../databases/database-error.ts'

/** Nothing of ours takes so long between two statements; a process that sleeps does. */
export const IDLE_S = 60
/** How long to wait for who holds a lock, before others are let go on. */
const LOCK_S = 20

/** @throws DatabaseError */
export async function guardSession(database: Database): Promise<void> {
  switch (database.dialect.kind) {
    case 'postgres':
      await database.ask(`SET idle_in_transaction_session_timeout = '${IDLE_S}s'`)
      await database.ask(`SET lock_timeout = '${LOCK_S}s'`)
      return
    case 'mysql': {
      await database.ask(`SET SESSION innodb_lock_wait_timeout = ${LOCK_S}`)
      // MySQL has no limit for transactions only: there the connection is cut, and made again when it is needed.
      const limit = (await isMariaDb(database)) ? 'idle_transaction_timeout' : 'wait_timeout'
      await database.ask(`SET SESSION ${limit} = ${IDLE_S}`)
      return
    }
    // Files: others wait for their locks until the process is gone.
    case 'sqlite':
      // A receipt must outlive the machine's power.
      await database.ask('PRAGMA synchronous = FULL')
      return
    case 'duckdb':
  }
}

async function isMariaDb(database: Database): Promise<boolean> {
  const { records } = await database.ask('SELECT VERSION()')
  const version = records[0]?.[0]
  if (typeof version !== 'string') throw new DatabaseError('statement', 'the server doesn’t say which version it is')
  return /mariadb/i.test(version)
}
