/**
 * What a witness remembers, in a SQLite file: of each log the head that it cosigned last. Compared and stored in one transaction that
 * has the write lock from its beginning, and is on disk when it ends, so that two processes, or a loss of power, never make it forget.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CustodyError } from '../model/error.ts'
import { sha256Hex } from '../model/sha256.ts'
import type { HeadStore, LastHead } from './answer.ts'

const FILE = 'witness.db'
const BUSY_TIMEOUT_MS = 10_000
const TABLE = `CREATE TABLE IF NOT EXISTS heads (
  origin_hash TEXT PRIMARY KEY,
  origin TEXT NOT NULL UNIQUE,
  size INTEGER NOT NULL,
  root TEXT NOT NULL,
  note TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT`
const FIND = `SELECT size, root, note, at FROM heads WHERE origin_hash = ?`
const PUT = `INSERT INTO heads (origin_hash, origin, size, root, note, at) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (origin_hash) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note, at = excluded.at`

export class SqliteHeads implements HeadStore {
  readonly #db: DatabaseSync

  /** @throws CustodyError CUSTODY_WITNESS if the folder can't be used. */
  constructor(folder: string) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      this.#db = new DatabaseSync(join(folder, FILE), { timeout: BUSY_TIMEOUT_MS })
      this.#db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${TABLE}`)
    } catch (cause) {
      throw new CustodyError('CUSTODY_WITNESS', `the witness can’t keep what it knows in ${folder}`, { cause })
    }
  }

  read(origin: string): LastHead | null {
    return this.readByHash(sha256Hex(origin))
  }

  /** By the SHA-256 of the origin, in lower-case hex. */
  readByHash(origin_hash: string): LastHead | null {
    // cast: the columns are those of the statement, and the table is STRICT.
    return (this.#db.prepare(FIND).get(origin_hash) as LastHead | undefined) ?? null
  }

  change<T>(
    origin: string,
    decide: (last: LastHead | null) => { readonly store: LastHead | null; readonly result: T },
  ): T {
    const db = this.#db
    db.exec('BEGIN IMMEDIATE')
    try {
      const { store, result } = decide(this.read(origin))
      if (store !== null) db.prepare(PUT).run(sha256Hex(origin), origin, store.size, store.root, store.note, store.at)
      db.exec('COMMIT')
      return result
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK')
      throw error
    }
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close()
  }
}
