/**
 * Builds and keeps the index of a ledger: the newest runs first, then whatever comes. Runs of which reading all takes no time have none.
 */
import { existsSync } from 'node:fs'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { isCustodyError } from '../../model/error.ts'
import { RunLog } from '../run-log.ts'
import { isSealed } from './ends.ts'
import { indexedRuns, RunFolder, removeGone } from './index-folder.ts'
import { type Pace, RunIndexer, Workshop } from './run-indexer.ts'
import { INDEX_SIZES, type IndexSizes } from './sizes.ts'

export interface IndexingOptions {
  /** The folder. */
  readonly index: string
  /** The ledger's id. */
  readonly ledger: string
  readonly sizes?: IndexSizes
}

/** Who has written nothing for so long isn't at it just now. */
const QUIET_MS = 5_000

interface Known {
  readonly log: number
  readonly run: string
  /** null: it wasn't looked at. */
  entries: RunLog | null
  /** Entries that it had when it was last looked at. */
  size: number
  indexer: RunIndexer | null
}

export class Indexing {
  readonly #reader: LedgerReader
  readonly #index: string
  readonly #ledger: string
  readonly #pace: Pace
  readonly #workshop: Workshop
  /** By log: those of which something may be missing, the newest first. */
  #open = new Map<number, Known>()
  #highest = 0
  /** How many entries of log 0 were looked at. */
  #zero = 0
  /** By run: where log 0 has the last erasure of its values. */
  readonly #erased = new Map<string, number>()
  /** Runs that are being written, as far as is known. */
  readonly #written = new Map<number, { readonly entries: RunLog; size: number; grown_ms: number }>()

  constructor(reader: LedgerReader, { index, ledger, sizes }: IndexingOptions, pace: Pace) {
    this.#workshop = new Workshop(sizes ?? INDEX_SIZES)
    this.#reader = reader
    this.#index = index
    this.#ledger = ledger
    this.#pace = pace
  }

  /** Whether a run is being written just now: it is to be let go first. */
  async isWritten(): Promise<boolean> {
    const now_ms = performance.now()
    for (const [log, known] of this.#written) {
      const size = await known.entries.sizeOfAll()
      if (size > known.size) {
        known.size = size
        known.grown_ms = now_ms
      }
      if (now_ms - known.grown_ms > QUIET_MS || (await isSealed(this.#reader, log))) this.#written.delete(log)
    }
    return this.#written.size > 0
  }

  /** Does what is to be done now. @throws CustodyError if the ledger can't be read; Error of the system if the index can't be written. */
  async round(): Promise<void> {
    if (this.#highest > 0 && !existsSync(this.#index)) this.#forgetAll()
    if (this.#highest === 0) await this.#removeStrays()
    await this.#readZero()
    await this.#findNew()
    for (const known of [...this.#open.values()]) await this.#keep(known)
  }

  #forgetAll(): void {
    this.#open = new Map()
    this.#highest = 0
  }

  /** What was left behind, and runs that the ledger hasn't. */
  async #removeStrays(): Promise<void> {
    removeGone(this.#index)
    for (const run of indexedRuns(this.#index))
      if ((await this.#reader.logOf(run)) === null) new RunFolder(this.#index, run).forget()
  }

  async #readZero(): Promise<void> {
    for await (const { seq, body } of this.#reader.entries(0, this.#zero)) {
      this.#zero = seq + 1
      if (!body.includes('"k":"erase"')) continue
      const [, run = ''] = /"run":"([0-9a-f-]{36})"/.exec(body) ?? []
      this.#erased.set(run, seq)
      const log = await this.#reader.logOf(run)
      if (log !== null && log <= this.#highest) this.#open.set(log, { log, run, entries: null, size: 0, indexer: null })
    }
  }

  async #findNew(): Promise<void> {
    const found: Known[] = []
    for await (const { log, run } of this.#reader.newestLogs()) {
      if (log <= this.#highest) break
      if (run !== null) found.push({ log, run, entries: null, size: 0, indexer: null })
    }
    if (found.length === 0) return
    this.#highest = found[0]?.log ?? this.#highest
    this.#open = new Map([...found.map(each => [each.log, each] as const), ...this.#open])
  }

  /** null: its beginning, or the end of one of its splits, can't be read, which is kept as its trouble. */
  async #entriesOf(known: Known): Promise<RunLog | null> {
    try {
      known.entries ??= await RunLog.of(this.#reader, known.log)
      await known.entries.size()
      return known.entries
    } catch (error) {
      if (!isCustodyError(error)) throw error
      new RunFolder(this.#index, known.run).trouble = error.message
      this.#open.delete(known.log)
      return null
    }
  }

  async #keep(known: Known): Promise<void> {
    const { log, run } = known
    const { few_entries } = this.#workshop.sizes
    const entries = await this.#entriesOf(known)
    if (entries === null) return
    const is_sealed = await isSealed(this.#reader, log)
    const [size, all] = [await entries.size(), await entries.sizeOfAll()]
    if (!is_sealed && all > known.size) this.#written.set(log, { entries, size: all, grown_ms: performance.now() })
    known.size = all
    if (is_sealed && size < few_entries) this.#open.delete(log)
    if (size < few_entries) return
    const folder = new RunFolder(this.#index, run)
    if (known.indexer === null) {
      const of = { ledger: this.#ledger, run, log }
      known.indexer = new RunIndexer({ reader: this.#reader, log: entries }, folder, of, this.#workshop, this.#pace)
      await known.indexer.clean(this.#erased.get(run) ?? -1)
    }
    const { end } = known.indexer
    if (end < size && (is_sealed || size - end >= few_entries)) await known.indexer.build()
    if (is_sealed && (known.indexer.end >= size || folder.trouble !== null)) this.#open.delete(log)
  }
}
