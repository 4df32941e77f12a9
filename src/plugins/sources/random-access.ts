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

/** Lower-case hex SHA-256 of all of it. */
export async function hashOf(access: RandomAccess): Promise<string> {
  const hash = createHash('sha256')
  for (let at = 0; at < access.bytes; at += HASHED_BYTES) hash.update(await access.read(at, HASHED_BYTES))
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
  const folder = await mkdtemp(join(tmpdir(), 'custody-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL
    const handle = await open(join(folder, 'copy'), flags, 0o600)
    // Elsewhere than on Windows a name isn't needed to read on, and no crash can leave it there.
    if (process.platform !== 'win32') await remove()
    try {
      await copyInto(handle, place, settings)
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

async function copyInto(handle: FileHandle, place: InputPlace, settings: ReadingSettings): Promise<void> {
  const reader = await ByteReader.open(place, { ...settings, hashes: false })
  try {
    for (let piece = await reader.read(); piece !== null; piece = await reader.read())
      await writeAll(handle, place, piece)
  } finally {
    await reader.close()
  }
}

async function writeAll(handle: FileHandle, place: InputPlace, piece: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < piece.length; ) at += (await handle.write(piece, at)).bytesWritten
  } catch (error) {
    const message = `${inputName(place)} can’t be copied to ${tmpdir()}, from where it would be read: ${(error as Error).message}`
    throw sourceError(place, message, 'Make room there, or name another folder in TMPDIR.', error)
  }
}
