/**
 * What the processes that work on one run share beside its logs: a text in the database, which each of them changes in a short transaction.
 * It stands in the table of leases, under the number of the coordinator's log made negative, and is no evidence: nobody signs it.
 *
 * SHARED-RECORD-1. Changes come one after the other, each knows the one before it, and the database's time, which is taken when all others are
 *     locked out.
 * SHARED-RECORD-2. Of a change whose answer is lost nobody knows whether it was made: it is made again, so it must be one that may be made twice.
 */
import type { Connection } from './connection.ts'
import { asLedgerError, isCut } from './errors.ts'
import { QUERIES } from './queries.ts'
import { Session, TRY_FOR_MS } from './session.ts'

const SQL = {
  read: `SELECT holder AS text FROM leases WHERE log = $1`,
  lock: `SELECT holder AS text FROM leases WHERE log = $1 FOR UPDATE`,
  now: QUERIES.now,
  write: `INSERT INTO leases (log, epoch, holder, expires_us) VALUES ($1, 1, $2, 0)
    ON CONFLICT (log) DO UPDATE SET holder = EXCLUDED.holder`,
  remove: `DELETE FROM leases WHERE log = $1`,
}

export interface RecordAt {
  /** null: there is none. */
  readonly text: string | null
  /** The database's time, in microseconds since 1970. */
  readonly now_us: number
}

export interface Changed<T> {
  /** null removes it. */
  readonly text: string | null
  readonly answer: T
}

export class SharedRecord {
  readonly #session: Session
  readonly #key: number
  /** A transaction has the connection to itself. */
  #before: Promise<unknown> = Promise.resolve()

  private constructor(session: Session, log: number) {
    this.#session = session
    this.#key = -log
  }

  /** `log`: the coordinator's. @throws CustodyError as `openLedger`, errors of the ledger */
  static async open(url: string, log: number): Promise<SharedRecord> {
    try {
      return new SharedRecord(await Session.open(url, 'write'), log)
    } catch (error) {
      throw asLedgerError(error, url, 'write')
    }
  }

  read(): Promise<string | null> {
    return this.#inTurn(async connection => {
      const [found] = await connection.all<{ text: string }>(SQL.read, this.#key)
      return found?.text ?? null
    })
  }

  /** @throws CustodyError CUSTODY_LEDGER_BUSY, CUSTODY_LEDGER_WRITE; what `change` throws, and nothing is changed then */
  change<T>(change: (at: RecordAt) => Changed<T>): Promise<T> {
    return this.#inTurn(async connection => {
      const lock = async () => (await connection.all<{ text: string }>(SQL.lock, this.#key))[0]
      const clock = async () => (await connection.all<{ now_us: number }>(SQL.now))[0]
      try {
        // One way there and back; they are done in this order.
        const [, found, now] = await Promise.all([connection.run('BEGIN'), lock(), clock()])
        const { text, answer } = change({ text: found?.text ?? null, now_us: now?.now_us ?? 0 })
        const write = text === null ? connection.all(SQL.remove, this.#key) : connection.all(SQL.write, this.#key, text)
        await Promise.all([write, connection.run('COMMIT')])
        return answer
      } catch (error) {
        await connection.rollback()
        throw error
      }
    })
  }

  async close(): Promise<void> {
    await this.#session.close()
  }

  #inTurn<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const done = this.#before.then(() => this.#trying(work))
    this.#before = Promise.allSettled([done])
    return done
  }

  async #trying<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const until_ms = performance.now() + TRY_FOR_MS
    for (;;) {
      try {
        return await work(await this.#session.connection())
      } catch (error) {
        if (isCut(error) && performance.now() < until_ms) continue
        throw asLedgerError(error, this.#session.url, 'write')
      }
    }
  }
}
