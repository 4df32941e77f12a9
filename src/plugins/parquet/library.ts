/** The packages that read and write Parquet, optional peers, and what unpacks pages. */
import type { Compressors } from 'hyparquet'
import { zlib } from '../node-on-demand.ts'
import { unpackHadoopLz4, unpackLz4Block } from './lz4.ts'

export const READER = ['hyparquet'] as const
export const WRITER = ['hyparquet', 'hyparquet-writer'] as const

/** Node’s own where it has one; Snappy is the reader’s. */
export const UNPACKERS: Compressors = {
  GZIP: bytes => zlib().gunzipSync(bytes),
  BROTLI: bytes => zlib().brotliDecompressSync(bytes),
  ZSTD: bytes => zlib().zstdDecompressSync(bytes),
  LZ4: unpackHadoopLz4,
  LZ4_RAW: unpackLz4Block,
}
