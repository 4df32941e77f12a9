/**
 * A reader that gives nothing of a log but what was signed: at the first question about a log its tree is compared with its
 * signed head (log-check.ts), each entry is looked for in that tree, and each payload is compared with its entry's commitments. What is
 * gone without an erasure on record is no answer, either.
 * For those who show what a ledger says.
 *
 * CHECKED-READER-1. It is used within one snapshot: what was checked is what is read afterwards.
 * CHECKED-READER-2. A value that is stored as a change of another, and whether a story is whole, is checked by who puts it together
 *     (subject-check.ts).
 * CHECKED-READER-3. Of tables that follow from entries nothing is given unchecked: each ending is compared with its entry.
 */
import { commitment } from '../../format/hash.ts'
import { TILE_WIDTH } from '../../format/tree.ts'
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
  WordOrder,
} from '../../ledger/read-port.ts'
import { canonicalize } from '../../model/canonical.ts'
import { isCustodyError } from '../../model/error.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { decodeRunEntry, decodeSubjectEntry, isSubjectBody } from '../decode.ts'
import { readable } from '../runs/damaged.ts'
import { closingOf } from '../runs/run-log.ts'
import { type Commits, decodePayload } from '../values.ts'
import { entryName } from '../verify/check.ts'
import { entriesOfEndings, mustBeOf, tileOf } from './checked-endings.ts'
import { CheckedEntry, type Decoded } from './checked-entry.ts'
import { firstValue, type Ingested, isFirstOfRow, type MaybeIngested } from './ingested.ts'
import { type CheckedLog, type CheckOptions, LogChecks } from './log-check.ts'
import { OpenTokens } from './open-tokens.ts'
import type { RunReader, RunSpan } from './run-reader.ts'
import { changedValue, missingValue, UnsoundRecord } from './unsound.ts'

export class CheckedReader implements RunReader {
  readonly url: string
  readonly place: string
  readonly #inner: LedgerReader
  readonly #checks: LogChecks
  readonly #open = new Map<number, Promise<OpenTokens>>()

  constructor(inner: LedgerReader, options: CheckOptions) {
    this.#inner = inner
    this.url = inner.url
    this.place = inner.place
    this.#checks = new LogChecks(inner, options)
  }

  /** @throws UnsoundRecord if the log isn't what was signed. */
  check(log: number): Promise<CheckedLog> {
    return this.#checks.of(log)
  }

  async spans(log: number): Promise<readonly RunSpan[]> {
    const { totals } = await closingOf(this, log)
    return [{ from: 0, end: await this.size(log), first_row: 1, rows: totals.rows.read }]
  }

  /** Null: the log isn't so long. */
  async entry(log: number, seq: number): Promise<StoredEntry | null> {
    const found = await this.#inner.entry(log, seq)
    const { tree } = await this.check(log)
    if (found === null && seq >= 0 && seq < tree.size) throw new UnsoundRecord([`${entryName(seq)} is missing`])
    const [entry = null] = await this.#checked(log, async () => (found === null ? [] : [found]))
    return entry
  }

  async *entries(log: number, from?: number): AsyncIterable<StoredEntry> {
    yield* this.#each(log, this.#inner.entries(log, from))
  }

  /** As they are stored: their tree has a root that was signed. */
  async *bodies(log: number, from = 0): AsyncIterable<readonly string[]> {
    const checked = await this.check(log)
    let seq = from
    for await (const bodies of this.#inner.bodies(log, from)) {
      await checked.mustHave(bodies.map(body => ({ seq: seq++, row: null, batch: null, body })))
      yield bodies
    }
  }

  leaves(log: number, from: number, most: number) {
    return this.#inner.leaves(log, from, most)
  }

  ends(of: LogRange) {
    return this.#inner.ends(of)
  }

  entriesOfRow(log: number, row: number): Promise<readonly StoredEntry[]> {
    return this.#checked(log, () => this.#inner.entriesOfRow(log, row))
  }

  /** Whether what is found of a row is all of it, its own entries tell: `checkedSubject`. */
  async entriesOfRows(log: number, first: number, last: number): Promise<readonly FullEntry[]> {
    const { isErased } = await this.check(log)
    const decode = (entry: FullEntry) => valuesFit(log, entry, entry.payload, isErased)
    const entries = await this.#checked(log, () => this.#inner.entriesOfRows(log, first, last))
    return entries.map(entry => new CheckedEntry(entry, decode))
  }

