/**
 * Shows the logs of a run with splits as one: entries, rows, tokens and all else have their numbers to the outside (model/part-ids.ts). A run
 * without splits is as it is. Ranges that are asked for lie within one part.
 *
 * JOINED-LEDGER-1. The coordinator's entries are those of part 0: what is asked of a run's own entries by their numbers is asked of them.
 * JOINED-LEDGER-2. A split that nobody has begun has no log to be looked at: nothing is found in it.
 */
import type {
  FullEntry,
  LeasePage,
  LedgerReader,
  LogRange,
  ShortLog,
  StoredEnding,
  StoredEntry,
  StoredErrorCount,
  StoredOpenToken,
  StoredPayload,
  SubjectRange,
  WordOrder,
} from '../../ledger/read-port.ts'
import { idOf, numberOf, partOf } from '../../model/part-ids.ts'
import { decodeRunEntry } from '../decode.ts'
import { endsOf } from '../log-ends.ts'
import { entryOfPart } from '../part-entry.ts'
import { readable } from '../runs/damaged.ts'
import { closingOf } from '../runs/run-log.ts'
import { CheckedEntry } from './checked-entry.ts'
import type { RunSpan } from './run-reader.ts'

/** One of the logs of a run. */
export interface PartLog {
  readonly part: number
  readonly log: number
}

export class JoinedLedger implements LedgerReader {
  readonly url: string
  readonly place: string
  readonly #inner: LedgerReader
  /** How many splits the run of a log has. */
  readonly #splits = new Map<number, Promise<number>>()

  constructor(inner: LedgerReader) {
    this.url = inner.url
    this.place = inner.place
    this.#inner = inner
  }

  async spans(log: number): Promise<readonly RunSpan[]> {
    const spans: RunSpan[] = []
    for await (const { part, log: own } of this.#parts(log)) {
      const { rows } = part === 0 && (await this.#splitsOf(log)) > 0 ? NO_ROWS : await this.#rowsOf(own)
      const end = idOf(part, await this.#inner.size(own))
      spans.push({ from: idOf(part, 0), end, first_row: idOf(part, 1), rows })
    }
    return spans
  }

  async #rowsOf(log: number): Promise<Pick<RunSpan, 'rows'>> {
    const { totals } = await closingOf(this.#inner, log)
    return { rows: totals.rows.read }
  }

  #splitsOf(log: number): Promise<number> {
    let known = this.#splits.get(log)
    if (known === undefined) {
      known = log === 0 ? Promise.resolve(0) : this.#readSplits(log)
      this.#splits.set(log, known)
    }
    return known
  }

  async #readSplits(log: number): Promise<number> {
    const first = await this.#inner.entry(log, 0)
    const facts = first === null ? null : readable(log, () => decodeRunEntry(0, first.body)).facts
    return facts?.k === 'open' ? (facts.splits ?? 0) : 0
  }

