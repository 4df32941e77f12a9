/**
 * Reads a ledger in a SQLite file. All SQL that reads is in queries.ts and views.ts.
 * Streams hold a snapshot as long as they are iterated; each has a statement of its own, so that they can be nested.
 * Each cell is looked at (cells.ts): what stands behind the reader is of the type that the read port says, or refused.
 */

import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { LEDGER_FORMAT } from '../../format/entry.ts'
import { bytesToHex, leafHash } from '../../format/hash.ts'
import type { TreeNumber } from '../../format/trees.ts'
import type { Hash } from '../../model/sha256.ts'
import { type Keychain, ownKeychain } from '../encryption/keychain.ts'
import { inOrder, SealedPayloads } from '../encryption/sealed-payloads.ts'
import { lastOfEach } from '../last-of-each.ts'
import type {
  FullEntry,
  LeasePage,
  LedgerReader,
  LogRange,
  SealedChunk,
  ShortLog,
  StoredEnding,
  StoredEntry,
  StoredErrorCount,
  StoredExtent,
  StoredFile,
  StoredLease,
  StoredLog,
  StoredObject,
  StoredOpenToken,
  StoredPayload,
  StoredTile,
  StoredTimestamp,
  StoredWitnessed,
  SubjectRange,
  TileRange,
  ViewName,
  WordOrder,
} from '../read-port.ts'
import type { Extent } from '../view-parts.ts'
import {
  type CellRecord,
  cellError,
  cellOf,
  isExact,
  isFaithful,
  plainCells,
  recordOf,
  TOO_LARGE,
  troubleIn,
} from './cells.ts'
import { SqliteChunks } from './chunks.ts'
import { asLedgerError, isOutOfRange } from './errors.ts'
import { BODY_COLUMNS, type BodyCells, ENDING_COLUMNS, type EndingCells, FULL, type FullCells } from './listed.ts'
import { logEnds } from './log-ends.ts'
import { QUERIES } from './queries.ts'
import {
  APPLICATION_ID,
  expectedSizes,
  PAGE_SIZE_BYTES,
  type StoredSize,
  schemaStatements,
  sizesText,
} from './schema.ts'
import { viewQueries } from './view-rows.ts'

/** At a time. */
const BODIES = 256

/** Logs that a table has records of; texts, because any number may stand there. Each step is one look into the index. */
const LOGS_IN = (table: string) => `WITH RECURSIVE found (log) AS (
    SELECT min(log) FROM ${table}
    UNION ALL SELECT (SELECT min(log) FROM ${table} WHERE log > found.log) FROM found WHERE found.log IS NOT NULL)
  SELECT CAST(log AS TEXT) AS name FROM found
  WHERE log IS NOT NULL AND log NOT IN (SELECT log FROM logs) LIMIT ?`
const WITH_LOGS = ['entries', 'payloads', 'sealed', 'endings', 'open_tokens', 'tiles', 'heads', 'leases'] as const

export class SqliteReader implements LedgerReader {
  readonly url: string
  readonly place: string
  readonly sealed_chunks: SqliteChunks
  readonly #sealed: SealedPayloads
  readonly #db: DatabaseSync
  readonly #prepared = new Map<string, StatementSync>()
  readonly #listings = new Map<
    string,
    { readonly statement: StatementSync; readonly isPlain: ReturnType<typeof plainCells> }
  >()

  constructor(db: DatabaseSync, url: string, keychain: Keychain = ownKeychain) {
    this.#db = db
    this.url = url
    this.place = url
    this.sealed_chunks = new SqliteChunks({
      get: (text, ...values) => this.#get(text, ...values),
      all: (text, ...values) => this.#all(text, ...values),
      stream: (text, ...values) => this.#stream(text, ...values),
    })
    this.#sealed = new SealedPayloads(this.sealed_chunks, keychain)
  }

