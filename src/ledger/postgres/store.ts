/**
 * Writes batches into PostgreSQL: one call of a function of the ledger's schema is one transaction, and one way there and back.
 *
 * POSTGRES-STORE-1. Whatever fails, nothing of a batch is there.
 * POSTGRES-STORE-2. Of a call whose answer is lost nobody knows whether it was done. Then the lease's record, or the head of log 0, is locked over a new
 *     connection, behind whatever the old one may still be doing; an entry that only this batch has is there, or it isn't and the batch is sent
 *     again. A batch that comes late twice is refused by the server for its place in the log, and then looked for once more. Where that can't
 *     be found out, the error says so (CUSTODY_LEDGER_IN_DOUBT).
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { CustodyError, isCustodyError } from '../../model/error.ts'
import { type Keychain, ownKeychain } from '../encryption/keychain.ts'
import type { LedgerKey } from '../encryption/ledger-key.ts'
import { bornAs } from '../encryption/sealed-payloads.ts'
import type { Erasure, Scrubbed } from '../erase-port.ts'
import type { StoredTimestamp, StoredWitnessed } from '../read-port.ts'
import { type Rewrapped, type SealedPlace, StaleLog, type Store, type StoreClock } from '../store.ts'
import { LEASE_US } from '../write/lease.ts'
import type { LogZeroBatch, WriteBatch } from '../write-port.ts'
import { type SentBatch, type SentEntry, sentBatch, sentLogZero } from './batch-values.ts'
import type { Connection } from './connection.ts'
import { asLedgerError, isCut, stateOf } from './errors.ts'
import { BATCH_PARAMETERS, LOST, STALE, ZERO_PARAMETERS } from './functions.ts'
import type { PostgresReader } from './reader.ts'
import { MAINTAIN_FROM } from './roles.ts'
import { SealedWriter } from './sealed-writer.ts'
import type { ServerClock } from './server-clock.ts'
import type { Session } from './session.ts'

const call = (name: string, parameters: object) =>
  `SELECT ${name}(${Object.keys(parameters)
    .map((_, i) => `$${i + 1}`)
    .join(', ')})`

const SQL = {
  write: call('write_batch', BATCH_PARAMETERS),
  append_log_zero: call('append_log_zero', ZERO_PARAMETERS),
  blank_payloads: `SELECT blank_payloads($1, $2, $3)`,
  put_payload: `SELECT put_payload($1, $2, $3, $4)`,
  lock_lease: `SELECT FROM leases WHERE log = $1 FOR UPDATE`,
  lock_log_zero: `SELECT lock_log_zero()`,
  has_entry: `SELECT FROM entries WHERE log = $1 AND seq = $2 AND body = convert_from($3, 'UTF8')`,
  finish_copy: `UPDATE home SET finished = 1`,
  keep_witnessed: `INSERT INTO witnessed (size, note) SELECT $1, $2
    WHERE NOT EXISTS (SELECT FROM witnessed WHERE size = $1 AND note = $2)`,
  keep_timestamp: `INSERT INTO timestamps (size, note, token) SELECT $1, $2, $3
    WHERE NOT EXISTS (SELECT FROM timestamps WHERE size = $1 AND note = $2 AND token = $3)`,
}

/** A session for writing, over each connection of which the clock has heard the server. */
export interface Writing {
  readonly session: Session
  readonly clock: ServerClock
}

export class PostgresStore implements Store {
  readonly reader: PostgresReader
  readonly #session: Session
  readonly #clock: ServerClock
  readonly #sealed: SealedWriter

  private constructor({ session, clock }: Writing, reader: PostgresReader, sealed: SealedWriter) {
    this.#session = session
    this.#clock = clock
    this.reader = reader
    this.#sealed = sealed
  }

