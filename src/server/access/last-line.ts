/** Lines of a file from its end, without reading all of it. */
import type { FileHandle } from 'node:fs/promises'

const BLOCK_BYTES = 65_536
const NEWLINE = 10

export interface LineAt {
  readonly text: string
  /** Offset of its first byte. */
  readonly at: number
  /** Whether it ends with a newline. */
  readonly is_whole: boolean
}

/** null of an empty file. */
export async function lastLine(file: FileHandle): Promise<LineAt | null> {
  for await (const line of linesBefore(file, (await file.stat()).size)) return line
  return null
}

/** Those that begin before offset `end`, which is where a line begins, or the end of the file; the last one first. */
export async function* linesBefore(file: FileHandle, end: number): AsyncGenerator<LineAt> {
  let rest = Buffer.alloc(0)
  let is_whole = false
  for (let from = end; from > 0; ) {
    const size = Math.min(BLOCK_BYTES, from)
    from -= size
    const block = Buffer.alloc(size)
    await file.read(block, 0, size, from)
    rest = Buffer.concat([block, rest])
    for (;;) {
      const searched = rest.at(-1) === NEWLINE ? rest.length - 2 : rest.length - 1
      const newline = searched < 0 ? -1 : rest.lastIndexOf(NEWLINE, searched)
      if (newline === -1) break
      is_whole = rest.at(-1) === NEWLINE
      yield lineOf(rest.subarray(newline + 1), from + newline + 1, is_whole)
      rest = rest.subarray(0, newline + 1)
    }
  }
  if (rest.length > 0) yield lineOf(rest, 0, rest.at(-1) === NEWLINE)
}

function lineOf(bytes: Buffer, at: number, is_whole: boolean): LineAt {
  return { text: bytes.toString('utf8').replace(/\n$/, ''), at, is_whole }
}
