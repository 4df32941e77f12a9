/**
 * What stands in the one file in which a run gathers rows for many files, until it is known which files there are: texts of rows, each
 * with the number of its file, and what is known of files, in the order in which it came.
 *
 * ROW-SPOOL-1. What stands up to a receipt is all that it takes to continue from there: files, their formats' states, their rows.
 */
import { ByteText } from '../../model/byte-text.ts'
import { parseJson } from '../../model/json.ts'
import type { Json } from '../../model/row.ts'
import type { FileFacts, FileSystem } from './file-system.ts'

/** What stood at a path when the run first had a row for it. */
export type Found = Pick<FileFacts, 'id' | 'bytes' | 'changed'>

export type Frame =
  /** A file, by the next number from 0 on. */
  | { readonly kind: 'file'; readonly names: string; readonly path: string; readonly found: Found | null }
  /** The state of its format, since the last row. */
  | { readonly kind: 'state'; readonly file: number; readonly state: Json }
  /** Of one row, or a part of that. */
  | { readonly kind: 'text'; readonly file: number; readonly text: Buffer; readonly ends_row: boolean }

const FILE = 0x46
const STATE = 0x53
const ROW = 0x52
const BLANK = 0x20
const BREAK = 0x0a
const PIECE_BYTES = 1024 * 1024
const NOTHING: Buffer = Buffer.alloc(0)

/** Frames that aren't in the file yet. */
export class SpoolText {
  #text = new ByteText()
  #other = new ByteText()

  file({ names, path, found }: Omit<Extract<Frame, { kind: 'file' }>, 'kind'>): void {
    this.#json(FILE, JSON.stringify({ names, path, found }))
  }

  state(file: number, state: string): void {
    const text = this.#text
    text.byte(STATE)
    text.number(file)
    this.#json(BLANK, state)
  }

  row(file: number, row: string): void {
    const text = this.#text
    text.byte(ROW)
    text.number(file)
    text.byte(BLANK)
    text.number(Buffer.byteLength(row))
    text.byte(BREAK)
    text.text(row)
  }

  /** All of it; what comes next goes elsewhere. To be cleared when it is written. */
  take(): ByteText {
    const full = this.#text
    this.#text = this.#other
    this.#other = full
    return full
  }

  clear(): void {
    this.#text.clear()
    this.#other.clear()
  }

  #json(kind: number, json: string): void {
    this.#text.byte(kind)
    this.#text.text(json)
    this.#text.byte(BREAK)
  }
}

/** The frames in the first `bytes` bytes of a file that such texts were written to, many at a time. */
export async function* framesIn(
  files: FileSystem,
  path: string,
  bytes: number,
): AsyncGenerator<readonly Frame[], void, undefined> {
  const file = files.open(path, 'read')
  try {
    let held = NOTHING
    /** Of the row at hand: whose it is, and how much of it is to come. */
    let owner = 0
    let left = 0
    for (let from = 0; from < bytes || held.length > 0; ) {
      const size = Math.min(PIECE_BYTES, bytes - from)
      const piece = Buffer.allocUnsafeSlow(size)
      const count = size === 0 ? 0 : await file.read(piece, size, from)
      if (count === 0) throw new Error(`${path} ends in the middle of a row`)
      from += count
      const part = held.length === 0 ? piece.subarray(0, count) : Buffer.concat([held, piece.subarray(0, count)])
      const frames: Frame[] = []
      let at = 0
      for (;;) {
        if (left > 0) {
          const text = part.subarray(at, at + left)
          at += text.length
          left -= text.length
          if (text.length > 0) frames.push({ kind: 'text', file: owner, text, ends_row: left === 0 })
          if (left > 0) break
        }
        const end = part.indexOf(BREAK, at)
        if (end === -1) break
        const header = headerOf(part, at, end)
        at = end + 1
        if (header.kind !== 'row') frames.push(header)
        else if (header.bytes > 0) [owner, left] = [header.file, header.bytes]
        else frames.push({ kind: 'text', file: header.file, text: NOTHING, ends_row: true })
      }
      held = part.subarray(at)
      yield frames
    }
  } finally {
    file.close()
  }
}

type Header = Exclude<Frame, { kind: 'text' }> | { readonly kind: 'row'; readonly file: number; readonly bytes: number }

function headerOf(part: Buffer, at: number, end: number): Header {
  if (part[at] === ROW) {
    const blank = part.indexOf(BLANK, at)
    return { kind: 'row', file: numberIn(part, at + 1, blank), bytes: numberIn(part, blank + 1, end) }
  }
  if (part[at] === STATE) {
    const blank = part.indexOf(BLANK, at)
    const state = parseJson(part.toString('utf8', blank + 1, end)) as Json
    return { kind: 'state', file: numberIn(part, at + 1, blank), state }
  }
  const file = parseJson(part.toString('utf8', at + 1, end)) as Omit<Extract<Frame, { kind: 'file' }>, 'kind'>
  return { kind: 'file', ...file }
}

function numberIn(part: Buffer, from: number, end: number): number {
  let number = 0
  for (let at = from; at < end; at++) number = number * 10 + (part[at] ?? 0) - 0x30
  return number
}