  /** `writing` is open; `reader` has a connection of its own, and is closed with the store. `key`: what values are encrypted with from now on; null: they aren't. */
  static async over(
    writing: Writing,
    reader: PostgresReader,
    key: LedgerKey | null = null,
    keychain: Keychain = ownKeychain,
  ): Promise<PostgresStore> {
    try {
      const ledger = bornAs((await reader.entry(0, 0))?.body ?? '') ?? ''
      return new PostgresStore(writing, reader, new SealedWriter(ledger, key, keychain))
    } catch (error) {
      await reader.close()
      throw error
    }
  }

  get encrypts(): boolean {
    return this.#sealed.encrypts
  }

  get clock(): StoreClock {
    const clock = this.#clock
    return { now_us: () => clock.now_us(), compare: () => this.#compare(), shared: clock.shared }
  }

  async write(batch: WriteBatch): Promise<void> {
    const sent = sentBatch(batch, this.#sealed.chunksOf(batch))
    await this.#surely(sent, connection => connection.all(SQL.write, ...sent.values))
  }

  async erase(ledger: LogZeroBatch, erasures: readonly Erasure[], midway: () => void): Promise<void> {
    const sent = sentLogZero(ledger)
    await this.#surely(sent, connection =>
      transaction(connection, async () => {
        await connection.all(SQL.append_log_zero, ...sent.values)
        midway()
        for (const erasure of erasures) {
          const { log, values, payloads } = erasure
          const sealed = await this.#sealed.erase(erasure, connection)
          for (const [first = 0, last = 0, ...places] of values)
            if (places.length === 0) await connection.all(SQL.blank_payloads, log, first, last)
          for (const { seq, salts, body } of payloads)
            if (!sealed.has(seq)) await connection.all(SQL.put_payload, log, seq, Buffer.from(salts), body)
        }
      }),
    )
  }

  /** A second time it finds nothing to be done. */
  async rewrap(to: LedgerKey, after: SealedPlace, most: number): Promise<Rewrapped> {
    let done: Rewrapped = { wrapped: 0, lacking: [], next: null }
    await this.#surely(UNWITNESSED, connection =>
      transaction(connection, async () => {
        done = await this.#sealed.rewrap(to, after, most, connection)
      }),
    )
    return done
  }

  async keepWitnessed({ size, note }: StoredWitnessed): Promise<void> {
    await this.#surely(UNWITNESSED, connection => connection.all(SQL.keep_witnessed, size, note))
  }

  async keepTimestamp({ size, note, stamp }: StoredTimestamp): Promise<void> {
    await this.#surely(UNWITNESSED, connection => connection.all(SQL.keep_timestamp, size, note, Buffer.from(stamp)))
  }

  async finishCopy(): Promise<void> {
    await this.#surely(UNWITNESSED, connection => connection.all(SQL.finish_copy))
  }

  async scrub(wait_ms: number, onRewritten: () => void): Promise<Scrubbed> {
    try {
      const connection = await this.#session.connection()
      return await scrubbed(connection, wait_ms, onRewritten)
    } catch (error) {
      const known = asLedgerError(error, this.reader.url, 'write')
      if (isCustodyError(known) && known.code === 'CUSTODY_LEDGER_BUSY')
        return { done: false, why: 'another process uses the ledger' }
      throw known
    }
  }

  async close(): Promise<void> {
    await this.reader.close()
    await this.#session.close()
  }

  async #compare(): Promise<void> {
    try {
      const connection = await this.#session.connection()
      await this.#clock.hear(connection)
    } catch (error) {
      throw asLedgerError(error, this.reader.url, 'write')
    }
  }

  async #connection(): Promise<Connection> {
    const connection = await this.#session.connection()
    if (this.#clock.isDoubtful) await this.#clock.hear(connection)
    return connection
  }

  /** `send`s until it is known that it was done, or that it can't be (POSTGRES-STORE-2). */
  async #surely(sent: SentBatch, send: (connection: Connection) => Promise<unknown>): Promise<void> {
    const until = performance.now() + LEASE_US / 1000
    let was_sent = false
    for (let is_doubtful = false; ; is_doubtful = was_sent) {
      try {
        const connection = await this.#connection()
        if (is_doubtful && (await isThere(connection, sent.witness))) return
        was_sent = true
        await send(connection)
        return
      } catch (error) {
        if (isCut(error) && performance.now() < until) continue
        if (is_doubtful && isRefusal(error) && (await this.#isThereAfterAll(sent.witness))) return
        if (stateOf(error) === STALE) throw new StaleLog()
        const known = asLedgerError(error, this.reader.url, 'write')
        throw is_doubtful || (was_sent && isCut(error)) ? asDoubt(known) : known
      }
    }
  }

  async #isThereAfterAll(witness: SentEntry | null): Promise<boolean> {
    try {
      return await isThere(await this.#session.connection(), witness)
    } catch (error) {
      throw asLedgerError(error, this.reader.url, 'write')
    }
  }
}

