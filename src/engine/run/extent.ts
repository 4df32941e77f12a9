/** How far the sources of a run are, in bytes: for people only, nothing is decided by it. */
import type { SourceReader } from '../nodes/source/source-reader.ts'

/** Of all sources together. */
export interface BytesRead {
  /** Before this process began with the run. */
  readonly before: number
  readonly read: number
  readonly total: number
}

/** Looks at the sizes now; the function tells how far the sources are, or null if one of them doesn't know. */
export async function extentOf(readers: readonly SourceReader[]): Promise<() => BytesRead | null> {
  // A source that is done isn't read any more: what it had is what there was, whatever has become of its file.
  const sizes = await Promise.all(readers.map(reader => (reader.done ? bytesOf(reader) : sizeOf(reader))))
  const total = sum(sizes)
  const before = sum(readers.map(bytesOf))
  if (total === null || before === null) return () => null
  return () => {
    const read = sum(readers.map(bytesOf))
    return read === null ? null : { before, read, total }
  }
}

// Whatever a source throws here is no reason to stop a run (I11): it then doesn't know.
async function sizeOf({ source }: SourceReader): Promise<number | null> {
  try {
    return (await source.size?.()) ?? null
  } catch {
    return null
  }
}

function bytesOf(reader: SourceReader): number | null {
  try {
    return reader.bytes
  } catch {
    return null
  }
}

function sum(numbers: ReadonlyArray<number | null>): number | null {
  return numbers.reduce((total, each) => (total === null || each === null ? null : total + each), 0)
}
