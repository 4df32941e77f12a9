/**
 * The entries of a run that an index is of, one behind the other: those of its log; of a run with splits those of the splits that are closed, in
 * their order, up to the first that isn't. Their rows are counted through all of them, as in run-rows.ts.
 *
 * RUN-LOG-1. An entry that is there stays at its place, and its row has its number.
 */
import type { FullEntry, LedgerReader } from '../ledger/read-port.ts'
import { decodeRunEntry } from '../read/decode.ts'
import { readable } from '../read/runs/damaged.ts'
import { openingOf } from '../read/runs/run-log.ts'

/** A split that is closed. */
interface Part {
  readonly log: number
  /** Its entries: from this place on, up to but without the other. */
  readonly from: number
  readonly end: number
  readonly rows_before: number
  readonly rows: number
}

const NOTHING: Pick<Part, 'end' | 'rows_before' | 'rows'> = { end: 0, rows_before: 0, rows: 0 }

export class RunLog {
  readonly #reader: LedgerReader
  readonly #log: number
  /** 0: it has none. */
  readonly #splits: number
  /** Those that are known to be closed. */
  readonly #parts: Part[] = []

  private constructor(reader: LedgerReader, log: number, splits: number) {
    this.#reader = reader
    this.#log = log
    this.#splits = splits
  }

  static async of(reader: LedgerReader, log: number): Promise<RunLog> {
    const { splits = 0 } = await openingOf(reader, log)
    return new RunLog(reader, log, splits)
  }

  /** How many there are. */
  async size(): Promise<number> {
    if (this.#splits === 0) return this.#reader.size(this.#log)
    for (let part = this.#parts.length + 1; part <= this.#splits; part++)
      if (!(await this.#take(this.#log + part))) break
    return this.#parts.at(-1)?.end ?? 0
  }

  /** With those of splits that aren't closed, or come behind one that isn't. */
  async sizeOfAll(): Promise<number> {
    let size = await this.size()
    const closed = this.#splits === 0 ? 0 : this.#parts.length
    for (let part = closed + 1; part <= this.#splits; part++) size += await this.#reader.size(this.#log + part)
    return size
  }

  async #take(log: number): Promise<boolean> {
    const size = await this.#reader.size(log)
    const last = size === 0 ? null : await this.#reader.entry(log, size - 1)
    if (last?.body.includes('"k":"close"') !== true) return false
    const { facts } = readable(log, () => decodeRunEntry(last.seq, last.body))
    if (facts.k !== 'close') return false
    const { end: from, rows_before, rows } = this.#parts.at(-1) ?? NOTHING
    const own = { rows_before: rows_before + rows, rows: facts.totals.rows.read }
    this.#parts.push({ log, from, end: from + size, ...own })
    return true
  }

  /** From `from` up to but without `end`, which may be given in several pages: those that are missing come next. */
  async page(from: number, end: number): Promise<readonly FullEntry[]> {
    if (this.#splits === 0) return this.#reader.page(this.#log, from, end)
    const part = this.#partOf(from)
    if (part === null) return []
    const entries = await this.#reader.page(part.log, from - part.from, Math.min(end, part.end) - part.from)
    return entries.map(each => ({
      ...each,
      seq: part.from + each.seq,
      row: each.row === null ? null : part.rows_before + each.row,
    }))
  }

  /** Behind the page that begins there. */
  pageEnd(from: number, end: number): number {
    return this.#splits === 0 ? end : Math.min(end, this.#partOf(from)?.end ?? end)
  }

  /** Its leaf hash; empty if it isn't there. */
  async leaf(at: number): Promise<string> {
    const part = this.#splits === 0 ? { log: this.#log, from: 0 } : this.#partOf(at)
    const [leaf = ''] = part === null ? [] : await this.#reader.leaves(part.log, at - part.from, 1)
    return leaf
  }

  /** The lowest row of which entries from this one on tell: of its split, since all rows of others are higher. Null if there is none. */
  async firstRowFrom(at: number): Promise<number | null> {
    if (this.#splits === 0) return this.#reader.firstRowFrom(this.#log, at)
    const part = this.#partOf(at)
    if (part === null) return null
    const row = await this.#reader.firstRowFrom(part.log, at - part.from)
    return row === null ? null : part.rows_before + row
  }

  async isEncrypted(): Promise<boolean> {
    for (let part = 0; part <= this.#splits; part++)
      if ((await this.#reader.encryptedWith(this.#log + part)) !== null) return true
    return false
  }

  /** The split that has it. */
  #partOf(at: number): Part | null {
    let [low, high] = [0, this.#parts.length - 1]
    while (low <= high) {
      const middle = (low + high) >>> 1
      const part = this.#parts[middle]
      if (part === undefined) return null
      if (at < part.from) high = middle - 1
      else if (at >= part.end) low = middle + 1
      else return part
    }
    return null
  }
}