  async page(log: number, from: number, end: number): Promise<readonly FullEntry[]> {
    const { isErased } = await this.check(log)
    const entries = await this.#ofWhole(log, () => this.#inner.page(log, from, end))
    for (const entry of entries) valuesFit(log, entry, entry.payload, isErased)
    return entries
  }

  async shortLog(log: number, end: number): Promise<ShortLog | null> {
    const { size } = (await this.check(log)).tree
    return size === 0 || size > end ? null : { head: await this.head(log), entries: await this.page(log, 0, end) }
  }

  /** The data of rows whose first entries are among those from `from` up to but without `end`, in their order. */
  async ingested(log: number, from: number, end: number): Promise<readonly Ingested[]> {
    const found: Ingested[] = []
    const entries = await this.#ofWhole(log, () => this.#inner.page(log, from, end))
    for (const { entry, data } of await this.#ingestedAmong(log, entries))
      if (data !== null) found.push({ entry, data })
    return found
  }

  /** The data of the rows from `first` to `last`, in their order. */
  async ingestedOfRows(log: number, first: number, last: number): Promise<readonly MaybeIngested[]> {
    const found = await this.#ingestedAmong(log, await this.entriesOfRows(log, first, last))
    // A column that was changed hides an entry from the index.
    const rows = new Set(found.map(({ entry }) => entry.row))
    for (let row = first; row <= last; row++)
      if (!rows.has(row)) throw new UnsoundRecord([`row ${grouped(row)} isn’t there`])
    return found
  }

  async #ingestedAmong(log: number, entries: readonly FullEntry[]): Promise<readonly MaybeIngested[]> {
    const { isErased } = await this.check(log)
    const found: MaybeIngested[] = []
    for (const entry of entries)
      if (isFirstOfRow(entry)) {
        const data = firstValue(entry, () => valuesFit(log, entry, entry.payload, isErased).payload)
        found.push({ entry, data, is_erased: isErased(entry.seq, 1) })
      }
    return found
  }

  async *entriesOfRun(log: number): AsyncIterable<StoredEntry> {
    yield* this.#each(log, this.#inner.entriesOfRun(log))
  }

  async entryWithValue(log: number, value: number): Promise<StoredEntry | null> {
    const found = await this.#inner.entryWithValue(log, value)
    const [entry = null] = await this.#ofWhole(log, async () => (found === null ? [] : [found]))
    return entry
  }

  async entriesAbout(log: number): Promise<readonly StoredEntry[]> {
    return this.#ofWhole(0, () => this.#inner.entriesAbout(log))
  }

  entriesOfBatch(log: number, batch: number): Promise<readonly StoredEntry[]> {
    return this.#checked(log, () => this.#inner.entriesOfBatch(log, batch))
  }

  async *entriesOfBatches(log: number): AsyncIterable<StoredEntry> {
    yield* this.#each(log, this.#inner.entriesOfBatches(log))
  }

  async *lastEntries(...of: Parameters<LedgerReader['lastEntries']>): AsyncIterable<StoredEntry> {
    yield* this.#each(of[0], this.#inner.lastEntries(...of))
  }

  /** As they are stored: the tree of these has a root that the seal names. */
  lastLeaves(...of: Parameters<LedgerReader['lastLeaves']>) {
    return this.#inner.lastLeaves(...of)
  }

