/**
 * Writes batches into a SQLite file. All SQL that changes a ledger is here and in schema.ts.
 *
 * STORE-1. One transaction a batch; whatever fails, it is rolled back as a whole.
 * STORE-2. Each conditional statement must change exactly the rows that it is meant to.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { hexToBytes } from '../../format/hash.ts'
import { CustodyError, isCustodyError } from '../../model/error.ts'
import { type Keychain, ownKeychain } from '../encryption/keychain.ts'
import type { LedgerKey } from '../encryption/ledger-key.ts'
import type { Erasure, Scrubbed } from '../erase-port.ts'
import type { StoredEnding, StoredTimestamp, StoredWitnessed } from '../read-port.ts'
import { type Rewrapped, type SealedPlace, StaleLog, type Store } from '../store.ts'
import { LOG_ZERO } from '../write/log-zero.ts'
import type { LeaseChange, LogZeroBatch, NewEntry, NewPayload, TileDraft, WriteBatch } from '../write-port.ts'
import { asLedgerError } from './errors.ts'
import type { SqliteReader } from './reader.ts'
import { BUSY_TIMEOUT_MS, schemaStatements } from './schema.ts'
import { SealedWriter } from './sealed-writer.ts'

/** Exported for the test that looks at how SQLite carries them out. */
export const SQL = {
  size: `SELECT max(seq) + 1 AS size FROM entries WHERE log = ?`,
  log_exists: `SELECT 1 AS found FROM logs WHERE log = ?`,
  insert_log: `INSERT INTO logs (log, run, part) VALUES (?, ?, ?)`,
  insert_lease: `INSERT INTO leases (log, epoch, holder, expires_us) VALUES (?, 1, ?, ?)`,
  take_lease: `UPDATE leases SET epoch = ?, holder = ?, expires_us = ? WHERE log = ? AND epoch = ?`,
  keep_lease: `UPDATE leases SET expires_us = ? WHERE log = ? AND epoch = ?`,
  release_lease: `UPDATE leases SET holder = '', expires_us = 0 WHERE log = ? AND epoch = ?`,
  end_lease: `DELETE FROM leases WHERE log = ? AND epoch = ?`,
  close_token: `DELETE FROM open_tokens WHERE log = ? AND token = ?`,
  /** As many nulls as there are values: a list of that length, made of its salts. The row keeps its place in the table. */
  blank_payloads: `INSERT OR REPLACE INTO payloads (rowid, log, seq, salts, body)
    SELECT rowid, log, seq, zeroblob(length(salts)), '[null' || replace(hex(zeroblob(length(salts) / 16 - 1)), '00', ',null') || ']'
    FROM payloads WHERE log = ? AND seq BETWEEN ? AND ?`,
  put_payload: `INSERT OR REPLACE INTO payloads (rowid, log, seq, salts, body)
    SELECT rowid, log, seq, ?, CAST(? AS TEXT) FROM payloads WHERE log = ? AND seq = ?`,
  is_witnessed: `SELECT 1 AS found FROM witnessed WHERE size = ? AND note = ?`,
  is_timestamped: `SELECT 1 AS found FROM timestamps WHERE size = ? AND note = ? AND token = ?`,
  keep_witnessed: `INSERT INTO witnessed (size, note) VALUES (?, ?)`,
  keep_timestamp: `INSERT INTO timestamps (size, note, token) VALUES (?, ?, ?)`,
  insert_home: `INSERT INTO home (one, id, finished) VALUES (1, ?, 0)`,
  finish_copy: `UPDATE home SET finished = 1 WHERE one = 1 AND finished = 0`,
  put_head: `INSERT INTO heads (log, note) VALUES (?, ?) ON CONFLICT (log) DO UPDATE SET note = excluded.note`,
}
const INSERTS = {
  entries: ['log', 'seq', 'row', 'batch', 'body'],
  payloads: ['log', 'seq', 'salts', 'body'],
  endings: [
    ...['log', 'token', 'seq', 'row', 'batch', 'fate', 'node', 'sink', 'grp'],
    ...['error_code', 'error_hash', 'recorded_us'],
  ],
  open_tokens: ['log', 'token', 'row', 'batch', 'node', 'seq'],
  tiles: ['log', 'tree', 'level', 'idx', 'hash'],
} as const
/** A token that moved replaces its earlier record. */
const MOVES = ' ON CONFLICT (log, token) DO UPDATE SET node = excluded.node, seq = excluded.seq'

