/** A process that reads one statement over a ledger: a thread couldn't be ended while SQLite is at work. What it is asked comes in, and its answer goes out, as one message. */
import { openForReading } from '../../ledger/sqlite/file.ts'
import { failureOf } from '../../ledger/thread/messages.ts'
import type { SqlReply, SqlRequest } from './sql.ts'
import { runStatement } from './sql-statement.ts'

function reply({ path, url, sql, values, limits }: SqlRequest): SqlReply {
  try {
    const db = openForReading(path, url)
    try {
      return { kind: 'answer', answer: runStatement(db, sql, values, limits) }
    } finally {
      db.close()
    }
  } catch (error) {
    return { kind: 'failed', failure: failureOf(error) }
  }
}

process.once('message', (request: SqlRequest) => {
  process.send?.(reply(request), undefined, undefined, () => process.disconnect?.())
})