/** Of statements that may be done twice. */
const UNWITNESSED: SentBatch = { values: [], witness: null }

/** Whether the server refused it for its place: it may be that very batch which has that place. */
function isRefusal(error: unknown): boolean {
  const state = stateOf(error)
  return state === LOST || state === STALE
}

/** A former attempt may still arrive, however late. */
function asDoubt(known: unknown): unknown {
  if (!isCustodyError(known) || (known.code !== 'CUSTODY_LEDGER_WRITE' && known.code !== 'CUSTODY_LEDGER_BUSY'))
    return known
  const message = `${known.message}; what was sent before may have been recorded`
  return new CustodyError('CUSTODY_LEDGER_IN_DOUBT', message, { cause: known.cause })
}

async function isThere(connection: Connection, witness: SentEntry | null): Promise<boolean> {
  if (witness === null) return false
  const { log, seq, body } = witness
  return transaction(connection, async () => {
    // Whoever wrote it holds one of the two as long as it may still become durable.
    if (log > 0) await connection.all(SQL.lock_lease, log)
    await connection.all(SQL.lock_log_zero)
    return (await connection.all(SQL.has_entry, log, seq, body)).length > 0
  })
}

async function transaction<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  await connection.run('BEGIN')
  try {
    const result = await work()
    await connection.run('COMMIT')
    return result
  } catch (error) {
    await connection.rollback()
    throw error
  }
}

const LOOK_EVERY_MS = 10
/** Transactions of this database that are open, but for this one: any of them may see what was there before. */
const OTHERS = `SELECT virtualtransaction AS name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'virtualxid' AND l.granted AND l.pid <> pg_backend_pid() AND a.datname = current_database()`

async function scrubbed(connection: Connection, wait_ms: number, onRewritten: () => void): Promise<Scrubbed> {
  const names = async () => (await connection.all<{ name: string }>(OTHERS)).map(({ name }) => name)
  const until = performance.now() + wait_ms
  for (let former = await names(); former.length > 0; ) {
    if (performance.now() > until)
      return { done: false, why: 'a process that reads the database still needs its former state' }
    await sleep(LOOK_EVERY_MS)
    const open = await names()
    former = former.filter(name => open.includes(name))
  }
  const [allowed] = await connection.all<{ may: boolean }>(
    `SELECT pg_has_role(relowner, 'USAGE') OR CASE WHEN current_setting('server_version_num')::integer >= ${MAINTAIN_FROM}
        THEN has_table_privilege('payloads', 'MAINTAIN') ELSE false END AS may
      FROM pg_class WHERE oid = 'payloads'::regclass`,
  )
  if (allowed?.may !== true)
    return {
      done: false,
      why: 'the tables can be written anew, by VACUUM FULL, by their owner and the role of erasers only',
    }
  await connection.run(`SET lock_timeout = ${Math.max(1, Math.ceil(wait_ms))}; SET statement_timeout = 0`)
  try {
    await connection.rewrite('VACUUM (FULL, ANALYZE) payloads')
    await connection.rewrite('VACUUM (FULL, ANALYZE) sealed')
    onRewritten()
    return { done: true }
  } finally {
    if (!connection.isLost) await connection.run('RESET lock_timeout; RESET statement_timeout')
  }
}
