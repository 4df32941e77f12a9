/**
 * Files that are read from anywhere in them: workbooks, Parquet. What can only be read in order (a pipe, what is compressed, a member of
 * an archive) is copied to a private file first.
 *
 * RANDOM-ACCESS-1. What is read is one state of the file: `check` finds out if it was changed since it was opened.
 * RANDOM-ACCESS-2. A copy is for its owner only, and is gone with the process that made it.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  ByteReader,
  type Chunks,
  type InputPlace,
  inputName,
  isStandardInput,
  type RandomAccess,
  type ReadingSettings,
  sourceError,
  systemError,
} from './byte-reader.ts'
import { mustBeSame, openListed, type SeenOnDisk } from './listed-file.ts'

const HASHED_BYTES = 1024 * 1024

/** @throws CustodyError CUSTODY_FILE_NOT_FOUND, CUSTODY_SOURCE. */
export async function randomAccess(place: InputPlace, settings: ReadingSettings): Promise<RandomAccess> {
  if (settings.access !== undefined) return await settings.access()
  const packed = isStandardInput(place) || place.compression || settings.opening !== undefined
  if (packed || !(await isFile(place))) return await copied(place, settings)
  const handle = await openListed(place)
  return fileAccess(place, handle, await handle.stat({ bigint: true }))
}

/** A file that was listed before. @throws CustodyError CUSTODY_SOURCE_CHANGED, CUSTODY_FILE_NOT_FOUND, CUSTODY_SOURCE. */
export async function listedAccess(place: InputPlace, seen: SeenOnDisk): Promise<RandomAccess> {
  const access = fileAccess(place, await openListed(place), seen)
  try {
    await access.check()
    return access
  } catch (error) {
    await access.close()
    throw error
  }
}

/** Lower-case hex SHA-256 of its bytes from one on up to another: of all, if none is said. */
export async function hashOf(access: RandomAccess, from = 0, to = access.bytes): Promise<string> {
  await access.load?.(from, to)
  const hash = createHash('sha256')
  for (let at = from; at < to; at += HASHED_BYTES) hash.update(await access.read(at, Math.min(HASHED_BYTES, to - at)))
  return hash.digest('hex')
}

async function isFile(place: InputPlace): Promise<boolean> {
  try {
    const there = await stat(inputName(place))
    if (there.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' })
    return there.isFile()
  } catch (error) {
    throw systemError(place, error)
  }
}

function fileAccess(place: InputPlace, handle: FileHandle, seen: SeenOnDisk): RandomAccess {
  const bytes = Number(seen.size)
  let closed = false
  return {
    bytes,
    async read(from, length) {
      const buffer = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, bytes - from)))
      let at = 0
      try {
        for (let count = -1; at < buffer.length && count !== 0; at += count)
          count = (await handle.read(buffer, at, buffer.length - at, from + at)).bytesRead
      } catch (error) {
        throw systemError(place, error)
      }
      return buffer.subarray(0, at)
    },
    check: async () => mustBeSame(place, seen, await handle.stat({ bigint: true })),
    async close() {
      if (closed) return
      closed = true
      await handle.close()
    },
  }
}

async function copied(place: InputPlace, settings: ReadingSettings): Promise<RandomAccess> {
  return await inPrivate(place, handle => copyInto(handle, place, settings))
}

/** What `fill` writes to a private file. */
async function inPrivate(place: InputPlace, fill: (handle: FileHandle) => Promise<void>): Promise<RandomAccess> {
  const folder = await mkdtemp(join(tmpdir(), 'custody-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL
    const handle = await open(join(folder, 'copy'), flags, 0o600)
    // Elsewhere than on Windows a name isn't needed to read on, and no crash can leave it there.
    if (process.platform !== 'win32') await remove()
    try {
      await fill(handle)
      const access = fileAccess(place, handle, await handle.stat({ bigint: true }))
      const close = async () => {
        await access.close()
        await remove()
      }
      return { ...access, check: async () => undefined, close }
    } catch (error) {
      await handle.close()
      throw error
    }
  } catch (error) {
    await remove()
    throw error
  }
}

/**
 * An input of so many bytes that `opening` begins to read at any of them: of the private file that it is copied to only that is there which
 * somebody has asked for.
 */
export async function fetchedAccess(
  place: InputPlace,
  bytes: number,
  opening: (from: number) => Promise<Chunks>,
): Promise<RandomAccess> {
  let file: FileHandle | null = null
  const access = await inPrivate(place, async handle => {
    await handle.truncate(bytes)
    file = handle
  })
  const there: Span[] = []
  const load = async (from: number, to: number) => {
    const wanted = { from: from - (from % FETCHED_BYTES), to: Math.ceil(to / FETCHED_BYTES) * FETCHED_BYTES }
    for (const gap of gapsIn(there, { from: wanted.from, to: Math.min(bytes, wanted.to) })) {
      const chunks = await opening(gap.from)
      try {
        for (let at = gap.from; at < gap.to; ) {
          const piece = await chunks.next()
          if (piece === null) throw sourceError(place, `${inputName(place)} ended after ${at} of ${bytes} bytes`)
          const own = piece.subarray(0, gap.to - at)
          if (file !== null) await writeAll(file, place, own, at)
          at += own.length
        }
      } finally {
        await chunks.close()
      }
      there.push(gap)
    }
  }
  return {
    ...access,
    load,
    async read(from, length) {
      await load(from, Math.min(bytes, from + length))
      return await access.read(from, length)
    },
  }
}

/** What is asked for is fetched in such pieces at least. */
const FETCHED_BYTES = 64 * 1024

interface Span {
  readonly from: number
  readonly to: number
}

/** What of a span isn't in any of these. */
function gapsIn(spans: readonly Span[], { from, to }: Span): readonly Span[] {
  const gaps: Span[] = []
  let at = from
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    if (span.to <= at || span.from >= to) continue
    if (span.from > at) gaps.push({ from: at, to: span.from })
    at = span.to
  }
  if (at < to) gaps.push({ from: at, to })
  return gaps
}

async function copyInto(handle: FileHandle, place: InputPlace, settings: ReadingSettings): Promise<void> {
  const reader = await ByteReader.open(place, { ...settings, hashes: false })
  try {
    for (let piece = await reader.read(); piece !== null; piece = await reader.read())
      await writeAll(handle, place, piece)
  } finally {
    await reader.close()
  }
}

/** `begin`: behind what was written last, if absent. */
async function writeAll(handle: FileHandle, place: InputPlace, piece: Uint8Array, begin?: number): Promise<void> {
  try {
    for (let at = 0; at < piece.length; ) {
      const position = begin === undefined ? null : begin + at
      at += (await handle.write(piece, at, piece.length - at, position)).bytesWritten
    }
  } catch (error) {
    const message = `${inputName(place)} can’t be copied to ${tmpdir()}, from where it would be read: ${(error as Error).message}`
    throw sourceError(place, message, 'Make room there, or name another folder in TMPDIR.', error)
  }
}
