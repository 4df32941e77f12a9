/**
 * Limits that all runs of a machine keep together, in a small SQLite file that they name: which calls of a service are under way,
 * in which process, and which ended in the last minute. Calls of a process that is gone end when that is noticed.
 * Times count from the machine's start, monotonic: all its processes share that, and nobody sets it. After another start they are smaller
 * than what is older, and never so large that something seems to be longer ago than it is.
 */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { MINUTE_US } from '../engine/calls/rate-window.ts'
import type { SharedLimits } from '../engine/calls/service.ts'
import type { ServiceLimits } from '../engine/calls/service-limits.ts'
import { CustodyError } from '../model/error.ts'
import { isAlive, parseHolder, thisProcess } from '../model/holder.ts'

/** How often to look whether another process has freed a slot. */
const LOOK_AGAIN_US = 50_000
const BUSY_MS = 5_000
let runs = 0
type Limits = Pick<ServiceLimits, 'concurrency' | 'per_minute'>

export class LimiterFile implements SharedLimits {
  readonly #path: string
  readonly #db: DatabaseSync
  readonly #now_us: () => number
  /** Several runs of one process are several holders. */
  readonly #holder = JSON.stringify({ ...thisProcess(), run: ++runs })

  /** Makes the file if there is none, folders included. @throws CustodyError CUSTODY_LIMITER. */
  constructor(path: string, now_us: () => number = () => Number(process.hrtime.bigint() / 1000n)) {
    this.#path = path
    this.#now_us = now_us
    this.#db = this.#trying(() => {
      mkdirSync(dirname(path), { recursive: true })
      const db = new DatabaseSync(path, { timeout: BUSY_MS })
      db.exec(`
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = NORMAL;
        CREATE TABLE IF NOT EXISTS ended (service TEXT NOT NULL, at_us INTEGER NOT NULL) STRICT;
        CREATE INDEX IF NOT EXISTS ended_at ON ended (service, at_us);
        CREATE TABLE IF NOT EXISTS under_way (
          service TEXT NOT NULL, holder TEXT NOT NULL, calls INTEGER NOT NULL, PRIMARY KEY (service, holder)
        ) STRICT, WITHOUT ROWID`)
      return db
    })
  }

  begin(service: string, limits: Limits): number {
    return this.#atOnce(() => {
      const now_us = this.#now_us()
      const under_way = this.#underWay(service, now_us)
      const wait_us = Math.max(
        this.#paceWait(service, limits, under_way, now_us),
        under_way >= limits.concurrency ? LOOK_AGAIN_US : 0,
      )
      if (wait_us > 0) return wait_us
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
      this.#endAt(service, 1, this.#now_us())
    })
  }

  /** Calls under way whose process is gone end now. */
  close(): void {
    this.#atOnce(() => {
      const now_us = this.#now_us()
      const open = this.#db.prepare('SELECT service, calls FROM under_way WHERE holder = ?').all(this.#holder)
      for (const { service, calls } of open as unknown as readonly { service: string; calls: number }[])
        this.#endAt(service, calls, now_us)
      this.#db.prepare('DELETE FROM under_way WHERE holder = ?').run(this.#holder)
    })
    this.#trying(() => this.#db.close())
  }

  /** A call counts from its beginning until a minute after its end: the service may count it at any time between. */
  #paceWait(service: string, { per_minute }: Limits, under_way: number, now_us: number): number {
    this.#db.prepare('DELETE FROM ended WHERE service = ? AND at_us < ?').run(service, now_us - MINUTE_US)
    // From before the machine's last start.
    this.#db.prepare('UPDATE ended SET at_us = ? WHERE service = ? AND at_us > ?').run(now_us, service, now_us)
    if (per_minute === null) return 0
    // Others may allow more, and so have more under way.
    if (under_way >= per_minute) return LOOK_AGAIN_US
    // The one whose minute has to pass before another may begin.
    const last = this.#db
      .prepare('SELECT at_us FROM ended WHERE service = ? ORDER BY at_us DESC LIMIT 1 OFFSET ?')
      .get(service, per_minute - under_way - 1) as { readonly at_us: number } | undefined
    return last === undefined ? 0 : Math.max(1, last.at_us + MINUTE_US + 1 - now_us)
  }

  #underWay(service: string, now_us: number): number {
    const holders = this.#db
      .prepare('SELECT holder, calls FROM under_way WHERE service = ? AND calls > 0')
      .all(service) as unknown as ReadonlyArray<{ readonly holder: string; readonly calls: number }>
    let under_way = 0
    for (const { holder, calls } of holders) {
      const process = parseHolder(holder)
      if (process !== null && isAlive(process)) {
        under_way += calls
        continue
      }
      this.#endAt(service, calls, now_us)
      this.#db.prepare('DELETE FROM under_way WHERE service = ? AND holder = ?').run(service, holder)
    }
    return under_way
  }

  #endAt(service: string, calls: number, at_us: number): void {
    const insert = this.#db.prepare('INSERT INTO ended (service, at_us) VALUES (?, ?)')
    for (let i = 0; i < calls; i++) insert.run(service, at_us)
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
