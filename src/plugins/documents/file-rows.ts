/**
 * A file as one row: its name, size, hash and type, and its content where that is asked for.
 *
 * A position is `{offset, line}`: `offset` is the file's length once it has been read, and 0 if nothing of it could be.
 *
 * FILE-ROWS-1. Each file is one record. What nobody may read, what is gone and what is too large is rejected, and nothing of it is on record
 *     but its name: it has no bytes then. What changes while it is read stops the run.
 * FILE-ROWS-2. Memory is bounded by `max_bytes` where the content is asked for, and flat where it isn't.
 */
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { isCustodyError } from '../../model/error.ts'
import { grouped } from '../../model/number-text.ts'
import { isObject, type Json, type MutableRow, newRow } from '../../model/row.ts'
import type { ResumePoint, SourceHead, SourceRecord } from '../../sdk/spec.ts'
import { ByteReader, checkInput, type InputPlace, sizeOf } from '../sources/byte-reader.ts'
import { byteOrderMark, type Encoding } from '../sources/encoding.ts'
import {
  asPosition,
  type OneFileSettings,
  type OneFileSource,
  type Problem,
  rejectRecord,
} from '../sources/one-file.ts'
import { StoredFile } from '../sources/stored-file.ts'
import { StoreFailure } from '../stores/object-store.ts'
import { LOOKED_AT_BYTES, mediaTypeOf } from './media-type.ts'

export interface FileRowOptions {
  readonly content: 'reference' | 'text' | 'base64'
  readonly encoding: Encoding
  /** Infinity: any number. */
  readonly max_bytes: number
  readonly modified_at: boolean
}

const DENIED = 'FILE_DENIED'
const VANISHED = 'FILE_VANISHED'
const TOO_LARGE = 'FILE_TOO_LARGE'
const NOT_TEXT = 'FILE_NOT_TEXT'

export const FILE_ERRORS = {
  [DENIED]: 'The file may not be read.',
  [VANISHED]: 'The file was there when the run began, and isn’t any more.',
  [TOO_LARGE]: 'The file has more than `max_bytes`; nothing of it was read.',
  [NOT_TEXT]: 'The file’s bytes aren’t valid in the encoding, so that it has no text; only with `content: text`.',
} as const

/** What was read of a file. */
interface FileContent {
  readonly bytes: number
  readonly sha256: string
  readonly type: string
  /** null where it wasn't asked for. */
  readonly content: Buffer | null
}

const NOTHING: FileContent = {
  bytes: 0,
  sha256: createHash('sha256').digest('hex'),
  type: '',
  content: null,
}

export class FileRows implements OneFileSource {
  readonly #place: InputPlace
  readonly #options: FileRowOptions
  readonly #settings: OneFileSettings
  #reader: ByteReader | null = null
  #sha256: string | null = null
  #end: { readonly position: Json; readonly bytes: number } | null = null

  constructor(place: InputPlace, options: FileRowOptions, settings: OneFileSettings) {
    this.#place = place
    this.#options = options
    this.#settings = settings
  }

