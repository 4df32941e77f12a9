/**
 * Puts any number of records in order with little memory: what doesn't fit into it goes into files, each in order, which are
 * merged as they are read.
 *
 *   add, add, … ──► prepare until it is true ──► next, next, … null
 *
 * SORTER-1. Memory: at most `memory_bytes` of records, and a block of each of MOST_MERGED files.
 * SORTER-2. No call takes long: `prepare` does a slice of its work at a time.
 */
import { CustodyError } from '../../../model/error.ts'
import type { Spill } from '../../ports/spill.ts'
import { Heap } from '../../replay/heap.ts'
import { type RunFile, RunWriter, type SortRecord } from './run-file.ts'

export type { SortRecord } from './run-file.ts'

/** Files that are read at once. With 16 MiB of memory they are a gigabyte; of more, some are merged first. */
const MOST_MERGED = 64
/** What a record takes beside its characters. */
const RECORD_BYTES = 112
/** Records that one call of `prepare` merges. */
const SLICE = 20_000

interface Stream {
  next(): SortRecord | null
  close(): void
}
/** The next record of a stream. */
interface Head {
  readonly from: Stream
  readonly record: SortRecord
}

export class Sorter {
  /** Records that are still to be given. */
  size = 0
  readonly #spill: Spill
  readonly #most_merged: number
  #buffer: SortRecord[] = []
  #bytes = 0
  #runs: RunFile[] = []
  /** Files that are being made one. */
  #merging: { readonly merge: Merge; readonly writer: RunWriter } | null = null
  /** null until all is there. */
  #merge: Merge | null = null

  constructor(spill: Spill, most_merged = MOST_MERGED) {
    this.#spill = spill
    this.#most_merged = most_merged
  }

  /** @throws CustodyError CUSTODY_SPILL. */
  add(record: SortRecord): void {
    if (this.#merge !== null)
      throw new CustodyError('CUSTODY_ENGINE_DEFECT', 'a row comes to a sort or a join whose input had ended')
    this.size++
    this.#buffer.push(record)
    // Most texts take one byte a character, and may take two.
    this.#bytes += record.key.length + 2 * record.body.length + RECORD_BYTES
    if (this.#bytes > this.#spill.memory_bytes) this.#writeRun()
  }

  /** All is there. False: it isn't done yet, and is to be called again. @throws CustodyError CUSTODY_SPILL. */
  prepare(): boolean {
    if (this.#merge !== null) return true
    if (this.#runs.length >= this.#most_merged || this.#merging !== null) {
      this.#mergeSome()
      return false
    }
    const rest = new InMemory(inOrder(this.#buffer))
    this.#buffer = []
    this.#merge = new Merge([...this.#runs, rest])
    this.#runs = []
    return true
  }

  /** The next in order; null when all were given. To be called when `prepare` was true. @throws CustodyError CUSTODY_SPILL. */
  next(): SortRecord | null {
    const record = this.#merge?.next() ?? null
    if (record !== null) this.size--
    return record
  }

  /** Lets go of its files. */
  close(): void {
    for (const run of this.#runs) run.close()
    this.#merging?.merge.close()
    this.#merging?.writer.close()
    this.#merge?.close()
  }

  #writeRun(): void {
    const writer = new RunWriter(this.#spill)
    try {
      for (const record of inOrder(this.#buffer)) writer.add(record)
      this.#runs.push(writer.finish())
    } catch (thrown) {
      writer.close()
      throw thrown
    }
    this.#buffer = []
    this.#bytes = 0
  }

  #mergeSome(): void {
    this.#merging ??= {
      merge: new Merge(this.#runs.splice(0, this.#most_merged)),
      writer: new RunWriter(this.#spill),
    }
    const { merge, writer } = this.#merging
    for (let i = 0; i < SLICE; i++) {
      const record = merge.next()
      if (record === null) {
        this.#runs.push(writer.finish())
        this.#merging = null
        return
      }
      writer.add(record)
    }
  }
}

function inOrder(records: SortRecord[]): SortRecord[] {
  return records.sort((a, b) => (a.key < b.key ? -1 : 1))
}

class InMemory implements Stream {
  readonly #records: (SortRecord | null)[]
  #at = 0

  constructor(records: SortRecord[]) {
    this.#records = records
  }

  next(): SortRecord | null {
    const record = this.#records[this.#at] ?? null
    this.#records[this.#at++] = null
    return record
  }

  close(): void {
    this.#records.length = 0
  }
}

/** Several streams, each in order, as one. A stream is closed at its end. */
class Merge implements Stream {
  readonly #heads = new Heap<Head>((one, other) => one.record.key < other.record.key)

  constructor(streams: readonly Stream[]) {
    for (const from of streams) this.#follow(from)
  }

  next(): SortRecord | null {
    const { least } = this.#heads
    if (least === undefined) return null
    this.#heads.drop()
    this.#follow(least.from)
    return least.record
  }

  close(): void {
    for (let head = this.#heads.least; head !== undefined; head = this.#heads.least) {
      head.from.close()
      this.#heads.drop()
    }
  }

  #follow(from: Stream): void {
    const record = from.next()
    if (record === null) from.close()
    else this.#heads.add({ from, record })
  }
}

const HALF = 0x1_0000_0000
const ordinal_bytes = Buffer.alloc(8)

/** A number as part of a key: the smaller first. */
export function ordinalBytes(ordinal: number): string {
  ordinal_bytes.writeUInt32BE(Math.floor(ordinal / HALF), 0)
  ordinal_bytes.writeUInt32BE(ordinal % HALF, 4)
  return ordinal_bytes.toString('latin1')
}
