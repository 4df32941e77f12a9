/**
 * Cuts an input into ranges of whole records. A format gives the counter that finds where records end.
 *
 * RECORD-RANGES-1. A range ends right behind what stands before the first record, right behind a record, or with the input.
 * RECORD-RANGES-2. Bytes are read once, and kept only until they are hashed.
 */
import type { CutLimits } from '../../sdk/spec.ts'
import { type ByteReader, type InputPlace, inputName, sourceChanged } from './byte-reader.ts'
import type { FileRange, Position } from './one-file.ts'
import type { TextWindow } from './text-window.ts'

/** Finds the records that a format's scanner finds, rejected ones included, and makes nothing of them. */
export interface RecordCounter {
  /** How many it has gone behind. */
  readonly records: number
  /**
   * Goes behind records from `window.at` on, and moves it, until `records` is `most`, or it is behind a record that ends at an index greater than
   * `until`: true; or until the window has no complete one left: false. When the window has ended, everything in it is taken.
   */
  pass(window: TextWindow, until: number, most: number): boolean
  /** Where to continue behind what was taken. */
  position(window: TextWindow): Position
}

/**
 * @param bytes hashes; nothing was asked of it yet
 * @param window behind what stands before the first record
 * @param size of the input, in bytes
 * @throws CustodyError CUSTODY_SOURCE_CHANGED if there are fewer; what the counter throws; the signal's reason.
 */
export async function cutRecords(
  bytes: ByteReader,
  window: TextWindow,
  counter: RecordCounter,
  ends: readonly number[],
  size: number,
  { signal, most_records = Number.POSITIVE_INFINITY }: CutLimits,
): Promise<readonly FileRange[]> {
  const ranges: FileRange[] = []
  let from: Position | null = null
  let records_before = 0
  const end = (at: Position) => {
    ranges.push(rangeOf(from, at, size, { records_before, records: counter.records - records_before }, bytes))
    from = at
    records_before = counter.records
  }
  const endAllBefore = (at: Position) => {
    while ((ends[ranges.length] ?? Number.POSITIVE_INFINITY) < at.offset) end(at)
  }
  endAllBefore(counter.position(window))
  while (counter.records < most_records) {
    signal.throwIfAborted()
    const next = ends[ranges.length] ?? Number.POSITIVE_INFINITY
    const until = (next - window.offsetOf(0)) / window.encoding.unit
    if (counter.pass(window, until, most_records)) endAllBefore(counter.position(window))
    else if (window.ended) break
    else {
      bytes.hashUpTo(window.offsetOf(window.at))
      await window.grow()
    }
  }
  if (window.ended && window.end < size) throw shrunk(bytes.place, window.end, size)
  const last = counter.position(window)
  while (ranges.length <= ends.length) end(last)
  return ranges
}

function rangeOf(
  from: Position | null,
  to: Position,
  size: number,
  counts: Pick<FileRange, 'records_before' | 'records'>,
  bytes: ByteReader,
): FileRange {
  const sha256 = bytes.hashUpTo(to.offset)
  bytes.hashFrom(to.offset)
  const line = from?.line ?? 1
  return { from, to: { ...to, size }, ...counts, line, bytes: to.offset - (from?.offset ?? 0), sha256 }
}

/** @returns a CustodyError of code CUSTODY_SOURCE_CHANGED. */
export function shrunk(place: InputPlace, bytes: number, expected: number): Error {
  return sourceChanged(place, `${inputName(place)} has ${bytes} bytes, and had ${expected} when it was cut`)
}