  prepare(): Promise<void> {
    return checkInput(this.#place)
  }

  /** Nothing is opened: a file that can't be is a rejected record, in its turn. */
  async begin(): Promise<SourceHead> {
    return { input: this.#place.path, columns: null }
  }

  async *read(from: ResumePoint | null): AsyncGenerator<readonly SourceRecord[]> {
    // Behind its only record: what it was is made sure of. Of a file of which nothing was read there is nothing to compare.
    const before = from === null ? null : asPosition(from.position, this.#place).offset
    const read = before === 0 ? NOTHING : await this.#read()
    const { bytes, sha256 } = 'code' in read ? NOTHING : read
    const position = { offset: bytes, line: 1 }
    this.#sha256 = sha256
    this.#end = { position, bytes }
    if (from === null) yield [this.#record(read, position)]
  }

  hashUpTo(): string {
    if (this.#sha256 === null) throw new Error('the file isn’t read')
    return this.#sha256
  }

  end(): { readonly position: Json; readonly bytes: number } {
    if (this.#end === null) throw new Error('the source hasn’t ended')
    return this.#end
  }

  size(): Promise<number | null> {
    return sizeOf(this.#place)
  }

  bytesBefore(position: Json): number {
    return asPosition(position, this.#place).offset
  }

  /** An empty file is a row as any other. */
  isBlank(): boolean {
    return false
  }

  /** What its schema refused is read again as it was; of a file that couldn't be read there is nothing. */
  async reread(raw: Json, code: string): Promise<SourceRecord | null> {
    if (Object.hasOwn(FILE_ERRORS, code) || !isObject(raw)) return null
    return { kind: 'row', line: 0, row: raw, position: { offset: 0, line: 1 } }
  }

  originalNames(): null {
    return null
  }

  async close(): Promise<void> {
    await this.#reader?.close()
    this.#reader = null
  }

  /** @throws CustodyError CUSTODY_SOURCE_CHANGED, CUSTODY_SOURCE. */
  async #read(): Promise<FileContent | Problem> {
    const { seen } = this.#settings
    const known = seen === undefined ? null : seen instanceof StoredFile ? seen.bytes : Number(seen.size)
    if (known !== null && known > this.#options.max_bytes) return tooLarge(known, this.#options.max_bytes)
    try {
      this.#reader = await ByteReader.open(this.#place, { ...this.#settings, hashes: false })
      try {
        return await contentOf(this.#reader, this.#options, basename(this.#place.path))
      } finally {
        await this.close()
      }
    } catch (error) {
      const problem = problemOf(this.#place, error)
      if (problem === null) throw error
      return problem
    }
  }

  #record(read: FileContent | Problem, position: Json): SourceRecord {
    const row: MutableRow = newRow()
    row.path = this.#place.path
    row.name = basename(this.#place.path)
    if ('code' in read) return rejectRecord(0, row, read, position)
    row.size = read.bytes
    row.sha256 = read.sha256
    row.type = read.type
    if (this.#options.modified_at) row.modified_at = this.#modifiedAt()
    if (read.content === null) return { kind: 'row', line: 0, row, position }
    const text = this.#options.content === 'base64' ? read.content.toString('base64') : this.#text(read.content)
    if (text === null) {
      const { name } = this.#options.encoding
      const message = `${this.#place.path} is not valid ${name}, and has no text`
      return rejectRecord(0, row, { code: NOT_TEXT, message }, position)
    }
    row.content = text
    return { kind: 'row', line: 0, row, position }
  }

  /** Of the file system, to the millisecond; null of what is in a store. */
  #modifiedAt(): string | null {
    const { seen } = this.#settings
    return seen === undefined || seen instanceof StoredFile
      ? null
      : new Date(Number(seen.mtimeNs / 1_000_000n)).toISOString()
  }

  #text(bytes: Buffer): string | null {
    const { encoding, size } = byteOrderMark(bytes) ?? { encoding: this.#options.encoding, size: 0 }
    // What isn't text is often valid in an encoding that takes any byte.
    return bytes.includes(0) && encoding.unit === 1 ? null : encoding.decode(bytes, size, bytes.length)
  }
}

async function contentOf(
  reader: ByteReader,
  { content, max_bytes }: FileRowOptions,
  name: string,
): Promise<FileContent | Problem> {
  const hash = createHash('sha256')
  const kept: Uint8Array[] = []
  let head: Buffer = Buffer.alloc(0)
  let tail: Buffer = Buffer.alloc(0)
  for (let piece = await reader.read(); piece !== null; piece = await reader.read()) {
    if (reader.size > max_bytes) return tooLarge(reader.size, max_bytes)
    hash.update(piece)
    if (head.length < LOOKED_AT_BYTES) head = Buffer.concat([head, piece.subarray(0, LOOKED_AT_BYTES - head.length)])
    tail = Buffer.concat([tail, piece.subarray(-LOOKED_AT_BYTES)]).subarray(-LOOKED_AT_BYTES)
    if (content !== 'reference') kept.push(piece)
  }
  return {
    bytes: reader.size,
    sha256: hash.digest('hex'),
    type: mediaTypeOf(name, head, tail),
    content: content === 'reference' ? null : Buffer.concat(kept),
  }
}

const tooLarge = (bytes: number, max_bytes: number): Problem => ({
  code: TOO_LARGE,
  message: `the file has ${grouped(bytes)} bytes or more, and ${grouped(max_bytes)} are taken at most`,
})

/** What is wrong with this one file; null if it isn't about the file alone. */
function problemOf({ path }: InputPlace, error: unknown): Problem | null {
  if (!isCustodyError(error)) return null
  if (error.code === 'CUSTODY_FILE_NOT_FOUND')
    return { code: VANISHED, message: `${path} was there when the run began, and isn’t any more` }
  const { cause } = error
  const denied =
    (cause instanceof StoreFailure && cause.kind === 'denied') ||
    (cause instanceof Error && 'code' in cause && (cause.code === 'EACCES' || cause.code === 'EPERM'))
  return denied ? { code: DENIED, message: `${path} may not be read` } : null
}
