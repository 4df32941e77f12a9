/**
 * Reads a file that was listed before: it must still be what it was then, when it is opened and when it has been read.
 *
 * LISTED-FILE-1. No byte is read behind the length that the file had when it was listed.
 */
import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { CustodyError } from '../../model/error.ts'
import {
  type Chunks,
  type InputPlace,
  inputName,
  pieceBuffer,
  sourceChanged,
  systemError,
  whereOf,
} from './byte-reader.ts'
import { StoredFile } from './stored-file.ts'

/** What a file on a disk was when it was listed. */
export type SeenOnDisk = Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs'>
/** What a file was when it was listed, or an object in a store. */
export type Seen = SeenOnDisk | StoredFile

/** Its length. */
export const bytesOf = (seen: Seen): number => (seen instanceof StoredFile ? seen.bytes : Number(seen.size))

/** Its bytes, from the one `from` on. @throws CustodyError CUSTODY_SOURCE_CHANGED, CUSTODY_FILE_NOT_FOUND, CUSTODY_SOURCE. */
export async function listedChunks(place: InputPlace, seen: Seen, chunk_bytes: number, from = 0): Promise<Chunks> {
  if (seen instanceof StoredFile) return seen.chunks(place, undefined, from)
  const handle = await openListed(place)
  let at = from
  const check = async () => mustBeSame(place, seen, await handle.stat({ bigint: true }))
  try {
    await check()
  } catch (error) {
    await handle.close()
    throw error
  }
  return {
    async next() {
      const size = Math.max(0, Math.min(chunk_bytes, Number(seen.size) - at))
      const buffer = pieceBuffer(size)
      const { bytesRead } = size === 0 ? { bytesRead: 0 } : await handle.read(buffer, 0, size, at)
      at += bytesRead
      if (bytesRead > 0) return buffer.subarray(0, bytesRead)
      await check()
      return null
    },
    close: () => handle.close(),
  }
}

/** @throws CustodyError CUSTODY_SOURCE_CHANGED. */
export function mustBeSame(place: InputPlace, seen: Seen, now: Seen): void {
  if (isSame(seen, now)) return
  throw sourceChanged(place, `${place.path} was changed or replaced while the run was reading its files`)
}

function isSame(seen: Seen, now: Seen): boolean {
  if (seen instanceof StoredFile || now instanceof StoredFile)
    return seen instanceof StoredFile && now instanceof StoredFile && seen.version === now.version
  return now.dev === seen.dev && now.ino === seen.ino && now.size === seen.size && now.mtimeNs === seen.mtimeNs
}

/** @returns a CustodyError of code CUSTODY_FILE_NOT_FOUND, for a file that was there when it was listed. */
export function vanished(place: InputPlace): CustodyError {
  return new CustodyError('CUSTODY_FILE_NOT_FOUND', `${place.path} was there when the run began, and isn’t any more`, {
    where: whereOf(place),
    hint: 'Put it back as it was; or finish what was read with `custody resume RUN --from-ledger-only`.',
  })
}

export async function openListed(place: InputPlace): Promise<FileHandle> {
  try {
    // Should a pipe stand there by now, nobody waits for who writes to it.
    return await open(inputName(place), constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const known = systemError(place, error)
    throw known.code === 'CUSTODY_FILE_NOT_FOUND' ? vanished(place) : known
  }
}
