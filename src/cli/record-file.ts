/** The text of a record's file: gzip (RFC 1952), one member without optional fields, and nothing behind it. */
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs'
import { TextDecoder } from 'node:util'
import { crc32, createInflateRaw } from 'node:zlib'
import { CustodyError } from '../model/error.ts'

const HEADER_BYTES = 10
const TRAILER_BYTES = 8

/** Whether it is a file that begins as gzip does; what comes through a pipe isn't. @throws CustodyError CUSTODY_PROOF_UNREADABLE */
export function isPacked(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false
  const bytes = bytesAt(path, 0, 2)
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/** @throws CustodyError CUSTODY_PROOF_UNREADABLE */
export async function* recordPieces(path: string): AsyncIterable<string> {
  const [, , method, flags] = bytesAt(path, 0, HEADER_BYTES)
  if (method !== 8 || flags !== 0) throw unreadable(path, 'it isn’t packed as records are')
  const file = createReadStream(path, { start: HEADER_BYTES })
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
    throw unreadable(path, error instanceof Error ? error.message : String(error), error)
  } finally {
    file.destroy()
  }
  const { size } = statSync(path)
  const trailer = bytesAt(path, size - TRAILER_BYTES, TRAILER_BYTES)
  if (HEADER_BYTES + inflate.bytesWritten + TRAILER_BYTES !== size) throw unreadable(path, 'something stands behind it')
  if (trailer.readUInt32LE(0) !== crc || trailer.readUInt32LE(4) !== bytes % 2 ** 32)
    throw unreadable(path, 'it was damaged on the way')
}

function bytesAt(path: string, from: number, count: number): Buffer {
  try {
    const file = openSync(path, 'r')
    try {
      const bytes = Buffer.alloc(count)
      return bytes.subarray(0, readSync(file, bytes, 0, count, Math.max(0, from)))
    } finally {
      closeSync(file)
    }
  } catch (error) {
    // cast: nothing else is thrown there.
    throw unreadable(path, (error as Error).message, error)
  }
}

function unreadable(path: string, why: string, cause?: unknown): CustodyError {
  return new CustodyError('CUSTODY_PROOF_UNREADABLE', `${path} can’t be read: ${why}`, { cause })
}
