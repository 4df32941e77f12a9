/** Connections of one node that asks many short questions: as many as are under way, each used again. Nothing can be written over them. */
import type { Database } from './database.ts'
import { openDatabase } from './open.ts'
import type { DatabasePlace } from './place.ts'

/** What makes a server refuse to write; files are opened for reading only. */
const READ_ONLY = {
  postgres: 'SET default_transaction_read_only = on',
  mysql: 'SET SESSION TRANSACTION READ ONLY',
}

export class DatabasePool {
  readonly #place: DatabasePlace
  #idle: Database[] = []
  #is_closed = false

  constructor(place: DatabasePlace) {
    this.#place = place
  }

  /** A connection that was lost isn't used again. @throws DatabaseError, and what `work` throws */
  async use<T>(work: (database: Database) => Promise<T>): Promise<T> {
    const database = await this.#take()
    try {
      return await work(database)
    } finally {
      if (database.isLost || this.#is_closed) await database.close()
      else this.#idle.push(database)
    }
  }

  async close(): Promise<void> {
    this.#is_closed = true
    const idle = this.#idle
    this.#idle = []
    for (const each of idle) await each.close()
  }

  async #take(): Promise<Database> {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) if (!idle.isLost) return idle
    const database = await openDatabase(this.#place)
    const { kind } = this.#place
    if (kind === 'postgres' || kind === 'mysql') await database.ask(READ_ONLY[kind])
    return database
  }
}