  async snapshot<T>(work: () => Promise<T>): Promise<T> {
    if (this.#db.isTransaction) return work()
    this.#asking(() => this.#db.exec('BEGIN'))
    try {
      return await work()
    } finally {
      if (this.#db.isOpen && this.#db.isTransaction) this.#db.exec('ROLLBACK')
    }
  }

  async logs(): Promise<readonly StoredLog[]> {
    return this.#all(QUERIES.logs)
  }

  async allLogs(): Promise<readonly StoredLog[]> {
    return this.#all(QUERIES.all_logs)
  }

  async *extents(): AsyncIterable<StoredExtent> {
    // A wrong value here differs from what log 0 says, and log 0 names the run.
    const text = (cell: unknown) => (typeof cell === 'string' ? cell : null)
    for await (const each of this.#stream<StoredExtent>(QUERIES.extents))
      yield { ...each, opening: text(each.opening), head: text(each.head) }
  }

  async logOf(run: string): Promise<number | null> {
    return this.#get<{ log: number }>(QUERIES.log_of, run)?.log ?? null
  }

  newestLogs(): AsyncIterable<StoredLog> {
    return this.#stream(QUERIES.newest_logs)
  }

  async logsBeginning(prefix: string, most: number): Promise<readonly StoredLog[]> {
    return this.#all(QUERIES.logs_between, prefix, `${prefix}\u{10ffff}`, most)
  }

  async strayLogs(most: number): Promise<ReadonlyArray<{ readonly table: string; readonly log: string }>> {
    const tables = WITH_LOGS.filter(table => table !== 'sealed' || this.sealed_chunks.exist)
    return tables.flatMap(table =>
      this.#asking(() => this.#statement(LOGS_IN(table)).all(most)).map(each => ({ table, log: String(each.name) })),
    )
  }

  async size(log: number): Promise<number> {
    return this.#get<{ size: number }>(QUERIES.size, log)?.size ?? 0
  }

  async firstRowFrom(log: number, seq: number): Promise<number | null> {
    return this.#get<{ row: number }>(QUERIES.first_row_from, log, seq)?.row ?? null
  }

  async count(log: number, of: 'entries' | 'payloads' | 'endings' | 'open_tokens'): Promise<number> {
    const count = this.#get<{ count: number }>(QUERIES[`count_${of}`], log)?.count ?? 0
    return of === 'payloads' ? count + (await this.#sealed.count(log)) : count
  }

  async page(log: number, from: number, end: number): Promise<readonly FullEntry[]> {
    return this.#full(QUERIES.page, log, from, end)
  }

  async shortLog(log: number, end: number): Promise<ShortLog | null> {
    const entries = await this.#full(QUERIES.short_log, log, end)
    return entries.length === 0 ? null : { head: await this.head(log), entries }
  }

  async strayPayloads(log: number): Promise<readonly number[]> {
    const plain = this.#all<{ seq: number }>(QUERIES.stray_payloads, log).map(({ seq }) => seq)
    return [...plain, ...(await this.#sealed.stray(log))].sort((a, b) => a - b)
  }

  async entry(log: number, seq: number): Promise<StoredEntry | null> {
    return this.#get(QUERIES.entry, log, seq)
  }

  entries(log: number, from = 0): AsyncIterable<StoredEntry> {
    return this.#stream(QUERIES.entries, log, from)
  }

  async *bodies(log: number, from = 0): AsyncIterable<readonly string[]> {
    for (let next = from; ; ) {
      const bodies: string[] = []
      for (const [seq, body] of this.#lists<BodyCells>(QUERIES.some_bodies, BODY_COLUMNS, log, next, BODIES)) {
        if (seq !== next + bodies.length) break
        bodies.push(body)
      }
      if (bodies.length === 0) return
      yield bodies
      next += bodies.length
    }
  }

  readonly ends = (of: LogRange) => logEnds(this, of)

  async leaves(log: number, from: number, most: number): Promise<readonly Hash[]> {
    const leaves: Hash[] = []
    for (const { seq, body } of this.#all<StoredEntry>(QUERIES.some_entries, log, from, most)) {
      if (seq !== from + leaves.length) break
      leaves.push(leafHash(body))
    }
    return leaves
  }

  async entriesOfRow(log: number, row: number): Promise<readonly StoredEntry[]> {
    return this.#all(QUERIES.entries_of_row, log, row)
  }

  async entriesOfRows(log: number, first: number, last: number): Promise<readonly FullEntry[]> {
    return this.#full(QUERIES.entries_of_rows, log, first, last)
  }

  #full(query: string, log: number, ...range: readonly number[]): Promise<readonly FullEntry[]> {
    const entries = this.#lists<FullCells>(query, FULL, log, ...range).map((cells): FullEntry => {
      const [seq, row, batch, body, paid, salts, payload] = cells
      if (paid === null) return { seq, row, batch, body, payload: null }
      if (payload !== null && salts !== null) return { seq, row, batch, body, payload: { seq, salts, body: payload } }
      const column = payload === null ? 'payload' : 'payload_salts'
      throw cellError(this.url, cellOf(query, log, recordOf(cells, FULL), column), TOO_LARGE)
    })
    return this.#sealed.filled(log, entries)
  }

  entriesOfRun(log: number): AsyncIterable<StoredEntry> {
    return this.#stream(QUERIES.entries_of_run, log)
  }

  async entriesAbout(log: number): Promise<readonly StoredEntry[]> {
    return this.#all(QUERIES.entries_about, log)
  }

  async entryWithValue(log: number, value: number): Promise<StoredEntry | null> {
    return this.#get(QUERIES.entry_with_value, log, value)
  }

  async entriesOfBatch(log: number, batch: number): Promise<readonly StoredEntry[]> {
    return this.#all(QUERIES.entries_of_batch, log, batch)
  }

  entriesOfBatches(log: number): AsyncIterable<StoredEntry> {
    return this.#stream(QUERIES.by_batch, log, 1, Number.MAX_SAFE_INTEGER)
  }

  lastEntries(log: number, { kind, first, last }: SubjectRange): AsyncIterable<StoredEntry> {
    const query = kind === 'row' ? QUERIES.by_row : QUERIES.by_batch
    return lastOfEach(this.#stream<StoredEntry>(query, log, first, last), each => each[kind])
  }

  async lastLeaves(log: number, range: SubjectRange): Promise<readonly Hash[]> {
    const leaves: Hash[] = []
    for await (const { body } of this.lastEntries(log, range)) leaves.push(leafHash(body))
    return leaves
  }

  async tileRoots(log: number, tree: TreeNumber, { level, from, most }: TileRange): Promise<readonly Hash[]> {
    const roots: Hash[] = []
    for (const { idx, hash } of this.#all<StoredTile>(QUERIES.tile_roots, log, tree, level, from, most)) {
      if (idx !== from + roots.length) break
      roots.push(bytesToHex(hash))
    }
    return roots
  }

  tiles(log: number): AsyncIterable<StoredTile> {
    return this.#stream(QUERIES.tiles, log)
  }

  async payload(log: number, seq: number): Promise<StoredPayload | null> {
    const plain = () => this.#get<StoredPayload>(QUERIES.payload, log, seq)
    // Outside of a snapshot it may be erased between two looks: then it stands in plain.
    return plain() ?? (await this.#sealed.payload(log, seq)) ?? (this.#db.isTransaction ? null : plain())
  }

  chunks(log: number): AsyncIterable<SealedChunk> {
    return this.sealed_chunks.all(log)
  }

  async encryptedWith(log: number): Promise<string | null> {
    return this.#sealed.encryptedWith(log)
  }

  payloads(log: number): AsyncIterable<StoredPayload> {
    return inOrder(this.#stream(QUERIES.payloads, log), this.#sealed.payloads(log))
  }

  async ending(log: number, token: number): Promise<StoredEnding | null> {
    return this.#get(QUERIES.ending, log, token)
  }

  endings(log: number): AsyncIterable<StoredEnding> {
    return this.#stream(QUERIES.endings, log)
  }

  async endingsBetween(log: number, first: number, last: number): Promise<readonly StoredEnding[]> {
    return this.#lists<EndingCells>(QUERIES.endings_between, ENDING_COLUMNS, log, first, last).map(
      ([token, seq, row, batch, fate, node, sink, grp, error_code, error_hash, recorded_us]) => {
        return { token, seq, row, batch, fate, node, sink, grp, error_code, error_hash, recorded_us }
      },
    )
  }

  failedEndings(log: number): AsyncIterable<StoredEnding> {
    return this.#stream(QUERIES.failed_endings, log)
  }

  async errorCounts(log: number): Promise<readonly StoredErrorCount[]> {
    return this.#all(QUERIES.error_counts, log)
  }

  openTokens(log: number): AsyncIterable<StoredOpenToken> {
    return this.#stream(QUERIES.open_tokens, log)
  }

  async openToken(log: number, token: number): Promise<StoredOpenToken | null> {
    return this.#get(QUERIES.open_token, log, token)
  }

  async head(log: number): Promise<string | null> {
    return this.#get<{ note: string }>(QUERIES.head, log)?.note ?? null
  }

  async heads(of?: LogRange): Promise<ReadonlyArray<{ readonly log: number; readonly note: string }>> {
    return of === undefined ? this.#all(QUERIES.heads) : this.#all(QUERIES.heads_between, of.from, of.to)
  }

  witnessed(order: WordOrder = { from: 0 }): AsyncIterable<StoredWitnessed> {
    return order === 'newest' ? this.#stream(QUERIES.newest_witnessed) : this.#stream(QUERIES.witnessed, order.from)
  }

  timestamps(order: WordOrder = { from: 0 }): AsyncIterable<StoredTimestamp> {
    return order === 'newest' ? this.#stream(QUERIES.newest_timestamps) : this.#stream(QUERIES.timestamps, order.from)
  }

  async timestamped(): Promise<number> {
    return this.#get<{ size: number }>(QUERIES.newest_timestamp)?.size ?? 0
  }

  async home(): Promise<string | null> {
    return this.#get<{ id: string }>(QUERIES.home)?.id ?? null
  }

  async now_us(): Promise<number> {
    return Date.now() * 1000
  }

  async leases(page?: LeasePage): Promise<readonly StoredLease[]> {
    if (page === undefined) return this.#all(QUERIES.leases)
    return this.#all(QUERIES.leases_between, page.from, page.to, page.at_most)
  }

  async lease(log: number): Promise<StoredLease | null> {
    return this.#get(QUERIES.lease, log)
  }

  async objects(): Promise<readonly StoredObject[]> {
    return this.#all(QUERIES.objects)
  }

  async expectedObjects(): Promise<readonly StoredObject[]> {
    const empty = new DatabaseSync(':memory:')
    try {
      for (const statement of schemaStatements()) empty.exec(statement)
      return empty.prepare(QUERIES.objects).all() as unknown as StoredObject[]
    } finally {
      empty.close()
    }
  }

  async file(): Promise<StoredFile> {
    const pragma = (name: string) => this.#asking(() => this.#db.prepare(`PRAGMA ${name}`).get()?.[name])
    return {
      application_id: [pragma('application_id'), APPLICATION_ID],
      user_version: [pragma('user_version'), LEDGER_FORMAT],
      page_size: [pragma('page_size'), PAGE_SIZE_BYTES],
      encoding: [pragma('encoding'), 'UTF-8'],
      journal_mode: [pragma('journal_mode'), 'wal'],
      sqlite_stat1: [this.#sizes(), expectedSizes()],
    }
  }

  /** As one text; a table that isn't there is reported with the other objects. */
  #sizes(): string {
    const exists = this.#asking(() => this.#db.prepare(QUERIES.objects).all()).some(
      each => each.name === 'sqlite_stat1',
    )
    return exists ? sizesText(this.#all<StoredSize>(QUERIES.sizes)) : expectedSizes()
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
    const logs = {
      parts: () => this.#all<StoredLog>(QUERIES.parts_of, run).map(({ part }) => part),
      extentOf: (part: number) => this.#get<Extent>(QUERIES.extent_of_tokens, run, part),
    }
    for (const [text, values] of viewQueries(name, run, logs, where))
      yield* this.#records<Record<string, unknown>>(text, values)
  }

  async close(): Promise<void> {
    this.#prepared.clear()
    this.#listings.clear()
    if (this.#db.isOpen) this.#db.close()
  }

  #get<T>(text: string, ...values: SQLInputValue[]): T | null {
    const found = this.#asking(() => this.#statement(text).get(...values), text, values)
    if (found === undefined) return null
    return this.#sound(text, values, found) as T
  }

  #all<T>(text: string, ...values: SQLInputValue[]): T[] {
    const found = this.#asking(() => this.#statement(text).all(...values), text, values)
    for (const record of found) this.#sound(text, values, record)
    return found as T[]
  }

  /** Records as lists of their cells, which takes half the time of objects; each is looked at as in `#all`. */
  #lists<T extends readonly unknown[]>(
    text: string,
    columns: readonly string[],
    ...values: SQLInputValue[]
  ): readonly T[] {
    let listing = this.#listings.get(text)
    if (listing === undefined) {
      const statement = this.#asking(() => this.#db.prepare(text), text, values)
      listing = { statement, isPlain: plainCells(columns) }
      listing.statement.setReturnArrays(true)
      this.#listings.set(text, listing)
    }
    const { statement, isPlain } = listing
    const found = this.#asking(() => statement.all(...values), text, values) as unknown as readonly T[]
    for (const cells of found) if (!isPlain(cells)) this.#sound(text, values, recordOf(cells, columns))
    return found
  }

  async *#stream<T>(text: string, ...values: SQLInputValue[]): AsyncIterable<T> {
    for await (const record of this.#records<CellRecord>(text, values)) yield this.#sound(text, values, record) as T
  }

  async *#records<T>(text: string, values: readonly SQLInputValue[]): AsyncIterable<T> {
    try {
      for (const record of this.#db.prepare(text).iterate(...values)) yield record as T
    } catch (error) {
      throw this.#named(error, text, values)
    }
  }

  /** The record, if each of its cells is as it should be. */
  #sound(text: string, values: readonly SQLInputValue[], record: CellRecord): CellRecord {
    const cell = (column: string) => cellOf(text, values[0] ?? null, record, column)
    const trouble = troubleIn(record, (column, found) => isFaithful(this.#db, cell(column), found))
    if (trouble === null) return record
    throw cellError(this.url, cell(trouble.column), trouble.what)
  }

  /** An integer that no number holds is looked for again, so that its cell can be named. */
  #named(error: unknown, text: string, values: readonly SQLInputValue[]): unknown {
    if (!isOutOfRange(error)) return asLedgerError(error, this.url, 'read')
    const statement = this.#db.prepare(text)
    statement.setReadBigInts(true)
    for (const record of statement.iterate(...values)) {
      const found = Object.entries(record).find(([, value]) => typeof value === 'bigint' && !isExact(value))
      if (found === undefined) continue
      const cell = cellOf(text, values[0] ?? null, record, found[0])
      return cellError(this.url, cell, `is ${found[1]}, which is beyond all numbers of a ledger`)
    }
    return cellError(
      this.url,
      { table: 'some table', column: 'some column', key: {} },
      'is beyond all numbers of a ledger',
    )
  }

  #statement(text: string): StatementSync {
    let statement = this.#prepared.get(text)
    if (statement === undefined) {
      statement = this.#db.prepare(text)
      this.#prepared.set(text, statement)
    }
    return statement
  }

  #asking<T>(ask: () => T, text = '', values: readonly SQLInputValue[] = []): T {
    try {
      return ask()
    } catch (error) {
      throw this.#named(error, text, values)
    }
  }
}
