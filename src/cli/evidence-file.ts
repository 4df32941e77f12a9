/** The file of a proof, or of a record: gzip (RFC 1952), one member without optional fields, and nothing behind it. */
import { closeSync, createReadStream, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { Readable } from 'node:stream'
import { TextDecoder } from 'node:util'
import { crc32, createInflateRaw } from 'node:zlib'
import { CustodyError } from '../model/error.ts'

const HEADER_BYTES = 10
const TRAILER_BYTES = 8

/** A file, which is read as it is needed, or what came through a pipe, which is held in memory as it came. */
export interface EvidenceFile {
  readonly path: string
  readonly size: number
  at(from: number, count: number): Buffer
  from(start: number): Readable
}

/** @throws CustodyError CUSTODY_FILE_NOT_FOUND, CUSTODY_PROOF_UNREADABLE */
export function evidenceFile(path: string): EvidenceFile {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined)
    throw new CustodyError('CUSTODY_FILE_NOT_FOUND', `${path} doesn’t exist`, { hint: 'Check the path.' })
  if (stat.isDirectory()) throw unreadable(path, 'it is a folder')
  if (stat.isFile())
    return {
      ...{ path, size: stat.size },
      at: (from, count) => reading(path, () => bytesAt(path, from, count)),
      from: start => createReadStream(path, { start }),
    }
  const bytes = reading(path, () => readFileSync(path))
  return {
    ...{ path, size: bytes.length },
    at: (from, count) => bytes.subarray(Math.max(0, from), Math.max(0, from) + count),
    from: start => Readable.from([bytes.subarray(start)]),
  }
}

/** Whether it begins as gzip does. */
export function isPacked(file: EvidenceFile): boolean {
  const bytes = file.at(0, 2)
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/** All of it, which is no record. @throws CustodyError CUSTODY_PROOF_UNREADABLE */
export function proofIn(file: EvidenceFile): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file.at(0, file.size))
  } catch (error) {
    if (error instanceof CustodyError) throw error
    throw unreadable(file.path, 'it isn’t UTF-8', error)
  }
}

/** The text of a record. @throws CustodyError CUSTODY_PROOF_UNREADABLE */
export async function* recordPieces(packed: EvidenceFile): AsyncIterable<string> {
  const { path, size } = packed
  const [, , method, flags] = packed.at(0, HEADER_BYTES)
  if (method !== 8 || flags !== 0) throw unreadable(path, 'it isn’t packed as records are')
  const file = packed.from(HEADER_BYTES)
  const inflate = createInflateRaw()
  file.on('error', error => inflate.destroy(error))
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let [crc, bytes] = [0, 0]
  try {
    for await (const chunk of file.pipe(inflate)) {
      crc = crc32(chunk, crc)
      bytes += chunk.length
      yield decoder.decode(chunk, { stream: true })
    }
    yield decoder.decode()
  } catch (error) {
    if (error instanceof CustodyError) throw error
    throw unreadable(path, whyNotUnpacked(error), error)
  } finally {
    file.destroy()
  }
  const trailer = packed.at(size - TRAILER_BYTES, TRAILER_BYTES)
  if (HEADER_BYTES + inflate.bytesWritten + TRAILER_BYTES !== size) throw unreadable(path, 'something stands behind it')
  if (trailer.readUInt32LE(0) !== crc || trailer.readUInt32LE(4) !== bytes % 2 ** 32)
    throw unreadable(path, 'it was damaged on the way')
}

const WHY_NOT: { readonly [code: string]: string | undefined } = {
  ERR_ENCODING_INVALID_ENCODED_DATA: 'it isn’t UTF-8',
  Z_BUF_ERROR: 'it was cut short',
  Z_DATA_ERROR: 'it was damaged on the way',
}

function whyNotUnpacked(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return WHY_NOT['code' in error ? String(error.code) : ''] ?? error.message
}

function bytesAt(path: string, from: number, count: number): Buffer {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(count)
    return bytes.subarray(0, readSync(file, bytes, 0, count, Math.max(0, from)))
  } finally {
    closeSync(file)
  }
}

function reading<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    // cast: nothing else is thrown there.
    throw unreadable(path, (error as Error).message, error)
  }
}

function unreadable(path: string, why: string, cause?: unknown): CustodyError {
  const where = { file: path }
  return new CustodyError('CUSTODY_PROOF_UNREADABLE', `the file can’t be read: ${why}`, { where, cause })
}
