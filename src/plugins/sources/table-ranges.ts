/**
 * Cuts a file that is no text into ranges, where its format says that it has parts which can be read without the others.
 *
 * TABLE-RANGES-1. Ranges follow each other: each byte of the file is in one, and so is each record. What says where parts are (a footer) is in the
 *     last, and whoever reads a range reads it, too: it must be what it was when the file was cut.
 */
import { createHash } from 'node:crypto'
import type { CutLimits } from '../../sdk/spec.ts'
import type { RandomAccess } from './byte-reader.ts'
import type { FileRange, Position } from './one-file.ts'

/** Records that can be read without others. */
export interface TablePart {
  /** Behind its last byte, and all that stands before the next part; of the last one all that the file has. */
  readonly end: number
  /** How many records the file has up to there. */
  readonly records: number
}

export interface TableLayout {
  /** As they lie in the file. */
  readonly parts: readonly TablePart[]
  /** Lower-case hex SHA-256 of what says where they are. */
  readonly sha256: string
}

const HASHED_BYTES = 1024 * 1024

/** Each end is moved to where a part begins or ends, whichever is nearer. @throws the signal's reason; CustodyError CUSTODY_SOURCE. */
export async function cutTable(
  access: RandomAccess,
  { parts, sha256: layout }: TableLayout,
  ends: readonly number[],
  { signal, most_records = Number.POSITIVE_INFINITY }: CutLimits,
): Promise<readonly FileRange[]> {
  const places = placesIn(parts, access.bytes, most_records)
  const ranges: FileRange[] = []
  let before: TablePart = BEGINNING
  for (const place of [...ends.map(end => nearest(places, end)), places.at(-1) ?? BEGINNING]) {
    const place_of = ({ end, records }: TablePart): Position => ({
      offset: end,
      line: records + 1,
      record: records,
      layout,
    })
    ranges.push({
      from: ranges.length === 0 ? null : place_of(before),
      to: { ...place_of(place), size: access.bytes },
      records_before: before.records,
      records: place.records - before.records,
      line: before.records + 1,
      bytes: place.end - before.end,
      sha256: await hashed(access, before.end, place.end, signal),
    })
    before = place
  }
  return ranges
}

const BEGINNING: TablePart = { end: 0, records: 0 }

/** Where ranges may begin and end; with a limit the last one is where it is reached. */
function placesIn(parts: readonly TablePart[], bytes: number, most: number): readonly TablePart[] {
  const reached = parts.findIndex(({ records }) => records >= most)
  const all = parts.length === 0 ? [{ end: bytes, records: 0 }] : parts
  const read = reached === -1 ? all : all.slice(0, reached + 1)
  return [BEGINNING, ...read.map(({ end, records }) => ({ end, records: Math.min(records, most) }))]
}

function nearest(places: readonly TablePart[], end: number): TablePart {
  let found = BEGINNING
  for (const place of places) if (Math.abs(place.end - end) < Math.abs(found.end - end)) found = place
  return found
}

async function hashed(access: RandomAccess, from: number, to: number, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for (let at = from; at < to; at += HASHED_BYTES) {
    signal.throwIfAborted()
    hash.update(await access.read(at, Math.min(HASHED_BYTES, to - at)))
  }
  return hash.digest('hex')
}
