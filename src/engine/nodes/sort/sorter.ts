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
interface Merged {
  readonly from: Stream
  head: SortRecord
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
    if (this.#merge !== null) throw new CustodyError('CUSTODY_ENGINE_DEFECT', 'a row comes to a sort whose input had ended')
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

  close(): void {}
}

/** Several streams, each in order, as one. A stream is closed at its end. */
class Merge implements Stream {
  /** A binary heap: the least head first. */
  readonly #heap: Merged[] = []

  constructor(streams: readonly Stream[]) {
    for (const from of streams) {
      const head = from.next()
      if (head === null) from.close()
      else this.#rise({ from, head })
    }
  }

  next(): SortRecord | null {
    const [least] = this.#heap
    if (least === undefined) return null
    const { head } = least
    const following = least.from.next()
    if (following !== null) {
      least.head = following
      this.#sink(least)
    } else {
      least.from.close()
      const last = this.#heap.pop() as Merged
      if (last !== least) this.#sink(last)
    }
    return head
  }

  close(): void {
    for (const { from } of this.#heap) from.close()
  }

  #rise(each: Merged): void {
    const heap = this.#heap
    let at = heap.push(each) - 1
    while (at > 0) {
      const up = (at - 1) >> 1
      const above = heap[up] as Merged
      if (above.head.key <= each.head.key) break
      heap[at] = above
      at = up
    }
    heap[at] = each
  }

  /** Puts one at the top, and lets it go down to its place. */
  #sink(each: Merged): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      if (left >= heap.length) break
      const right = left + 1
      const down = right < heap.length && (heap[right] as Merged).head.key < (heap[left] as Merged).head.key ? right : left
      const below = heap[down] as Merged
      if (each.head.key <= below.head.key) break
      heap[at] = below
      at = down
    }
    heap[at] = each
  }
}
