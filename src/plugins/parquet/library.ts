/** The packages that read and write Parquet, optional peers, and what unpacks pages. */
import type { CompressionCodec, parquetMetadataAsync, parquetRead, parquetSchema, snappyUncompress } from 'hyparquet'
import type { parquetHeader } from 'hyparquet/src/column.js'
import { zlib } from '../node-on-demand.ts'
import { unpackHadoopLz4, unpackLz4Block } from './lz4.ts'

export const READER = ['hyparquet'] as const
export const WRITER = ['hyparquet', 'hyparquet-writer'] as const

type Unpack = (packed: Uint8Array, bytes: number) => Uint8Array

/** Node stops where a page would be longer than it says. */
const upTo = (bytes: number) => ({ maxOutputLength: Math.max(1, bytes) })

const UNPACKERS: { readonly [codec in CompressionCodec]?: Unpack } = {
  GZIP: (packed, bytes) => zlib().gunzipSync(packed, upTo(bytes)),
  BROTLI: (packed, bytes) => zlib().brotliDecompressSync(packed, upTo(bytes)),
  ZSTD: (packed, bytes) => zlib().zstdDecompressSync(packed, upTo(bytes)),
  LZ4: unpackHadoopLz4,
  LZ4_RAW: unpackLz4Block,
}

/** What is used of the package that reads. */
export interface Reader {
  readonly readMetadata: typeof parquetMetadataAsync
  readonly schemaOf: typeof parquetSchema
  readonly readColumns: typeof parquetRead
  readonly readHeader: typeof parquetHeader
  readonly unpackSnappy: typeof snappyUncompress
}

export async function loadReader(): Promise<Reader> {
  const [all, column] = await Promise.all([import('hyparquet'), import('hyparquet/src/column.js')])
  return {
    readMetadata: all.parquetMetadataAsync,
    schemaOf: all.parquetSchema,
    readColumns: all.parquetRead,
    readHeader: column.parquetHeader,
    unpackSnappy: all.snappyUncompress,
  }
}

/** Node’s own where it has one; Snappy is the reader’s. @throws Error if the codec isn’t known, or the page is damaged. */
export function unpackPage(reader: Reader, codec: CompressionCodec, packed: Uint8Array, bytes: number): Uint8Array {
  if (codec === 'UNCOMPRESSED') return packed
  if (codec === 'SNAPPY') {
    const plain = new Uint8Array(bytes)
    reader.unpackSnappy(packed, plain)
    return plain
  }
  const unpack = UNPACKERS[codec]
  if (unpack === undefined)
    throw new Error(`its pages are packed with ${codec ?? 'a codec that nobody knows'}, and can’t be unpacked here`)
  return unpack(packed, bytes)
}