  /** Those that have entries. */
  async *#parts(log: number): AsyncGenerator<PartLog, void, undefined> {
    const splits = await this.#splitsOf(log)
    yield { part: 0, log }
    for await (const end of endsOf(this.#inner, { from: log + 1, to: log + splits }))
      yield { part: end.log - log, log: end.log }
  }

  /** The log that something is in; null: there is none. */
  async #at(log: number, id: number): Promise<PartLog | null> {
    const part = partOf(id)
    if (part === 0) return { part, log }
    if (part > (await this.#splitsOf(log)) || (await this.#inner.size(log + part)) === 0) return null
    return { part, log: log + part }
  }

  // ── by number ───────────────────────────────────────────────────────────────────────────────────────────────────────

  async entry(log: number, seq: number): Promise<StoredEntry | null> {
    const at = await this.#at(log, seq)
    const found = at === null ? null : await this.#inner.entry(at.log, numberOf(seq))
    return at === null || found === null ? null : storedOf(at.part, found)
  }

  async payload(log: number, seq: number): Promise<StoredPayload | null> {
    const at = await this.#at(log, seq)
    const found = at === null ? null : await this.#inner.payload(at.log, numberOf(seq))
    return at === null || found === null ? null : { ...found, seq: idOf(at.part, found.seq) }
  }

  async ending(log: number, token: number): Promise<StoredEnding | null> {
    const at = await this.#at(log, token)
    const found = at === null ? null : await this.#inner.ending(at.log, numberOf(token))
    return at === null || found === null ? null : endingOf(at.part, found)
  }

  async openToken(log: number, token: number): Promise<StoredOpenToken | null> {
    const at = await this.#at(log, token)
    const found = at === null ? null : await this.#inner.openToken(at.log, numberOf(token))
    return at === null || found === null ? null : openTokenOf(at.part, found)
  }

  async entriesOfRow(log: number, row: number): Promise<readonly StoredEntry[]> {
    const at = await this.#at(log, row)
    const found = at === null ? [] : await this.#inner.entriesOfRow(at.log, numberOf(row))
    return at === null ? [] : found.map(each => storedOf(at.part, each))
  }

  async entriesOfBatch(log: number, batch: number): Promise<readonly StoredEntry[]> {
    const at = await this.#at(log, batch)
    const found = at === null ? [] : await this.#inner.entriesOfBatch(at.log, numberOf(batch))
    return at === null ? [] : found.map(each => storedOf(at.part, each))
  }

  async entryWithValue(log: number, value: number): Promise<StoredEntry | null> {
    const at = await this.#at(log, value)
    const found = at === null ? null : await this.#inner.entryWithValue(at.log, numberOf(value))
    return at === null || found === null ? null : storedOf(at.part, found)
  }

  // ── ranges, each within one part ────────────────────────────────────────────────────────────────────────────────────

  async page(log: number, from: number, end: number): Promise<readonly FullEntry[]> {
    return this.within(log, from, end, async (at, first, last) =>
      (await this.#inner.page(at.log, first, last)).map(each => fullOf(at.part, each)),
    )
  }

  async entriesOfRows(log: number, first: number, last: number): Promise<readonly FullEntry[]> {
    return this.within(log, first, last, async (at, from, to) =>
      (await this.#inner.entriesOfRows(at.log, from, to)).map(each => fullOf(at.part, each)),
    )
  }

  async endingsBetween(log: number, first: number, last: number): Promise<readonly StoredEnding[]> {
    return this.within(log, first, last, async (at, from, to) =>
      (await this.#inner.endingsBetween(at.log, from, to)).map(each => endingOf(at.part, each)),
    )
  }

  async *lastEntries(log: number, { kind, first, last }: SubjectRange): AsyncIterable<StoredEntry> {
    const at = await this.#at(log, first)
    if (at === null) return
    const range = { kind, first: numberOf(first), last: numberOf(last) }
    for await (const each of this.#inner.lastEntries(at.log, range)) yield storedOf(at.part, each)
  }

  async lastLeaves(log: number, { kind, first, last }: SubjectRange): Promise<readonly string[]> {
    const at = await this.#at(log, first)
    return at === null ? [] : this.#inner.lastLeaves(at.log, { kind, first: numberOf(first), last: numberOf(last) })
  }

  async leaves(log: number, from: number, most: number): Promise<readonly string[]> {
    const at = await this.#at(log, from)
    return at === null ? [] : this.#inner.leaves(at.log, numberOf(from), most)
  }

  async firstRowFrom(log: number, seq: number): Promise<number | null> {
    const at = await this.#at(log, seq)
    const found = at === null ? null : await this.#inner.firstRowFrom(at.log, numberOf(seq))
    return at === null || found === null ? null : idOf(at.part, found)
  }

  /** Reads a range where it is. */
  protected async within<T>(
    log: number,
    first: number,
    last: number,
    read: (at: PartLog, first: number, last: number) => Promise<readonly T[]>,
  ): Promise<readonly T[]> {
    const at = await this.#at(log, first)
    return at === null ? [] : read(at, numberOf(first), numberOf(last))
  }

  // ── all there are, in order of parts ────────────────────────────────────────────────────────────────────────────────

  async *entries(log: number, from = 0): AsyncIterable<StoredEntry> {
    for await (const { part, log: own } of this.#parts(log)) {
      if (part < partOf(from)) continue
      const first = part === partOf(from) ? numberOf(from) : 0
      for await (const each of this.#inner.entries(own, first)) yield storedOf(part, each)
    }
  }

  async *bodies(log: number, from = 0): AsyncIterable<readonly string[]> {
    for await (const { part, log: own } of this.#parts(log))
      if (part >= partOf(from)) yield* this.#inner.bodies(own, part === partOf(from) ? numberOf(from) : 0)
  }

  async *entriesOfRun(log: number): AsyncIterable<StoredEntry> {
    for await (const { part, log: own } of this.#parts(log))
      for await (const each of this.#inner.entriesOfRun(own)) yield storedOf(part, each)
  }

  async *entriesOfBatches(log: number): AsyncIterable<StoredEntry> {
    for await (const { part, log: own } of this.#parts(log))
      for await (const each of this.#inner.entriesOfBatches(own)) yield storedOf(part, each)
  }

  async *payloads(log: number): AsyncIterable<StoredPayload> {
    for await (const { part, log: own } of this.#parts(log))
      for await (const each of this.#inner.payloads(own)) yield { ...each, seq: idOf(part, each.seq) }
  }

  async *endings(log: number): AsyncIterable<StoredEnding> {
    for await (const { part, log: own } of this.#parts(log))
      for await (const each of this.#inner.endings(own)) yield endingOf(part, each)
  }

  async *failedEndings(log: number): AsyncIterable<StoredEnding> {
    for await (const { part, log: own } of this.#parts(log))
      for await (const each of this.#inner.failedEndings(own)) yield endingOf(part, each)
  }

  async *openTokens(log: number): AsyncIterable<StoredOpenToken> {
    for await (const { part, log: own } of this.#parts(log))
      for await (const each of this.#inner.openTokens(own)) yield openTokenOf(part, each)
  }

  async errorCounts(log: number): Promise<readonly StoredErrorCount[]> {
    const counts = new Map<string, StoredErrorCount>()
    for await (const { log: own } of this.#parts(log))
      for (const each of await this.#inner.errorCounts(own)) {
        const key = `${each.node} ${each.error_code}`
        counts.set(key, { ...each, count: each.count + (counts.get(key)?.count ?? 0) })
      }
    return [...counts.values()].sort((a, b) => b.count - a.count)
  }

  async count(log: number, of: Parameters<LedgerReader['count']>[1]): Promise<number> {
    let sum = 0
    for await (const { log: own } of this.#parts(log)) sum += await this.#inner.count(own, of)
    return sum
  }

  async encryptedWith(log: number): Promise<string | null> {
    for await (const { log: own } of this.#parts(log)) {
      const key = await this.#inner.encryptedWith(own)
      if (key !== null) return key
    }
    return null
  }

  /** Of a run with splits it is read as any other. */
  async shortLog(log: number, end: number): Promise<ShortLog | null> {
    return (await this.#splitsOf(log)) > 0 ? null : this.#inner.shortLog(log, end)
  }

  // ── of the first log, or of no run ──────────────────────────────────────────────────────────────────────────────────

  snapshot<T>(work: () => Promise<T>): Promise<T> {
    return this.#inner.snapshot(work)
  }
  logs() {
    return this.#inner.logs()
  }
  allLogs() {
    return this.#inner.allLogs()
  }
  newestLogs() {
    return this.#inner.newestLogs()
  }
  logsBeginning(prefix: string, most: number) {
    return this.#inner.logsBeginning(prefix, most)
  }
  strayLogs(most: number) {
    return this.#inner.strayLogs(most)
  }
  extents() {
    return this.#inner.extents()
  }
  logOf(run: string) {
    return this.#inner.logOf(run)
  }
  size(log: number) {
    return this.#inner.size(log)
  }
  head(log: number) {
    return this.#inner.head(log)
  }
  lease(log: number) {
    return this.#inner.lease(log)
  }
  entriesAbout(log: number) {
    return this.#inner.entriesAbout(log)
  }
  strayPayloads(log: number) {
    return this.#inner.strayPayloads(log)
  }
  tileRoots(...of: Parameters<LedgerReader['tileRoots']>) {
    return this.#inner.tileRoots(...of)
  }
  tiles(log: number) {
    return this.#inner.tiles(log)
  }
  chunks(log: number) {
    return this.#inner.chunks(log)
  }
  ends(of: LogRange) {
    return this.#inner.ends(of)
  }

  heads(of?: LogRange) {
    return this.#inner.heads(of)
  }
  witnessed(order?: WordOrder) {
    return this.#inner.witnessed(order)
  }
  timestamps(order?: WordOrder) {
    return this.#inner.timestamps(order)
  }
  timestamped() {
    return this.#inner.timestamped()
  }
  home() {
    return this.#inner.home()
  }
  leases(page?: LeasePage) {
    return this.#inner.leases(page)
  }
  now_us() {
    return this.#inner.now_us()
  }
  objects() {
    return this.#inner.objects()
  }
  expectedObjects() {
    return this.#inner.expectedObjects()
  }
  file() {
    return this.#inner.file()
  }
  integrity() {
    return this.#inner.integrity()
  }
  view(...of: Parameters<LedgerReader['view']>) {
    return this.#inner.view(...of)
  }
  close() {
    return this.#inner.close()
  }
}

const NO_ROWS = { rows: 0 }

const known = (part: number, number: number | null) => (number === null ? null : idOf(part, number))

function storedOf(part: number, entry: StoredEntry): StoredEntry {
  if (part === 0) return entry
  const { seq, row, batch, body } = entry
  return { seq: idOf(part, seq), row: known(part, row), batch: known(part, batch), body }
}

/** One of a reader that checks stays one. */
export function fullOf<T extends FullEntry>(part: number, entry: T): T
export function fullOf(part: number, entry: FullEntry): FullEntry {
  if (part === 0) return entry
  const { payload } = entry
  const full = {
    ...storedOf(part, entry),
    payload: payload === null ? null : { ...payload, seq: idOf(part, payload.seq) },
  }
  if (!(entry instanceof CheckedEntry)) return full
  return new CheckedEntry(full, () => {
    const decoded = entry.decode()
    return { ...decoded, entry: decoded.entry === null ? null : entryOfPart(part, decoded.entry) }
  })
}

function endingOf(part: number, ending: StoredEnding): StoredEnding {
  if (part === 0) return ending
  const { token, seq, row, batch, grp } = ending
  const ids = { token: idOf(part, token), seq: idOf(part, seq), row: known(part, row), batch: known(part, batch) }
  return { ...ending, ...ids, grp: known(part, grp) }
}

function openTokenOf(part: number, open: StoredOpenToken): StoredOpenToken {
  if (part === 0) return open
  const { token, seq, row, batch } = open
  return { ...open, token: idOf(part, token), seq: idOf(part, seq), row: known(part, row), batch: known(part, batch) }
}
