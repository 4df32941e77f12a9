/**
 * Reads an input's bytes in order, from a file or from standard input, and hashes exactly those that were asked for.
 *
 * BYTE-READER-1. `hashUpTo(n)` is the SHA-256 of bytes s … n−1, where s is where reading began, or `hashFrom` was last called for; n never
 *     goes back. Bytes are kept only until they are hashed.
 * BYTE-READER-2. Whatever the operating system says becomes a CustodyError with the path and what to do.
 */
import { createHash } from 'node:crypto'
import { openSync } from 'node:fs'
import { access, constants, type FileHandle, open, stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { CustodyError, isCustodyError } from '../../model/error.ts'
import { counted } from '../../model/number-text.ts'
import { absolutePlace } from '../../model/store-url.ts'
import type { Stores } from '../stores/open-store.ts'
import { type Compression, unpacked } from './compression.ts'

/** Where an input is, as a pipeline file names it. */
export interface InputPlace {
  /** `-` is standard input. */
  readonly path: string
  /** Absolute; relative paths start here. */
  readonly folder: string
  /** Name of the source in the pipeline, for errors. */
  readonly node?: string
  /** How the bytes are compressed; null or absent: they aren't. */
  readonly compression?: Compression | null
  /** By what a path in a store is reached; absent where none is. */
  readonly stores?: Stores
}

/** Gives bytes in pieces of any size; null at the end. */
export interface Chunks {
  next(): Promise<Uint8Array | null>
  close(): Promise<void>
}

/** An input that can be read from anywhere. */
export interface RandomAccess {
  readonly bytes: number
  /** The bytes from `from` on: `length` of them, or as many as there are. @throws CustodyError CUSTODY_SOURCE. */
  read(from: number, length: number): Promise<Buffer>
  /** Has these bytes come in one go, where they would come piece by piece. */
  load?(from: number, to: number): Promise<void>
  /** @throws CustodyError CUSTODY_SOURCE_CHANGED if it isn't what was opened any more. */
  check(): Promise<void>
  /** Can be repeated. */
  close(): Promise<void>
}

const STANDARD_INPUT = '-'
export const CHUNK_BYTES = 256 * 1024

export function isStandardInput(place: InputPlace): boolean {
  return place.path === STANDARD_INPUT
}

/** How messages name the input. */
export function inputName(place: InputPlace): string {
  return isStandardInput(place) ? 'standard input' : absolutePlace(place.folder, place.path)
}

/** @returns a CustodyError of code CUSTODY_SOURCE that says where. */
export function sourceError(place: InputPlace, message: string, hint?: string, cause?: unknown): CustodyError {
  return new CustodyError('CUSTODY_SOURCE', message, { where: whereOf(place), hint, cause })
}

/** @returns a CustodyError of code CUSTODY_SOURCE_CHANGED that says where. */
export function sourceChanged(place: InputPlace, message: string): CustodyError {
  return new CustodyError('CUSTODY_SOURCE_CHANGED', message, { where: whereOf(place) })
}

/** The place of an error. */
export function whereOf(place: InputPlace): { readonly path: string; readonly node?: string } {
  const path = inputName(place)
  return place.node === undefined ? { path } : { path, node: place.node }
}

export function systemError(place: InputPlace, error: unknown): CustodyError {
  const name = inputName(place)
  const code = (error as NodeJS.ErrnoException).code
  const where = whereOf(place)
  switch (code) {
    case 'ENOENT':
      return new CustodyError('CUSTODY_FILE_NOT_FOUND', `${name} does not exist`, { where, cause: error })
    case 'EISDIR':
      return sourceError(place, `${name} is a folder`, 'Name a file in it.', error)
    case 'ENOTDIR':
      return sourceError(place, `${name}: a part of the path is a file, not a folder`, 'Correct the path.', error)
    case 'EACCES':
    case 'EPERM':
      return sourceError(place, `${name} may not be read`, 'Give this user the right to read it.', error)
    default: {
      if (place.compression && /^Z(STD)?_/.test(code ?? '')) return unpackingError(place, error)
      const message = error instanceof Error ? error.message : String(error)
      return sourceError(place, `${name} can’t be read: ${message}`, undefined, error)
    }
  }
}

function unpackingError(place: InputPlace, error: unknown): CustodyError {
  const reason = error instanceof Error ? error.message : String(error)
  const hint = 'Is the file whole? If it isn’t compressed so, set compression to what it is, or to none.'
  return sourceError(place, `${inputName(place)} can’t be unpacked as ${place.compression}: ${reason}`, hint, error)
}

/**
 * Looks whether the input is there, and reads nothing.
 * @throws CustodyError CUSTODY_FILE_NOT_FOUND, CUSTODY_SOURCE.
 */
export async function checkInput(place: InputPlace): Promise<void> {
  if (isStandardInput(place)) return
  // Whoever opens a pipe and closes it again takes what was written to it.
  if (await mustBeNoFolder(place)) return await mayBeRead(place)
  const handle = await openHandle(place)
  await handle.close()
}

/** In bytes; null where an input has no size that is known: standard input, a pipe, what is compressed, or nothing at all. */
export async function sizeOf(place: InputPlace): Promise<number | null> {
  if (isStandardInput(place) || place.compression) return null
  const there = await stat(inputName(place)).catch(() => null)
  return there?.isFile() === true ? there.size : null
}

/** Whom opening and reading waits for, for people; null if for nobody. `offset`: bytes that were read before. */
export async function awaited(place: InputPlace, offset: number): Promise<string | null> {
  if (isStandardInput(place)) return null
  const path = inputName(place)
  const there = await stat(path).catch(() => null)
  if (there?.isFIFO() !== true) return null
  if (offset === 0) return `somebody who writes to the pipe ${path}`
  return `somebody who writes to the pipe ${path} what was written to it before, from the beginning: ${counted(offset, 'byte')} of it were read, and a pipe can’t give them again`
}

async function openFile(place: InputPlace): Promise<FileHandle> {
  // Looked at first: opening a pipe without a writer would wait for one, opening a folder succeeds.
  await mustBeNoFolder(place)
  return openHandle(place)
}

async function openHandle(place: InputPlace): Promise<FileHandle> {
  try {
    return await open(inputName(place), 'r')
  } catch (error) {
    throw systemError(place, error)
  }
}

/** @returns whether it is a pipe. */
async function mustBeNoFolder(place: InputPlace): Promise<boolean> {
  try {
    const there = await stat(inputName(place))
    if (there.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' })
    return there.isFIFO()
  } catch (error) {
    throw systemError(place, error)
  }
}

/** In bytes: more than most records have. */
const ROOM_BYTES = 4096
/** Those with room that nothing stands in. */
const ROOMY = new WeakSet<ArrayBufferLike>()

/** For a piece that is read; with room before it. Not from the pool: a piece may be kept until it is hashed. */
export function pieceBuffer(bytes: number): Buffer {
  const whole = Buffer.allocUnsafeSlow(ROOM_BYTES + bytes)
  ROOMY.add(whole.buffer)
  return whole.subarray(ROOM_BYTES)
}

/** What was kept and the piece behind it as one; where there is room for what was kept, the piece isn't copied. */
export function joined(kept: Uint8Array, piece: Uint8Array): Buffer {
  const { buffer, byteOffset } = piece
  if (byteOffset !== ROOM_BYTES || kept.length > ROOM_BYTES || !ROOMY.delete(buffer))
    return Buffer.concat([kept, piece])
  const both = Buffer.from(buffer, byteOffset - kept.length, kept.length + piece.length)
  both.set(kept)
  return both
}

/** `from`: null where it stands. */
function chunksOfFile(handle: FileHandle, chunk_bytes: number, from: number | null): Chunks {
  let at = from
  return {
    async next() {
      const buffer = pieceBuffer(chunk_bytes)
      const { bytesRead } = await handle.read(buffer, 0, chunk_bytes, at)
      if (at !== null) at += bytesRead
      return bytesRead === 0 ? null : buffer.subarray(0, bytesRead)
    },
    close: () => handle.close(),
  }
}

/** A file whose beginning is read, and then a part of it: it is opened once for both. */
export interface FileParts {
  /** Closing it leaves the file open. */
  beginning(chunk_bytes: number): Chunks
  /** The bytes from `from` on. */
  rest(from: number, chunk_bytes: number): Chunks
  /** Can be repeated. */
  close(): Promise<void>
}

/** @throws CustodyError CUSTODY_FILE_NOT_FOUND, CUSTODY_SOURCE. */
export async function openParts(place: InputPlace): Promise<FileParts> {
  const handle = await openFile(place)
  return {
    beginning: chunk_bytes => ({ ...chunksOfFile(handle, chunk_bytes, 0), close: async () => undefined }),
    rest: (from, chunk_bytes) => chunksOfFile(handle, chunk_bytes, from),
    close: () => handle.close(),
  }
}

/** No more than the first `most` bytes of these. */
function limited(chunks: Chunks, most: number): Chunks {
  let left = most
  return {
    async next() {
      const bytes = left === 0 ? null : await chunks.next()
      if (bytes === null) return null
      const taken = bytes.length <= left ? bytes : bytes.subarray(0, left)
      left -= taken.length
      return taken
    },
    close: () => chunks.close(),
  }
}

/** A text as an input, in UTF-8. */
export function chunksOf(text: string): Chunks {
  let left: Uint8Array | null = Buffer.from(text)
  return {
    async next() {
      const bytes = left
      left = null
      return bytes
    },
    close: async () => undefined,
  }
}

/**
 * A named pipe. Opening and reading wait for whoever writes to it, and must not keep a thread meanwhile that nobody can call
 * back: so it is opened without waiting, and read whenever something has come in.
 */
function pipeChunks(place: InputPlace): Chunks {
  try {
    const fd = openSync(inputName(place), constants.O_RDONLY | constants.O_NONBLOCK)
    return streamChunks(new Socket({ fd, readable: true, writable: false }))
  } catch (error) {
    throw systemError(place, error)
  }
}

async function mayBeRead(place: InputPlace): Promise<void> {
  try {
    await access(inputName(place), constants.R_OK)
  } catch (error) {
    throw systemError(place, error)
  }
}

export function streamChunks(stream: Readable): Chunks {
  const pieces = stream[Symbol.asyncIterator]()
  return {
    async next() {
      const piece = await pieces.next()
      return piece.done === true ? null : (piece.value as Buffer)
    },
    async close() {
      // Not `pieces.return()`: that would wait for bytes that may never come.
      stream.destroy()
    },
  }
}

export interface ReadingSettings {
  /** Bytes that are read at once. */
  readonly chunk_bytes?: number
  /** Whether hashes will be asked for; if not, no bytes are kept for them. */
  readonly hashes?: boolean
  /** Opens it, where it is no file of its own; at another byte than the first only where it `seeks`. */
  readonly opening?: (from: number) => Promise<Chunks>
  /** Whether `opening` can begin at any byte. */
  readonly seeks?: boolean
  /** Opens it for reading from anywhere, where that is possible; if absent, whoever needs that finds out. */
  readonly access?: () => Promise<RandomAccess>
}

/** Whether an input may be read from any byte on, as far as its place and settings say. */
export function mayBeSought(place: InputPlace, { opening, seeks }: ReadingSettings): boolean {
  return !isStandardInput(place) && !place.compression && (opening === undefined || seeks === true)
}

async function chunksAt(place: InputPlace, settings: ReadingSettings, from: number): Promise<Chunks> {
  const { chunk_bytes, opening } = settings
  if (from > 0 && !mayBeSought(place, settings)) throw new Error('this input is read from its beginning only')
  if (opening !== undefined) return await opening(from)
  if (isStandardInput(place)) return streamChunks(process.stdin)
  if (!(await mustBeNoFolder(place))) {
    // A device may have no places in it that could be named.
    return chunksOfFile(await openHandle(place), chunk_bytes ?? CHUNK_BYTES, from === 0 ? null : from)
  }
  if (from > 0) throw sourceChanged(place, `${inputName(place)} was a file when it was cut, and is a pipe now`)
  return pipeChunks(place)
}

interface UnhashedBytes {
  readonly start: number
  readonly bytes: Uint8Array
}

/** Which bytes of an input are read. */
export interface ByteSpan {
  readonly from: number
  /** Nothing behind these is read, even if more is there. */
  readonly until: number
}

export class ByteReader {
  readonly place: InputPlace
  /** Where it stands: bytes read so far, and those before it. */
  size: number
  readonly #chunks: Chunks
  #hash = createHash('sha256')
  #hashed: number
  #unhashed: UnhashedBytes[] | null

  /**
   * `hashes: false` for readers that never ask for a hash: then no bytes are kept.
   * @param from how many bytes of the input stand before these
   */
  constructor(place: InputPlace, chunks: Chunks, hashes = true, from = 0) {
    this.place = place
    this.size = from
    this.#hashed = from
    this.#chunks = chunks
    this.#unhashed = hashes ? [] : null
  }

  /** @throws CustodyError CUSTODY_FILE_NOT_FOUND, CUSTODY_SOURCE, CUSTODY_SOURCE_CHANGED. */
  static async open(
    place: InputPlace,
    options: ReadingSettings = {},
    span: ByteSpan | null = null,
  ): Promise<ByteReader> {
    const { from, until } = span ?? { from: 0, until: Number.POSITIVE_INFINITY }
    const opened = await chunksAt(place, options, from)
    const chunks = until === Number.POSITIVE_INFINITY ? opened : limited(opened, Math.max(0, until - from))
    const { compression = null } = place
    const read = compression === null ? chunks : unpacked(chunks, compression, options.chunk_bytes ?? CHUNK_BYTES)
    return new ByteReader(place, read, options.hashes ?? true, from)
  }

  /** The next bytes, at least one; null at the end. @throws CustodyError CUSTODY_SOURCE. */
  async read(): Promise<Uint8Array | null> {
    let bytes: Uint8Array | null
    do {
      try {
        bytes = await this.#chunks.next()
      } catch (error) {
        throw isCustodyError(error) ? error : systemError(this.place, error)
      }
    } while (bytes !== null && bytes.length === 0)
    if (bytes === null) return null
    this.#unhashed?.push({ start: this.size, bytes })
    this.size += bytes.length
    return bytes
  }

  /** Begins another hash: of the bytes from `offset` on, up to which a hash was just asked for. */
  hashFrom(offset: number): void {
    if (offset !== this.#hashed) throw new RangeError(`bytes up to ${offset} aren’t hashed`)
    this.#hash = createHash('sha256')
  }

  /** Lower-case hex SHA-256 of the bytes up to `offset` (BYTE-READER-1). Offsets never go back. */
  hashUpTo(offset: number): string {
    const queue = this.#unhashed
    if (queue === null) throw new Error('this reader was opened without hashing')
    if (offset < this.#hashed || offset > this.size) {
      throw new RangeError(`hash up to ${offset} asked for, between ${this.#hashed} and ${this.size} is possible`)
    }
    let done = 0
    for (const { start, bytes } of queue) {
      if (start >= offset) break
      const from = Math.max(this.#hashed, start) - start
      const to = Math.min(offset - start, bytes.length)
      this.#hash.update(bytes.subarray(from, to))
      this.#hashed = start + to
      if (to === bytes.length) done += 1
    }
    if (done > 0) queue.splice(0, done)
    return this.#hash.copy().digest('hex')
  }

  /** Reads no more; what was read can still be hashed. Can be repeated. */
  close(): Promise<void> {
    return this.#chunks.close()
  }
}
