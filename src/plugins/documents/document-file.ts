/**
 * Reads a file that a row names, from the folder that the pipeline file allows.
 *
 * DOCUMENT-FILE-1. Nothing outside of the folder is opened or looked at, whatever a row says: a path is judged by what it says before anything
 *     is asked of the file system, and by where it leads before it is opened.
 * DOCUMENT-FILE-2. What is given back has the hash that was asked for.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { grouped } from '../../model/number-text.ts'
import { type DocumentProblem, documentProblem } from './document.ts'

export interface FileWanted {
  /** As the row has it: relative to `from`, or absolute. */
  readonly path: string
  /** Lower-case hex. */
  readonly sha256: string
}

export interface AllowedFolder {
  /** Absolute: where relative paths start. */
  readonly from: string
  /** Absolute: what may be read lies in it. */
  readonly folder: string
  readonly max_bytes: number
}

export async function readDocument(
  { path, sha256 }: FileWanted,
  { from, folder, max_bytes }: AllowedFolder,
): Promise<Uint8Array<ArrayBuffer> | DocumentProblem> {
  const wanted = path.includes('\0') ? null : resolve(from, path)
  if (wanted === null || !isWithin(folder, wanted)) return outside(path, folder)
  try {
    const real = await realpath(wanted)
    if (!isWithin(await realpath(folder), real)) return outside(path, folder)
    const bytes = await bytesOf(real, max_bytes)
    if ('kind' in bytes) return bytes
    const found = createHash('sha256').update(bytes).digest('hex')
    if (found === sha256) return bytes
    return documentProblem('DOCUMENT_CHANGED', `the SHA-256 of ${path} is ${found}, and the row has ${sha256}`)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const { code, message }: NodeJS.ErrnoException = error
    if (code === 'ENOENT' || code === 'ENOTDIR') return documentProblem('DOCUMENT_NOT_FOUND', `${path} does not exist`)
    if (code === undefined) throw error
    return documentProblem('DOCUMENT_DENIED', `${path} can’t be read: ${message}`)
  }
}

const outside = (path: string, folder: string) =>
  documentProblem('DOCUMENT_OUTSIDE', `${JSON.stringify(path)} isn’t in ${folder}`)

/** Both absolute. */
function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

async function bytesOf(path: string, max_bytes: number): Promise<Uint8Array<ArrayBuffer> | DocumentProblem> {
  // Nobody waits for who writes to a pipe; and a link that stands there by now isn't followed.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | (constants.O_NOFOLLOW ?? 0))
  try {
    const there = await handle.stat()
    if (!there.isFile()) return documentProblem('DOCUMENT_DENIED', `${path} is no ordinary file`)
    if (there.size > max_bytes) return documentProblem('DOCUMENT_TOO_LARGE', tooLarge(there.size, max_bytes))
    const bytes = new Uint8Array(there.size)
    let at = 0
    for (let count = -1; at < bytes.length && count !== 0; at += count)
      count = (await handle.read(bytes, at, bytes.length - at, at)).bytesRead
    return bytes.subarray(0, at)
  } finally {
    await handle.close()
  }
}

export const tooLarge = (bytes: number, max_bytes: number): string =>
  `the document has ${grouped(bytes)} bytes, and ${grouped(max_bytes)} are taken at most`
