/**
 * The records of a source that were dealt to one split, in a file among the run's pieces, and the source that reads them there. Each is a line
 * of JSON, with its number, its place in the input, and all that the source had given.
 *
 * SPOOL-1. What a split takes from a spool is what the source gave: it is checked against the schema there as anywhere.
 * SPOOL-2. A spool is read as it was recorded when its records were dealt, or the run stops.
 */
import { createHash } from 'node:crypto'
import { CustodyError } from '../../model/error.ts'
import { JsonTextError, parseStored } from '../../model/json.ts'
import { isObject, isRow, type Json } from '../../model/row.ts'
import type { ResumePoint, Source, SourceRange, SourceRecord } from '../../sdk/spec.ts'
import type { PieceName, Pieces } from '../ports/pieces.ts'

const AT_ONCE = 500
const LINE_BREAK = 0x0a

/** Of a record in a spool. */
type SpoolPosition = {
  /** Number of the record in its source. */
  readonly index: number
  /** Of the spool, up to its end. */
  readonly bytes: number
}

/** @throws CustodyError CUSTODY_VERIFY_FAILED if it is the position of another kind of source. */
function spoolPosition(position: Json): SpoolPosition {
  const { index, bytes } = isObject(position) ? position : {}
  if (typeof index === 'number' && typeof bytes === 'number') return { index, bytes }
  throw new CustodyError('CUSTODY_VERIFY_FAILED', 'the record has no position of a record that was dealt')
}

/** Number of a record in its source. */
export const dealtIndex = (position: Json): number => spoolPosition(position).index

/** `index`: the record's number in its source. */
export function spoolLine(index: number, record: SourceRecord): string {
  const { line, file } = record
  const place = file === undefined ? { index, line } : { index, line, file }
  if (record.kind === 'row') {
    const { row, raw } = record
    return `${JSON.stringify(raw === undefined ? { ...place, row } : { ...place, row, raw })}\n`
  }
  const { raw, code, message, field } = record
  return `${JSON.stringify({ ...place, raw, code, message, ...(field === undefined ? {} : { field }) })}\n`
}

/** Null: it is none. */
function recordIn(text: string, bytes: number): SourceRecord | null {
  const { index, line, file, row, raw, code, message, field } = objectIn(text)
  if (typeof index !== 'number' || typeof line !== 'number') return null
  const position: SpoolPosition = { index, bytes }
  const place = typeof file === 'string' ? { line, file, position } : { line, position }
  if (isRow(row)) return { kind: 'row', ...place, row, ...(typeof raw === 'string' ? { raw } : {}) }
  if (raw === undefined || typeof code !== 'string' || typeof message !== 'string') return null
  return { kind: 'reject', ...place, raw, code, message, ...(typeof field === 'string' ? { field } : {}) }
}

function objectIn(text: string): { readonly [key: string]: Json } {
  try {
    const value = parseStored(text)
    return isObject(value) ? value : {}
  } catch (error) {
    if (error instanceof JsonTextError) return {}
    throw error
  }
}

export class SpoolSource implements Source {
  readonly #pieces: Pieces
  readonly #name: PieceName
  readonly #node: string
  readonly #range: SourceRange
  /** The source whose records they are; it isn't read. */
  readonly #source: Source
  /** Up to the last position that was asked for; and what was read behind it. */
  readonly #hash = createHash('sha256')
  #hashed = 0
  #waiting: Uint8Array[] = []
  #last: SpoolPosition | null = null

  constructor(
    pieces: Pieces,
    name: PieceName,
    of: { readonly node: string; readonly range: SourceRange; readonly source: Source },
  ) {
    this.#pieces = pieces
    this.#name = name
    this.#node = of.node
    this.#range = of.range
    this.#source = of.source
  }

  async *read(from: ResumePoint | null): AsyncGenerator<readonly SourceRecord[]> {
    this.#last = from === null ? null : spoolPosition(from.position)
    const begin = this.#last?.bytes ?? 0
    const all = createHash('sha256')
    let records: SourceRecord[] = []
    let rest: Uint8Array = NO_BYTES
    let at = 0
    for await (const bytes of this.#pieces.read(this.#name, this.#range.bytes)) {
      all.update(bytes)
      this.#waiting.push(bytes)
      const text = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
      let start = 0
      for (let end = text.indexOf(LINE_BREAK); end >= 0; end = text.indexOf(LINE_BREAK, start)) {
        const line = text.subarray(start, end)
        start = end + 1
        at += line.length + 1
        if (at <= begin) continue
        const record = recordIn(Buffer.from(line.buffer, line.byteOffset, line.length).toString('utf8'), at)
        if (record === null) throw this.#changed()
        records.push(record)
        if (records.length < AT_ONCE) continue
        yield this.#handOut(records)
        records = []
      }
      rest = text.subarray(start)
    }
    if (at !== this.#range.bytes || all.digest('hex') !== this.#range.sha256) throw this.#changed()
    if (records.length > 0) yield this.#handOut(records)
  }

  #handOut(records: readonly SourceRecord[]): readonly SourceRecord[] {
    const last = records.at(-1)
    if (last !== undefined) this.#last = spoolPosition(last.position)
    return records
  }

  hashUpTo(position: Json): string {
    const { bytes } = spoolPosition(position)
    while (this.#hashed < bytes) {
      const [first = NO_BYTES, ...others] = this.#waiting
      if (first.length === 0) throw this.#changed()
      const own = first.subarray(0, bytes - this.#hashed)
      this.#hash.update(own)
      this.#hashed += own.length
      this.#waiting = own.length < first.length ? [first.subarray(own.length), ...others] : others
    }
    return this.#hash.copy().digest('hex')
  }

  end(): { readonly position: Json; readonly bytes: number } {
    const position = this.#last ?? { index: 0, bytes: 0 }
    return { position, bytes: position.bytes }
  }

  async size(): Promise<number> {
    return this.#range.bytes
  }

  bytesBefore(position: Json): number {
    return spoolPosition(position).bytes
  }

  isBlank(): boolean {
    return false
  }

  close(): Promise<void> {
    return this.#source.close()
  }

  #changed(): CustodyError {
    const { part } = this.#name
    const message = `what was dealt to split ${part} of source \`${this.#node}\` isn’t there as it was left`
    return new CustodyError('CUSTODY_OUTPUT_CHANGED', message, {
      where: { node: this.#node },
      hint: 'Give the run up with `custody abandon`, and run again.',
    })
  }
}

const NO_BYTES = new Uint8Array()
