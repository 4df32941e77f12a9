/**
 * Limits that all runs of a machine keep together, in a small SQLite file that they name: when calls of a service began in the
 * last minute, and how many of each process are under way. What processes that are gone had under way is forgotten.
 */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CustodyError } from '../../model/error.ts'
import { isAlive, parseHolder, thisProcess } from '../../model/holder.ts'
import { MINUTE_US } from './pace.ts'
import type { ServiceLimits, SharedLimits } from './service.ts'

/** How often a place is looked for that another process has. */
const LOOK_AGAIN_US = 50_000
const BUSY_MS = 5_000
let runs = 0

export class LimiterFile implements SharedLimits {
  readonly #path: string
  readonly #db: DatabaseSync
  /** Several runs of one process are several holders. */
  readonly #holder = JSON.stringify({ ...thisProcess(), run: ++runs })

  /** Makes the file if there is none, folders included. @throws CustodyError CUSTODY_LIMITER. */
  constructor(path: string) {
    this.#path = path
    this.#db = this.#trying(() => {
      mkdirSync(dirname(path), { recursive: true })
      const db = new DatabaseSync(path, { timeout: BUSY_MS })
      db.exec(`
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = NORMAL;
        CREATE TABLE IF NOT EXISTS begun (service TEXT NOT NULL, at_us INTEGER NOT NULL) STRICT;
        CREATE INDEX IF NOT EXISTS begun_at ON begun (service, at_us);
        CREATE TABLE IF NOT EXISTS under_way (
          service TEXT NOT NULL, holder TEXT NOT NULL, calls INTEGER NOT NULL, PRIMARY KEY (service, holder)
        ) STRICT, WITHOUT ROWID`)
      return db
    })
  }

  begin(service: string, limits: ServiceLimits, now_us: number): number {
    return this.#atOnce(() => {
      const wait_us = Math.max(this.#paceWait(service, limits, now_us), this.#placeWait(service, limits))
      if (wait_us > 0) return wait_us
      this.#db.prepare('INSERT INTO begun (service, at_us) VALUES (?, ?)').run(service, now_us)
      this.#db
        .prepare(
          'INSERT INTO under_way (service, holder, calls) VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET calls = calls + 1',
        )
        .run(service, this.#holder)
      return 0
    })
  }

  end(service: string): void {
    this.#atOnce(() => {
      this.#db
        .prepare('UPDATE under_way SET calls = calls - 1 WHERE service = ? AND holder = ?')
        .run(service, this.#holder)
    })
  }

  close(): void {
    this.#trying(() => {
      this.#db.prepare('DELETE FROM under_way WHERE holder = ?').run(this.#holder)
      this.#db.close()
    })
  }

  #paceWait(service: string, { per_minute }: ServiceLimits, now_us: number): number {
    this.#db.prepare('DELETE FROM begun WHERE service = ? AND at_us < ?').run(service, now_us - MINUTE_US)
    if (per_minute === null) return 0
    // The one whose minute has to pass before another may begin.
    const last = this.#db
      .prepare('SELECT at_us FROM begun WHERE service = ? ORDER BY at_us DESC LIMIT 1 OFFSET ?')
      .get(service, per_minute - 1) as { readonly at_us: number } | undefined
    return last === undefined ? 0 : Math.max(1, last.at_us + MINUTE_US + 1 - now_us)
  }

  #placeWait(service: string, { concurrency }: ServiceLimits): number {
    const holders = this.#db
      .prepare('SELECT holder, calls FROM under_way WHERE service = ? AND calls > 0')
      .all(service) as unknown as ReadonlyArray<{ readonly holder: string; readonly calls: number }>
    let under_way = 0
    for (const { holder, calls } of holders) {
      const process = parseHolder(holder)
      if (process !== null && isAlive(process)) under_way += calls
      else this.#db.prepare('DELETE FROM under_way WHERE service = ? AND holder = ?').run(service, holder)
    }
    return under_way >= concurrency ? LOOK_AGAIN_US : 0
  }

  #atOnce<T>(work: () => T): T {
    return this.#trying(() => {
      this.#db.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        this.#db.exec('COMMIT')
        return result
      } catch (error) {
        this.#db.exec('ROLLBACK')
        throw error
      }
    })
  }

  #trying<T>(work: () => T): T {
    try {
      return work()
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new CustodyError('CUSTODY_LIMITER', `the limiter file ${this.#path} can’t be used: ${why}`, { cause })
    }
  }
}