export class SqliteStore implements Store {
  readonly reader: SqliteReader
  readonly clock = null
  readonly #db: DatabaseSync
  readonly #sql: { readonly [name in keyof typeof SQL]: StatementSync }
  readonly #entries: Insert<NewEntry>
  readonly #payloads: Insert<NewPayload>
  readonly #endings: Insert<StoredEnding>
  readonly #open_tokens: Insert<WriteBatch['open_tokens'][number]>
  readonly #tiles: Insert<TileDraft>
  readonly #sealed: SealedWriter
  readonly #key: LedgerKey | null

  /**
   * `db` is a ledger, open for writing; `reader` reads through the same connection. `key`: what values are encrypted with from now on;
   * null: they aren't.
   */
  constructor(db: DatabaseSync, reader: SqliteReader, key: LedgerKey | null = null, keychain: Keychain = ownKeychain) {
    this.#db = db
    this.#key = key
    this.#sealed = new SealedWriter(db, reader.sealed_chunks, keychain)
    this.reader = reader
    this.#sql = Object.fromEntries(Object.entries(SQL).map(([name, text]) => [name, db.prepare(text)])) as {
      [name in keyof typeof SQL]: StatementSync
    }
    this.#entries = new Insert(db, 'entries', (to, log, e) => to.push(log, e.seq, e.row, e.batch, e.body))
    this.#payloads = new Insert(db, 'payloads', (to, log, p) => to.push(log, p.seq, p.salts, p.body))
    this.#endings = new Insert(db, 'endings', (to, log, e) =>
      to.push(
        ...[log, e.token, e.seq, e.row, e.batch, e.fate, e.node, e.sink, e.grp],
        ...[e.error_code, e.error_hash, e.recorded_us],
      ),
    )
    this.#open_tokens = new Insert(db, 'open_tokens', (to, log, o) =>
      to.push(log, o.token, o.row, o.batch, o.node, o.seq),
    )
    this.#tiles = new Insert(db, 'tiles', (to, log, { tree, level, index, root }) =>
      to.push(log, tree, level, index, hexToBytes(root)),
    )
  }

  get encrypts(): boolean {
    return this.#key !== null
  }

  async write(batch: WriteBatch): Promise<void> {
    this.writeAll([batch])
  }

  /** In one transaction: all, or none if one can't be. @throws as `write`. */
  writeAll(batches: readonly WriteBatch[]): void {
    transaction(this.#db, this.reader.url, () => {
      for (const each of batches) this.#write(each)
    })
  }

  async erase(ledger: LogZeroBatch, erasures: readonly Erasure[], midway: () => void): Promise<void> {
    transaction(this.#db, this.reader.url, () => {
      this.#writeLogZero(ledger)
      midway()
      for (const erasure of erasures) {
        const { log, values, payloads } = erasure
        const sealed = this.#sealed.erase(erasure)
        for (const [first = 0, last = 0, ...places] of values)
          if (places.length === 0) this.#sql.blank_payloads.run(log, first, last)
        for (const { seq, salts, body } of payloads)
          if (!sealed.has(seq)) one(this.#sql.put_payload.run(salts, body, log, seq))
      }
    })
  }

  async rewrap(to: LedgerKey, after: SealedPlace, most: number): Promise<Rewrapped> {
    return transaction(this.#db, this.reader.url, () => this.#sealed.rewrap(to, after, most))
  }

  async scrub(wait_ms: number, onRewritten: () => void): Promise<Scrubbed> {
    const db = this.#db
    try {
      db.exec(`PRAGMA busy_timeout = ${wait_ms}`)
      // Whoever still reads what was there before would make the file grow by all that it holds.
      if (!this.#emptyLog()) return { done: false, why: 'a process that reads the ledger still needs its former state' }
      db.exec('VACUUM')
      onRewritten()
      if (!this.#emptyLog()) return { done: false, why: 'a process has begun to read the ledger meanwhile' }
      return { done: true }
    } catch (error) {
      const known = asLedgerError(error, this.reader.url, 'write')
      if (isCustodyError(known) && known.code === 'CUSTODY_LEDGER_BUSY')
        return { done: false, why: 'another process is writing to the ledger' }
      throw known
    } finally {
      db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
    }
  }

  /** Puts all that the write-ahead log has into the file, and cuts it to nothing; false if somebody reads from it. */
  #emptyLog(): boolean {
    return this.#db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy === 0
  }

  async keepWitnessed({ size, note }: StoredWitnessed): Promise<void> {
    const { is_witnessed, keep_witnessed } = this.#sql
    transaction(this.#db, this.reader.url, () => {
      if (is_witnessed.get(size, note) === undefined) one(keep_witnessed.run(size, note))
    })
  }

  async keepTimestamp({ size, note, stamp }: StoredTimestamp): Promise<void> {
    const { is_timestamped, keep_timestamp } = this.#sql
    transaction(this.#db, this.reader.url, () => {
      if (is_timestamped.get(size, note, stamp) === undefined) one(keep_timestamp.run(size, note, stamp))
    })
  }

  async finishCopy(): Promise<void> {
    transaction(this.#db, this.reader.url, () => one(this.#sql.finish_copy.run()))
  }

  async close(): Promise<void> {
    await this.reader.close()
  }

  #write(batch: WriteBatch): void {
    const { log, lease, ledger } = batch
    if (lease !== null) this.#changeLease(log, lease)
    this.#entries.all(
      log,
      following(batch.entries, this.#size(log), () => {
        const message = `log ${log} of ${this.reader.url} has entries that this process doesn't know`
        return new CustodyError('CUSTODY_RUN_LOST', message)
      }),
    )
    if (this.#key === null) this.#payloads.all(log, batch.payloads)
    else this.#sealed.insert(log, batch.payloads, this.#key)
    for (const chunk of batch.chunks ?? []) this.#sealed.put(log, chunk)
    this.#endings.all(log, batch.endings)
    for (const token of batch.closed_tokens) one(this.#sql.close_token.run(log, token))
    this.#open_tokens.all(log, batch.open_tokens)
    this.#tiles.all(log, batch.tiles)
    if (batch.head !== null) one(this.#sql.put_head.run(log, batch.head))
    if (ledger !== null) this.#writeLogZero(ledger)
  }

  #writeLogZero(ledger: LogZeroBatch): void {
    this.#entries.all(
      LOG_ZERO,
      following(ledger.entries, this.#size(LOG_ZERO), () => new StaleLog()),
    )
    this.#tiles.all(LOG_ZERO, ledger.tiles)
    one(this.#sql.put_head.run(LOG_ZERO, ledger.head))
  }

  #size(log: number): number {
    const { size } = this.#sql.size.get(log) as { size: number | null }
    return size ?? 0
  }

  #changeLease(log: number, lease: LeaseChange): void {
    const sql = this.#sql
    switch (lease.kind) {
      case 'open':
        if (sql.log_exists.get(log) !== undefined) throw new StaleLog()
        one(sql.insert_log.run(log, lease.run, 0))
        one(sql.insert_lease.run(log, lease.holder, lease.expires_us))
        for (let part = 1; part <= lease.splits; part++) {
          one(sql.insert_log.run(log + part, lease.run, part))
          one(sql.insert_lease.run(log + part, '', 0))
        }
        return
      case 'take':
        if (this.#size(log) !== lease.size) throw new StaleLog()
        return this.#held(log, sql.take_lease.run(lease.epoch, lease.holder, lease.expires_us, log, lease.from_epoch))
      case 'keep':
        return this.#held(log, sql.keep_lease.run(lease.expires_us, log, lease.epoch))
      case 'release':
        return this.#held(log, sql.release_lease.run(log, lease.epoch))
      case 'end':
        return this.#held(log, sql.end_lease.run(log, lease.epoch))
    }
  }

  #held(log: number, { changes }: { changes: number | bigint }): void {
    if (changes !== 1) {
      throw new CustodyError('CUSTODY_RUN_LOST', `another process has taken over log ${log} of ${this.reader.url}`)
    }
  }
}

