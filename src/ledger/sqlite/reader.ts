/**
 * Reads a ledger in a SQLite file. All SQL that reads is here and in views.ts.
 * Streams hold a snapshot as long as they are iterated; each has a statement of its own, so that they can be nested.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import type {
  FullEntry,
  LedgerReader,
  StoredEnding,
  StoredEntry,
  StoredErrorCount,
  StoredExtent,
  StoredLease,
  StoredLog,
  StoredObject,
  StoredOpenToken,
  StoredPayload,
  ViewName,
} from '../read-port.ts'
import { asLedgerError } from './errors.ts'
import { schemaStatements } from './schema.ts'
import { ofRow, quoted, VIEWS } from './views.ts'

const BATCH = `json_extract(body, '$.b')`
/** Each finds what it reads by an index, in its order; `error_counts` looks through a log's endings and sorts the few sums. */
export const QUERIES = {
  logs: `SELECT log, run, part FROM logs ORDER BY log`,
  extents: `SELECT l.log, l.run, h.note, s.epoch,
      (SELECT coalesce(max(seq) + 1, 0) FROM entries WHERE log = l.log) AS size,
      (SELECT body FROM entries WHERE log = l.log AND seq = 0) AS opening
    FROM logs l LEFT JOIN heads h ON h.log = l.log LEFT JOIN leases s ON s.log = l.log WHERE l.log > 0 ORDER BY l.log`,
  log_of: `SELECT log FROM logs WHERE run = ? AND part = 0`,
  size: `SELECT coalesce(max(seq) + 1, 0) AS size FROM entries WHERE log = ?`,
  entry: `SELECT seq, row, body FROM entries WHERE log = ? AND seq = ?`,
  entries: `SELECT seq, row, body FROM entries WHERE log = ? AND seq >= ? ORDER BY seq`,
  entries_of_row: `SELECT seq, row, body FROM entries WHERE log = ? AND row = ? ORDER BY seq`,
  entries_of_rows: `SELECT e.seq, e.row, e.body, p.salts, p.body AS payload
    FROM entries e LEFT JOIN payloads p ON p.log = e.log AND p.seq = e.seq
    WHERE e.log = ? AND e.row BETWEEN ? AND ? ORDER BY e.row, e.seq`,
  entries_of_run: `SELECT seq, row, body FROM entries WHERE log = ? AND row IS NULL ORDER BY seq`,
  by_row: `SELECT seq, row, body FROM entries WHERE log = ? AND row IS NOT NULL ORDER BY row, seq`,
  by_batch: `SELECT seq, row, body, ${BATCH} AS batch FROM entries
    WHERE log = ? AND row IS NULL AND ${BATCH} IS NOT NULL ORDER BY ${BATCH}, seq`,
  payload: `SELECT seq, salts, body FROM payloads WHERE log = ? AND seq = ?`,
  payloads: `SELECT seq, salts, body FROM payloads WHERE log = ? ORDER BY seq`,
  ending: `SELECT * FROM endings WHERE log = ? AND token = ?`,
  endings: `SELECT * FROM endings WHERE log = ? ORDER BY token`,
  error_counts: `SELECT node, error_code, count(*) AS count FROM endings WHERE log = ? AND error_code IS NOT NULL
    GROUP BY node, error_code ORDER BY count DESC, node, error_code`,
  open_tokens: `SELECT token, row, batch, node, seq FROM open_tokens WHERE log = ? ORDER BY token`,
  head: `SELECT note FROM heads WHERE log = ?`,
  row_of: `SELECT coalesce(
      (SELECT row FROM endings WHERE log = l.log AND token = ?),
      (SELECT row FROM open_tokens WHERE log = l.log AND token = ?)) AS row
    FROM logs l WHERE l.run = ? AND l.part = 0`,
  heads: `SELECT log, note FROM heads ORDER BY log`,
  leases: `SELECT log, epoch, holder, expires_us FROM leases ORDER BY log`,
  lease: `SELECT log, epoch, holder, expires_us FROM leases WHERE log = ?`,
  objects: `SELECT type, name, sql FROM sqlite_schema ORDER BY type, name`,
  integrity: `PRAGMA integrity_check`,
}

export class SqliteReader implements LedgerReader {
  readonly url: string
  readonly #db: DatabaseSync
  readonly #prepared = new Map<string, StatementSync>()

  constructor(db: DatabaseSync, url: string) {
    this.#db = db
    this.url = url
  }

  async snapshot<T>(work: () => Promise<T>): Promise<T> {
    this.#asking(() => this.#db.exec('BEGIN'))
    try {
      return await work()
    } finally {
      // A file that can't be read any more has ended it by itself.
      if (this.#db.isTransaction) this.#db.exec('COMMIT')
    }
  }

  async logs(): Promise<readonly StoredLog[]> {
    return this.#all(QUERIES.logs)
  }

  extents(): AsyncIterable<StoredExtent> {
    return this.#stream(QUERIES.extents)
  }

  async logOf(run: string): Promise<number | null> {
    return this.#get<{ log: number }>(QUERIES.log_of, run)?.log ?? null
  }

  async size(log: number): Promise<number> {
    return this.#get<{ size: number }>(QUERIES.size, log)?.size ?? 0
  }

  async entry(log: number, seq: number): Promise<StoredEntry | null> {
    return this.#get(QUERIES.entry, log, seq)
  }

  entries(log: number, from = 0): AsyncIterable<StoredEntry> {
    return this.#stream(QUERIES.entries, log, from)
  }

  async entriesOfRow(log: number, row: number): Promise<readonly StoredEntry[]> {
    return this.#all(QUERIES.entries_of_row, log, row)
  }

  async entriesOfRows(log: number, first: number, last: number): Promise<readonly FullEntry[]> {
    const found = this.#all<StoredEntry & { salts: Uint8Array; payload: string | null }>(
      QUERIES.entries_of_rows,
      log,
      first,
      last,
    )
    return found.map(({ seq, row, body, salts, payload }) => ({
      seq,
      row,
      body,
      payload: payload === null ? null : { seq, salts, body: payload },
    }))
  }

