/** Compressed inputs, unpacked as they are read: whoever reads sees the bytes of what was packed, and their offsets. */
import { pipeline, Readable } from 'node:stream'
import { z } from 'zod'
import { zlib } from '../node-on-demand.ts'
import type { Chunks } from './byte-reader.ts'

export type Compression = 'gzip' | 'zstd'

export const compressionOption = z
  .enum(['auto', 'none', 'gzip', 'zstd'])
  .default('auto')
  .describe(
    'How the file is compressed; `auto`: as its name ends, `.gz` with gzip and `.zst` with zstd, all others not. Positions, sizes and hashes on record are those of what was unpacked',
  )

const ENDINGS: readonly (readonly [ending: RegExp, Compression])[] = [
  [/\.gz$/i, 'gzip'],
  [/\.(zst|zstd)$/i, 'zstd'],
]

/** Null: the bytes are what is to be read. */
export function compressionOf(option: z.infer<typeof compressionOption>, path: string): Compression | null {
  if (option !== 'auto') return option === 'none' ? null : option
  return ENDINGS.find(([ending]) => ending.test(path))?.[1] ?? null
}

/** First bytes, in hex. */
const BEGINNINGS: readonly (readonly [beginning: string, Compression])[] = [
  ['1f8b', 'gzip'],
  ['28b52ffd', 'zstd'],
]

/** How what begins so is compressed; null if it isn’t. */
export function compressionIn(bytes: Uint8Array): Compression | null {
  const hex = Buffer.from(bytes.subarray(0, 4)).toString('hex')
  return BEGINNINGS.find(([beginning]) => hex.startsWith(beginning))?.[1] ?? null
}

/** A file's name without the ending that says how it is compressed. */
export function unpackedName(path: string): string {
  return ENDINGS.reduce((name, [ending]) => name.replace(ending, ''), path)
}

/** Several members or frames, one behind another, are one content. `chunk_bytes`: of pieces of what comes out. */
export function unpacked(packed: Chunks, compression: Compression, chunk_bytes: number): Chunks {
  const options = { chunkSize: chunk_bytes }
  const unpacking = compression === 'gzip' ? zlib().createGunzip(options) : zlib().createZstdDecompress(options)
  const input = Readable.from(piecesOf(packed), { objectMode: false })
  // What goes wrong is thrown where the content is read.
  pipeline(input, unpacking, () => undefined)
  const pieces = unpacking[Symbol.asyncIterator]()
  return {
    async next() {
      const piece = await pieces.next()
      return piece.done === true ? null : piece.value
    },
    async close() {
      unpacking.destroy()
      input.destroy()
      await packed.close()
    },
  }
}

async function* piecesOf(chunks: Chunks): AsyncGenerator<Uint8Array> {
  for (let bytes = await chunks.next(); bytes !== null; bytes = await chunks.next()) yield bytes
}