/** Indexes and triggers go with their tables. */
const DROPS = `SELECT 'DROP ' || type || ' "' || name || '"' AS "drop" FROM sqlite_schema
  WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite@_%' ESCAPE '@'`

/** Makes an empty database a ledger, with its birth. `home`: of a copy, which isn't finished by that, and may have been begun there before. */
export function createLedger(db: DatabaseSync, url: string, birth: WriteBatch, home: string | null = null): void {
  transaction(db, url, () => {
    if (home !== null) for (const { drop } of db.prepare(DROPS).all()) db.exec(String(drop))
    for (const statement of schemaStatements()) db.exec(statement)
    one(db.prepare(SQL.insert_log).run(LOG_ZERO, null, 0))
    for (const { seq, body } of birth.entries)
      one(db.prepare(`INSERT INTO entries (log, seq, body) VALUES (?, ?, CAST(? AS TEXT))`).run(LOG_ZERO, seq, body))
    one(db.prepare(SQL.put_head).run(LOG_ZERO, birth.head))
    if (home !== null) one(db.prepare(SQL.insert_home).run(home))
  })
}

/** Runs `work` in a transaction that has the write lock from its beginning. */
function transaction<T>(db: DatabaseSync, url: string, work: () => T): T {
  try {
    db.exec('BEGIN IMMEDIATE')
    const done = work()
    db.exec('COMMIT')
    return done
  } catch (error) {
    // A full disk makes SQLite roll back by itself.
    if (db.isTransaction) db.exec('ROLLBACK')
    throw asLedgerError(error, url, 'write')
  }
}