  entriesOfRun(log: number): AsyncIterable<StoredEntry> {
    return this.#stream(QUERIES.entries_of_run, log)
  }

  async *lastEntries(log: number): AsyncIterable<StoredEntry> {
    yield* lastOfEach(this.#stream<StoredEntry>(QUERIES.by_row, log), each => each.row)
    yield* lastOfEach(this.#stream<StoredEntry & { batch: number }>(QUERIES.by_batch, log), each => each.batch)
  }

  async payload(log: number, seq: number): Promise<StoredPayload | null> {
    return this.#get(QUERIES.payload, log, seq)
  }

  payloads(log: number): AsyncIterable<StoredPayload> {
    return this.#stream(QUERIES.payloads, log)
  }

  async ending(log: number, token: number): Promise<StoredEnding | null> {
    return this.#get(QUERIES.ending, log, token)
  }

  endings(log: number): AsyncIterable<StoredEnding> {
    return this.#stream(QUERIES.endings, log)
  }

  async errorCounts(log: number): Promise<readonly StoredErrorCount[]> {
    return this.#all(QUERIES.error_counts, log)
  }

  async openTokens(log: number): Promise<readonly StoredOpenToken[]> {
    return this.#all(QUERIES.open_tokens, log)
  }

  async head(log: number): Promise<string | null> {
    return this.#get<{ note: string }>(QUERIES.head, log)?.note ?? null
  }

  async heads(): Promise<ReadonlyArray<{ readonly log: number; readonly note: string }>> {
    return this.#all(QUERIES.heads)
  }

  async leases(): Promise<readonly StoredLease[]> {
    return this.#all(QUERIES.leases)
  }

  async lease(log: number): Promise<StoredLease | null> {
    return this.#get(QUERIES.lease, log)
  }

  async objects(): Promise<readonly StoredObject[]> {
    return this.#all(QUERIES.objects)
  }

  expectedObjects(): readonly StoredObject[] {
    const empty = new DatabaseSync(':memory:')
    try {
      for (const statement of schemaStatements()) empty.exec(statement)
      return empty.prepare(QUERIES.objects).all() as unknown as StoredObject[]
    } finally {
      empty.close()
    }
  }

  async integrity(): Promise<readonly string[]> {
    return this.#all<{ integrity_check: string }>(QUERIES.integrity)
      .map(each => each.integrity_check)
      .filter(each => each !== 'ok')
  }

  async *view(
    name: ViewName,
    run: string,
    where?: { readonly column: string; readonly value: string | number },
  ): AsyncIterable<Record<string, unknown>> {
    const { columns, order } = VIEWS[name]
    if (where !== undefined && !columns.includes(where.column)) {
      throw new TypeError(`view ${name} has no column ${where.column}`)
    }
    const row = where?.column === 'token_id' ? this.#rowOf(run, where.value) : null
    const narrowed = row === null ? '' : ofRow(name, row)
    const condition = where === undefined ? '' : ` AND ${quoted(where.column)} = ?`
    const sorted = order.length === 0 ? '' : ` ORDER BY ${order.map(quoted).join(', ')}`
    const text = `${narrowed} SELECT * FROM ${name} WHERE run_id = ?${condition}${sorted}`
    yield* this.#stream<Record<string, unknown>>(text, run, ...(where === undefined ? [] : [where.value]))
  }

  /** The row that a token belongs to; null if it belongs to a batch, or isn't known. */
  #rowOf(run: string, token: string | number): number | null {
    return this.#get<{ row: number | null }>(QUERIES.row_of, token, token, run)?.row ?? null
  }

  async close(): Promise<void> {
    this.#prepared.clear()
    if (this.#db.isOpen) this.#db.close()
  }

  #get<T>(text: string, ...values: SQLInputValue[]): T | null {
    return this.#asking(() => (this.#statement(text).get(...values) as T | undefined) ?? null)
  }

  #all<T>(text: string, ...values: SQLInputValue[]): T[] {
    return this.#asking(() => this.#statement(text).all(...values) as T[])
  }

  async *#stream<T>(text: string, ...values: SQLInputValue[]): AsyncIterable<T> {
    try {
      for (const record of this.#db.prepare(text).iterate(...values)) yield record as T
    } catch (error) {
      throw asLedgerError(error, this.url, 'read')
    }
  }

  #statement(text: string): StatementSync {
    let statement = this.#prepared.get(text)
    if (statement === undefined) {
      statement = this.#db.prepare(text)
      this.#prepared.set(text, statement)
    }
    return statement
  }

  #asking<T>(ask: () => T): T {
    try {
      return ask()
    } catch (error) {
      throw asLedgerError(error, this.url, 'read')
    }
  }
}

/** Of records that come in order of their key, the last of each. */
async function* lastOfEach<T>(records: AsyncIterable<T>, keyOf: (record: T) => unknown): AsyncIterable<T> {
  let last: T | undefined
  for await (const record of records) {
    if (last !== undefined && keyOf(last) !== keyOf(record)) yield last
    last = record
  }
  if (last !== undefined) yield last
}
