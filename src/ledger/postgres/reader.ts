/** Reads a ledger in PostgreSQL, over a connection of its own. All SQL that reads is in queries.ts, views.ts and objects.ts. */
import { LEDGER_FORMAT } from '../../format/entry.ts'
import { bytesToHex, HASH_BYTES, leafHash } from '../../format/hash.ts'
import type { TreeNumber } from '../../format/trees.ts'
import type { Hash } from '../../model/sha256.ts'
import { type Keychain, ownKeychain } from '../encryption/keychain.ts'
import { inOrder, SealedPayloads } from '../encryption/sealed-payloads.ts'
import { lastOfEach } from '../last-of-each.ts'
import type {
  FullEntry,
  LeasePage,
  LedgerReader,
  LogEnd,
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
import type { Asking } from './asking.ts'
import { cellError, TOO_LARGE } from './cells.ts'
import { PostgresChunks } from './chunks.ts'
import { foreseeEntries, foreseeLog, foreseeTree } from './foreseen.ts'
import { expectedObjectsIn, integrityOf, objectsOf } from './objects.ts'
import { QUERIES, STRAY_LOGS } from './queries.ts'
import { viewRows } from './view-rows.ts'

/** At a time. */
const BODIES = 1_024

interface FullRecord extends StoredEntry {
  /** null if there is no payload. */
  readonly paid: number | null
  readonly payload_salts: Uint8Array | null
  readonly payload: string | null
}

interface FoundHashes {
  readonly first: number
  readonly last: number
  readonly count: number
  /** null: there are none. */
  readonly hashes: Uint8Array | null
}

/** null if one is missing between them, or isn't of the size of a hash. */
function hashesFrom(from: number, found: FoundHashes | null): readonly Hash[] | null {
  if (found === null || found.hashes === null) return []
  const { first, last, count, hashes } = found
  if (first !== from || last - first + 1 !== count || hashes.length !== count * HASH_BYTES) return null
  const text = bytesToHex(hashes)
  const digits = 2 * HASH_BYTES
  return Array.from({ length: count }, (_, i) => text.slice(digits * i, digits * (i + 1)))
}

export class PostgresReader implements LedgerReader {
  readonly #asking: Asking
  readonly #chunks: PostgresChunks
  readonly #sealed: SealedPayloads

  constructor(asking: Asking, keychain: Keychain = ownKeychain) {
    this.#asking = asking
    this.#chunks = new PostgresChunks(asking)
    this.#sealed = new SealedPayloads(this.#chunks, keychain)
  }

  get url(): string {
    return this.#asking.url
  }

  get place(): string {
    return this.#asking.place
  }

  snapshot<T>(work: () => Promise<T>): Promise<T> {
    return this.#asking.snapshot(work)
  }

  async logs(): Promise<readonly StoredLog[]> {
    return this.#asking.all(QUERIES.logs)
  }

  async allLogs(): Promise<readonly StoredLog[]> {
    return this.#asking.all(QUERIES.all_logs)
  }

  extents(): AsyncIterable<StoredExtent> {
    return this.#asking.stream(QUERIES.extents)
  }

  async logOf(run: string): Promise<number | null> {
    return (await this.#asking.get<{ log: number }>(QUERIES.log_of, run))?.log ?? null
  }

  newestLogs(): AsyncIterable<StoredLog> {
    return this.#asking.stream(QUERIES.newest_logs)
  }

  async logsBeginning(prefix: string, most: number): Promise<readonly StoredLog[]> {
    return this.#asking.all(QUERIES.logs_between, prefix, `${prefix}\u{10ffff}`, most)
  }

  async strayLogs(most: number): Promise<ReadonlyArray<{ readonly table: string; readonly log: string }>> {
    const found: Array<{ readonly table: string; readonly log: string }> = []
    for (const { table, query } of STRAY_LOGS)
      for (const { name } of await this.#asking.all<{ name: string }>(query, most)) found.push({ table, log: name })
    return found
  }

  async size(log: number): Promise<number> {
    const size = (await this.#asking.get<{ size: number }>(QUERIES.size, log))?.size ?? 0
    foreseeTree(this.#asking, log, size)
    return size
  }

  async firstRowFrom(log: number, seq: number): Promise<number | null> {
    return (await this.#asking.get<{ row: number }>(QUERIES.first_row_from, log, seq))?.row ?? null
  }

  async count(log: number, of: 'entries' | 'payloads' | 'endings' | 'open_tokens'): Promise<number> {
    const count = (await this.#asking.get<{ count: number }>(QUERIES[`count_${of}`], log))?.count ?? 0
    return of === 'payloads' ? count + (await this.#sealed.count(log)) : count
  }

  async page(log: number, from: number, end: number): Promise<readonly FullEntry[]> {
    return this.#full(QUERIES.page, log, from, end)
  }

  /** Nothing is foreseen: nothing more will be asked for. */
  async shortLog(log: number, end: number): Promise<ShortLog | null> {
    const [entries, found] = await Promise.all([
      this.#full(QUERIES.short_log, log, end),
      this.#asking.get<{ note: string }>(QUERIES.head, log),
    ])
    return entries.length === 0 ? null : { head: found?.note ?? null, entries }
  }

  async strayPayloads(log: number): Promise<readonly number[]> {
    const plain = (await this.#asking.all<{ seq: number }>(QUERIES.stray_payloads, log)).map(({ seq }) => seq)
    return [...plain, ...(await this.#sealed.stray(log))].sort((a, b) => a - b)
  }

  async entry(log: number, seq: number): Promise<StoredEntry | null> {
    return this.#asking.get(QUERIES.entry, log, seq)
  }

  entries(log: number, from = 0): AsyncIterable<StoredEntry> {
    return this.#asking.stream(QUERIES.entries, log, from)
  }

  async *bodies(log: number, from = 0): AsyncIterable<readonly string[]> {
    for (let next = from; ; ) {
      const bodies = (await this.#following(log, next, BODIES)).map(({ body }) => body)
      if (bodies.length === 0) return
      yield bodies
      next += bodies.length
    }
  }

  async leaves(log: number, from: number, most: number): Promise<readonly Hash[]> {
    const found = await this.#asking.get<FoundHashes>(QUERIES.leaves, log, from, most)
    const hashes = hashesFrom(from, found)
    return hashes ?? (await this.#following(log, from, most)).map(({ body }) => leafHash(body))
  }

  async ends({ from, to }: LogRange): Promise<readonly LogEnd[]> {
    return this.#asking.all(QUERIES.ends, from, to)
  }

  /** Up to the first that is missing. */
  async #following(log: number, from: number, most: number): Promise<readonly StoredEntry[]> {
    const found = await this.#asking.all<StoredEntry>(QUERIES.some_bodies, log, from, most)
    const gap = found.findIndex(({ seq }, i) => seq !== from + i)
    return gap < 0 ? found : found.slice(0, gap)
  }

  async entriesOfRow(log: number, row: number): Promise<readonly StoredEntry[]> {
    const found = await this.#asking.all<StoredEntry>(QUERIES.entries_of_row, log, row)
    foreseeEntries(this.#asking, log, found, await this.size(log))
    return found
  }

  async entriesOfRows(log: number, first: number, last: number): Promise<readonly FullEntry[]> {
    return this.#full(QUERIES.entries_of_rows, log, first, last)
  }

  async #full(query: string, log: number, ...range: readonly number[]): Promise<readonly FullEntry[]> {
    const found = await this.#asking.all<FullRecord>(query, log, ...range)
    const entries = found.map((record): FullEntry => {
      const { seq, row, batch, body, paid, payload_salts: salts, payload } = record
      if (paid === null) return { seq, row, batch, body, payload: null }
      if (payload !== null && salts !== null) return { seq, row, batch, body, payload: { seq, salts, body: payload } }
      const column = payload === null ? 'payload' : 'payload_salts'
      throw cellError(this.url, query, log, { seq }, { column, what: TOO_LARGE })
    })
    return this.#sealed.filled(log, entries)
  }

  entriesOfRun(log: number): AsyncIterable<StoredEntry> {
    return this.#asking.stream(QUERIES.entries_of_run, log)
  }

  async entriesAbout(log: number): Promise<readonly StoredEntry[]> {
    foreseeLog(this.#asking, log)
    const found = await this.#asking.all<StoredEntry>(QUERIES.entries_about, log)
    foreseeEntries(this.#asking, 0, found, 0)
    return found
  }

  async entryWithValue(log: number, value: number): Promise<StoredEntry | null> {
    return this.#asking.get(QUERIES.entry_with_value, log, value)
  }

  async entriesOfBatch(log: number, batch: number): Promise<readonly StoredEntry[]> {
    return this.#asking.all(QUERIES.entries_of_batch, log, batch)
  }

  entriesOfBatches(log: number): AsyncIterable<StoredEntry> {
    return this.#asking.stream(QUERIES.by_batch, log, 1, Number.MAX_SAFE_INTEGER)
  }

  lastEntries(log: number, { kind, first, last }: SubjectRange): AsyncIterable<StoredEntry> {
    const query = kind === 'row' ? QUERIES.by_row : QUERIES.by_batch
    return lastOfEach(this.#asking.stream<StoredEntry>(query, log, first, last), each => each[kind])
  }

  async lastLeaves(log: number, range: SubjectRange): Promise<readonly Hash[]> {
    const leaves: Hash[] = []
    for await (const { body } of this.lastEntries(log, range)) leaves.push(leafHash(body))
    return leaves
  }

  async tileRoots(log: number, tree: TreeNumber, { level, from, most }: TileRange): Promise<readonly Hash[]> {
    const of = [log, tree, level, from, most]
    const found = hashesFrom(from, await this.#asking.get<FoundHashes>(QUERIES.tile_hashes, ...of))
    if (found !== null) return found
    const roots: Hash[] = []
    for (const { idx, hash } of await this.#asking.all<StoredTile>(QUERIES.tile_roots, ...of)) {
      if (idx !== from + roots.length) break
      roots.push(bytesToHex(hash))
    }
    return roots
  }

  tiles(log: number): AsyncIterable<StoredTile> {
    return this.#asking.stream(QUERIES.tiles, log)
  }

  async payload(log: number, seq: number): Promise<StoredPayload | null> {
    const plain = () => this.#asking.get<StoredPayload>(QUERIES.payload, log, seq)
    // Outside of a snapshot it may be erased between two looks: then it stands in plain.
    return (await plain()) ?? (await this.#sealed.payload(log, seq)) ?? plain()
  }

  chunks(log: number): AsyncIterable<SealedChunk> {
    return this.#chunks.all(log)
  }

  async encryptedWith(log: number): Promise<string | null> {
    return this.#sealed.encryptedWith(log)
  }

  payloads(log: number): AsyncIterable<StoredPayload> {
    return inOrder(this.#asking.stream(QUERIES.payloads, log), this.#sealed.payloads(log))
  }

  async ending(log: number, token: number): Promise<StoredEnding | null> {
    return this.#asking.get(QUERIES.ending, log, token)
  }

  endings(log: number): AsyncIterable<StoredEnding> {
    return this.#asking.stream(QUERIES.endings, log)
  }

  async endingsBetween(log: number, first: number, last: number): Promise<readonly StoredEnding[]> {
    return this.#asking.all(QUERIES.endings_between, log, first, last)
  }

  failedEndings(log: number): AsyncIterable<StoredEnding> {
    return this.#asking.stream(QUERIES.failed_endings, log)
  }

  async errorCounts(log: number): Promise<readonly StoredErrorCount[]> {
    return this.#asking.all(QUERIES.error_counts, log)
  }

  openTokens(log: number): AsyncIterable<StoredOpenToken> {
    return this.#asking.stream(QUERIES.open_tokens, log)
  }

  async openToken(log: number, token: number): Promise<StoredOpenToken | null> {
    return this.#asking.get(QUERIES.open_token, log, token)
  }

  async head(log: number): Promise<string | null> {
    foreseeLog(this.#asking, log)
    return (await this.#asking.get<{ note: string }>(QUERIES.head, log))?.note ?? null
  }

  async heads(of?: LogRange): Promise<ReadonlyArray<{ readonly log: number; readonly note: string }>> {
    if (of === undefined) return this.#asking.all(QUERIES.heads)
    return this.#asking.all(QUERIES.heads_between, of.from, of.to)
  }

  witnessed(order: WordOrder = { from: 0 }): AsyncIterable<StoredWitnessed> {
    return order === 'newest'
      ? this.#asking.stream(QUERIES.newest_witnessed)
      : this.#asking.stream(QUERIES.witnessed, order.from)
  }

  timestamps(order: WordOrder = { from: 0 }): AsyncIterable<StoredTimestamp> {
    return order === 'newest'
      ? this.#asking.stream(QUERIES.newest_timestamps)
      : this.#asking.stream(QUERIES.timestamps, order.from)
  }

  async timestamped(): Promise<number> {
    return (await this.#asking.get<{ size: number }>(QUERIES.newest_timestamp))?.size ?? 0
  }

  async home(): Promise<string | null> {
    return (await this.#asking.get<{ id: string }>(QUERIES.home))?.id ?? null
  }

  async now_us(): Promise<number> {
    const [said] = await this.#asking.all<{ now_us: number }>(QUERIES.now)
    return said!.now_us
  }

  async leases(page?: LeasePage): Promise<readonly StoredLease[]> {
    if (page === undefined) return this.#asking.all(QUERIES.leases)
    return this.#asking.all(QUERIES.leases_between, page.from, page.to, page.at_most)
  }

  async lease(log: number): Promise<StoredLease | null> {
    return this.#asking.get(QUERIES.lease, log)
  }

  async objects(): Promise<readonly StoredObject[]> {
    return this.#asking.ask(objectsOf)
  }

  expectedObjects(): Promise<readonly StoredObject[] | null> {
    return this.#asking.apart(expectedObjectsIn)
  }

  async file(): Promise<StoredFile> {
    const found = await this.#asking.get<{ encoding: string; format: number }>(QUERIES.database)
    return { encoding: [found?.encoding, 'UTF8'], ledger_format: [found?.format, LEDGER_FORMAT] }
  }

  integrity(): Promise<readonly string[] | null> {
    return this.#asking.apart(integrityOf)
  }

  view(
    name: ViewName,
    run: string,
    where?: { readonly column: string; readonly value: string | number },
  ): AsyncIterable<Record<string, unknown>> {
    return viewRows(this.#asking, name, run, where)
  }

  async close(): Promise<void> {
    await this.#asking.close()
  }
}