  async #checked<T extends StoredEntry>(log: number, read: () => Promise<readonly T[]>): Promise<readonly T[]> {
    const checked = await this.check(log)
    const entries = await read()
    await checked.mustHave(entries)
    for (const entry of entries) mustBeOfItsSubject(entry)
    return entries
  }

  /** The same, where one that is missing would be missed by nobody. */
  async #ofWhole<T extends StoredEntry>(log: number, read: () => Promise<readonly T[]>): Promise<readonly T[]> {
    await (await this.check(log)).mustBeWhole()
    return this.#checked(log, read)
  }

  async *#each(log: number, entries: AsyncIterable<StoredEntry>): AsyncIterable<StoredEntry> {
    await (await this.check(log)).mustBeWhole()
    for await (const some of together(entries)) yield* soundOnes(some, each => this.#checked(log, async () => each))
  }

  async payload(log: number, seq: number): Promise<StoredPayload | null> {
    const [payload, entry] = [await this.#inner.payload(log, seq), await this.entry(log, seq)]
    if (entry !== null) valuesFit(log, entry, payload, (await this.check(log)).isErased)
    else if (payload !== null) throw new UnsoundRecord([strayPayload(seq)])
    return payload
  }

  async *payloads(log: number): AsyncIterable<StoredPayload> {
    const { isErased } = await this.check(log)
    const payloads = this.#inner.payloads(log)[Symbol.asyncIterator]()
    try {
      let payload = await payloads.next()
      for await (const entry of this.entries(log)) {
        if (payload.done !== true && payload.value.seq < entry.seq)
          throw new UnsoundRecord([strayPayload(payload.value.seq)])
        const own = payload.done !== true && payload.value.seq === entry.seq ? payload.value : null
        valuesFit(log, entry, own, isErased)
        if (own === null) continue
        yield own
        payload = await payloads.next()
      }
      if (payload.done !== true) throw new UnsoundRecord([strayPayload(payload.value.seq)])
    } finally {
      await payloads.return?.()
    }
  }

  async ending(log: number, token: number): Promise<StoredEnding | null> {
    const ending = await this.#inner.ending(log, token)
    const [found = null] = await this.#ofEntries(log, ending === null ? [] : [ending])
    return found
  }

  async *endings(log: number): AsyncIterable<StoredEnding> {
    await this.check(log)
    for await (const some of together(this.#inner.endings(log)))
      yield* soundOnes(some, each => this.#ofEntries(log, each))
  }

  async endingsBetween(log: number, first: number, last: number): Promise<readonly StoredEnding[]> {
    return this.#ofEntries(log, await this.#inner.endingsBetween(log, first, last))
  }

  /** Counted from the endings that are errors, each compared with its entry. */
  async errorCounts(log: number): Promise<readonly StoredErrorCount[]> {
    await this.check(log)
    const counts = await this.#inner.errorCounts(log)
    const compared = new Map<string, number>()
    for await (const ending of this.failedEndings(log)) {
      const key = `${ending.node} ${ending.error_code}`
      compared.set(key, (compared.get(key) ?? 0) + 1)
    }
    const wrong = counts.filter(({ node, error_code, count }) => compared.get(`${node} ${error_code}`) !== count)
    if (wrong.length > 0 || compared.size !== counts.length)
      throw new UnsoundRecord(['the table of endings says twice what went wrong, and not the same'])
    return counts
  }

  async *failedEndings(log: number): AsyncIterable<StoredEnding> {
    await this.check(log)
    for await (const some of together(this.#inner.failedEndings(log)))
      yield* soundOnes(some, each => this.#ofEntries(log, each))
  }

  async *openTokens(log: number): AsyncIterable<StoredOpenToken> {
    yield* (await this.#openTokens(log)).all
  }

  async openToken(log: number, token: number): Promise<StoredOpenToken | null> {
    return (await this.#openTokens(log)).get(token)
  }

  #openTokens(log: number): Promise<OpenTokens> {
    const open = this.#open.get(log) ?? OpenTokens.read(this, log, () => this.#inner.openTokens(log))
    this.#open.set(log, open)
    return open
  }

  async head(log: number): Promise<string | null> {
    await this.check(log)
    return this.#inner.head(log)
  }

  /** Endings of which the table says what their entries say. */
  async #ofEntries(log: number, endings: readonly StoredEnding[]): Promise<readonly StoredEnding[]> {
    const entries = await entriesOfEndings(this.#inner, log, endings, await this.check(log))
    for (const entry of entries.values()) mustBeOfItsSubject(entry)
    for (const ending of endings) mustBeOf(entries.get(ending.seq) ?? null, ending, log)
    return endings
  }

  // ── what isn't of one log, or says nothing of what was recorded ─────────────────────────────────────────────────────

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
  size(log: number) {
    return this.#inner.size(log)
  }
  firstRowFrom(log: number, seq: number) {
    return this.#inner.firstRowFrom(log, seq)
  }
  count(...of: Parameters<LedgerReader['count']>) {
    return this.#inner.count(...of)
  }
  chunks(log: number) {
    return this.#inner.chunks(log)
  }
  encryptedWith(log: number) {
    return this.#inner.encryptedWith(log)
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
  extents() {
    return this.#inner.extents()
  }
  logOf(run: string) {
    return this.#inner.logOf(run)
  }
  lease(log: number) {
    return this.#inner.lease(log)
  }
  heads(of?: LogRange) {
    return this.#inner.heads(of)
  }
  home() {
    return this.#inner.home()
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

/** As they come, first one, then more and more at once: who wants only the first doesn't wait for others. Entries of one tile stay together. */
async function* together<T extends { readonly seq: number }>(all: AsyncIterable<T>): AsyncIterable<readonly T[]> {
  let most = 1
  let some: T[] = []
  for await (const each of all) {
    const last = some.at(-1)
    if (last !== undefined && isEnough(some.length, most, tileOf(last.seq) !== tileOf(each.seq))) {
      yield some
      some = []
      most = Math.min(TILE_WIDTH, 2 * most)
    }
    some.push(each)
  }
  if (some.length > 0) yield some
}

function isEnough(count: number, most: number, at_end_of_tile: boolean): boolean {
  return count >= most || (at_end_of_tile && 2 * count >= most)
}

/** Checked together, which takes less; those before one that isn't sound are given all the same. */
async function* soundOnes<T>(
  some: readonly T[],
  check: (some: readonly T[]) => Promise<readonly T[]>,
): AsyncIterable<T> {
  const sound = await unlessUnsound(() => check(some))
  if (sound !== null) yield* sound
  else for (const each of some) yield* await check([each])
}

async function unlessUnsound<T>(check: () => Promise<T>): Promise<T | null> {
  try {
    return await check()
  } catch (error) {
    if (isCustodyError(error)) return null
    throw error
  }
}

/** The columns by which an entry is found are what its text says. No other key of an entry is `r`, and `b` is the first of all. */
function mustBeOfItsSubject({ seq, row, batch, body }: StoredEntry): void {
  const wrong = (what: string, stored: number | null) =>
    new UnsoundRecord([
      `${entryName(seq)} is listed as one of ${stored === null ? `no ${what}` : `${what} ${stored}`}, and isn’t`,
    ])
  if (numberIn(/"r":(\d+)/, body) !== row) throw wrong('row', row)
  if (numberIn(/^\{"b":(\d+)/, body) !== batch) throw wrong('batch', batch)
}

function numberIn(pattern: RegExp, body: string): number | null {
  const found = pattern.exec(body)?.[1]
  return found === undefined ? null : Number(found)
}

function strayPayload(seq: number): string {
  return `there is a payload of ${entryName(seq)}, and no such entry`
}

const NOTHING: Decoded = { entry: null, payload: null }

/** Values that are stored in full fit the commitments of their entry, and those that are gone were erased. Gives what was decoded. */
function valuesFit(
  log: number,
  { seq, row, body }: StoredEntry,
  stored: StoredPayload | null,
  isErased: CheckedLog['isErased'],
): Decoded {
  if (stored === null && !body.includes('"c":[')) return NOTHING
  const entry = isSubjectBody(row, body) ? readable(log, () => decodeSubjectEntry(seq, body)) : null
  const { commitments }: Pick<Commits, 'commitments'> = entry ?? readable(log, () => decodeRunEntry(seq, body))
  if (stored === null) {
    if (commitments.length > 0) throw new UnsoundRecord([missingValue(seq, 1)])
    return { entry, payload: null }
  }
  const payload = readable(log, () => decodePayload(stored))
  const { values, salts } = payload
  if (values.length !== commitments.length)
    throw new UnsoundRecord([
      `the payload of ${entryName(seq)} has ${counted(values.length, 'value')}, and it commits to ${grouped(commitments.length)}`,
    ])
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (value.kind === 'erased' && !isErased(seq, i + 1)) throw new UnsoundRecord([missingValue(seq, i + 1)])
    if (value.kind === 'full' && commitment(salts[i]!, canonicalize(value.value)) !== commitments[i])
      throw new UnsoundRecord([changedValue(seq, i + 1)])
  }
  return { entry, payload }
}
