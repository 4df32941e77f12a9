/**
 * Builds the index of one run: segments of its log, one behind the other, as far as the log goes.
 *
 * RUN-INDEXER-1. A segment gets its place only if no erasure of the run's values was recorded since its first entry was read: what is erased is
 *     recorded first and forgotten by the index then (index-folder.ts).
 */
import { type FullEntry, isReadable, type LedgerReader } from '../../ledger/read-port.ts'
import { isCustodyError } from '../../model/error.ts'
import { openingOf } from '../../read/runs/run-log.ts'
import { plainEntry } from '../row-facts.ts'
import type { RunLog } from '../run-log.ts'
import { EntryTerms } from '../terms.ts'
import type { RunFolder, SegmentName } from './index-folder.ts'
import { type OfRun, Segment } from './segment.ts'
import { SegmentBuilder } from './segment-builder.ts'
import { SegmentFile, writeSegment } from './segment-file.ts'
import type { IndexSizes } from './sizes.ts'

/** Entries that are read in one go. */
const PAGE_ENTRIES = 512
/** Called after each page, of which it is said how long it took: lets others go first. */
export type Pace = (worked_ms: number) => Promise<void>

/** A thread's room for building. */
export class Workshop {
  readonly sizes: IndexSizes
  #builder: SegmentBuilder | null = null

  constructor(sizes: IndexSizes) {
    this.sizes = sizes
  }

  begin(terms: EntryTerms): SegmentBuilder {
    this.#builder = this.#builder?.next(terms) ?? SegmentBuilder.begin(terms, this.sizes)
    return this.#builder
  }
}

export class RunIndexer {
  readonly #reader: LedgerReader
  readonly #folder: RunFolder
  readonly #of: OfRun
  readonly #workshop: Workshop
  readonly #pace: Pace
  readonly #log: RunLog
  #terms: EntryTerms | null = null

  constructor(
    { reader, log }: { readonly reader: LedgerReader; readonly log: RunLog },
    folder: RunFolder,
    of: OfRun,
    workshop: Workshop,
    pace: Pace,
  ) {
    this.#reader = reader
    this.#log = log
    this.#folder = folder
    this.#of = of
    this.#workshop = workshop
    this.#pace = pace
  }

  /**
   * Removes what isn't of this log as it is now, or was damaged. `erased`: of the last erasure of its values, where log 0 has it; −1 if there
   * is none.
   */
  async clean(erased: number): Promise<void> {
    this.#folder.removeDrafts()
    this.#folder.trouble = null
    await this.#log.size()
    let sound = 0
    for (const name of this.#folder.chain()) {
      if (!(await this.#isRight(name, erased))) break
      sound = name.end
    }
    this.#folder.remove(this.#folder.all().filter(({ end }) => end > sound))
    this.#removeCovered()
  }

  async #isRight(name: SegmentName, erased: number): Promise<boolean> {
    const segment = Segment.open(name, this.#of)
    segment?.close()
    const file = segment === null ? null : SegmentFile.open(name.path)
    if (file === null) return false
    const { last_leaf, zero } = file.head
    const is_sound = file.isSound
    file.close()
    return is_sound && (await this.#log.leaf(name.end - 1)) === last_leaf && zero > erased
  }

  /** Those that a longer one stands for. */
  #removeCovered(): void {
    const used = new Set(this.#folder.chain().map(({ path }) => path))
    this.#folder.remove(this.#folder.all().filter(({ path }) => !used.has(path)))
  }

  /** Up to which entry it goes. */
  get end(): number {
    return this.#folder.chain().at(-1)?.end ?? 0
  }

  /**
   * Builds until it has all entries that there are. What can't be read is kept as the trouble that it is. Gives up to which entry it goes.
   * @throws Error of the system, as where the disk is full.
   */
  async build(): Promise<number> {
    try {
      if (await this.#log.isEncrypted()) {
        this.#folder.trouble = 'its values are encrypted, and an index would have them in plain'
        return this.end
      }
      await this.#build(this.end, await this.#log.size())
      await this.#join()
    } catch (error) {
      if (!isCustodyError(error)) throw error
      this.#folder.trouble = error.message
    }
    return this.end
  }

  /** Short ones at the end become one. */
  async #join(): Promise<void> {
    const { short_entries, most_short } = this.#workshop.sizes
    const chain = this.#folder.chain()
    const short = chain.length - 1 - chain.findLastIndex(({ from, end }) => end - from >= short_entries)
    if (short < most_short) return
    await this.#build(chain.at(-short)?.from ?? 0, this.end)
    this.#removeCovered()
  }

  async #build(from: number, end: number): Promise<void> {
    const { log } = this.#of
    this.#terms ??= new EntryTerms((await openingOf(this.#reader, log)).topology)
    let [first, at] = [from, from]
    let zero = await this.#reader.size(0)
    let builder = this.#workshop.begin(this.#terms)
    while (at < end) {
      const begun_ms = performance.now()
      const page_end = this.#log.pageEnd(at, Math.min(end, at + PAGE_ENTRIES))
      for (const entry of await this.#log.page(at, page_end)) {
        at = entry.seq + 1
        if (entry.row !== null) builder.add(entry.row, plainEntry(log, entry), lengthOf(entry))
        if (builder.isFull) break
      }
      if (!builder.isFull) at = page_end
      if (builder.isFull || at === end) {
        if (!(await this.#placed(builder, first, at, zero))) return
        first = at
        zero = await this.#reader.size(0)
        builder = this.#workshop.begin(this.#terms)
      }
      await this.#pace(performance.now() - begun_ms)
    }
  }

  async #placed(builder: SegmentBuilder, from: number, end: number, zero: number): Promise<boolean> {
    const { ledger, run } = this.#of
    const last_leaf = await this.#log.leaf(end - 1)
    const last_row = Math.max(builder.last_row, this.#lastRowBefore(from))
    const draft = this.#folder.draft()
    writeSegment(draft, { ledger, run, from, end, last_leaf, zero, last_row }, builder.content())
    if ((await erasedOf(this.#reader, run, zero)) === -1) return this.#folder.place(draft, from, end)
    this.#folder.forget()
    return false
  }

  #lastRowBefore(from: number): number {
    const before = this.#folder.all().find(({ end }) => end === from)
    const file = before === undefined ? null : SegmentFile.open(before.path)
    file?.close()
    return file?.head.last_row ?? 0
  }
}

/** Where log 0, from an entry on, has the last erasure of values of a run; −1 if it has none. */
async function erasedOf(reader: LedgerReader, run: string, from: number): Promise<number> {
  let found = -1
  for await (const { seq, body } of reader.entries(0, from))
    if (body.includes('"k":"erase"') && body.includes(`"run":"${run}"`)) found = seq
  return found
}

/** Of its values, as they are stored. */
function lengthOf({ payload }: FullEntry): number {
  return payload !== null && isReadable(payload) ? payload.body.length : 0
}
