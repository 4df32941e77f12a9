/** What staged and appended files have in common: hashing a part, names beside a file, errors about what others did. */
import { createHash, type Hash, randomBytes } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import type { CustodyError } from '../../model/error.ts'
import { counted, grouped } from '../../model/number-text.ts'
import type { FileFacts, FileSystem, OpenFile } from './file-system.ts'
import { type OutputPlace, outputError } from './sink-error.ts'

const COPY_BYTES = 1024 * 1024
const PIECE_BYTES = 4 * 1024 * 1024
/** What most file systems allow for a name. */
const NAME_BYTES = 255

export function hexOf(hash: Hash): string {
  return hash.copy().digest('hex')
}

/** Hashes the first `size` bytes of a file, or all if it has fewer, and copies them meanwhile. */
export async function hashPart(from: OpenFile, size: number, to?: OpenFile): Promise<Hash> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(Math.min(COPY_BYTES, size))
  for (let at = 0; at < size; ) {
    const count = await from.read(buffer, Math.min(buffer.length, size - at), at)
    if (count === 0) break
    const part = buffer.subarray(0, count)
    hash.update(part)
    to?.write(part, at)
    at += count
  }
  return hash
}

/** `size` bytes from `from` on, or fewer if the file ends before. */
export async function readPart(file: OpenFile, from: number, size: number): Promise<Buffer> {
  const part = Buffer.alloc(size)
  for (let at = 0; at < size; ) {
    const count = await file.read(part.subarray(at), size - at, from + at)
    if (count === 0) return part.subarray(0, at)
    at += count
  }
  return part
}

/** All of a file. */
export async function* piecesOf(files: FileSystem, path: string): AsyncGenerator<Buffer> {
  const file = files.open(path, 'read')
  try {
    const { bytes } = file.facts()
    for (let at = 0; at < bytes; ) {
      const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, bytes - at))
      const count = await file.read(piece, piece.length, at)
      if (count === 0) return
      yield piece.subarray(0, count)
      at += count
    }
  } finally {
    file.close()
  }
}

/** The same bytes in pieces that are worth a sync each. */
export async function* inLargePieces(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = []
  let bytes = 0
  for await (const piece of pieces) {
    waiting.push(piece)
    bytes += piece.length
    if (bytes < PIECE_BYTES) continue
    yield waiting.length === 1 ? piece : Buffer.concat(waiting)
    waiting = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(waiting)
}

/** Lower-case hex SHA-256 of the first `size` bytes of a file; of none if it isn't there any more. */
export async function hashFile(files: FileSystem, path: string, size: number): Promise<string> {
  if (files.facts(path) === null) return hexOf(createHash('sha256'))
  const file = files.open(path, 'read')
  try {
    return hexOf(await hashPart(file, size))
  } finally {
    file.close()
  }
}

/** In hex: of what makes hidden names one run’s own. */
export const SUFFIX_UNITS = 8

export function newSuffix(): string {
  return randomBytes(SUFFIX_UNITS / 2).toString('hex')
}

/** Of a hidden name. */
export function suffixOf(hidden: string): string {
  return hidden.slice(-SUFFIX_UNITS)
}

/** A hidden name beside a file: `.NAME.custody-SUFFIX`, or by the name's hash where that would be too long. */
export function hiddenBeside(path: string, suffix: string): string {
  const name = `.${basename(path)}.custody-${suffix}`
  if (Buffer.byteLength(name) <= NAME_BYTES) return join(dirname(path), name)
  const short = createHash('sha256').update(basename(path)).digest('hex').slice(0, 16)
  return join(dirname(path), `.${short}.custody-${suffix}`)
}

/** The folders from `folder` up to `top`. */
export async function syncFolders(files: FileSystem, folder: string, top: string): Promise<void> {
  for (let each = folder; each !== top && each !== dirname(each); each = dirname(each))
    await files.syncFolder(dirname(each))
}

/** What others did to an output. */
export type Change =
  | { readonly kind: 'gone' | 'swapped' | 'edited' }
  | { readonly kind: 'cut'; readonly bytes: number; readonly left: number }
  | { readonly kind: 'added'; readonly bytes: number; readonly left: number }

/** What the run knows of a file that it has left. */
type Left = Pick<FileFacts, 'bytes'> & { readonly id: string | null }

function changeOf(there: FileFacts | null, { id, bytes: left }: Left): Change | null {
  if (there === null) return { kind: 'gone' }
  if (there.id !== id) return { kind: 'swapped' }
  const { bytes } = there
  return bytes === left ? null : { kind: bytes < left ? 'cut' : 'added', bytes, left }
}

/** As far as it shows without reading the file. @throws CustodyError CUSTODY_OUTPUT_CHANGED if it isn’t as it was left. */
export function refuseChanged(there: FileFacts | null, left: Left, place: OutputPlace, path = place.path): void {
  const change = changeOf(there, left)
  if (change !== null) throw changedError(place, change, path)
}

const GIVE_UP = 'or give the run up with `custody abandon`, which leaves the file as it is'

export function changedError(place: OutputPlace, change: Change, path = place.path): CustodyError {
  const error = (message: string, hint: string) => outputError('CUSTODY_OUTPUT_CHANGED', place, message, hint)
  const back = `Put it back as it was, then resume; ${GIVE_UP}.`
  switch (change.kind) {
    case 'gone':
      return error(`${path} is gone: it was moved or removed while the run was not done with it`, back)
    case 'swapped':
      return error(`another file has come into the place of ${path} while the run was not done with it`, back)
    case 'edited':
      return error(`${path} isn’t what the run has left: its content was changed`, back)
    case 'cut':
      return error(
        `${path} has ${counted(change.bytes, 'byte')}, and the run has left ${grouped(change.left)}: it was cut`,
        back,
      )
    case 'added': {
      const hint = `Nothing of it was overwritten or cut. Move what stands behind byte ${grouped(change.left)} to another file, then resume; ${GIVE_UP}.`
      const message = `${path} has ${counted(change.bytes, 'byte')}, and the run has left ${grouped(change.left)}: something else writes to it, too`
      return error(message, hint)
    }
  }
}