function one({ changes }: { changes: number | bigint }): void {
  if (changes !== 1) throw new CustodyError('CUSTODY_ENGINE_DEFECT', `a statement changed ${changes} rows, not one`)
}

/**
 * Inserts records with many rows a statement: 100 rows at once take half the time of 100 single ones. A row that is refused rolls the
 * whole transaction back (STORE-1), so SQLite needn't keep copies of the pages that a statement changes.
 */
class Insert<T> {
  readonly #statements: ReadonlyMap<number, StatementSync>
  readonly #push: (to: SQLInputValue[], log: number, record: T) => void

  constructor(
    db: DatabaseSync,
    table: keyof typeof INSERTS,
    push: (to: SQLInputValue[], log: number, record: T) => void,
  ) {
    const columns = INSERTS[table]
    const row = `(${columns.map(column => (column === 'body' ? 'CAST(? AS TEXT)' : '?')).join(', ')})`
    const again = table === 'open_tokens' ? MOVES : ''
    this.#push = push
    const insert = `INSERT OR ROLLBACK INTO ${table} (${columns.join(', ')}) VALUES `
    this.#statements = new Map(
      SIZES.map(size => [size, db.prepare(`${insert}${Array(size).fill(row).join(', ')}${again}`)]),
    )
  }

  all(log: number, records: Iterable<T>): void {
    let values: SQLInputValue[] = []
    let rows = 0
    for (const each of records) {
      this.#push(values, log, each)
      if (++rows < MANY_ROWS) continue
      this.#run(MANY_ROWS, values)
      values = []
      rows = 0
    }
    const columns = rows === 0 ? 0 : values.length / rows
    for (let done = 0; done < rows; ) {
      const size = SIZES.find(each => each <= rows - done) ?? 1
      this.#run(size, values.slice(done * columns, (done + size) * columns))
      done += size
    }
  }

  #run(size: number, values: readonly SQLInputValue[]): void {
    const { changes } = this.#statements.get(size)!.run(...values)
    if (changes !== size) throw new CustodyError('CUSTODY_ENGINE_DEFECT', `${changes} of ${size} rows were inserted`)
  }
}

/** Rows of a statement. */
const MANY_ROWS = 100
const SIZES = [MANY_ROWS, 10, 1]

/** Entries, looked at as they pass: the first has to be number `size` of its log, and each number one more than the one before. */
function* following(entries: Iterable<NewEntry>, size: number, isLate: () => Error): Generator<NewEntry> {
  let expected = size
  for (const entry of entries) {
    if (entry.seq !== expected) {
      if (expected === size) throw isLate()
      throw new CustodyError('CUSTODY_ENGINE_DEFECT', `entry ${entry.seq} follows ${expected - 1}`)
    }
    expected++
    yield entry
  }
}
